"""Files: content too large for JSON, handed to the hub before a call or made by one, kept for a day."""

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlmodel import Session, col, select

from powerstrip.adapter import Content
from powerstrip.clock import new_id, now, rfc3339, stamp
from powerstrip.names import clean_name
from powerstrip.problems import BadInput, NotFound, StoreUnavailable, TooLarge
from powerstrip.store import Actor, AuditLog, Store, StoredFile, scope

MAX_FILE = 5 * 1024**3
"""Bytes of one file."""
LIFETIME = timedelta(hours=24)
"""How long a file is kept."""
BUFFER = 1024 * 1024
"""Bytes that are collected before they are written."""
PART = ".part"
"""The ending of a file that is still being written."""
STALE_SECONDS = 24 * 3600
"""Content that no row names is removed when it is this old."""
DISK_SECONDS = 60.0
"""When to try again after the disk refused."""
MAX_MEDIA_TYPE = 255
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE = re.compile(rf'{_WORD}/{_WORD}(?: *; *{_WORD}=(?:{_WORD}|"[ !#-\[\]-~]*"))*')
PLAIN_TYPE = "application/octet-stream"


@dataclass
class _Staged:
    """Content on its way to the disk, and what is learnt of it on the way. Used from one thread at a time."""

    file: BinaryIO
    limit: int
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        """Add a piece. Raises `TooLarge`."""
        self.size += len(data)
        if self.size > self.limit:
            raise TooLarge(f"A file has at most {self.limit} bytes", details={"limit_bytes": self.limit})
        self.digest.update(data)
        self.file.write(data)

    def finish(self) -> None:
        """Bring it to the disk."""
        self.file.flush()
        os.fsync(self.file.fileno())


class Files:
    """The project's files. Content lies in `folder`, mode 0600, under the file's id; names come from people and are labels."""

    def __init__(self, store: Store, folder: Path, audit: AuditLog, limit: int = MAX_FILE) -> None:
        self._store = store
        self._folder = folder
        self._audit = audit
        self._limit = limit
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def put(
        self, project_id: str, actor: Actor, chunks: AsyncIterator[bytes], *, name: str = "", media_type: str = PLAIN_TYPE
    ) -> StoredFile:
        """Keep what streams in; it stands once this returns.

        Raises `TooLarge`, `BadInput`, and `StoreUnavailable` where the disk refuses; nothing is left then.
        """
        label, kind = clean_name(name) if name else "", checked_media_type(media_type)
        file_id = new_id("file")
        part = self._path(file_id + PART)
        try:
            with _disk():
                staged = await self._stage(part, chunks)
                return await self._settle(part, actor, _row(file_id, project_id, actor, staged, label, kind))
        finally:
            part.unlink(missing_ok=True)

    async def get(self, project_id: str, id: str) -> tuple[StoredFile, Path]:
        """A file and where its content lies. Raises `NotFound`, also for one that has expired."""
        row = await self._store.read(lambda session: _living(session, project_id, id))
        path = self._path(row.id)
        if not path.exists():
            raise NotFound("The content of this file is gone: upload it again")
        return row, path

    async def list(self, project_id: str, *, after: tuple[str, str] | None = None, limit: int = 50) -> list[StoredFile]:
        """The project's files, newest first."""
        alive = col(StoredFile.expires_at) > stamp()
        return await self._store.read(
            lambda session: scope(session, project_id).page(StoredFile, alive, after=after, limit=limit)
        )

    async def delete(self, project_id: str, actor: Actor, id: str) -> None:
        """Remove a file. Raises `NotFound`."""

        def remove(session: Session) -> None:
            row = _living(session, project_id, id)
            scope(session, project_id).delete(row)
            self._audit.append(session, actor, "delete", "file", id, project_id=project_id, resource_name=row.name or None)

        await self._store.write(remove)
        self._path(id).unlink(missing_ok=True)

    async def discard(self, ids: Iterable[str]) -> None:
        """Remove the content of files whose rows went with their project."""
        for file_id in ids:
            self._path(file_id).unlink(missing_ok=True)

    async def keep(self, project_id: str, actor: Actor, content: Content, name: str, *, movable: bool) -> None:
        """Turn the content of an answer into a file of the project: its `file_id` is set.

        `movable`: its path is ours to take away, so that it need not be copied. Raises `StoreUnavailable` where the disk refuses.
        """
        kind = content.media_type if is_media_type(content.media_type or "") else PLAIN_TYPE
        if content.path is None or not movable:
            row = await self.put(project_id, actor, content.chunks(), name=name, media_type=kind or PLAIN_TYPE)
        else:
            with _disk():
                staged = await asyncio.to_thread(_measured, content.path)
                row = _row(new_id("file"), project_id, actor, staged, name, kind or PLAIN_TYPE)
                row = await self._settle(content.path, actor, row)
        content.file_id, content.media_type, content.path = row.id, row.media_type, self._path(row.id)

    async def sweep(self) -> int:
        """Remove what has expired and content that no row names any more; returns how many files went."""
        expired = await self._store.write(_forget_expired)
        for file_id in expired:
            self._path(file_id).unlink(missing_ok=True)
        return len(expired) + await asyncio.to_thread(self._sweep_strays, await self._store.read(_all_ids))

    def _path(self, name: str) -> Path:
        return self._folder / name

    async def _stage(self, part: Path, chunks: AsyncIterator[bytes]) -> _Staged:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            staged, waiting = _Staged(file, self._limit), bytearray()
            async for chunk in chunks:
                waiting += chunk
                if len(waiting) >= BUFFER:
                    await asyncio.to_thread(staged.write, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(staged.write, bytes(waiting))
            await asyncio.to_thread(staged.finish)
        return staged

    async def _settle(self, part: Path, actor: Actor, row: StoredFile) -> StoredFile:
        """Give written content its name and its row; without the row it is removed."""
        path = self._path(row.id)
        await asyncio.to_thread(shutil.move, part, path)
        try:
            return await self._store.write(lambda session: self._add(session, actor, row))
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _add(self, session: Session, actor: Actor, row: StoredFile) -> StoredFile:
        kept = StoredFile(**row.model_dump())
        scope(session, row.project_id).add(kept)
        changes = {"size": row.size, "media_type": row.media_type}
        self._audit.append(
            session, actor, "create", "file", row.id, project_id=row.project_id, resource_name=row.name or None, changes=changes
        )
        return kept

    def _sweep_strays(self, known: set[str]) -> int:
        """Files of ours by name and age alone; what else lies in the folder is left."""
        oldest, gone = now().timestamp() - STALE_SECONDS, 0
        for path in self._folder.glob("file_*"):
            if path.name not in known and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
                gone += 1
        return gone


@contextmanager
def _disk() -> Generator[None]:
    """Say what the disk refused, without a path. What goes wrong with a connection is its reader's to tell."""
    try:
        yield
    except (ConnectionError, TimeoutError):
        raise
    except OSError as error:
        cause = error.strerror or type(error).__name__
        message = f"The content could not be kept on the hub's disk ({cause}): tell the operator, and try again later"
        raise StoreUnavailable(message, code="disk_unavailable", retry_after=DISK_SECONDS) from None


def _measured(path: Path) -> _Staged:
    """What there is to know of content that another wrote, brought to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256")
        return _Staged(file, MAX_FILE, file.tell(), digest)


def is_media_type(text: str) -> bool:
    """Whether it is one media type with its parameters (RFC 9110, 8.3.1), so that it may go into a header."""
    return len(text) <= MAX_MEDIA_TYPE and bool(_MEDIA_TYPE.fullmatch(text))


def checked_media_type(text: str) -> str:
    """The same text. Raises `BadInput` for none."""
    if not is_media_type(text):
        raise BadInput("The media type has the form type/subtype, such as image/png", details={"errors": [
            {"path": "media_type", "message": "Give one such as image/png"}]})  # fmt: skip
    return text


def _row(id: str, project_id: str, actor: Actor, staged: _Staged, name: str, media_type: str) -> StoredFile:
    at = now()
    return StoredFile(
        id=id,
        project_id=project_id,
        name=name,
        media_type=media_type,
        size=staged.size,
        sha256=staged.digest.hexdigest(),
        created_by=actor.principal_id,
        created_at=rfc3339(at),
        expires_at=rfc3339(at + LIFETIME),
    )


def _living(session: Session, project_id: str, id: str) -> StoredFile:
    row: StoredFile = scope(session, project_id).get(StoredFile, id)
    if row.expires_at <= stamp():
        raise NotFound("This file has expired: upload it again")
    return row


def _forget_expired(session: Session) -> list[str]:
    rows = list(session.exec(select(StoredFile).where(col(StoredFile.expires_at) <= stamp())))
    for row in rows:
        session.delete(row)
    return [row.id for row in rows]


def _all_ids(session: Session) -> set[str]:
    return set(session.exec(select(StoredFile.id)))
