"""What Slack tells: events, buttons and forms, and slash commands.

Sources: https://docs.slack.dev/authentication/verifying-requests-from-slack, https://docs.slack.dev/apis/events-api,
https://docs.slack.dev/interactivity/handling-user-interaction and https://docs.slack.dev/interactivity/implementing-slash-commands.
"""

import json
from typing import Any, Literal

from pydantic import ConfigDict, Field

from powerstrip.adapter import Delivery, Incoming, Model, Rejected, Reply
from powerstrip.adapter.signatures import slack_signature
from powerstrip_slack.provider import slack


@slack.event("message.posted")
class MessagePosted(Model):
    """Somebody, or a bot, posted a message. Changes and deletions are other events."""

    type: Literal["message"]
    subtype: Literal["bot_message", "file_share", "me_message", "thread_broadcast"] | None = None
    channel: str
    ts: str
    text: str
    user: str | None = None
    bot_id: str | None = None
    thread_ts: str | None = None
    channel_type: str | None = None


@slack.event("app_mention")
class AppMention(Model):
    """Somebody wrote the app's name in a message."""

    type: Literal["app_mention"]
    channel: str
    user: str
    text: str
    ts: str
    thread_ts: str | None = None


class ReactedTo(Model):
    """The message under which the emoji stands."""

    type: Literal["message"]
    channel: str
    ts: str


@slack.event("reaction.added")
class ReactionAdded(Model):
    """Somebody put an emoji under a message."""

    type: Literal["reaction_added"]
    user: str
    reaction: str
    """The emoji's name."""
    item: ReactedTo
    item_user: str | None = None
    """Who wrote the message."""


class Person(Model):
    """Who did it."""

    id: str
    username: str | None = None
    name: str | None = None


@slack.event("interactivity")
class Interactivity(Model):
    """Somebody pressed a button, chose from a menu, used a shortcut or sent a form."""

    type: Literal[
        "block_actions", "block_suggestion", "interactive_message", "message_action", "shortcut", "view_closed", "view_submission"
    ]
    user: Person
    callback_id: str | None = None
    trigger_id: str | None = None
    """Opens a form within three seconds."""
    actions: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    """What was pressed or chosen."""
    view: dict[str, Any] | None = None
    """The form with what was filled in."""
    message: dict[str, Any] | None = None
    channel: dict[str, Any] | None = None


@slack.event("command")
class Command(Model):
    """Somebody typed a slash command of the app."""

    command: str = Field(pattern=r"^/", examples=["/weather"])
    text: str = ""
    """What stood after it."""
    user_id: str
    user_name: str | None = None
    channel_id: str
    channel_name: str | None = None
    team_id: str
    trigger_id: str | None = None
    """Opens a form within three seconds."""


@slack.event("event")
class AnyEvent(Model):
    """Anything else that Slack tells, such as a channel being made: with all that Slack sent."""

    model_config = ConfigDict(extra="allow")

    type: str
    event_ts: str | None = None


@slack.webhook(verify=slack_signature())
def receive(delivery: Delivery) -> Incoming | Reply:
    """One event, or the answer to Slack's question whether anybody is here."""
    if delivery.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return _from_form(delivery.form())
    match delivery.json():
        case {"type": "url_verification", "challenge": str(challenge)}:
            return Reply(challenge)
        case {"type": "event_callback", "event": {"type": str()} as event, **wrapper}:
            return Incoming(event, key=_text(wrapper.get("event_id")), account=_text(wrapper.get("team_id")))
        case _:
            raise Rejected("This is no event of Slack's Events API")


def _from_form(fields: dict[str, str]) -> Incoming:
    """A slash command, or an interaction: JSON in the field `payload`.

    Left out: `token`, which Slack has given up, and `response_url`, which lets whoever has it post.
    """
    if "payload" not in fields:
        kept = {name: value for name, value in fields.items() if name not in ("token", "response_url")}
        return Incoming(kept, account=_text(fields.get("team_id")))
    match _payload(fields["payload"]):
        case {"type": str()} as payload:
            kept = {name: value for name, value in payload.items() if name not in ("token", "response_url", "response_urls")}
            return Incoming(kept, account=_team(payload))
        case _:
            raise Rejected("The interaction's payload is no JSON object with a type")


def _payload(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _team(payload: dict[str, Any]) -> str | None:
    """The workspace of an interaction; an app installed for a whole organisation may get none."""
    match payload:
        case {"team": {"id": str(team)}} | {"user": {"team_id": str(team)}}:
            return team
        case _:
            return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
