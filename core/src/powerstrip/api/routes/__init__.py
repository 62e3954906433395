"""The routes of `/v1`, one module for each kind of resource."""

from powerstrip.api.routes import access, audit, catalog, files, integrations, invocations, keys, meta, projects

HANDLERS = [
    *meta.HANDLERS,
    *projects.HANDLERS,
    *access.HANDLERS,
    *keys.HANDLERS,
    *integrations.HANDLERS,
    *catalog.HANDLERS,
    *invocations.HANDLERS,
    *files.HANDLERS,
    *audit.HANDLERS,
]

__all__ = ["HANDLERS"]
