import json
import time
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Delivery, Query, RateLimited, Rejected, Response, Unavailable
from powerstrip.adapter.testing import check, provider
from powerstrip_intercom import intercom
from powerstrip_intercom.actions import (
    add_tag,
    create_contact,
    create_note,
    create_ticket,
    get_contact,
    search_contacts,
    send_message,
    update_contact,
    upsert_company,
)
from powerstrip_intercom.conversations import assign, close, get, reopen, reply, search
from powerstrip_intercom.events import EVENTS, receive
from powerstrip_intercom.models import (
    Assignment,
    Closing,
    CompanyUpsert,
    ContactChange,
    ContactSearch,
    ConversationRef,
    Filter,
    Message,
    NewContact,
    NewNote,
    NewTicket,
    Reply,
    Search,
    Tagging,
    WhichContact,
)
from powerstrip_intercom.provider import account

test_contract = check(intercom)

ADA = {"type": "contact", "id": "63a0", "role": "lead", "email": "ada@example.com", "created_at": 1_700_000_000, "owner_id": None}
TALK = {"type": "conversation", "id": "215", "state": "open", "open": True, "admin_assignee_id": 814860}
FOUND = {"type": "list", "data": [ADA], "total_count": 1, "pages": {"type": "pages", "next": {"starting_after": "abc"}}}
NOBODY = {"type": "list", "data": [], "total_count": 0}
ME = {"type": "admin", "id": "814860", "email": "bo@example.com", "app": {"id_code": "abcd1234", "name": "Acme"}}
US = {"admin_id": "1"}
"""The teammate of the settings: nobody is asked who acts."""


def body(http: Any, number: int = -1) -> Any:
    return json.loads(http.sent[number].body)


async def test_a_contact_is_made_and_every_request_names_the_version() -> None:
    http = provider(intercom, {"POST /contacts": ADA})
    contact = NewContact(email="ada@example.com", owner="12", custom_attributes={"plan": "pro"})
    made = await create_contact(http, contact)
    assert made.created_at is not None
    assert (made.id, made.created_at.year) == ("63a0", 2023)
    assert body(http) == {"role": "user", "email": "ada@example.com", "owner_id": 12, "custom_attributes": {"plan": "pro"}}
    assert http.sent[0].header("Intercom-Version") == "2.14"
    with pytest.raises(ValidationError, match="email address or an id"):
        NewContact(name="Ada")
    assert NewContact(name="Ada", role="lead").email is None


async def test_a_contact_named_by_email_is_found_and_changed() -> None:
    http = provider(intercom, {"POST /contacts/search": FOUND, "PUT /contacts/63a0": ADA, "PUT /contacts/7": ADA})
    await update_contact(http, ContactChange(email="ada@example.com", name="Ada King"))
    assert body(http) == {"name": "Ada King"}
    assert body(http, 0)["query"] == {"field": "email", "operator": "=", "value": "ada@example.com"}
    await update_contact(http, ContactChange(contact="7", email="new@example.com"))
    assert body(http) == {"email": "new@example.com"}
    for poor in (ContactChange(email="ada@example.com"), ContactChange(contact="7")):
        with pytest.raises(Rejected, match="nothing to change"):
            await update_contact(http, poor)


async def test_nobody_of_this_address_is_told_as_that() -> None:
    http = provider(intercom, {"POST /contacts/search": NOBODY})
    with pytest.raises(Rejected, match="no contact") as caught:
        await get_contact(http, WhichContact(contact="nobody@example.com"))
    assert caught.value.status == 404


async def test_a_search_goes_on_and_wants_a_condition() -> None:
    http = provider(intercom, {"POST /contacts/search": FOUND, "GET /contacts/7": ADA})
    page = await search_contacts(http, ContactSearch(query="Ada", filters=[Filter(field="role", value="lead")], cursor="x"))
    assert (page.total, page.next) == (1, "abc")
    conditions = [
        {"field": "role", "operator": "=", "value": "lead"},
        {"field": "name", "operator": "~", "value": "Ada"},
    ]
    assert body(http) == {
        "query": {"operator": "AND", "value": conditions},
        "pagination": {"per_page": 20, "starting_after": "x"},
    }
    await search_contacts(http, ContactSearch())
    assert body(http)["query"] == {"field": "created_at", "operator": ">", "value": 0}
    assert (await get_contact(http, WhichContact(contact="7"))).id == "63a0"


async def test_a_workspace_elsewhere_is_asked_there() -> None:
    http = provider(intercom, {"POST eu:/contacts": ADA}, {"region": "eu"})
    await create_contact(http, NewContact(email="ada@example.com"))
    assert intercom.apis["eu"] == "https://api.eu.intercom.io"


async def test_a_reply_is_of_who_is_named_or_whose_token_it_is() -> None:
    http = provider(intercom, {"POST /conversations/215/reply": TALK, "GET /me": ME})
    await reply(http, Reply(conversation_id="215", text="Hi", admin="9"))
    assert body(http) == {"type": "admin", "admin_id": "9", "message_type": "comment", "body": "Hi"}
    await reply(http, Reply(conversation_id="215", text="Hm", note=True))
    assert (body(http)["admin_id"], body(http)["message_type"]) == ("814860", "note")
    assert [each.target for each in http.sent] == ["/conversations/215/reply", "/me", "/conversations/215/reply"]


async def test_a_conversation_is_closed_opened_and_given_away() -> None:
    http = provider(intercom, {"POST /conversations/215/parts": TALK, "GET /conversations/215": TALK}, US)
    await close(http, Closing(conversation_id="215"))
    assert body(http) == {"type": "admin", "admin_id": "1", "message_type": "close"}
    await reopen(http, Closing(conversation_id="215"))
    assert body(http)["message_type"] == "open"
    await assign(http, Assignment(conversation_id="215", team="5", text="Yours"))
    assert body(http) == {
        **{"type": "team", "admin_id": "1", "message_type": "assignment", "assignee_id": "5", "body": "Yours"},
    }
    await assign(http, Assignment(conversation_id="215"))
    assert (body(http)["type"], body(http)["assignee_id"]) == ("admin", "0")
    assert (await get(http, ConversationRef(conversation_id="215"))).open
    with pytest.raises(ValidationError, match="teammate or to a team"):
        Assignment(conversation_id="215", assignee="1", team="5")
    with pytest.raises(ValidationError):
        ConversationRef(conversation_id="../me")


async def test_conversations_are_found() -> None:
    http = provider(intercom, {"POST /conversations/search": {"conversations": [TALK], "total_count": 1}})
    found = await search(http, Search(filters=[Filter(field="open", value=True)]))
    assert (found.conversations[0].state, found.next) == ("open", None)
    assert body(http)["query"] == {"field": "open", "operator": "=", "value": True}


async def test_a_message_goes_to_the_lead_of_an_address() -> None:
    sent = {"type": "admin_message", "id": "1", "message_type": "email", "body": "Hi", "created_at": 1_700_000_000}
    http = provider(intercom, {"POST /contacts/search": FOUND, "POST /messages": sent}, US)
    await send_message(http, Message(email="ada@example.com", text="Hi", channel="email", subject="Hello"))
    assert body(http) == {
        "message_type": "email",
        "body": "Hi",
        "from": {"type": "admin", "id": "1"},
        "to": {"type": "lead", "id": "63a0"},
        "subject": "Hello",
        "template": "plain",
    }
    with pytest.raises(ValidationError, match="subject"):
        Message(email="ada@example.com", text="Hi", channel="email")
    with pytest.raises(ValidationError, match="one contact"):
        Message(email="ada@example.com", contact="1", text="Hi")


async def test_a_ticket_is_opened_for_an_address_or_a_contact() -> None:
    http = provider(intercom, {"POST /tickets": {"type": "ticket", "id": "494", "ticket_id": "53"}})
    await create_ticket(http, NewTicket(ticket_type="12", title="Broken", email="ada@example.com", company="c1"))
    assert body(http) == {
        "ticket_type_id": "12",
        "contacts": [{"email": "ada@example.com"}],
        "ticket_attributes": {"_default_title_": "Broken"},
        "company_id": "c1",
    }
    ticket = NewTicket(ticket_type="12", title="Broken", body="All of it", contact="63a0", attributes={"Level": 2})
    assert (await create_ticket(http, ticket)).ticket_id == "53"
    assert body(http)["contacts"] == [{"id": "63a0"}]
    assert body(http)["ticket_attributes"] == {"Level": 2, "_default_title_": "Broken", "_default_description_": "All of it"}


async def test_a_tag_is_made_and_put_on_one_thing() -> None:
    tag = {"type": "tag", "id": "7", "name": "VIP"}
    paths = ("/tags", "/contacts/63a0/tags", "/conversations/215/tags")
    http = provider(intercom, {"POST /contacts/search": FOUND, **{f"POST {path}": tag for path in paths}}, US)
    await add_tag(http, Tagging(tag="VIP", email="ada@example.com"))
    assert (http.sent[0].target, http.sent[-1].target, body(http)) == ("/tags", "/contacts/63a0/tags", {"id": "7"})
    await add_tag(http, Tagging(tag="VIP", conversation_id="215"))
    assert body(http) == {"id": "7", "admin_id": "1"}
    for poor in ({}, {"contact": "1", "conversation_id": "2"}):
        with pytest.raises(ValidationError, match="one thing"):
            Tagging(tag="VIP", **poor)


async def test_notes_and_companies() -> None:
    company = {"type": "company", "id": "c1", "company_id": "acme-1", "name": "Acme"}
    http = provider(intercom, {"POST /contacts/7/notes": {"type": "note", "id": "3"}, "POST /companies": company}, US)
    assert (await create_note(http, NewNote(contact="7", text="Called"))).id == "3"
    assert body(http) == {"body": "Called", "admin_id": "1"}
    assert (await upsert_company(http, CompanyUpsert(company_id="acme-1", name="Acme"))).id == "c1"
    assert body(http) == {"company_id": "acme-1", "name": "Acme"}


def errors(code: str, message: str, field: str | None = None) -> dict[str, Any]:
    return {"type": "error.list", "request_id": "r", "errors": [{"code": code, "message": message, "field": field}]}


@pytest.mark.parametrize(
    ("status", "answer", "kind", "words"),
    [
        (401, errors("unauthorized", "Access Token Invalid"), AuthFailed, "Access Token Invalid"),
        (403, errors("api_plan_restricted", "Active subscription needed."), Rejected, "subscription"),
        (403, {}, Rejected, "refused"),
        (409, errors("conflict", "A contact matching those details already exists with id=63a0"), Rejected, "id=63a0"),
        (400, errors("parameter_invalid", "is not valid", "email"), Rejected, r"is not valid \(email\)"),
        (404, errors("not_found", "User Not Found"), Rejected, "User Not Found"),
        (502, errors("server_error", "Server Error"), Unavailable, "Server Error"),
    ],
)
async def test_intercoms_no_in_its_own_words(status: int, answer: Any, kind: type[Exception], words: str) -> None:
    http = provider(intercom, {"POST /contacts": (status, answer)})
    with pytest.raises(kind, match=words):
        await create_contact(http, NewContact(email="ada@example.com"))


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"x-ratelimit-reset": str(int(time.time()) + 40)}, 1, 40),
        ({"x-ratelimit-reset": "9" * 11}, 3600, 3600),
        ({"retry-after": "3"}, 3, 3),
    ],
)
async def test_a_rate_limit_says_when_it_ends(headers: dict[str, str], least: float, most: float) -> None:
    answer = json.dumps(errors("rate_limit_exceeded", "Exceeded rate limit")).encode()
    http = provider(intercom, {"POST /contacts": Response(429, {"content-type": "application/json", **headers}, answer)})
    with pytest.raises(RateLimited, match="Exceeded") as caught:
        await create_contact(http, NewContact(email="ada@example.com"))
    assert caught.value.retry_after is not None
    assert least <= caught.value.retry_after <= most


async def test_the_account_is_the_workspace() -> None:
    found = await account(provider(intercom, {"GET /me": ME}))
    assert (found.id, found.name, found.detail) == ("abcd1234", "Acme", "bo@example.com")
    with pytest.raises(Rejected, match="no workspace"):
        await account(provider(intercom, {"GET /me": {"type": "admin", "id": "1"}}))


async def test_values_are_offered_by_name() -> None:
    named = [{"id": "5", "name": "Support"}]
    answers = {
        "GET /admins": {"admins": [{"id": "814860", "name": "Bo", "email": "bo@example.com"}]},
        "GET /teams": {"teams": named},
        "GET /tags": {"data": named},
        "GET /ticket_types": {"data": named},
        "GET /companies": {"data": [{"id": "c1", "company_id": "acme-1"}], "pages": {"page": 1, "total_pages": 3}},
        "POST /contacts/search": FOUND,
        "GET /conversations": {"conversations": [TALK], "pages": {"next": {"starting_after": "z"}}},
    }
    http = provider(intercom, answers)
    pages = {name: await each.pages(http, Query(search="ada@example.com")) for name, each in intercom.pickers.items()}
    told = {name: [(each.value, each.label) for each in page.choices] for name, page in pages.items()}
    assert told == {
        "admin": [("814860", "Bo")],
        "team": [("5", "Support")],
        "tag": [("Support", "Support")],
        "ticket_type": [("5", "Support")],
        "company": [("c1", "acme-1")],
        "contact": [("63a0", "ada@example.com")],
        "conversation": [("215", "Conversation 215")],
    }
    assert (pages["company"].next, pages["contact"].next, pages["conversation"].next) == ("2", "abc", "z")


def notification(topic: str, **more: Any) -> Delivery:
    told = {"type": "notification_event", "app_id": "abcd1234", "id": "notif_1", "topic": topic, "created_at": 1_700_000_000}
    return Delivery(json.dumps({**told, "data": {"item": {"type": "contact", "id": "63a0"}}, **more}).encode())


TOPICS = [(name, topic) for name, (topics, _) in EVENTS.items() for topic in get_args(topics)]


@pytest.mark.parametrize(("name", "topic"), TOPICS)
def test_every_event_is_told_by_its_topic(name: str, topic: str) -> None:
    (incoming,) = receive(notification(topic))
    assert (intercom.name_event(incoming.data), incoming.key, incoming.account) == (name, "notif_1", "abcd1234")
    assert incoming.data["item"]["id"] == "63a0"


def test_a_repeat_is_the_same_event_and_a_ping_is_none() -> None:
    assert receive(notification("ticket.created", delivery_attempts=1)) == receive(
        notification("ticket.created", delivery_attempts=2)
    )
    assert receive(notification("ping")) == []
    (other,) = receive(notification("company.created"))
    assert intercom.name_event(other.data) is None


@pytest.mark.parametrize("bad", [{}, [], {"type": "notification_event"}, {"type": "notification_event", "topic": 7, "id": "1"}])
def test_what_is_no_notification_is_refused(bad: Any) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(json.dumps(bad).encode()))
