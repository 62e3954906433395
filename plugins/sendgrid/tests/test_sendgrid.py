import json
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Delivery, Query, RateLimited, Registration, Rejected, Response, Wish
from powerstrip.adapter.model import Model
from powerstrip.adapter.testing import check, provider
from powerstrip_sendgrid import sendgrid
from powerstrip_sendgrid.actions import (
    Attachment,
    Contact,
    Email,
    Joining,
    Paged,
    Suppressions,
    TemplateEmail,
    Upsert,
    add_to_list,
    list_suppressions,
    list_templates,
    lists,
    send,
    send_with_template,
    senders,
    templates,
    upsert_contacts,
)
from powerstrip_sendgrid.events import EVENTS, receive

test_contract = check(sendgrid)

TAKEN = Response(202, {"x-message-id": "m-1"})
FROM = {"from_address": "Shop <shop@example.com>"}


def body(http: Any, number: int = 0) -> Any:
    return json.loads(http.sent[number].body)


async def test_a_mail_is_spelled_as_sendgrid_reads_it() -> None:
    http = provider(sendgrid, {"POST /mail/send": TAKEN}, FROM)
    attached = Attachment(name="a.txt", content=b"hello", content_type="text/plain")
    sent = await send(
        http, Email(to=["ada@example.com"], cc=["b@example.com"], subject="Hi", html="<p>Hi", attachments=[attached])
    )
    assert sent.message_id == "m-1"
    assert body(http) == {
        "personalizations": [{"to": [{"email": "ada@example.com"}], "cc": [{"email": "b@example.com"}]}],
        "from": {"email": "shop@example.com", "name": "Shop"},
        "subject": "Hi",
        "content": [{"type": "text/html", "value": "<p>Hi"}],
        "attachments": [{"filename": "a.txt", "type": "text/plain", "content": "aGVsbG8="}],
    }


async def test_a_template_is_filled() -> None:
    http = provider(sendgrid, {"POST eu:/mail/send": TAKEN}, FROM | {"region": "eu"})
    await send_with_template(http, TemplateEmail(to=["ada@example.com"], template="d-1", data={"name": "Ada"}))
    assert body(http)["personalizations"][0]["dynamic_template_data"] == {"name": "Ada"}
    assert body(http)["template_id"] == "d-1"


async def test_a_mail_without_any_sender_is_not_sent() -> None:
    http = provider(sendgrid, {})
    with pytest.raises(Rejected, match="from_address"):
        await send(http, Email(to=["ada@example.com"], subject="Hi", text="x"))
    assert http.sent == []


@pytest.mark.parametrize("input", [{"to": [], "subject": "x", "text": "x"}, {"to": ["a@example.com"], "subject": "x"}])
def test_a_mail_says_something_to_somebody(input: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Email.model_validate(input)


async def test_contacts_join_lists() -> None:
    http = provider(sendgrid, {"PUT /marketing/contacts": (202, {"job_id": "j"})})
    await upsert_contacts(http, Upsert(contacts=[Contact(email="ada@example.com", first_name="Ada")]))
    assert body(http) == {"contacts": [{"email": "ada@example.com", "first_name": "Ada"}]}
    await add_to_list(http, Joining(list="l-1", emails=["ada@example.com"]))
    assert body(http, 1) == {"contacts": [{"email": "ada@example.com"}], "list_ids": ["l-1"]}


async def test_lists_page() -> None:
    row = {"email": "ada@example.com", "created": 1_767_225_600, "reason": "550"}
    http = provider(sendgrid, {"GET /suppression/blocks": [row, row]})
    assert (await list_suppressions(http, Suppressions(kind="blocks", limit=2, cursor="4"))).next == "6"
    assert ("offset", "4") in http.sent[0].params
    following = "https://api.sendgrid.com/v3/templates?page_size=100&page_token=abc"
    http = provider(sendgrid, {"GET /templates": {"result": [{"id": "d-1", "name": "Hi"}], "_metadata": {"next": following}}})
    assert (await list_templates(http, Paged())).next == "abc"


async def test_only_verified_senders_are_offered() -> None:
    rows = [
        {"id": 1, "from_email": "a@example.com", "verified": True},
        {"id": 2, "from_email": "b@example.com", "verified": False},
    ]
    page = await senders(provider(sendgrid, {"GET /verified_senders": {"results": rows}}), Query())
    assert [choice.value for choice in page.choices] == ["a@example.com"]


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Rejected), (403, Rejected), (413, Rejected), (401, AuthFailed), (429, RateLimited)]
)
async def test_sendgrids_no_in_its_own_words(status: int, kind: type[Exception]) -> None:
    http = provider(sendgrid, {"POST /mail/send": (status, {"errors": [{"message": "Not so.", "field": "from"}]})}, FROM)
    with pytest.raises(kind, match=r"Not so\."):
        await send(http, Email(to=["ada@example.com"], subject="Hi", text="x"))


def test_a_batch_is_split_and_named() -> None:
    rows = [{"email": "a@example.com", "timestamp": 1, "event": row[0], "sg_event_id": name} for name, row in EVENTS.items()]
    read = receive(Delivery(json.dumps([*rows, {"event": "processed", "email": "a", "timestamp": 1}, 7]).encode()))
    assert [sendgrid.name_event(each.data) for each in read] == [*EVENTS, None]
    assert [each.key for each in read] == [*EVENTS, None]


@pytest.mark.parametrize("bad", [b"{}", b"x", b'"a"'])
def test_what_is_no_delivery_is_refused(bad: bytes) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(bad))


async def test_the_event_webhook() -> None:
    url, hooks, path = "https://hub.example.com/v1/hooks/ep_1", sendgrid.subscribes, "/user/webhooks/event/settings"
    hook = {"id": "w1", "url": url, "enabled": True, "delivered": True, "open": False}
    http = provider(
        sendgrid,
        {
            f"GET {path}/all": {"webhooks": [hook]},
            f"POST {path}": (201, hook),
            f"PATCH {path}/signed/w1": {"id": "w1", "public_key": "invented"},
            f"PATCH {path}/w1": hook,
            f"DELETE {path}/w1": Response(204),
        },
    )
    assert hooks is not None
    wish = Wish(url, ("email.delivered", "email.spam_report"), Model())
    assert await hooks.list(http, Model()) == [Registration("w1", url, ("email.delivered",))]
    await hooks.create(http, wish)
    assert (body(http, 1)["delivered"], body(http, 1)["spam_report"], body(http, 1)["open"]) == (True, True, False)
    assert body(http, 2) == {"enabled": True}
    await hooks.change(http, Registration("w1", url, ()), wish)
    await hooks.delete(http, Registration("w1", url, ()), Model())
    assert [request.method for request in http.sent] == ["GET", "POST", "PATCH", "PATCH", "DELETE"]


@pytest.mark.parametrize(("picker", "path"), [(templates, "/templates"), (lists, "/marketing/lists")])
async def test_templates_and_lists_are_offered_page_by_page(picker: Any, path: str) -> None:
    meta = {"next": f"https://api.sendgrid.com/v3{path}?page_size=100&page_token=abc"}
    http = provider(sendgrid, {f"GET {path}": {"result": [{"id": "d-1", "name": "Welcome"}], "_metadata": meta}})
    page = await picker(http, Query())
    assert ([(each.value, each.label) for each in page.choices], page.next) == ([("d-1", "Welcome")], "abc")
    await picker(http, Query(cursor=page.next))
    assert ("page_token", "abc") in http.sent[1].params
