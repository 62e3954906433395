"""What can be done with conversations. Source: developers.intercom.com, "Conversations"."""

from typing import Any

from powerstrip.adapter import Http, Model, segment
from powerstrip_intercom.actions import Pages, following, searched
from powerstrip_intercom.models import (
    Assignment,
    Closing,
    Conversation,
    ConversationRef,
    Conversations,
    Reply,
    Search,
)
from powerstrip_intercom.provider import VERSION, acting, at, intercom

NOBODY = "0"


async def _part(http: Http, conversation: str, path: str, body: dict[str, Any]) -> Conversation:
    given = {name: value for name, value in body.items() if value not in (None, [])}
    target = at(http, f"/conversations/{segment(conversation)}/{path}")
    return await http.post(target, json=given, headers=VERSION, returns=Conversation)


@intercom.action("conversation.reply", title="Reply in a conversation")
async def reply(http: Http, given: Reply) -> Conversation:
    """Reply to the contact, or leave a note for teammates."""
    body = {
        "type": "admin",
        "admin_id": await acting(http, given.admin),
        "message_type": "note" if given.note else "comment",
        "body": given.text,
        "attachment_urls": given.attachment_urls,
    }
    return await _part(http, given.conversation_id, "reply", body)


@intercom.action("conversation.close", idempotent=True)
async def close(http: Http, closing: Closing) -> Conversation:
    """Close a conversation."""
    admin = await acting(http, closing.admin)
    body = {"type": "admin", "admin_id": admin, "message_type": "close", "body": closing.text}
    return await _part(http, closing.conversation_id, "parts", body)


@intercom.action("conversation.open", title="Open a conversation again", idempotent=True)
async def reopen(http: Http, which: Closing) -> Conversation:
    """Open a conversation that was closed or put off."""
    body = {"admin_id": await acting(http, which.admin), "message_type": "open"}
    return await _part(http, which.conversation_id, "parts", body)


@intercom.action("conversation.assign", idempotent=True)
async def assign(http: Http, given: Assignment) -> Conversation:
    """Give a conversation to a teammate or a team, or take it away from whoever has it."""
    body = {
        "type": "team" if given.team else "admin",
        "admin_id": await acting(http, given.admin),
        "message_type": "assignment",
        "assignee_id": given.assignee or given.team or NOBODY,
        "body": given.text,
    }
    return await _part(http, given.conversation_id, "parts", body)


@intercom.action("conversation.get", read_only=True)
async def get(http: Http, which: ConversationRef) -> Conversation:
    """Read how a conversation stands."""
    path = at(http, f"/conversations/{segment(which.conversation_id)}")
    return await http.get(path, headers=VERSION, returns=Conversation)


class _Found(Model):
    conversations: list[Conversation]
    total_count: int = 0
    pages: Pages | None = None


@intercom.action("conversation.search", read_only=True)
async def search(http: Http, wanted: Search) -> Conversations:
    """Find conversations by conditions, such as `state`, `open` or `source.author.email`."""
    found = await http.post(at(http, "/conversations/search"), json=searched(wanted), headers=VERSION, returns=_Found)
    return Conversations(conversations=found.conversations, total=found.total_count, next=following(found.pages))
