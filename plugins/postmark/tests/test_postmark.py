import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Content, Delivery, Query, RateLimited, Rejected, Response, Secret, Unavailable
from powerstrip.adapter.testing import check, provider
from powerstrip_postmark import Batch, Email, TemplateEmail, postmark, send, send_batch, send_with_template
from powerstrip_postmark.actions import (
    delivery_stats,
    get_message,
    list_bounces,
    list_templates,
    message_streams,
    messages,
    senders,
    templates,
)
from powerstrip_postmark.events import receive
from powerstrip_postmark.models import Attachment, BounceQuery, MessageRef, Nothing, Paged

test_contract = check(postmark)

SENT = {
    "To": "ada@example.com",
    "SubmittedAt": "2026-01-01T00:00:00.1234567Z",
    "MessageID": "m-1",
    "ErrorCode": 0,
    "Message": "OK",
}
HELLO = Email(sender="shop@example.com", to="ada@example.com", subject="Hello", text_body="Hi Ada")


def body(http: Any, number: int = 0) -> Any:
    return json.loads(http.sent[number].body)


async def test_people_write_snake_case_and_postmark_reads_its_own() -> None:
    http = provider(postmark, {"POST /email": SENT})
    sent = await send(http, HELLO.model_copy(update={"reply_to": "desk@example.com", "message_stream": "broadcast"}))
    assert sent.message_id == "m-1"
    assert body(http) == {
        "From": "shop@example.com",
        "To": "ada@example.com",
        "ReplyTo": "desk@example.com",
        "Subject": "Hello",
        "TextBody": "Hi Ada",
        "MessageStream": "broadcast",
    }


async def test_settings_fill_what_a_mail_leaves_out() -> None:
    settings = {"from_address": "care@example.com", "message_stream": "broadcast"}
    http = provider(postmark, {"POST /email": SENT}, settings)
    await send(http, Email(to="ada@example.com", subject="Hello", html_body="<p>Hi</p>"))
    assert (body(http)["From"], body(http)["MessageStream"]) == ("care@example.com", "broadcast")
    await send(http, HELLO)
    assert body(http, 1)["From"] == "shop@example.com"


async def test_a_mail_from_nobody_is_not_sent() -> None:
    http = provider(postmark, {})
    with pytest.raises(Rejected, match="give a sender, or set a from address"):
        await send(http, Email(to="ada@example.com", subject="Hello", text_body="Hi"))
    assert http.sent == []


@pytest.mark.parametrize(
    ("status", "answer", "error", "words"),
    [
        (422, {"ErrorCode": 406, "Message": "The recipient is inactive."}, Rejected, "The recipient is inactive."),
        (401, {"ErrorCode": 10, "Message": "Bad or missing API token."}, AuthFailed, "Bad or missing API token."),
        (429, {"ErrorCode": 429, "Message": "Slow down."}, RateLimited, "Slow down."),
        (503, {"ErrorCode": 100, "Message": "Maintenance."}, Unavailable, "Maintenance."),
    ],
)
async def test_a_failure_is_shown_as_postmark_said_it(status: int, answer: Any, error: type[Exception], words: str) -> None:
    http = provider(postmark, {"POST /email": (status, answer)})
    with pytest.raises(error, match=f"^{words}$"):
        await send(http, HELLO)


async def test_an_answer_without_an_id_is_postmarks_fault() -> None:
    with pytest.raises(Unavailable, match="MessageID"):
        await send(provider(postmark, {"POST /email": {"ErrorCode": 0}}), HELLO)


async def test_a_batch_is_answered_mail_by_mail() -> None:
    refused = {"ErrorCode": 300, "Message": "Invalid 'To' address."}
    http = provider(postmark, {"POST /email/batch": [SENT, refused]})
    results = await send_batch(http, Batch(messages=[HELLO, HELLO]))
    assert (results.accepted, results.refused) == (1, 1)
    assert (results.results[1].error_code, results.results[1].message_id) == (300, None)
    assert [message["Subject"] for message in body(http)] == ["Hello", "Hello"]


@pytest.mark.parametrize(("template", "wire"), [("welcome", {"TemplateAlias": "welcome"}), ("1234", {"TemplateId": 1234})])
async def test_a_template_goes_by_alias_or_by_number(template: str, wire: dict[str, Any]) -> None:
    http = provider(postmark, {"POST /email/withTemplate": SENT})
    values = {"order_id": 7, "lines": [{"Name": "pen"}]}
    await send_with_template(
        http, TemplateEmail(sender="shop@example.com", to="ada@example.com", template=template, template_model=values)
    )
    assert body(http) == {"From": "shop@example.com", "To": "ada@example.com", "TemplateModel": values, **wire}


async def test_an_attachment_from_a_file_goes_along_as_base64(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"hello")
    attachment = Attachment(name="a.txt", content=Content(path=tmp_path / "a.txt", file_id="file_1"))
    http = provider(postmark, {"POST /email": SENT})
    await send(http, HELLO.model_copy(update={"attachments": [attachment]}))
    assert body(http)["Attachments"] == [{"Name": "a.txt", "Content": "aGVsbG8=", "ContentType": "application/octet-stream"}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text_body": None}, "text_body, an html_body or both"),
        ({"to": "nobody"}, "mail address"),
        ({"to": "ada@example.com\r\nBcc: spy@example.com"}, "mail address"),
        ({"sender": "@"}, "at least 3"),
        ({"subject": None}, "string"),
    ],
)
def test_a_mail_that_cannot_be_sent_is_refused_before(change: dict[str, Any], words: str) -> None:
    mail = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi", **change}
    with pytest.raises(ValidationError, match=words):
        Email.model_validate_json(json.dumps(mail))


def test_a_batch_has_at_most_500_mails() -> None:
    with pytest.raises(ValidationError):
        Batch(messages=[HELLO] * 501)


async def test_bounces_come_in_pages_until_postmark_reads_no_further() -> None:
    http = provider(postmark, {"GET /bounces": {"TotalCount": 20_000, "Bounces": []}})
    assert (await list_bounces(http, BounceQuery(limit=500, cursor="9000"))).next == "9500"
    assert (await list_bounces(http, BounceQuery(limit=500, cursor="9500"))).next is None
    assert dict(http.sent[0].params) == {"count": "500", "offset": "9000"}


async def test_templates_are_offered_page_by_page() -> None:
    page = {"TotalCount": 150, "Templates": [{"TemplateId": 7, "Name": "Welcome", "Alias": "", "Active": True}]}
    http = provider(postmark, {"GET /templates": page})
    first = await templates(http, Query())
    assert (first.choices[0].value, first.choices[0].label, first.next) == ("7", "Welcome", "100")
    assert (await templates(http, Query(cursor="100"))).next is None


async def test_streams_for_incoming_mail_are_not_offered() -> None:
    streams = [{"ID": "in", "Name": "In", "MessageStreamType": "Inbound"}, {"ID": "outbound", "Name": "Out"}]
    http = provider(postmark, {"GET /message-streams": {"MessageStreams": streams}})
    assert [choice.value for choice in (await message_streams(http, Query())).choices] == ["outbound"]


async def test_senders_are_the_default_and_those_that_sent() -> None:
    found = [
        {"From": '"Shop, Inc." <shop@example.com>'},
        {"From": "care@example.com"},
        {"From": None},
        {"From": "shop@example.com"},
    ]
    http = provider(postmark, {"GET /messages/outbound": {"Messages": found}}, {"from_address": "care@example.com"})
    choices = (await senders(http, Query())).choices
    assert [(choice.value, choice.detail) for choice in choices] == [
        ("care@example.com", ""),
        ("shop@example.com", "Shop, Inc."),
    ]


async def test_the_account_is_the_server() -> None:
    assert postmark.whoami is not None
    server = {"ID": 7, "Name": "Main", "DeliveryType": "Sandbox", "ApiTokens": ["pm-invented-token"]}
    account = await postmark.whoami(provider(postmark, {"GET /server": server}))
    assert (account.id, account.name, account.detail) == ("7", "Main", "Sandbox")


def test_the_form_asks_for_one_secret_and_says_where_it_is() -> None:
    (auth,) = postmark.auths
    assert (auth.kind, auth.connect) == ("api_key", "inline")
    (name, field), *others = auth.form().model_fields.items()
    assert (name, field.annotation, others) == ("server_token", Secret, [])
    assert "API Tokens" in (field.description or "")


DOCUMENTED = {
    "email.delivered": {
        "RecordType": "Delivery",
        "ServerID": 23,
        "MessageStream": "outbound",
        "MessageID": "00000000-0000-0000-0000-000000000000",
        "Recipient": "john@example.com",
        "Tag": "welcome-email",
        "DeliveredAt": "2026-02-09T15:56:20.9070259Z",
        "Details": "Test delivery webhook details",
        "Metadata": {"order": "42"},
    },
    "email.bounced": {
        "RecordType": "Bounce",
        "ID": 42,
        "Type": "HardBounce",
        "TypeCode": 1,
        "Email": "john@example.com",
        "MessageID": "00000000-0000-0000-0000-000000000000",
        "BouncedAt": "2026-02-09T15:56:20Z",
        "MessageStream": "outbound",
    },
    "email.spam_complaint": {
        "RecordType": "SpamComplaint",
        "ID": 43,
        "Type": "SpamComplaint",
        "Email": "john@example.com",
        "From": "shop@example.com",
        "MessageID": "m-1",
        "BouncedAt": "2026-02-09T15:56:20Z",
    },
    "email.opened": {
        "RecordType": "Open",
        "MessageID": "m-1",
        "Recipient": "john@example.com",
        "FirstOpen": True,
        "ReceivedAt": "2026-02-09T15:56:20Z",
        "Client": {"Name": "Chrome"},
        "Geo": {"IP": "192.0.2.7"},
    },
    "email.clicked": {
        "RecordType": "Click",
        "MessageID": "m-1",
        "Recipient": "john@example.com",
        "OriginalLink": "https://example.com/order",
        "ClickLocation": "HTML",
        "ReceivedAt": "2026-02-09T15:56:20Z",
    },
    "email.received": {
        "FromName": "Ada",
        "MessageStream": "inbound",
        "From": "ada@example.com",
        "FromFull": {"Email": "ada@example.com", "Name": "Ada", "MailboxHash": ""},
        "To": "box+7@example.com",
        "ToFull": [{"Email": "box+7@example.com", "Name": "", "MailboxHash": "7"}],
        "CcFull": [],
        "Subject": "Re: Hello",
        "MessageID": "m-2",
        "Date": "Thu, 5 Nov 2026 16:33:54 +0500",
        "MailboxHash": "7",
        "TextBody": "Fine.",
        "Attachments": [{"Name": "a.txt", "Content": "aGVsbG8=", "ContentType": "text/plain", "ContentLength": 5}],
    },
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_delivery_is_named_by_what_it_tells(name: str) -> None:
    incoming = receive(Delivery(json.dumps(DOCUMENTED[name]).encode()))
    assert postmark.name_event(incoming.data) == name
    assert incoming.account == ("23" if name == "email.delivered" else None)
    assert set(postmark.events) == set(DOCUMENTED)


def test_another_kind_of_delivery_is_kept_without_a_name() -> None:
    incoming = receive(Delivery(b'{"RecordType": "SubscriptionChange", "MessageID": "m-1"}'))
    assert postmark.name_event(incoming.data) is None


@pytest.mark.parametrize("raw", [b"[]", b"null", b"not json", b'"text"'])
def test_a_delivery_that_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(raw))


async def test_an_answer_in_html_is_postmark_out_of_order() -> None:
    page = Response(200, {"content-type": "text/html"}, b"<html>maintenance</html>")
    with pytest.raises(Unavailable):
        await send(provider(postmark, {"POST /email": page}), HELLO)


async def test_sent_messages_are_picked_by_subject() -> None:
    rows = [{"MessageID": "m-1", "Subject": "Receipt", "Status": "Sent", "From": "shop@example.com"}]
    http = provider(postmark, {"GET /messages/outbound": {"TotalCount": 900, "Messages": rows}})
    page = await messages(http, Query(cursor="100"))
    assert [(each.value, each.label, each.detail) for each in page.choices] == [("m-1", "Receipt", "Sent")]
    assert ("offset", "100") in http.sent[0].params
    assert page.next is not None


async def test_templates_a_message_and_its_numbers_are_read() -> None:
    listed = {"TotalCount": 1, "Templates": [{"TemplateId": 7, "Alias": "welcome", "Name": "Welcome"}]}
    found = await list_templates(provider(postmark, {"GET /templates": listed}), Paged())
    assert [each.alias for each in found.templates] == ["welcome"]
    sent = await get_message(
        provider(postmark, {"GET /messages/outbound/m-1/details": {"MessageID": "m-1", "Status": "Sent"}}),
        MessageRef(message_id="m-1"),
    )
    assert (sent.message_id, sent.status) == ("m-1", "Sent")
    stats = await delivery_stats(provider(postmark, {"GET /deliverystats": {"InactiveMails": 3, "Bounces": []}}), Nothing())
    assert stats.inactive_mails == 3


@pytest.mark.parametrize("more", [{}, {"MessageID": "m-1", "SubmittedAt": "2026-01-01T00:00:00Z", "To": "ada@example.com"}])
async def test_a_mail_with_an_error_code_was_not_taken_whatever_the_status(more: dict[str, str]) -> None:
    answer = {"ErrorCode": 406, "Message": "The recipient is inactive"} | more
    with pytest.raises(Rejected, match=r"The recipient is inactive \(error code 406\)"):
        await send(provider(postmark, {"POST /email": answer}), HELLO)
