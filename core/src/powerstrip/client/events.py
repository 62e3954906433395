"""Events that came in, and the endpoints they came to."""

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal

from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path
from powerstrip.client.shapes import Endpoint, EventStage, Json, ReceivedEvent


class Events:
    """The ledger of events of a project."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("integrations", "events")

    def list(
        self,
        *,
        provider: str | None = None,
        integration_id: str | None = None,
        event_type: str | None = None,
        source: str | None = None,
        status: str | None = None,
        processing: str | None = None,
        endpoint_id: str | None = None,
        since: str | None = None,
        until: str | None = None,
        include_payload: bool = False,
    ) -> Pages[ReceivedEvent]:
        """Newest first. Times are RFC 3339."""
        query = {
            "provider": provider,
            "integration_id": integration_id,
            "event_type": event_type,
            "source": source,
            "status": status,
            "processing": processing,
            "endpoint_id": endpoint_id,
            "since": since,
            "until": until,
            "include_payload": "true" if include_payload else None,
        }
        return Pages(self._session, self._root, query)

    async def get(self, id: str) -> ReceivedEvent:
        """One event with its payload, secrets hidden."""
        return await self._session.get(self._root + path(id))

    async def trace(self, id: str) -> "list[EventStage]":
        """Its way through the hub, stage by stage."""
        return (await self._session.get(self._root + path(id, "trace")))["stages"]

    async def tail(self, after: str | None = None) -> AsyncGenerator[ReceivedEvent]:
        """Events as they come, from now or after the event with this id. Ends when the hub ends it."""
        async with self._session.stream(self._root + path("stream"), {"last-event-id": after} if after else {}) as lines:
            async for line in lines:
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    async def samples(self, *, provider: str | None = None, event_type: str | None = None) -> "list[Json]":
        """Made-up events, one of each kind."""
        query = {"provider": provider, "event_type": event_type}
        return (await self._session.get(self._root + path("test", "samples"), query))["samples"]

    async def fire(
        self,
        *,
        mode: Literal["preview", "deliver"] = "preview",
        sample_id: str | None = None,
        event_type: str | None = None,
        payload: Json | None = None,
        integration_id: str | None = None,
        dedup_key: str | None = None,
    ) -> Json:
        """Set off a test event, or see who would hear of it."""
        body: dict[str, Any] = {
            "mode": mode,
            "sample_id": sample_id,
            "event_type": event_type,
            "payload": payload,
            "integration_id": integration_id,
            "dedup_key": dedup_key,
        }
        filled = {name: value for name, value in body.items() if value is not None}
        return await self._session.ask("POST", self._root + path("test", "fires"), body=filled)

    async def replay(
        self,
        ids: Sequence[str] | None = None,
        *,
        since: str | None = None,
        until: str | None = None,
        event_type: str | None = None,
        sandbox: bool = False,
    ) -> Json:
        """Hand events on once more: these, or all of a time."""
        body: dict[str, Any] = {"since": since, "until": until, "event_type": event_type}
        filled = {name: value for name, value in body.items() if value is not None}
        wanted = filled if ids is None else {"ids": [*ids]}
        return await self._session.ask("POST", self._root + path("replay"), body={**wanted, "sandbox": sandbox})

    def dead_letters(self) -> Pages[Json]:
        """Events whose processing failed for good, newest first."""
        return Pages(self._session, self._root + path("dead-letters"))

    async def redrive(self, ids: Sequence[str] | None = None) -> int:
        """Process dead events again, these or all; how many."""
        body = {} if ids is None else {"ids": [*ids]}
        answer = await self._session.ask("POST", self._root + path("dead-letters", "redrive"), body=body)
        return answer["redriven"]


class Endpoints:
    """Addresses that providers send to."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("endpoints")

    async def list(self, *, integration_id: str | None = None) -> "list[Endpoint]":
        """Oldest first, without secrets."""
        return (await self._session.get(self._root, {"integration_id": integration_id}))["items"]

    async def create(
        self, *, integration_id: str | None = None, provider: str | None = None, secret: str | None = None
    ) -> Endpoint:
        """An address for one integration, or for every account of a provider. A secret made by the hub is in the answer."""
        body = {"integration_id": integration_id, "provider": provider, "secret": secret}
        filled = {name: value for name, value in body.items() if value is not None}
        return await self._session.ask("POST", self._root, body=filled)

    async def get(self, id: str) -> Endpoint:
        """One endpoint."""
        return await self._session.get(self._root + path(id))

    async def enable(self, id: str, enabled: bool) -> Endpoint:
        """Switch it on or off."""
        return await self._session.ask("PATCH", self._root + path(id), body={"enabled": enabled})

    async def rotate(self, id: str, secret: str | None = None, *, overlap_seconds: int | None = None) -> Endpoint:
        """A new secret; the one before is taken a while longer."""
        body: dict[str, Any] = {"secret": secret, "overlap_seconds": overlap_seconds}
        filled = {name: value for name, value in body.items() if value is not None}
        return await self._session.ask("POST", self._root + path(id, "rotate"), body=filled)

    async def confirm(self, id: str) -> Endpoint:
        """It with the secret that the provider handed over in its first delivery, to be entered there."""
        return await self._session.ask("POST", self._root + path(id, "confirm"))

    async def delete(self, id: str) -> None:
        """Remove it with its secrets."""
        await self._session.ask("DELETE", self._root + path(id))
