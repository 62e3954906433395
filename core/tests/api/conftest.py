"""A whole hub behind its ASGI door, with a project, an admin and members of each role."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from powerstrip.access import Bootstrap, NewKey, NewPrincipal, NewProject, PrincipalChanges
from powerstrip.api import Hub
from powerstrip.settings import Settings
from powerstrip.store import Project

CANARY = "pm-invented-canary-93ab1e"
EMAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi Ada"}
SEND = "actions/postmark.email.send/invocations"


@dataclass
class House:
    """An open hub. `ask` goes through the ASGI application like a request from outside."""

    hub: Hub
    first: Bootstrap
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Project:
        return self.first.project

    async def ask(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, project: str = "main", **options: Any
    ) -> httpx2.Response:
        """One request; a path without a leading slash is below the project. `key` "" sends none."""
        address = path if path.startswith("/") else f"/v1/projects/{project}/{path}".rstrip("/")
        headers, ip = dict(options.pop("headers", {})), options.pop("ip", "127.0.0.9")
        token = self.first.key if key is None else key
        if token:
            headers.setdefault("authorization", f"Bearer {token}")
        headers.setdefault("accept", "application/json; profile=full")
        if body is not None:
            options["json"] = body
        transport = httpx2.ASGITransport(app=self.hub.app, client=(ip, 4711))
        async with httpx2.AsyncClient(transport=transport, base_url="http://hub.test") as client:
            return await client.request(method, address, headers=headers, **options)

    async def ok(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The same where all must be well; gives the decoded answer."""
        answer = await self.ask(method, path, body, **options)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def member(self, *roles: str, project: Project | None = None, name: str = "") -> str:
        """The key of a new principal with these built-in roles."""
        at, access = project or self.project, self.hub.access
        admin = await access.authenticate(self.first.key)
        ids = {role.name.lower(): role.id for role in await access.roles.list(at.id)}
        new = NewPrincipal(name=name or f"member {'+'.join(roles)}", role_ids=[ids[role] for role in roles])
        made = await access.principals.create(admin, at.id, new)
        return (await access.keys.create(admin, at, NewKey(new.name, made.principal.id))).key

    async def another(self, name: str, mode: str = "live") -> Project:
        """A further project of the first admin."""
        admin = await self.hub.access.authenticate(self.first.key)
        return await self.hub.access.projects.create(admin, NewProject(name, mode=mode))  # pyright: ignore[reportArgumentType]

    async def disable(self, principal_id: str) -> None:
        admin = await self.hub.access.authenticate(self.first.key)
        await self.hub.access.principals.update(admin, self.project.id, principal_id, PrincipalChanges(state="disabled"))


@asynccontextmanager
async def opened(folder: Path, catalog: Path, mode: str = "sandbox", **settings: Any) -> AsyncIterator[House]:
    """A fresh hub in `folder`, closed at the end."""
    hub = await Hub.open(Settings(data=folder, catalog=catalog, **settings), {})
    try:
        yield House(hub, await hub.access.bootstrap("main", mode=mode))  # pyright: ignore[reportArgumentType]
    finally:
        await hub.close()


@pytest.fixture
async def house(tmp_path: Path, catalog_folder: Path) -> AsyncIterator[House]:
    """A hub for one test, with a sandbox project."""
    async with opened(tmp_path / "data", catalog_folder) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory, catalog_folder: Path) -> AsyncIterator[House]:
    """A hub for all tests of a module, which do not change what others rely on. Their loop is the module's."""
    async with opened(tmp_path_factory.mktemp("shared") / "data", catalog_folder) as house:
        yield house


def problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """The error of an answer, which must have the one shape."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    assert answer.headers["content-type"] == "application/json"
    shape = json.loads(answer.text)
    assert list(shape) == ["error"]
    assert list(shape["error"]) == ["code", "message", "details"]
    assert isinstance(shape["error"]["details"], dict)
    assert shape["error"]["message"]
    return shape["error"]
