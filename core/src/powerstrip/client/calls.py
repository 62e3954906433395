"""Calls, what came of them, and the files they carry."""

from collections.abc import AsyncIterable, Mapping
from pathlib import Path
from typing import Any

from powerstrip.client.integrations import given
from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path
from powerstrip.client.shapes import CallResult, Invocation, Mode, SandboxRequest, StoredFile, Trouble


async def call(
    session: Session,
    root: str,
    action: str,
    input: Mapping[str, Any],
    *,
    integration: str | None = None,
    dry_run: bool = False,
    sandbox: bool = False,
    simulate: Trouble | None = None,
    timeout_seconds: int | None = None,
    idempotency_key: str | None = None,
) -> CallResult:
    """Invoke an action. See `Client.call`."""
    body = given(
        input=input,
        integration=integration,
        dry_run=dry_run or None,
        sandbox=sandbox or None,
        simulate=simulate,
        timeout_seconds=timeout_seconds,
    )
    where = root + path("actions", action, "invocations")
    return await session.ask("POST", where, body=body, idempotency_key=idempotency_key)


class Invocations:
    """The invocation log of a project."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("action-invocations")

    def list(
        self,
        *,
        action_name: str | None = None,
        provider: str | None = None,
        integration_id: str | None = None,
        mode: Mode | None = None,
        status: str | None = None,
        run_id: str | None = None,
        job_id: str | None = None,
    ) -> Pages[Invocation]:
        """Newest first; those to which everything applies that is given."""
        query = {
            "action_name": action_name,
            "provider": provider,
            "integration_id": integration_id,
            "mode": mode,
            "status": status,
            "run_id": run_id,
            "job_id": job_id,
        }
        return Pages(self._session, self._root, query)

    async def get(self, id: str) -> Invocation:
        """One invocation by its id."""
        return await self._session.get(self._root + path(id))


class Sandbox:
    """What sandboxed calls would have sent."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("sandbox", "requests")

    def requests(self, *, invocation_id: str | None = None, integration_id: str | None = None) -> Pages[SandboxRequest]:
        """Newest first."""
        return Pages(self._session, self._root, {"invocation_id": invocation_id, "integration_id": integration_id})


class Files:
    """Files for calls: large contents are handed over first and named in the input as `{"file": id}`."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("files")

    def list(self) -> Pages[StoredFile]:
        """Those that have not expired, newest first."""
        return Pages(self._session, self._root)

    async def upload(self, content: AsyncIterable[bytes] | bytes, *, name: str, media_type: str) -> StoredFile:
        """Keep a content in the hub until it expires."""
        return await self._session.upload(self._root, content, media_type, {"name": name})

    async def download(self, id: str, to: Path) -> int:
        """Write a file's content to `to`; returns its size in bytes."""
        size = 0
        async with self._session.download(self._root + path(id)) as pieces:
            with to.open("wb") as file:
                async for piece in pieces:
                    size += file.write(piece)
        return size

    async def delete(self, id: str) -> None:
        """Remove it before it expires."""
        await self._session.ask("DELETE", self._root + path(id))
