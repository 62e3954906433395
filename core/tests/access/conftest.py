"""A hub's access room over a fresh database, with a bootstrapped first project."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import select

from powerstrip.access import Access, Bootstrap, Identity, NewKey, NewPrincipal
from powerstrip.store import Audit, AuditLog, Project, Store

PEPPER = b"p" * 32


@dataclass
class House:
    """The room, the first project and its admin."""

    access: Access
    store: Store
    audit: AuditLog
    first: Bootstrap
    admin: Identity

    @property
    def project(self) -> Project:
        return self.first.project

    async def member(self, *roles: str, project: Project | None = None, name: str = "") -> tuple[Identity, str]:
        """A principal with these built-in roles in the project, and its key."""
        at = project or self.project
        ids = await self.role_ids()
        new = NewPrincipal(name=name or f"member {'+'.join(roles) or 'nobody'}", role_ids=[ids[role] for role in roles])
        made = await self.access.principals.create(self.admin, at.id, new)
        key = await self.access.keys.create(self.admin, at, NewKey(name=new.name, principal_id=made.principal.id))
        return await self.access.authenticate(key.key), key.key

    async def role_ids(self) -> dict[str, str]:
        return {role.name.lower(): role.id for role in await self.access.roles.list(self.project.id)}

    async def told(self) -> list[tuple[str, str]]:
        """Each audit row's action and resource type, oldest first."""
        rows = await self.store.read(lambda session: list(session.exec(select(Audit).order_by(Audit.seq))))
        return [(row.action, row.resource_type) for row in rows]


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    store = Store(database_url)
    store.migrate()
    await store.start()
    audit = AuditLog(b"a" * 32)
    await store.write(audit.begin)
    access = Access(store, audit, PEPPER, actions=lambda: {"slack": ["message.post"], "postmark": ["email.send"]})
    await access.start()
    first = await access.bootstrap("main")
    yield House(access, store, audit, first, await access.authenticate(first.key))
    await access.close()
    await store.close()
