"""Conversations: set things up in sentences."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from litestar import Response
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream

from powerstrip.access import require_open
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.hub import Hub
from powerstrip.api.route import PROJECT, route
from powerstrip.api.shapes.chat import ChatFormRequest, ChatMessageRequest, ChatSession, ChatStep, ChatTurn
from powerstrip.api.tailing import BREATH_SECONDS, CHECK_SECONDS, EVENT_STREAM, still_may
from powerstrip.api.visit import Visit
from powerstrip.clock import monotonic
from powerstrip.problems import BadInput
from powerstrip.store import Project

if TYPE_CHECKING:
    from powerstrip.chat import Person
    from powerstrip.chat.progress import Step

TAG = "chat"
SESSIONS = f"{PROJECT}/chat/sessions"
SESSION = f"{SESSIONS}/{{id:str}}"
TALK = "integrations.use"
Seconds = Annotated[int | None, QueryParameter(ge=0, le=86_400, description="End by itself after so long")]


@route("POST", SESSIONS, TALK, id="createChatSession", tag=TAG, summary="Begin a conversation", status=201)
async def create_session(visit: GivenVisit, hub: GivenHub) -> ChatSession:
    """What it does later is done with your permissions."""
    return ChatSession.of(await hub.chats.begin(_person(visit, hub)))


@route("GET", SESSION, TALK, id="getChatSession", tag=TAG, summary="Get a conversation")
async def get_session(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> ChatSession:
    """Your own, with its transcript, from which secrets were taken out."""
    return ChatSession.of(await hub.chats.get(_person(visit, hub), id))


@route("DELETE", SESSION, TALK, id="deleteChatSession", tag=TAG, summary="Forget a conversation", status=204)
async def delete_session(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> None:
    """What it made stays."""
    await hub.chats.delete(_person(visit, hub), id)


@route("POST", f"{SESSION}/messages", TALK, id="sendChatMessage", tag=TAG, summary="Say something")
async def send_message(visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[ChatMessageRequest]) -> ChatTurn:
    """Secrets are taken out before anything is stored. What changes anything is planned first and waits for a yes."""
    return ChatTurn.of(*await hub.chats.say(_person(visit, hub), id, data.text))


@route("POST", f"{SESSION}/forms", TALK, id="submitChatForm", tag=TAG, summary="Submit a masked form")
async def submit_form(visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[ChatFormRequest]) -> ChatTurn:
    """The only way for secrets. They go to the connection and never to the conversation."""
    return ChatTurn.of(*await hub.chats.fill(_person(visit, hub), id, data.values))


@route("GET", f"{SESSION}/events", TALK, id="streamChatEvents", tag=TAG, summary="Follow a conversation", gives=EVENT_STREAM)
async def stream_events(visit: GivenVisit, hub: GivenHub, id: FromPath[str], seconds: Seconds = None) -> Response[Any]:
    """Server-sent events of what is done while a message is worked on: read, asked, listed, tried, saved, answered.

    It begins with the steps that are kept, or with those after `Last-Event-ID`. It ends after `seconds`, with the conversation,
    or when the key loses its permission. The last hundred are kept with the conversation, through restarts, and hold no secret.
    New ones are told by the process that works at the conversation.
    """
    last = visit.head.fields.get(b"last-event-id", b"").decode("latin-1")
    if last and not (last.isascii() and last.isdigit() and len(last) <= 16):
        raise BadInput("Last-Event-ID is the id of a step: a number")
    steps = await hub.chats.follow(_person(visit, hub), id, int(last or 0))
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(_pieces(visit, hub, steps, seconds), media_type=EVENT_STREAM, headers=headers)  # pyright: ignore[reportReturnType]


async def _pieces(visit: Visit, hub: Hub, steps: "AsyncIterator[Step | None]", seconds: int | None) -> AsyncIterator[str]:
    yield ": what is done in this conversation\n\n"
    checked = told = monotonic()
    end = told + seconds if seconds is not None else float("inf")
    async for step in steps:
        now = monotonic()
        if now - checked >= CHECK_SECONDS:
            if not await still_may(visit, hub, TALK):
                return
            checked = now
        if step is not None:
            data = ChatStep(id=step.id, step=step.step, about=step.about, text=step.text, at=step.at).model_dump_json()
            yield f"id: {step.id}\nevent: progress\ndata: {data}\n\n"
        elif now >= end:
            return
        elif now - told < BREATH_SECONDS:
            continue
        else:
            yield ": still here\n\n"
        told = now


def _person(visit: Visit, hub: Hub) -> "Person":
    identity, project = visit.identity, visit.project
    from powerstrip.chat import Person

    async def elsewhere(reference: str) -> Project:
        found = await hub.access.projects.find(identity, reference)
        identity.require("integrations.manage", found.id)
        require_open(found)
        return found

    return Person(visit.actor, project, lambda permission: identity.require(permission, project.id), visit.permitted, elsewhere)


HANDLERS = [create_session, get_session, delete_session, send_message, submit_form, stream_events]
