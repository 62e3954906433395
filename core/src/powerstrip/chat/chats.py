"""Conversations as they are kept: one row each, found again tomorrow, and never with a secret in it."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

from sqlmodel import Session

from powerstrip.chat.conversation import Conversation
from powerstrip.chat.desk import Desk
from powerstrip.chat.pocket import Pockets
from powerstrip.chat.secrets import redact
from powerstrip.chat.state import Person, Reply, State
from powerstrip.clock import stamp
from powerstrip.problems import BadInput, NotFound, Problem
from powerstrip.store import ChatSession, Store, scope

MAX_MESSAGE = 10_000
"""Characters of a message."""
MAX_TRANSCRIPT = 400
"""Entries that are kept of one conversation, the newest."""


class Chats:
    """The conversations of a hub. What they do is done with the permissions of who speaks."""

    def __init__(self, store: Store, desk: Desk) -> None:
        self._store, self._desk = store, desk
        self._pockets = Pockets()

    async def begin(self, person: Person) -> ChatSession:
        """A new conversation."""
        row = ChatSession(project_id=person.project.id, principal_id=person.actor.principal_id)

        def add(session: Session) -> ChatSession:
            session.add(row)
            session.flush()
            return row

        return await self._store.write(add)

    async def get(self, person: Person, id: str) -> ChatSession:
        """One of the person's own conversations. Raises `NotFound`."""
        row = await self._store.read(lambda session: scope(session, person.project.id).get(ChatSession, id))
        if row.principal_id != person.actor.principal_id:
            raise NotFound("There is no conversation of this id")
        return row

    async def say(self, person: Person, id: str, text: str) -> tuple[ChatSession, Reply]:
        """Take a message. Secrets are taken out of it before anything else happens. Raises `BadInput` for one too long."""
        if not text.strip():
            raise BadInput("The message is empty")
        if len(text) > MAX_MESSAGE:
            raise BadInput(f"A message has at most {MAX_MESSAGE} characters")
        row = await self.get(person, id)
        await asyncio.to_thread(lambda: self._desk.parser)
        state, pocket = State.of(row.state), self._pockets.of(id)
        redacted = redact(text, state.handles + 1)
        state.handles += len(redacted.secrets)
        pocket.pasted.update({handle: (value, redacted.kinds[handle]) for handle, value in redacted.secrets.items()})
        conversation = Conversation(self._desk, person, state, pocket)
        reply = await _answered(conversation.say(redacted.text, redacted.kinds))
        if redacted.secrets:
            note = "What looked like a secret was taken out of your message; it is not stored."
            reply = Reply(f"{note} {reply.text}", reply.form, reply.choices, reply.plan, reply.done)
        return await self._keep(row, state, {"role": "person", "text": redacted.text}, reply), reply

    async def fill(self, person: Person, id: str, values: Mapping[str, str]) -> tuple[ChatSession, Reply]:
        """Take a filled form; its values go to the integration and nowhere else."""
        row = await self.get(person, id)
        state = State.of(row.state)
        reply = await _answered(Conversation(self._desk, person, state, self._pockets.of(id)).fill(values))
        told = {"role": "person", "text": f"(typed in the masked form: {', '.join(values)})"}
        return await self._keep(row, state, told, reply), reply

    async def delete(self, person: Person, id: str) -> None:
        """Forget a conversation; what it made stays."""
        await self.get(person, id)
        self._pockets.drop(id)

        def remove(session: Session) -> None:
            within = scope(session, person.project.id)
            within.delete(within.get(ChatSession, id))

        await self._store.write(remove)

    async def _keep(self, row: ChatSession, state: State, said: dict[str, Any], reply: Reply) -> ChatSession:
        entries = [{**said, "at": stamp()}, {"role": "hub", "text": reply.text, "at": stamp()}]

        def write(session: Session) -> ChatSession:
            kept = scope(session, row.project_id).get(ChatSession, row.id)
            kept.state = state.as_json()
            kept.transcript = [*kept.transcript, *entries][-MAX_TRANSCRIPT:]
            kept.status = "done" if reply.done else "open"
            kept.updated_at = stamp()
            session.add(kept)
            session.flush()
            return kept

        if reply.done:
            self._pockets.drop(row.id)
        return await self._store.write(write)


async def _answered(turn: Awaitable[Reply]) -> Reply:
    """What cannot be done is said in the conversation, with what to do next."""
    try:
        return await turn
    except Problem as problem:
        return Reply(f"That cannot be done: {problem.message}")
