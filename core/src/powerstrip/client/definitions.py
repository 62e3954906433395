"""Actions of an integration's own, imported from an API's description."""

from collections.abc import Mapping
from typing import Any

from powerstrip.client.integrations import PLAN, given
from powerstrip.client.session import Session, path
from powerstrip.client.shapes import Json, Mode


class Definitions:
    """Imports descriptions. Each is given as text (`document`), as an uploaded `file`'s id or as a `url`."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("integrations")

    async def read(
        self, *, document: str | None = None, file: str | None = None, url: str | None = None, provider: str | None = None
    ) -> Json:
        """What an import would make of it. Nothing is kept."""
        body = given(document=document, file=file, url=url, provider=provider)
        return await self._session.ask("POST", self._root + path("definitions", "read"), body=body)

    async def create(
        self,
        name: str,
        *,
        document: str | None = None,
        file: str | None = None,
        url: str | None = None,
        source: str | None = None,
        provider: str | None = None,
        credentials: Mapping[str, str] | None = None,
        config: Mapping[str, Any] | None = None,
        auth_kind: str | None = None,
        mode: Mode | None = None,
    ) -> Json:
        """A new integration with an action for each operation; without credentials it waits for them."""
        what = given(document=document, file=file, url=url, source=source, provider=provider)
        body = given(name=name, credentials=credentials, config=config, auth_kind=auth_kind, mode=mode)
        return await self._session.ask("POST", self._root + path("definitions"), body=what | body)

    async def apply(
        self,
        id: str,
        *,
        document: str | None = None,
        file: str | None = None,
        url: str | None = None,
        source: str | None = None,
        accept_breaking: bool = False,
        adds: bool = False,
    ) -> Json:
        """Import it as the next version, with `adds` beside what is there. What breaks is refused unless `accept_breaking`."""
        body = given(document=document, file=file, url=url, source=source, accept_breaking=accept_breaking or None)
        body |= given(adds=adds or None)
        return await self._session.ask("POST", self._root + path(id, "definition"), body=body)

    async def plan(
        self, id: str, *, document: str | None = None, file: str | None = None, url: str | None = None, adds: bool = False
    ) -> Json:
        """What `apply` would do, with what changes and what breaks."""
        body = given(document=document, file=file, url=url, adds=adds or None)
        return await self._session.ask("POST", self._root + path(id, "definition"), query=PLAN, body=body)

    async def get(self, id: str, *, version: int | None = None) -> Json:
        """The newest version, or the one that is named."""
        return await self._session.get(self._root + path(id, "definition"), {"version": version})

    async def diff(self, id: str, old: int, new: int) -> Json:
        """What changed from one version to another."""
        return await self._session.get(self._root + path(id, "definition", "diff"), {"old": old, "new": new})
