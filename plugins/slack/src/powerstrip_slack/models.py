"""What Slack's actions take and give."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from powerstrip.adapter import Content, Model, Pick

Channel = Annotated[str, Pick("channel"), Field(min_length=1, max_length=80)]
Ts = Annotated[str, Field(pattern=r"^[0-9]{1,16}\.[0-9]{1,6}$", examples=["1718031200.004100"])]
"""Slack's name of a message within its channel: when it was posted."""
Emoji = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(lambda name: name.strip(":"))]
"""An emoji's name, with or without its colons."""


class Post(Model):
    """A message to post."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"channel": "#ops", "text": "The deploy is done."}]})

    channel: Channel | None = None
    """`#name` or id of a channel, or a person's id. The integration's default channel when left out."""
    text: Annotated[str, Field(min_length=1, max_length=40_000)]
    """What is said, in Slack's mrkdwn. With blocks, it is what notifications show."""
    blocks: Annotated[list[dict[str, Any]], Field(max_length=50)] | None = None
    """The layout, in Slack's Block Kit."""
    thread_ts: Ts | None = None
    """Reply inside this message's thread."""
    reply_broadcast: bool | None = None
    """Show a reply in the channel too."""
    unfurl_links: bool | None = None
    """Whether links show a preview."""
    mrkdwn: bool | None = None
    """False to show the text as it is."""


class Scheduled(Post):
    """A message to post later."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "#standup", "text": "Standup in five.", "post_at": "2026-12-01T09:00:00Z"}]}
    )

    post_at: AwareDatetime
    """When it is posted, at most 120 days ahead, to the second."""


class MessageRef(Model):
    """Which message."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"channel": "C024BE91L", "ts": "1718031200.004100"}]})

    channel: Channel
    """Id of the channel it stands in."""
    ts: Ts
    """`ts` of the message, as posting it gave."""


class Update(MessageRef):
    """A message's new text."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "C024BE91L", "ts": "1718031200.004100", "text": "The deploy is undone."}]}
    )

    text: Annotated[str, Field(min_length=1, max_length=40_000)]
    """What it says from now on."""
    blocks: Annotated[list[dict[str, Any]], Field(max_length=50)] | None = None
    """Its new layout, in Slack's Block Kit."""


class Reaction(MessageRef):
    """An emoji under a message."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "C024BE91L", "ts": "1718031200.004100", "emoji": "tada"}]}
    )

    emoji: Emoji
    """The emoji's name, such as `tada`."""


class Posted(Model):
    """Where a message stands."""

    channel: Annotated[str, Field(examples=["C024BE91L"])]
    ts: Ts


class Queued(Model):
    """A message that waits."""

    scheduled_message_id: Annotated[str, Field(examples=["Q1298393284"])]
    channel: Annotated[str, Field(examples=["C024BE91L"])]
    post_at: datetime


class Done(Model):
    """Slack did it."""

    ok: Literal[True] = True


class Upload(Model):
    """A file to share."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "C024BE91L", "filename": "notes.txt", "content": "SGVsbG8h"}]}
    )

    filename: Annotated[str, Field(min_length=1, max_length=255)]
    """Name of the file, with its ending."""
    content: Content
    """The file: base64, or a reference to one uploaded to the hub."""
    channel: Channel | None = None
    """Id of the channel to share it in. Nobody else sees it when left out."""
    title: Annotated[str, Field(max_length=255)] | None = None
    """What it is called in Slack. The file's name when left out."""
    text: Annotated[str, Field(max_length=40_000)] | None = None
    """A message to go with it."""
    thread_ts: Ts | None = None
    """Share it inside this message's thread."""


class Uploaded(Model):
    """A file that Slack has."""

    file_id: str
    title: str | None = None
    permalink: str | None = None


class EmailAddress(Model):
    """Whom to look for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.com"}]})

    email: Annotated[str, Field(min_length=3, max_length=320)]
    """The address of their Slack account."""


class Paged(Model):
    """One page of a list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"limit": 100}]})

    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    """How many at most. Slack may give fewer."""
    cursor: Annotated[str, Field(max_length=1000)] | None = None
    """`next` of the page before."""


class Profile(Model):
    """What a person tells about themself."""

    email: str | None = None
    """Only with the scope users:read.email."""
    display_name: str | None = None
    title: str | None = None


class User(Model):
    """A person or bot of the workspace."""

    id: str
    name: str
    real_name: str | None = None
    is_bot: bool = False
    deleted: bool = False
    tz: str | None = None
    profile: Profile = Field(default_factory=Profile)


class Users(Model):
    """One page of people and bots."""

    users: list[User]
    next: str | None = None
    """Cursor of the following page; none on the last one."""


class ChannelQuery(Paged):
    """Which channels."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"private": False, "limit": 100}]})

    private: bool = True
    """Whether private channels that the bot is in are listed too."""
    archived: bool = False
    """Whether archived channels are listed too."""


class Topic(Model):
    """A text about a channel."""

    value: str = ""


class ChannelInfo(Model):
    """A channel."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = False
    """Whether the bot is in it."""
    num_members: int | None = None
    topic: Topic = Field(default_factory=Topic)
    purpose: Topic = Field(default_factory=Topic)


class Channels(Model):
    """One page of channels."""

    channels: list[ChannelInfo]
    next: str | None = None
    """Cursor of the following page; none on the last one."""


class NewChannel(Model):
    """A channel to make."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "release-42"}]})

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """Lower-case letters, digits, `-` and `_`."""
    is_private: bool = False
    """Whether only those who are invited see it."""


class Created(Model):
    """The channel that was made."""

    channel: ChannelInfo


class HistoryQuery(Paged):
    """Which messages."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"channel": "C024BE91L", "limit": 20}]})

    channel: Channel
    """Id of the channel."""
    oldest: AwareDatetime | None = None
    """Only after this time."""
    latest: AwareDatetime | None = None
    """Only before this time."""


class PostedMessage(Model):
    """A message as it stands in a channel."""

    ts: str
    text: str = ""
    user: str | None = None
    bot_id: str | None = None
    subtype: str | None = None
    thread_ts: str | None = None
    reply_count: int | None = None
    blocks: list[dict[str, Any]] | None = None


class History(Model):
    """One page of messages, the latest first."""

    messages: list[PostedMessage]
    next: str | None = None
    """Cursor of the following page; none on the last one."""
