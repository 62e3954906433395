"""Projects, who acts in them, by which key, and what was recorded of it."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from powerstrip.client.integrations import given
from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path
from powerstrip.client.shapes import (
    ApiKey,
    AuditEntry,
    AuditReport,
    HourOfActivity,
    Json,
    Mode,
    NewApiKey,
    Principal,
    Project,
    Role,
    RoleAssignment,
)


class Projects:
    """The projects that the key may see."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._root = path("v1", "projects")

    async def list(self, *, search: str | None = None, status: str | None = None) -> list[Project]:
        """All that are not archived, or those with `status` (active, archived, all)."""
        answer = await self._session.get(self._root, {"search": search, "status": status})
        return cast(list[Project], answer["items"])

    async def create(
        self, name: str, *, handle: str | None = None, description: str | None = None, mode: Mode | None = None
    ) -> Project:
        """Make a project. Its mode is fixed for good."""
        return await self._session.ask(
            "POST", self._root, body=given(name=name, handle=handle, description=description, mode=mode)
        )

    async def get(self, handle: str) -> Project:
        """One project by its handle."""
        return await self._session.get(self._root + path(handle))

    async def activity(self, handle: str) -> "list[HourOfActivity]":
        """Figures of each of the last 24 hours, the oldest first."""
        answer = await self._session.get(self._root + path(handle, "activity"))
        return cast(list[HourOfActivity], answer["hours"])

    async def update(self, handle: str, *, name: str | None = None, description: str | None = None) -> Project:
        """Change what is given."""
        return await self._session.ask("PATCH", self._root + path(handle), body=given(name=name, description=description))

    async def archive(self, handle: str) -> Project:
        """Put it away: nothing in it can be called until it is restored."""
        return await self._session.ask("POST", self._root + path(handle, "archive"))

    async def restore(self, handle: str) -> Project:
        """Bring it back."""
        return await self._session.ask("POST", self._root + path(handle, "restore"))


class Keys:
    """API keys of a project."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("api-keys")

    def list(self) -> Pages[ApiKey]:
        """Every key, without its secret part."""
        return Pages(self._session, self._root)

    async def create(self, name: str, principal_id: str, *, expires_at: str | None = None) -> NewApiKey:
        """Make a key for a principal. `key` is shown in this answer and never again."""
        return await self._session.ask(
            "POST", self._root, body=given(name=name, principal_id=principal_id, expires_at=expires_at)
        )

    async def get(self, id: str) -> ApiKey:
        """One key by its id."""
        return await self._session.get(self._root + path(id))

    async def revoke(self, id: str) -> None:
        """End a key at once, for good."""
        await self._session.ask("DELETE", self._root + path(id))


class Principals:
    """Who acts in a project."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("principals")

    async def list(self, *, include_disabled: bool = False) -> list[Principal]:
        """Every principal, the disabled ones on demand."""
        answer = await self._session.get(self._root, {"include_disabled": "true" if include_disabled else None, "limit": 200})
        return cast(list[Principal], answer["items"])

    async def create(self, name: str, *, description: str | None = None, role_ids: Sequence[str] | None = None) -> Principal:
        """Make a service principal that holds these roles."""
        body = given(name=name, description=description, role_ids=list(role_ids) if role_ids else None)
        return await self._session.ask("POST", self._root, body=body)

    async def get(self, id: str) -> Principal:
        """One principal by its id."""
        return await self._session.get(self._root + path(id))

    async def update(self, id: str, changes: Mapping[str, Any]) -> Principal:
        """Change its description, state, metadata, roles or tags."""
        return await self._session.ask("PATCH", self._root + path(id), body=changes)

    async def delete(self, id: str) -> None:
        """End it and its keys."""
        await self._session.ask("DELETE", self._root + path(id))


class Roles:
    """Roles of a project, and the permissions they bundle."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root

    def list(self) -> Pages[Role]:
        """Built-in roles and the project's own."""
        return Pages(self._session, self._root + path("roles"))

    async def create(self, name: str, permissions: Sequence[str], *, description: str | None = None) -> Role:
        """Make a role."""
        body = given(name=name, permissions=list(permissions), description=description)
        return await self._session.ask("POST", self._root + path("roles"), body=body)

    async def delete(self, id: str) -> None:
        """Remove a role that nobody holds."""
        await self._session.ask("DELETE", self._root + path("roles", id))

    async def permissions(self) -> Json:
        """The catalog of permissions, with presets and groups."""
        return await self._session.get(self._root + path("permissions"))


class RoleAssignments:
    """Who holds which role in a project."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("role-assignments")

    async def list(self) -> list[RoleAssignment]:
        """All of them."""
        answer = await self._session.get(self._root)
        return cast(list[RoleAssignment], answer["items"])

    async def create(self, principal_id: str, role_id: str) -> RoleAssignment:
        """Give a role to a principal."""
        return await self._session.ask("POST", self._root, body={"user_id": principal_id, "role_id": role_id})

    async def delete(self, id: str) -> None:
        """Take a role back."""
        await self._session.ask("DELETE", self._root + path(id))


class AuditTrail:
    """The audit log of a project."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("audit-logs")

    def list(
        self,
        *,
        action: str | None = None,
        resource_type: str | None = None,
        resource_id: str | None = None,
        user_id: str | None = None,
        created_after: str | None = None,
        created_before: str | None = None,
    ) -> Pages[AuditEntry]:
        """Newest first; times are RFC 3339."""
        query = {
            "action": action,
            "resource_type": resource_type,
            "resource_id": resource_id,
            "user_id": user_id,
            "created_after": created_after,
            "created_before": created_before,
        }
        return Pages(self._session, self._root, query)

    async def verify(self) -> AuditReport:
        """Walk the hash chain and name the first place that does not hold."""
        return await self._session.get(self._root + path("verify"))
