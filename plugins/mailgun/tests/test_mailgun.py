import json
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Content, Delivery, Query, RateLimited, Registration, Rejected, Wish
from powerstrip.adapter.testing import check, provider
from powerstrip_mailgun import mailgun
from powerstrip_mailgun.actions import (
    DomainRef,
    EventQuery,
    NewMember,
    NewSuppressions,
    OldSuppression,
    SuppressionQuery,
    add_member,
    add_suppressions,
    domains,
    list_events,
    list_suppressions,
    mailing_lists,
    remove_suppression,
    templates,
    verify_domain,
)
from powerstrip_mailgun.events import EVENTS, Watched, receive
from powerstrip_mailgun.provider import account
from powerstrip_mailgun.sending import Attachment, Email, TemplateEmail, send, send_template

test_contract = check(mailgun)

CONFIG = {"region": "us", "domain": "mg.example.com", "from_address": "Shop <shop@mg.example.com>"}
EU = CONFIG | {"region": "eu"}
TAKEN = {"id": "<1@mg.example.com>", "message": "Queued. Thank you."}
SEND = "POST /v3/mg.example.com/messages"


def form(http: Any, number: int = 0) -> list[tuple[str, str]]:
    """The parts of a form as they were sent: names and texts."""
    request = http.sent[number]
    whole = message_from_bytes(b"Content-Type: " + request.header("content-type").encode() + b"\r\n\r\n" + request.body)
    parts = [part for part in whole.get_payload() if not isinstance(part, str)]
    return [(str(each.get_param("name", header="content-disposition")), each.get_payload(decode=True).decode()) for each in parts]


async def test_a_mail_is_spelled_as_mailgun_reads_it() -> None:
    http = provider(mailgun, {SEND: TAKEN}, CONFIG)
    mail = Email(
        to=["ada@example.com", "Bea <bea@example.com>"],
        cc=["cid@example.com"],
        reply_to="care@example.com",
        subject="Grüße",
        text="Hi",
        html="<p>Hi</p>",
        tags=["receipt"],
        headers={"X-Order": "17"},
        variables={"order": "17"},
        recipient_variables={"ada@example.com": {"name": "Ada"}},
        send_at=datetime(2026, 11, 30, 12, tzinfo=UTC),
        tracking="no",
        require_tls=True,
        test_mode=True,
    )
    assert (await send(http, mail)).id == "<1@mg.example.com>"
    assert form(http) == [
        ("from", "Shop <shop@mg.example.com>"),
        ("to", "ada@example.com"),
        ("to", "Bea <bea@example.com>"),
        ("cc", "cid@example.com"),
        ("o:tag", "receipt"),
        ("h:Reply-To", "care@example.com"),
        ("h:X-Order", "17"),
        ("v:order", "17"),
        ("recipient-variables", '{"ada@example.com": {"name": "Ada"}}'),
        ("o:deliverytime", "Mon, 30 Nov 2026 12:00:00 +0000"),
        ("o:tracking", "no"),
        ("o:require-tls", "yes"),
        ("o:testmode", "yes"),
        ("subject", "Grüße"),
        ("text", "Hi"),
        ("html", "<p>Hi</p>"),
    ]


async def test_files_go_along_under_their_names() -> None:
    http = provider(mailgun, {SEND: TAKEN}, CONFIG)
    files = [
        Attachment(name='a "b"\r\n.txt', content=Content(b"hello"), content_type="text/plain"),
        Attachment(name="logo.png", content=Content(b"\x89PNG"), inline=True),
    ]
    await send(http, Email(to=["ada@example.com"], subject="Hi", text="x", attachments=files))
    body = http.sent[0].body
    assert isinstance(body, bytes)
    assert b'name="attachment"; filename="a %22b%22%0D%0A.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n' in body
    assert b'name="inline"; filename="logo.png"\r\nContent-Type: application/octet-stream\r\n\r\n\x89PNG\r\n' in body


async def test_the_same_mail_is_the_same_request() -> None:
    http = provider(mailgun, {SEND: TAKEN}, CONFIG)
    for _ in range(2):
        await send(http, Email(to=["ada@example.com"], subject="Hi", text="x"))
    assert http.sent[0] == http.sent[1]


async def test_a_template_is_filled_in_the_european_region() -> None:
    http = provider(mailgun, {"POST eu:/v3/other.example.com/messages": TAKEN}, EU)
    given = TemplateEmail(
        to=["ada@example.com"], template="welcome", data={"name": "Ada"}, version="v2", with_text=True, domain="other.example.com"
    )
    await send_template(http, given)
    assert form(http)[2:] == [
        ("template", "welcome"),
        ("t:variables", '{"name": "Ada"}'),
        ("t:version", "v2"),
        ("t:text", "yes"),
    ]


async def test_a_mail_without_any_sender_is_not_sent() -> None:
    http = provider(mailgun, {}, {"domain": "mg.example.com"})
    with pytest.raises(Rejected, match="from_address"):
        await send(http, Email(to=["ada@example.com"], subject="Hi", text="x"))
    assert http.sent == []


@pytest.mark.parametrize(
    "poor",
    [
        {"to": []},
        {"text": None},
        {"subject": "Hi\r\nBcc: eve@example.com"},
        {"to": ["ada@example.com\r\nBcc: eve@example.com"]},
        {"sender": "Shop\r\nX: y <shop@example.com>"},
        {"headers": {"X-Order": "17\r\nBcc: eve@example.com"}},
        {"headers": {"X Order": "17"}},
    ],
)
def test_what_is_no_mail_is_refused(poor: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Email.model_validate({"to": ["ada@example.com"], "subject": "Hi", "text": "x"} | poor)


async def test_events_page_by_mailguns_own_mark() -> None:
    event = {"id": "e1", "event": "failed", "timestamp": 1.5, "severity": "permanent", "log-level": "error"}
    following = {"items": [event], "paging": {"next": "https://api.mailgun.net/v3/mg.example.com/events/W3siY="}}
    http = provider(
        mailgun,
        {
            "GET /v3/mg.example.com/events": following,
            "GET /v3/mg.example.com/events/W3siY%3D": {"items": [], "paging": following["paging"]},
        },
        CONFIG,
    )
    query = EventQuery(event="failed", begin=datetime(2026, 1, 1, tzinfo=UTC), mailing_list="l@example.com")
    page = await list_events(http, query)
    assert (page.events[0].severity, page.next) == ("permanent", "W3siY=")
    asked = set(http.sent[0].params)
    assert {("event", "failed"), ("begin", "1767225600.0"), ("list", "l@example.com"), ("ascending", "no")} <= asked
    assert (await list_events(http, EventQuery(cursor=page.next))).next is None


async def test_suppressions_are_listed_added_and_removed() -> None:
    path = "/v3/mg.example.com"
    rows = [{"address": "a@example.com", "code": 550, "error": "No such mailbox"}]
    page = {"items": rows, "paging": {"next": f"https://api.mailgun.net{path}/bounces?page=next&address=a%40example.com&limit=1"}}
    http = provider(
        mailgun,
        {
            f"GET {path}/bounces": page,
            f"POST {path}/unsubscribes": {"message": "2 addresses"},
            f"POST {path}/complaints": {"message": "1 address"},
            f"DELETE {path}/unsubscribes/a%40example.com": {"message": "removed", "address": "a@example.com"},
        },
        CONFIG,
    )
    found = await list_suppressions(http, SuppressionQuery(limit=1))
    assert (found.suppressions[0].code, found.next) == ("550", "a@example.com")
    assert (await list_suppressions(http, SuppressionQuery(limit=2, cursor=found.next))).next is None
    assert {("page", "next"), ("address", "a@example.com")} <= set(http.sent[1].params)
    await add_suppressions(http, NewSuppressions(emails=["a@example.com", "b@example.com"]))
    assert json.loads(http.sent[2].body) == [
        {"address": "a@example.com", "tags": ["*"]},
        {"address": "b@example.com", "tags": ["*"]},
    ]
    await add_suppressions(http, NewSuppressions(emails=["a@example.com"], kind="complaints"))
    assert json.loads(http.sent[3].body) == [{"address": "a@example.com"}]
    assert (await remove_suppression(http, OldSuppression(email="a@example.com"))).message == "removed"


async def test_a_domain_tells_its_records_and_no_password() -> None:
    record = {"record_type": "TXT", "name": "mg.example.com", "value": "v=spf1", "valid": "unknown", "cached": []}
    domain = {"name": "mg.example.com", "state": "unverified", "smtp_password": "invented-password"}
    answer = {"message": "Domain DNS records have been updated", "domain": domain, "sending_dns_records": [record]}
    http = provider(mailgun, {"PUT /v4/domains/mg.example.com/verify": answer}, CONFIG)
    told = await verify_domain(http, DomainRef())
    assert (told.state, told.sending[0].valid, told.receiving) == ("unverified", "unknown", [])
    assert "invented-password" not in told.model_dump_json()


async def test_somebody_joins_a_mailing_list() -> None:
    member = {"member": {"address": "ada@example.com", "name": "Ada", "subscribed": True, "vars": {}}, "message": "created"}
    http = provider(mailgun, {"POST /v3/lists/news%40mg.example.com/members": member}, CONFIG)
    made = await add_member(http, NewMember(mailing_list="news@mg.example.com", email="ada@example.com", name="Ada"))
    assert made.member.address == "ada@example.com"
    assert form(http) == [("address", "ada@example.com"), ("name", "Ada"), ("subscribed", "yes"), ("upsert", "yes")]


async def test_what_there_is_to_choose_from() -> None:
    listed = {
        "GET /v4/domains": {"items": [{"name": "mg.example.com", "state": "unverified"}], "total_count": 2},
        "GET /v3/lists": {"items": [{"address": "l@example.com", "name": "", "members_count": 3}], "total_count": 1},
        "GET /v3/other.example.com/templates": {"items": [{"name": f"t{n}", "description": None} for n in range(100)]},
    }
    http = provider(mailgun, listed, CONFIG)
    page = await domains(http, Query(search="mg"))
    assert (page.choices[0].detail, page.next) == ("unverified", "1")
    assert (await domains(http, Query(cursor="1"))).next is None
    assert ("skip", "1") in http.sent[1].params
    lists = await mailing_lists(http, Query())
    assert [(each.value, each.label, each.detail) for each in lists.choices] == [("l@example.com", "l@example.com", "3 members")]
    made = await templates(http, Query(values={"domain": "other.example.com"}))
    assert (len(made.choices), made.next) == (100, "t99")
    await templates(http, Query(values={"domain": "other.example.com"}, cursor="t99"))
    assert {("page", "next"), ("p", "t99")} <= set(http.sent[-1].params)


async def test_the_account_is_the_domain() -> None:
    domain = {"domain": {"id": "5b32", "name": "mg.example.com", "state": "active"}, "sending_dns_records": []}
    whose = await account(provider(mailgun, {"GET eu:/v4/domains/mg.example.com": domain}, EU))
    assert (whose.id, whose.name, whose.detail) == ("5b32", "mg.example.com", "active")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"message": "to parameter is not a valid address."}, Rejected),
        (401, "Forbidden", AuthFailed),
        (403, {"message": "Domain mg.example.com is not allowed to send"}, Rejected),
        (404, {"message": "Domain not found"}, Rejected),
    ],
)
async def test_mailguns_no_in_its_own_words(status: int, body: Any, kind: type[Exception]) -> None:
    http = provider(mailgun, {SEND: (status, body)}, CONFIG)
    words = body if isinstance(body, str) else body["message"]
    with pytest.raises(kind, match=words):
        await send(http, Email(to=["ada@example.com"], subject="Hi", text="x"))


async def test_the_wait_that_mailgun_says_in_words_is_kept() -> None:
    words = "Domain mg.example.com is not allowed to send: account-requests-per-sec limit exceeded, try again after 120 seconds"
    http = provider(mailgun, {SEND: (429, {"message": words})}, CONFIG)
    with pytest.raises(RateLimited) as caught:
        await send(http, Email(to=["ada@example.com"], subject="Hi", text="x"))
    assert caught.value.retry_after == 120


def delivered(**event: Any) -> Delivery:
    return Delivery(json.dumps({"signature": {"token": "t"}, "event-data": event}).encode())


def test_events_are_named_and_keyed_by_day() -> None:
    for name, (word, _, _) in EVENTS.items():
        more = {"severity": "temporary", "url": "https://example.com/"}
        read = receive(delivered(event=word, id="e1", timestamp=1_790_000_000.5, recipient="a@example.com", **more))
        assert (mailgun.name_event(read.data), read.key) == (name, "20260921-e1")
    assert mailgun.name_event({"event": "accepted", "id": "e1", "timestamp": 1, "recipient": "a"}) is None


def test_a_forwarded_mail_is_an_event() -> None:
    body = b"recipient=shop%40mg.example.com&sender=ada%40example.com&from=Ada&subject=Hi&body-plain=Text&token=t1&signature=s"
    read = receive(Delivery(body, {"content-type": "application/x-www-form-urlencoded"}))
    assert (mailgun.name_event(read.data), read.key) == ("email.received", "t1")
    assert "signature" not in read.data


@pytest.mark.parametrize("bad", [b"{}", b"x", b'"a"', b'{"event-data": {"id": "e", "event": "opened", "timestamp": 1e300}}'])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=B"])
def test_what_is_no_delivery_is_refused(bad: bytes, kind: str) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(bad, {"content-type": kind}))


async def test_a_domains_webhooks_are_kept() -> None:
    url, hooks = "https://hub.example.com/v1/hooks/ep_1", mailgun.subscribes
    found = {"webhooks": {"delivered": {"urls": [url, "https://x.example"]}, "permanent_fail": {"urls": [url]}, "opened": None}}
    path = "/v4/domains/mg.example.com/webhooks"
    http = provider(
        mailgun,
        {
            "GET /v3/domains/mg.example.com/webhooks": found,
            f"POST {path}": found,
            f"PUT {path}": found,
            f"DELETE {path}": (404, {"message": "Webhook not found"}),
        },
        CONFIG,
    )
    assert hooks is not None
    ours = Registration(url, url, ("email.delivered",))
    assert ours in await hooks.list(http, Watched())
    wish = Wish(url, ("email.delivered", "email.failed"), Watched())
    await hooks.create(http, wish)
    assert http.sent[1].body.count(b"event_types=") == 3
    assert (await hooks.change(http, ours, wish)).events == wish.events
    await hooks.delete(http, ours, Watched())
    with pytest.raises(Rejected, match="route"):
        await hooks.create(http, Wish(url, ("email.received",), Watched()))
