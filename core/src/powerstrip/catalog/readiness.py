"""Can a provider, or one of its actions, be called right now? And if not, what is missing?"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, TypeAlias

from powerstrip.catalog.manifest import ProviderSummary
from powerstrip.value import Value, field

State: TypeAlias = Literal["connected", "built_in", "needs_setup", "catalog_only", "unavailable"]
Reason: TypeAlias = Literal[
    "not_configured", "inactive", "expired", "provider_unavailable", "permission_missing", "not_implemented"
]
"""The words of the API's description."""


class Connection(Value):
    """What readiness asks of one of the project's integrations."""

    id: str
    name: str
    status: str
    """`active`, `inactive` or `expired`."""
    mode: str = "live"
    unsupported: Mapping[str, str] = field(default_factory=dict[str, str])
    """Action id → why this connection's account or server cannot do it, as it said when it was last asked."""


class Readiness(Value):
    """`reason` and `message` are empty where it is ready; `connection` is the integration that tells most."""

    state: State
    reason: Reason | None = None
    message: str = ""
    connection: Connection | None = None

    @property
    def ready(self) -> bool:
        """Can it be called?"""
        return self.reason is None


def readiness(
    provider: ProviderSummary,
    connections: Sequence[Connection] = (),
    action: str | None = None,
    *,
    platform: Collection[str] = (),
    permitted: bool = True,
) -> Readiness:
    """How ready a provider is, or one of its actions by id, for a project.

    `connections` are the project's integrations of this provider, `platform` the ids of providers whose OAuth client the
    operator has configured, `permitted` whether the caller may use it.
    """
    title = provider.title
    if provider.problem:
        return Readiness("unavailable", "provider_unavailable", f"{title} cannot be used: {provider.problem}")
    if provider.planned or (action is not None and action not in provider.action_ids):
        return Readiness("catalog_only", "not_implemented", f"{title} documents this; it cannot be called yet")
    known = best(connections, action)
    if not permitted:
        return Readiness("needs_setup", "permission_missing", f"Ask for the permission to use {title}", known)
    if provider.built_in:
        return Readiness("built_in")
    if known is not None:
        return _of_connection(title, known, action)
    return _without_connection(provider, provider.id in platform)


def best(connections: Sequence[Connection], action: str | None = None) -> Connection | None:
    """The integration that tells most: an active one, then one to be reconnected, then one that was switched off.

    Of active ones it is one that can do the action.
    """
    order = ("active", "expired", "inactive")
    usable = [each for each in connections if each.status in order]
    return min(usable, key=lambda each: (order.index(each.status), action in each.unsupported), default=None)


def _of_connection(title: str, known: Connection, action: str | None) -> Readiness:
    if known.status == "active":
        if action is not None and (why := known.unsupported.get(action)):
            message = f"{known.name} cannot do this: {why}. Test the integration to ask again"
            return Readiness("catalog_only", "not_implemented", message, known)
        return Readiness("connected", connection=known)
    if known.status == "expired":
        message = f"The credential of {known.name} has expired or was refused: reconnect it"
        return Readiness("needs_setup", "expired", message, known)
    return Readiness("needs_setup", "inactive", f"The {title} integration {known.name} is switched off: enable it", known)


def _without_connection(provider: ProviderSummary, configured: bool) -> Readiness:
    title = provider.title
    if any(auth.connect != "redirect" for auth in provider.auth) or configured or not provider.auth:
        return Readiness("needs_setup", "not_configured", f"No {title} integration is connected yet")
    message = f"OAuth client id and secret are not configured for {title}"
    return Readiness("unavailable", "provider_unavailable", message)
