import json
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import ValidationError

from powerstrip.adapter import (
    AuthFailed,
    Content,
    Delivery,
    Hmac,
    Incoming,
    Query,
    RateLimited,
    Rejected,
    Reply,
    Response,
    Secret,
    Unavailable,
)
from powerstrip.adapter.testing import check, provider
from powerstrip_slack import Post, Upload, post_message, slack, upload_file
from powerstrip_slack.actions import (
    add_reaction,
    channels,
    create_channel,
    delete_message,
    history,
    list_channels,
    list_users,
    look_up_user,
    schedule_message,
    update_message,
    user_groups,
    users,
)
from powerstrip_slack.events import receive
from powerstrip_slack.models import (
    ChannelQuery,
    EmailAddress,
    HistoryQuery,
    MessageRef,
    NewChannel,
    Paged,
    Reaction,
    Scheduled,
    Update,
)

test_contract = check(slack)

POSTED = {"ok": True, "channel": "C024BE91L", "ts": "1503435956.000247", "message": {"text": "Hi"}}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def said(**answer: Any) -> Response:
    return Response(200, {"content-type": "application/json; charset=utf-8", "retry-after": "7"}, json.dumps(answer).encode())


async def test_a_message_is_posted_as_given() -> None:
    http = provider(slack, {"POST /chat.postMessage": POSTED})
    posted = await post_message(http, Post(channel="#ops", text="Hi", thread_ts="1503435956.000247"))
    assert (posted.channel, posted.ts) == ("C024BE91L", "1503435956.000247")
    assert json.loads(http.sent[0].body) == {"channel": "#ops", "text": "Hi", "thread_ts": "1503435956.000247"}


async def test_the_default_channel_is_used_when_none_is_named() -> None:
    http = provider(slack, {"POST /chat.postMessage": POSTED}, {"default_channel": "#ops"})
    await post_message(http, Post(text="Hi"))
    assert json.loads(http.sent[0].body)["channel"] == "#ops"


async def test_a_message_to_nowhere_is_not_sent() -> None:
    http = provider(slack, {})
    with pytest.raises(Rejected, match="give a channel, or set a default channel"):
        await post_message(http, Post(text="Hi"))
    assert http.sent == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("channel_not_found", Rejected),
        ("not_in_channel", Rejected),
        ("missing_scope", Rejected),
        ("something_new", Rejected),
        ("invalid_auth", AuthFailed),
        ("token_revoked", AuthFailed),
        ("account_inactive", AuthFailed),
        ("ratelimited", RateLimited),
        ("internal_error", Unavailable),
    ],
)
async def test_a_refusal_is_shown_as_slack_said_it(error: str, kind: type[Exception]) -> None:
    http = provider(slack, {"POST /chat.postMessage": said(ok=False, error=error)})
    with pytest.raises(kind, match=f"^{error}") as caught:
        await post_message(http, Post(channel="C0", text="hi"))
    assert getattr(caught.value, "retry_after", 7.0 if kind is RateLimited else None) == (7.0 if kind is RateLimited else None)


async def test_a_missing_scope_is_named() -> None:
    http = provider(slack, {"POST /chat.postMessage": said(ok=False, error="missing_scope", needed="chat:write", provided="x")})
    with pytest.raises(Rejected, match="add chat:write to the app's scopes"):
        await post_message(http, Post(channel="C0", text="hi"))


async def test_slacks_explanations_are_shown() -> None:
    answer = said(ok=False, error="invalid_blocks", response_metadata={"messages": ["[ERROR] no more than 50 items"]})
    with pytest.raises(Rejected, match=r"invalid_blocks: .*no more than 50 items"):
        await post_message(provider(slack, {"POST /chat.postMessage": answer}), Post(channel="C0", text="hi"))


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [(429, {"ok": False, "error": "ratelimited"}, RateLimited), (503, {}, Unavailable), (404, {}, Rejected)],
)
async def test_a_status_counts_where_there_is_one(status: int, answer: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await post_message(provider(slack, {"POST /chat.postMessage": (status, answer)}), Post(channel="C0", text="hi"))


async def test_a_scheduled_message_goes_out_in_unix_seconds() -> None:
    answer = {"ok": True, "channel": "C0", "scheduled_message_id": "Q1", "post_at": 1796115600}
    http = provider(slack, {"POST /chat.scheduleMessage": answer})
    message = Scheduled.model_validate_json('{"channel": "C0", "text": "Hi", "post_at": "2026-12-01T09:00:00+00:00"}')
    queued = await schedule_message(http, message)
    assert json.loads(http.sent[0].body) == {"channel": "C0", "text": "Hi", "post_at": 1796115600}
    assert queued.post_at == message.post_at


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Scheduled.model_validate_json('{"channel": "C0", "text": "Hi", "post_at": "2026-12-01T09:00:00"}')


async def test_a_reaction_that_stands_already_is_fine() -> None:
    reaction = Reaction(channel="C0", ts="1503435956.000247", emoji=":tada:")
    http = provider(slack, {"POST /reactions.add": said(ok=False, error="already_reacted")})
    assert (await add_reaction(http, reaction)).ok
    assert json.loads(http.sent[0].body) == {"channel": "C0", "timestamp": "1503435956.000247", "name": "tada"}
    with pytest.raises(Rejected, match="message_not_found"):
        await add_reaction(provider(slack, {"POST /reactions.add": said(ok=False, error="message_not_found")}), reaction)


UPLOAD = "https://files.slack.com/upload/v1/abc"


async def test_a_file_takes_three_requests_and_the_bytes_go_without_the_token() -> None:
    http = provider(
        slack,
        {
            "POST /files.getUploadURLExternal": {"ok": True, "upload_url": UPLOAD, "file_id": "F1"},
            f"POST {UPLOAD}": Response(200, {"content-type": "text/plain"}, b"OK - 5"),
            "POST /files.completeUploadExternal": {"ok": True, "files": [{"id": "F1", "title": "notes.txt"}]},
        },
    )
    file = await upload_file(http, Upload(channel="C0", filename="notes.txt", content=Content(b"Hello"), text="Look"))
    assert (file.file_id, file.title) == ("F1", "notes.txt")
    asked, bytes_sent, finished = http.sent
    assert asked.body == b"filename=notes.txt&length=5"
    assert [request.signed for request in http.sent] == [True, False, True]
    assert isinstance(bytes_sent.body, Content)
    assert json.loads(finished.body) == {  # type: ignore[arg-type]
        "files": [{"id": "F1", "title": "notes.txt"}],
        "channel_id": "C0",
        "initial_comment": "Look",
    }


async def test_a_file_that_did_not_arrive_is_not_shared() -> None:
    http = provider(
        slack,
        {
            "POST /files.getUploadURLExternal": {"ok": True, "upload_url": UPLOAD, "file_id": "F1"},
            f"POST {UPLOAD}": (500, {}),
        },
    )
    with pytest.raises(Unavailable):
        await upload_file(http, Upload(filename="notes.txt", content=Content(b"Hello")))
    assert len(http.sent) == 2


async def test_lists_go_out_as_forms_and_come_in_pages() -> None:
    page = {
        "ok": True,
        "channels": [{"id": "C1", "name": "ops", "topic": {"value": "On call"}}],
        "response_metadata": {"next_cursor": "abc="},
    }
    http = provider(slack, {"POST /conversations.list": page})
    listed = await list_channels(http, ChannelQuery(limit=10, private=False))
    assert (listed.channels[0].name, listed.next) == ("ops", "abc=")
    assert http.sent[0].body == b"types=public_channel&exclude_archived=true&limit=10"
    offered = await channels(http, Query(cursor="abc="))
    assert (offered.choices[0].value, offered.choices[0].label, offered.choices[0].detail) == ("C1", "#ops", "On call")
    assert b"cursor=abc%3D" in http.sent[1].body  # type: ignore[operator]
    last = await channels(provider(slack, {"POST /conversations.list": {"ok": True, "channels": []}}), Query())
    assert last.next is None


async def test_a_channel_is_read_between_two_times() -> None:
    http = provider(
        slack, {"POST /conversations.history": {"ok": True, "messages": [{"type": "message", "ts": "1.0", "text": "x"}]}}
    )
    read = await history(http, HistoryQuery.model_validate({"channel": "C0", "oldest": "2026-01-01T00:00:00Z", "limit": 5}))
    assert [message.text for message in read.messages] == ["x"]
    assert http.sent[0].body == b"channel=C0&limit=5&oldest=1767225600.000000"


async def test_people_are_offered_without_bots_and_those_who_left() -> None:
    members = [
        {"id": "U1", "name": "ada", "real_name": "Ada"},
        {"id": "U2", "name": "gone", "deleted": True},
        {"id": "U3", "name": "hub", "is_bot": True},
        {"id": "U4", "name": "bob"},
    ]
    page = await users(provider(slack, {"POST /users.list": {"ok": True, "members": members}}), Query())
    assert [(choice.value, choice.label) for choice in page.choices] == [("U1", "Ada"), ("U4", "bob")]
    groups = {"ok": True, "usergroups": [{"id": "S1", "handle": "oncall", "name": "On call"}]}
    offered = await user_groups(provider(slack, {"POST /usergroups.list": groups}), Query())
    assert [(choice.value, choice.label, choice.detail) for choice in offered.choices] == [("S1", "@oncall", "On call")]


async def test_the_account_is_the_workspace() -> None:
    assert slack.whoami is not None
    answer = {"ok": True, "team_id": "T1", "team": "Invented", "user": "hub", "user_id": "U1", "url": "https://x.slack.com/"}
    account = await slack.whoami(provider(slack, {"POST /auth.test": answer}))
    assert (account.id, account.name, account.detail) == ("T1", "Invented", "as hub")


def test_there_are_two_ways_in_and_a_pasted_token_is_a_secret() -> None:
    grant, token = slack.auths
    assert [(auth.kind, auth.connect) for auth in slack.auths] == [("oauth2", "redirect"), ("bot_token", "inline")]
    assert dict(grant.form().model_fields) == {}
    assert token.form().model_fields["bot_token"].annotation is Secret


def test_an_older_spelling_of_posting_is_known() -> None:
    assert slack.actions["message.post"].aliases == ("post-message",)


def event(**data: Any) -> Delivery:
    wrapper = {"token": "legacy", "team_id": "T1", "type": "event_callback", "event_id": "Ev1", "event": data}
    return Delivery(json.dumps(wrapper).encode(), {"content-type": "application/json"})


def form(**fields: str) -> Delivery:
    return Delivery(urlencode(fields).encode(), FORM)


MESSAGE = {"type": "message", "channel": "C1", "user": "U1", "text": "Hello", "ts": "1700000000.000100"}
REACTION = {"type": "reaction_added", "user": "U1", "reaction": "tada"}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (MESSAGE, "message.posted"),
        ({**MESSAGE, "subtype": "file_share", "files": []}, "message.posted"),
        ({**MESSAGE, "user": None, "subtype": "bot_message", "bot_id": "B1"}, "message.posted"),
        ({"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "1.2", "message": MESSAGE}, "event"),
        ({"type": "message", "subtype": "message_deleted", "channel": "C1", "ts": "1.2", "deleted_ts": "1.1"}, "event"),
        ({**MESSAGE, "subtype": "channel_join"}, "event"),
        ({**MESSAGE, "type": "app_mention"}, "app_mention"),
        (
            {
                "type": "reaction_added",
                "user": "U1",
                "reaction": "tada",
                "item": {"type": "message", "channel": "C1", "ts": "1.2"},
            },
            "reaction.added",
        ),
        ({"type": "reaction_added", "user": "U1", "reaction": "tada", "item": {"type": "file", "file": "F1"}}, "event"),
        ({"type": "channel_created", "channel": {"id": "C2", "name": "new"}}, "event"),
    ],
)
def test_an_event_is_named_by_the_narrowest_declaration(data: dict[str, Any], name: str) -> None:
    incoming = receive(event(**data))
    assert isinstance(incoming, Incoming)
    assert (incoming.key, incoming.account, incoming.data) == ("Ev1", "T1", data)
    assert slack.name_event(incoming.data) == name


def test_slacks_question_is_answered() -> None:
    body = json.dumps({"token": "legacy", "challenge": "3eZbrw1aBm2r", "type": "url_verification"}).encode()
    assert receive(Delivery(body, {"content-type": "application/json"})) == Reply("3eZbrw1aBm2r")


def test_a_slash_command_comes_as_a_form_and_leaves_its_keys_behind() -> None:
    incoming = receive(
        form(
            token="invented",
            team_id="T1",
            channel_id="C1",
            user_id="U1",
            command="/weather",
            text="94070 + 1",
            response_url="https://hooks.slack.com/commands/invented",
            trigger_id="1.2.3",
        )
    )
    assert isinstance(incoming, Incoming)
    assert slack.name_event(incoming.data) == "command"
    assert (incoming.account, incoming.data["text"]) == ("T1", "94070 + 1")
    assert not {"token", "response_url"} & set(incoming.data)


def test_a_pressed_button_comes_as_json_in_a_form() -> None:
    payload = {
        "type": "block_actions",
        "team": {"id": "T1", "domain": "invented"},
        "user": {"id": "U1", "username": "ada", "team_id": "T1"},
        "token": "invented",
        "response_url": "https://hooks.slack.com/actions/invented",
        "trigger_id": "1.2.3",
        "actions": [{"action_id": "approve", "value": "42"}],
    }
    incoming = receive(form(payload=json.dumps(payload)))
    assert isinstance(incoming, Incoming)
    assert slack.name_event(incoming.data) == "interactivity"
    assert incoming.account == "T1"
    assert not {"token", "response_url"} & set(incoming.data)


def test_an_interaction_in_a_whole_organisation_has_the_persons_team() -> None:
    payload = {"type": "shortcut", "team": None, "user": {"id": "U1", "team_id": "T9"}, "callback_id": "new"}
    incoming = receive(form(payload=json.dumps(payload)))
    assert isinstance(incoming, Incoming)
    assert incoming.account == "T9"


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(b"{}", {}),
        Delivery(b"[]", {}),
        Delivery(b"not json", {}),
        Delivery(b'{"type": "event_callback", "event": {}}', {}),
        Delivery(b'{"type": "event_callback", "event": "text"}', {}),
        form(payload="[]"),
        form(payload="{"),
        form(payload="[" * 100_000),
        form(payload='{"type": 7}'),
    ],
)
def test_what_is_not_slacks_is_refused(delivery: Delivery) -> None:
    with pytest.raises(Rejected):
        receive(delivery)


def test_deliveries_are_verified_by_slacks_own_scheme() -> None:
    assert slack.verify == Hmac(
        header="x-slack-signature", timestamp="x-slack-request-timestamp", message="v0:{timestamp}:{body}", prefix="v0="
    )


async def test_a_message_is_changed_and_deleted() -> None:
    http = provider(slack, {"POST /chat.update": POSTED, "POST /chat.delete": POSTED})
    where = {"channel": "C024BE91L", "ts": "1503435956.000247"}
    assert (await update_message(http, Update(**where, text="Ho"))).ts == where["ts"]
    assert (await delete_message(http, MessageRef(**where))).channel == "C024BE91L"
    assert "Ho" in http.sent[0].body.decode()


async def test_people_and_new_channels() -> None:
    ada = {"id": "U1", "name": "ada"}
    answers = {
        "POST /users.lookupByEmail": {"ok": True, "user": ada},
        "POST /users.list": {"ok": True, "members": [ada], "response_metadata": {"next_cursor": "c2"}},
        "POST /conversations.create": {"ok": True, "channel": {"id": "C1", "name": "ops"}},
    }
    http = provider(slack, answers)
    assert (await look_up_user(http, EmailAddress(email="ada@example.com"))).id == "U1"
    listed = await list_users(http, Paged())
    assert ([each.name for each in listed.users], listed.next) == (["ada"], "c2")
    assert (await create_channel(http, NewChannel(name="ops"))).channel.id == "C1"
