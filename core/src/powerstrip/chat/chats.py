"""Conversations as they are kept: one row each, found again tomorrow, and never with a secret in it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from functools import partial
from typing import Any

from sqlmodel import Session

from powerstrip.chat.conversation import Conversation
from powerstrip.chat.desk import Desk
from powerstrip.chat.pocket import Pockets
from powerstrip.chat.progress import Progress, Step, forget_all, forget_old
from powerstrip.chat.secrets import redact
from powerstrip.chat.state import Person, Reply, State
from powerstrip.clock import stamp
from powerstrip.problems import BadInput, NotFound, Problem
from powerstrip.store import AuditLog, ChatSession, Store, scope
from powerstrip.value import replace

MAX_MESSAGE = 10_000
"""Characters of a message."""
MAX_TRANSCRIPT = 400
"""Entries that are kept of one conversation, the newest."""


class Chats:
    """The conversations of a hub. What they do is done with the permissions of who speaks."""

    def __init__(self, store: Store, desk: Desk, audit: AuditLog) -> None:
        self._store, self._desk, self._audit = store, desk, audit
        self._pockets, self._progress = Pockets(), Progress(store)

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
        person = self._heard(person, id)
        person.hear("understanding", "")
        await asyncio.to_thread(lambda: self._desk.parser)
        state, pocket = State.of(row.state), self._pockets.of(id)
        redacted = redact(text, state.handles + 1)
        state.handles += len(redacted.secrets)
        pocket.pasted.update({handle: (value, redacted.kinds[handle]) for handle, value in redacted.secrets.items()})
        conversation = Conversation(self._desk, person, state, pocket, partial(self._consulted, person))
        reply = await _answered(conversation.say(redacted.text, redacted.kinds))
        if redacted.secrets:
            note = "What looked like a secret was taken out of your message; it is not stored."
            reply = Reply(f"{note} {reply.text}", reply.form, reply.choices, reply.plan, reply.done)
        return await self._keep(row, state, {"role": "person", "text": redacted.text}, reply), reply

    async def fill(self, person: Person, id: str, values: Mapping[str, str]) -> tuple[ChatSession, Reply]:
        """Take a filled form; its values go to the integration and nowhere else."""
        row, person = await self.get(person, id), self._heard(person, id)
        state = State.of(row.state)
        reply = await _answered(Conversation(self._desk, person, state, self._pockets.of(id)).fill(values))
        told = {"role": "person", "text": f"(typed in the masked form: {', '.join(values)})"}
        return await self._keep(row, state, told, reply), reply

    async def follow(self, person: Person, id: str, after: int = 0) -> AsyncIterator[Step | None]:
        """What is done while messages of the conversation are worked on: what is kept of it, and then as it comes. Raises `NotFound`."""
        await self.get(person, id)
        return self._progress.follow(person.project.id, id, after)

    async def delete(self, person: Person, id: str) -> None:
        """Forget a conversation; what it made stays."""
        await self.get(person, id)
        self._pockets.drop(id)
        self._progress.drop(id)

        def remove(session: Session) -> None:
            within = scope(session, person.project.id)
            forget_all(session, id)
            within.delete(within.get(ChatSession, id))

        await self._store.write(remove)

    async def _consulted(self, person: Person, host: str, model: str, characters: int) -> None:
        """Put on record that a language model is asked: by whom, where, how much. What was written is on no record but the transcript."""
        person.hear("model", host)
        changes = {"host": host, "characters": characters}
        await self._store.write(
            lambda session: self._audit.append(
                session,
                person.actor,
                "use",
                "language_model",
                host,
                project_id=person.project.id,
                resource_name=model,
                changes=changes,
            )
        )

    def _heard(self, person: Person, id: str) -> Person:
        return replace(person, hear=partial(self._progress.tell, person.project.id, id))

    async def _keep(self, row: ChatSession, state: State, said: dict[str, Any], reply: Reply) -> ChatSession:
        entries = [{**said, "at": stamp()}, {"role": "hub", "text": reply.text, "at": stamp()}]

        def write(session: Session) -> ChatSession:
            kept = scope(session, row.project_id).get(ChatSession, row.id)
            kept.state = state.as_json()
            kept.transcript = [*kept.transcript, *entries][-MAX_TRANSCRIPT:]
            kept.status = "done" if reply.done else "open"
            kept.updated_at = stamp()
            session.add(kept)
            forget_old(session, row.id)
            session.flush()
            return kept

        if reply.done:
            self._pockets.drop(row.id)
        kept = await self._store.write(write)
        self._progress.tell(row.project_id, row.id, "answered")
        await self._progress.written(row.id)
        return kept


async def _answered(turn: Awaitable[Reply]) -> Reply:
    """What cannot be done is said in the conversation, with what to do next."""
    try:
        return await turn
    except Problem as problem:
        return Reply(f"That cannot be done: {problem.message}")
