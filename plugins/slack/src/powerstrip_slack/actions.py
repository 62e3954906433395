"""What can be done at Slack, and the values to choose from.

Source of the methods: https://docs.slack.dev/reference/methods. Those that write take JSON, those that read only form fields.
"""

from typing import Annotated, Any

from pydantic import Field

from powerstrip.adapter import Account, Choice, Http, Model, Page, Query, Rejected
from powerstrip_slack.models import (
    ChannelInfo,
    ChannelQuery,
    Channels,
    Created,
    Done,
    EmailAddress,
    History,
    HistoryQuery,
    MessageRef,
    NewChannel,
    Paged,
    Post,
    Posted,
    PostedMessage,
    Queued,
    Reaction,
    Scheduled,
    Update,
    Upload,
    Uploaded,
    User,
    Users,
)
from powerstrip_slack.provider import slack

PAGE = 200
"""What Slack recommends to ask for at once."""


class _Meta(Model):
    next_cursor: str = ""


class _Listed(Model):
    response_metadata: _Meta = Field(default_factory=_Meta)

    @property
    def next(self) -> str | None:
        return self.response_metadata.next_cursor or None


class _ChannelList(_Listed):
    channels: list[ChannelInfo]


class _UserList(_Listed):
    members: list[User]


class _Messages(_Listed):
    messages: list[PostedMessage]


@slack.action("message.post", title="Post a message", aliases=("post-message",))
async def post_message(http: Http, message: Post) -> Posted:
    """Post a message to a channel."""
    return await http.post("/chat.postMessage", json=_addressed(http, message), returns=Posted)


@slack.action("message.schedule", title="Schedule a message")
async def schedule_message(http: Http, message: Scheduled) -> Queued:
    """Post a message to a channel at a later time."""
    wire = _addressed(http, message) | {"post_at": int(message.post_at.timestamp())}
    return await http.post("/chat.scheduleMessage", json=wire, returns=Queued)


@slack.action("message.update", title="Change a message", idempotent=True)
async def update_message(http: Http, message: Update) -> Posted:
    """Replace the text of a message that this app posted."""
    return await http.post("/chat.update", json=message, returns=Posted)


@slack.action("message.delete", title="Delete a message", idempotent=True, destructive=True)
async def delete_message(http: Http, message: MessageRef) -> Posted:
    """Delete a message that this app posted."""
    return await http.post("/chat.delete", json=message, returns=Posted)


@slack.action("reaction.add", title="Add a reaction", idempotent=True)
async def add_reaction(http: Http, reaction: Reaction) -> Done:
    """Put an emoji under a message. One that stands there already is fine."""
    wire = {"channel": reaction.channel, "timestamp": reaction.ts, "name": reaction.emoji}
    try:
        return await http.post("/reactions.add", json=wire, returns=Done)
    except Rejected as refusal:
        if refusal.message != "already_reacted":
            raise
        return Done()


class _Place(Model):
    upload_url: Annotated[str, Field(examples=["https://files.slack.com/upload/v1/sample"])]
    file_id: Annotated[str, Field(examples=["F024BE91L"])]


class _Received(Model):
    """Slack's answer to the bytes is a line of text: nothing of it is read."""


class _File(Model):
    id: str
    title: str | None = None
    permalink: str | None = None


class _Files(Model):
    files: Annotated[list[_File], Field(min_length=1)]


@slack.action("file.upload", title="Upload a file")
async def upload_file(http: Http, upload: Upload) -> Uploaded:
    """Upload a file and share it in a channel.

    Three requests: ask for an address, send the bytes there without the token, and say what they are for.
    """
    asked = {"filename": upload.filename, "length": upload.content.size}
    place = await http.post("/files.getUploadURLExternal", form=asked, returns=_Place)
    await http.send_to("POST", place.upload_url, content=upload.content, returns=_Received)
    wire = {
        "files": [{"id": place.file_id, "title": upload.title or upload.filename}],
        "channel_id": upload.channel,
        "initial_comment": upload.text,
        "thread_ts": upload.thread_ts,
    }
    given = {name: value for name, value in wire.items() if value is not None}
    file = (await http.post("/files.completeUploadExternal", json=given, returns=_Files)).files[0]
    return Uploaded(file_id=file.id, title=file.title, permalink=file.permalink)


class _Found(Model):
    user: User


@slack.action("user.lookup_by_email", title="Find a person by email", read_only=True)
async def look_up_user(http: Http, wanted: EmailAddress) -> User:
    """Find the person whose account has this email address."""
    return (await http.post("/users.lookupByEmail", form={"email": wanted.email}, returns=_Found)).user


@slack.action("user.list", title="List people", read_only=True)
async def list_users(http: Http, page: Paged) -> Users:
    """List the people and bots of the workspace, those who left included."""
    found = await http.post("/users.list", form={"limit": page.limit, "cursor": page.cursor}, returns=_UserList)
    return Users(users=found.members, next=found.next)


@slack.action("channel.list", title="List channels", read_only=True)
async def list_channels(http: Http, query: ChannelQuery) -> Channels:
    """List public channels, and the private ones that the bot is in."""
    found = await _channels(http, query)
    return Channels(channels=found.channels, next=found.next)


@slack.action("channel.create", title="Create a channel")
async def create_channel(http: Http, channel: NewChannel) -> Created:
    """Make a channel. The bot is its first member."""
    return await http.post("/conversations.create", json=channel, returns=Created)


@slack.action("conversation.history", title="Read a channel", read_only=True)
async def history(http: Http, query: HistoryQuery) -> History:
    """Read the messages of a channel that the bot is in, the latest first, without the replies in threads."""
    fields = {
        "channel": query.channel,
        "limit": query.limit,
        "cursor": query.cursor,
        "oldest": query.oldest and f"{query.oldest.timestamp():.6f}",
        "latest": query.latest and f"{query.latest.timestamp():.6f}",
    }
    found = await http.post("/conversations.history", form=fields, returns=_Messages)
    return History(messages=found.messages, next=found.next)


@slack.picker("channel")
async def channels(http: Http, query: Query) -> Page:
    """Channels that are not archived: public ones, and private ones that the bot is in."""
    found = await _channels(http, ChannelQuery(limit=PAGE, cursor=query.cursor))
    return Page([Choice(each.id, f"#{each.name}", each.topic.value) for each in found.channels], found.next)


@slack.picker("user")
async def users(http: Http, query: Query) -> Page:
    """People of the workspace, without bots and those who left."""
    found = await http.post("/users.list", form={"limit": PAGE, "cursor": query.cursor}, returns=_UserList)
    people = [each for each in found.members if not (each.deleted or each.is_bot)]
    return Page([Choice(each.id, each.real_name or each.name, f"@{each.name}") for each in people], found.next)


class _Group(Model):
    id: str
    handle: str
    name: str


class _Groups(Model):
    usergroups: list[_Group]


@slack.picker("user_group")
async def user_groups(http: Http, query: Query) -> Page:
    """User groups of the workspace. Slack has them on paid plans only."""
    found = await http.post("/usergroups.list", form={}, returns=_Groups)
    return Page([Choice(each.id, f"@{each.handle}", each.name) for each in found.usergroups])


class _Team(Model):
    team_id: str
    team: str
    user: str = ""


@slack.account
async def account(http: Http) -> Account:
    """The workspace that the token belongs to; its id stands in every event."""
    team = await http.post("/auth.test", form={}, returns=_Team)
    return Account(id=team.team_id, name=team.team, detail=f"as {team.user}" if team.user else "")


def _addressed(http: Http, message: Post) -> dict[str, Any]:
    """The message on the wire, in the default channel where it names none. Raises `Rejected` without any channel."""
    channel = message.channel or http.config.get("default_channel")
    if not channel:
        raise Rejected("Say where to post: give a channel, or set a default channel on the integration")
    return message.model_dump(mode="json", exclude_none=True) | {"channel": channel}


async def _channels(http: Http, query: ChannelQuery) -> _ChannelList:
    fields = {
        "types": "public_channel,private_channel" if query.private else "public_channel",
        "exclude_archived": not query.archived,
        "limit": query.limit,
        "cursor": query.cursor,
    }
    return await http.post("/conversations.list", form=fields, returns=_ChannelList)
