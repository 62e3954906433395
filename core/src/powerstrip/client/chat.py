"""Conversations with a hub."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import NotRequired, TypedDict

from powerstrip.client.session import Session, path
from powerstrip.client.shapes import Json


class ChatForm(TypedDict):
    """Fields to fill; those with `secret` are masked."""

    provider: str
    auth_kind: str
    title: str
    fields: list[Json]
    help: NotRequired[str]


class ChatReply(TypedDict):
    """An answer."""

    text: str
    form: NotRequired[ChatForm | None]
    choices: NotRequired[list[Json]]
    plan: NotRequired[Json | None]
    done: NotRequired[bool]


class ChatSession(TypedDict):
    """A conversation; its transcript holds no secret."""

    id: str
    status: str
    waiting: str
    settings: Json
    transcript: list[Json]
    created_at: str
    updated_at: str
    integration_id: NotRequired[str | None]


class ChatTurn(TypedDict):
    """What came of a message or a form."""

    session: ChatSession
    reply: ChatReply


class ChatStep(TypedDict):
    """One step of the work at a message: `step` for programs, `text` for people."""

    id: int
    step: str
    about: str
    text: str
    at: str


class Chats:
    """The caller's conversations."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("chat", "sessions")

    async def begin(self) -> ChatSession:
        """Begin one."""
        return await self._session.ask("POST", self._root)

    async def get(self, id: str) -> ChatSession:
        """One by its id."""
        return await self._session.get(self._root + path(id))

    async def say(self, id: str, text: str) -> ChatTurn:
        """Say something."""
        return await self._session.ask("POST", self._root + path(id, "messages"), body={"text": text})

    async def fill(self, id: str, values: Mapping[str, str]) -> ChatTurn:
        """Submit a form: the only way for secrets."""
        return await self._session.ask("POST", self._root + path(id, "forms"), body={"values": dict(values)})

    async def progress(self, id: str, *, after: int = 0) -> AsyncIterator[ChatStep]:
        """What is done while messages are worked on: what is kept of it after a step, then as it comes. Close it to end it."""
        async with self._session.stream(self._root + path(id, "events"), {"last-event-id": str(after)} if after else {}) as lines:
            async for line in lines:
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    async def delete(self, id: str) -> None:
        """Forget one."""
        await self._session.ask("DELETE", self._root + path(id))
