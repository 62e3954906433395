"""Conversations."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from powerstrip import store
from powerstrip.api.shapes.base import Asked, Object, Told

if TYPE_CHECKING:
    from powerstrip.chat import Reply as GivenReply


class ChatMessageRequest(Asked):
    """What a person writes."""

    text: str = Field(max_length=10_000)


class ChatFormRequest(Asked):
    """A filled form: field names and what was typed. Secrets go this way and no other."""

    values: dict[str, str]


class ChatEntry(Told):
    """One entry of a transcript; secrets were taken out."""

    role: str
    text: str
    at: str


class ChatSession(Told):
    """A conversation."""

    id: str
    status: str
    waiting: str
    settings: Object
    integration_id: str | None = None
    transcript: list[ChatEntry]
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: store.ChatSession) -> "ChatSession":
        """From its row."""
        state: dict[str, Any] = row.state
        return cls(
            id=row.id,
            status=row.status,
            waiting=state.get("waiting", ""),
            settings=state.get("config", {}),
            integration_id=state.get("integration_id") or None,
            transcript=[ChatEntry(**entry) for entry in row.transcript],
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class ChatStep(Told):
    """One step of the work at a message: `step` for programs, `text` for people."""

    id: int
    step: str
    about: str
    text: str
    at: str


class ChatReply(Told):
    """An answer: text, and where they are, a form with masked fields, choices and the plan that a yes would carry out."""

    text: str
    form: Object | None = None
    choices: list[Object] = Field(default_factory=list[Object])
    plan: Object | None = None
    done: bool = False


class ChatTurn(Told):
    """What came of a message or a form."""

    session: ChatSession
    reply: ChatReply

    @classmethod
    def of(cls, row: store.ChatSession, reply: "GivenReply") -> "ChatTurn":
        """From the conversation's room."""
        return cls(session=ChatSession.of(row), reply=ChatReply(**reply.as_json()))
