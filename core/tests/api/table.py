"""The route table as tests see it: what to send so that a route gets as far as looking for things."""

from dataclasses import dataclass
from typing import Any

from powerstrip.api.app import create_inner, declared
from powerstrip.api.routes import HANDLERS

MISSING = "{kind}_aaaaaaaaaaaaaaaaaaaaaaaaaa"
EMAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi Ada"}

BODIES: dict[str, Any] = {
    "createProject": {"name": "Made"},
    "updateProject": {"description": "changed"},
    "createPrincipal": {"name": "made"},
    "updatePrincipal": {"description": "changed"},
    "createRole": {"name": "made", "permissions": ["project.view"]},
    "updateRole": {"description": "changed"},
    "createRoleAssignment": {"user_id": MISSING.format(kind="prn"), "role_name": "Viewer"},
    "createAPIKey": {"name": "made", "principal_id": MISSING.format(kind="prn")},
    "createIntegration": {"name": "made", "provider": "postmark", "credentials": {"server_token": "pm-invented-token"}},
    "updateIntegration": {"config": {}},
    "copyIntegration": {"source_project_id": MISSING.format(kind="prj"), "source_integration_id": MISSING.format(kind="int")},
    "rotateIntegration": {"credentials": {"server_token": "pm-invented-other"}, "probe": False},
    "invokeAction": {"input": EMAIL},
}
KINDS = {
    "getPrincipal": "prn", "updatePrincipal": "prn", "deletePrincipal": "prn",
    "getRole": "role", "updateRole": "role", "deleteRole": "role", "deleteRoleAssignment": "ra",
    "getAPIKey": "key", "revokeAPIKey": "key",
    "getIntegration": "int", "updateIntegration": "int", "deleteIntegration": "int", "testIntegration": "int",
    "rotateIntegration": "int", "pickValue": "int",
    "getActionInvocation": "inv", "getFile": "file", "deleteFile": "file",
}  # fmt: skip
"""The kind of thing that `{id}` names, by operation."""
FILLED = {"action_name": "postmark.email.send", "provider": "postmark", "picker": "template"}


@dataclass(frozen=True)
class Route:
    """One operation."""

    operation: str
    method: str
    path: str
    permission: str
    takes_json: bool

    def at(self, project: str = "main", id: str = "") -> str:
        """The address, filled in."""
        filled = FILLED | {"project": project, "id": id or MISSING.format(kind=KINDS.get(self.operation, "x"))}
        return self.path.format(**filled)

    @property
    def body(self) -> Any:
        """A body that is valid, where one is taken."""
        return BODIES[self.operation] if self.takes_json else None

    @property
    def scoped(self) -> bool:
        """True where the address names a project."""
        return "{project}" in self.path


class _NoHub:
    """Routes are registered without a hub."""


def routes() -> list[Route]:
    """Every route there is."""
    app = create_inner(_NoHub(), _NoHub(), HANDLERS)  # pyright: ignore[reportArgumentType]
    found = []
    for handler in declared(app):
        path = next(iter(handler.paths)).replace(":str", "")
        takes_json = "data" in handler.parsed_fn_signature.parameters
        found.append(
            Route(str(handler.operation_id), next(iter(handler.http_methods)), path, handler.opt["permission"], takes_json)
        )
    return found


ROUTES = routes()
SCOPED = [route for route in ROUTES if route.scoped]


def named(routes: list[Route]) -> dict[str, Any]:
    """Arguments for `parametrize`."""
    return {"argvalues": routes, "ids": [route.operation for route in routes]}


__all__ = ["BODIES", "EMAIL", "KINDS", "MISSING", "ROUTES", "SCOPED", "Route", "named"]
