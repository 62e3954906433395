"""Conversations: set things up in sentences."""

from typing import TYPE_CHECKING

from litestar.params import FromPath, JSONBody

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, route
from powerstrip.api.shapes.chat import ChatFormRequest, ChatMessageRequest, ChatSession, ChatTurn
from powerstrip.api.visit import Visit

if TYPE_CHECKING:
    from powerstrip.chat import Person

TAG = "chat"
SESSIONS = f"{PROJECT}/chat/sessions"
SESSION = f"{SESSIONS}/{{id:str}}"
TALK = "integrations.use"


@route("POST", SESSIONS, TALK, id="createChatSession", tag=TAG, summary="Begin a conversation", status=201)
async def create_session(visit: GivenVisit, hub: GivenHub) -> ChatSession:
    """What it does later is done with your permissions."""
    return ChatSession.of(await hub.chats.begin(_person(visit)))


@route("GET", SESSION, TALK, id="getChatSession", tag=TAG, summary="Get a conversation")
async def get_session(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> ChatSession:
    """Your own, with its transcript, from which secrets were taken out."""
    return ChatSession.of(await hub.chats.get(_person(visit), id))


@route("DELETE", SESSION, TALK, id="deleteChatSession", tag=TAG, summary="Forget a conversation", status=204)
async def delete_session(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> None:
    """What it made stays."""
    await hub.chats.delete(_person(visit), id)


@route("POST", f"{SESSION}/messages", TALK, id="sendChatMessage", tag=TAG, summary="Say something")
async def send_message(visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[ChatMessageRequest]) -> ChatTurn:
    """Secrets are taken out before anything is stored. What changes anything is planned first and waits for a yes."""
    return ChatTurn.of(*await hub.chats.say(_person(visit), id, data.text))


@route("POST", f"{SESSION}/forms", TALK, id="submitChatForm", tag=TAG, summary="Submit a masked form")
async def submit_form(visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[ChatFormRequest]) -> ChatTurn:
    """The only way for secrets. They go to the connection and never to the conversation."""
    return ChatTurn.of(*await hub.chats.fill(_person(visit), id, data.values))


def _person(visit: Visit) -> "Person":
    identity, project = visit.identity, visit.project
    from powerstrip.chat import Person

    return Person(visit.actor, project, lambda permission: identity.require(permission, project.id), visit.permitted)


HANDLERS = [create_session, get_session, delete_session, send_message, submit_form]
