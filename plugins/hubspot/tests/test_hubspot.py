import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Delivery, Query, RateLimited, Registration, Rejected, Response, Unavailable, Wish
from powerstrip.adapter.testing import check, provider
from powerstrip_hubspot import hubspot
from powerstrip_hubspot.actions import (
    add_to_list,
    associate,
    create_company,
    create_contact,
    create_deal,
    create_note,
    create_ticket,
    delete_contact,
    get_contact,
    search_companies,
    search_contacts,
    search_deals,
    update_company,
    update_contact,
    update_deal,
    update_ticket,
    upsert_contact,
)
from powerstrip_hubspot.events import TYPES, receive
from powerstrip_hubspot.models import (
    Association,
    CompanyChange,
    CompanySearch,
    ContactChange,
    ContactId,
    ContactSearch,
    ContactToDelete,
    DealChange,
    DealSearch,
    Filter,
    ListMembers,
    NewCompany,
    NewContact,
    NewDeal,
    NewNote,
    NewTicket,
    TicketChange,
)
from powerstrip_hubspot.provider import account
from powerstrip_hubspot.subscriptions import Watched

test_contract = check(hubspot)

ROW = {
    "id": "123",
    "properties": {"email": "ada@example.com", "phone": None},
    "createdAt": "2026-01-14T09:05:00.000Z",
    "updatedAt": "2026-01-14T09:05:00.000Z",
    "archived": False,
}
BY_MAIL = "/crm/v3/objects/contacts/ada%40example.com"


def body(http: Any, number: int = 0) -> Any:
    return json.loads(http.sent[number].body)


def tie(id: str, type: int) -> dict[str, Any]:
    return {"to": {"id": id}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type}]}


async def test_a_contact_is_made_of_text_properties_by_hubspots_names() -> None:
    http = provider(hubspot, {"POST /crm/v3/objects/contacts": (201, ROW)})
    contact = NewContact(email="ada@example.com", first_name="Ada", owner="1201", properties={"vip": "true"})
    made = await create_contact(http, contact)
    assert (made.id, made.properties["phone"], made.created_at) == ("123", None, datetime(2026, 1, 14, 9, 5, tzinfo=UTC))
    assert body(http) == {
        "properties": {"email": "ada@example.com", "firstname": "Ada", "hubspot_owner_id": "1201", "vip": "true"}
    }


async def test_a_contact_named_by_email_is_changed_and_keeps_it() -> None:
    http = provider(hubspot, {f"PATCH {BY_MAIL}": ROW, "PATCH /crm/v3/objects/contacts/123": ROW})
    await update_contact(http, ContactChange(email="ada@example.com", last_name="King"))
    assert (body(http), http.sent[0].params) == ({"properties": {"lastname": "King"}}, (("idProperty", "email"),))
    await update_contact(http, ContactChange(contact="123", email="new@example.com"))
    assert (body(http, 1), http.sent[1].params) == ({"properties": {"email": "new@example.com"}}, ())


async def test_a_change_without_anything_to_change_asks_nobody() -> None:
    http = provider(hubspot, {})
    with pytest.raises(Rejected, match="nothing to change"):
        await update_contact(http, ContactChange(email="ada@example.com"))
    with pytest.raises(ValidationError, match="name the contact"):
        ContactChange(last_name="King")
    assert http.sent == []


async def test_an_upsert_names_the_email_address_as_key() -> None:
    http = provider(hubspot, {"POST /crm/v3/objects/contacts/batch/upsert": {"results": [{**ROW, "new": True}]}})
    assert (await upsert_contact(http, NewContact(email="ada@example.com", last_name="King"))).id == "123"
    (one,) = body(http)["inputs"]
    assert (one["idProperty"], one["id"]) == ("email", "ada@example.com")


async def test_a_contact_is_read_and_archived_by_email() -> None:
    http = provider(hubspot, {f"GET {BY_MAIL}": ROW, "DELETE /crm/v3/objects/contacts/123": Response(204)})
    await get_contact(http, ContactId(contact="ada@example.com", show=["vip"]))
    asked = dict(http.sent[0].params)
    assert asked["idProperty"] == "email"
    assert asked["properties"].endswith(",vip")
    assert (await delete_contact(http, ContactToDelete(contact="ada@example.com"))).contact == "123"
    assert http.sent[-1].method == "DELETE"


async def test_a_search_filters_sorts_and_goes_on() -> None:
    found = {"total": 3, "results": [ROW], "paging": {"next": {"after": "1", "link": "?after=1"}}}
    paths = {f"POST /crm/v3/objects/{kind}/search": found for kind in ("contacts", "companies", "deals")}
    http = provider(hubspot, paths)
    wanted = ContactSearch(email="ada@example.com", filters=[Filter(property="vip", operator="HAS_PROPERTY")], cursor="9")
    page = await search_contacts(http, wanted)
    assert (page.total, page.next) == (3, "1")
    filters = [
        {"propertyName": "vip", "operator": "HAS_PROPERTY"},
        {"propertyName": "email", "operator": "EQ", "value": "ada@example.com"},
    ]
    assert body(http)["filterGroups"] == [{"filters": filters}]
    assert body(http)["after"] == "9"
    await search_companies(http, CompanySearch(query="acme", show=["vat"]))
    assert "filterGroups" not in body(http, 1)
    assert body(http, 1)["properties"][-1] == "vat"
    await search_deals(http, DealSearch(sort="-amount", limit=5))
    assert (body(http, 2)["sorts"], body(http, 2)["limit"]) == (["-amount"], 5)


async def test_a_company_is_made_and_changed() -> None:
    http = provider(hubspot, {"POST /crm/v3/objects/companies": ROW, "PATCH /crm/v3/objects/companies/4521": ROW})
    await create_company(http, NewCompany(name="Acme", domain="acme.example.com"))
    await update_company(http, CompanyChange(company="4521", city="Graz"))
    assert (body(http)["properties"]["domain"], body(http, 1)) == ("acme.example.com", {"properties": {"city": "Graz"}})
    with pytest.raises(ValidationError, match="a name or a domain"):
        NewCompany(city="Graz")


async def test_a_deal_belongs_to_contact_and_company() -> None:
    http = provider(hubspot, {f"GET {BY_MAIL}": ROW, "POST /crm/v3/objects/deals": ROW, "PATCH /crm/v3/objects/deals/9": ROW})
    deal = NewDeal(
        name="50 seats", amount=Decimal("1200.50"), close_date=date(2026, 3, 1), contact="ada@example.com", company="4"
    )
    await create_deal(http, deal)
    assert body(http, 1) == {
        "properties": {
            "dealname": "50 seats",
            "amount": "1200.50",
            "closedate": "2026-03-01",
            "pipeline": "default",
            "dealstage": "appointmentscheduled",
        },
        "associations": [tie("123", 3), tie("4", 341)],
    }
    await update_deal(http, DealChange(deal="9", stage="closedwon"))
    assert body(http, 2) == {"properties": {"dealstage": "closedwon"}}


async def test_a_ticket_is_opened_and_moved_on() -> None:
    http = provider(hubspot, {"POST /crm/v3/objects/tickets": ROW, "PATCH /crm/v3/objects/tickets/7": ROW})
    await create_ticket(http, NewTicket(title="Broken", body="All of it", priority="HIGH", contact="123"))
    assert body(http)["properties"] == {
        **{"subject": "Broken", "content": "All of it", "hs_ticket_priority": "HIGH"},
        **{"hs_pipeline": "0", "hs_pipeline_stage": "1"},
    }
    assert body(http)["associations"] == [tie("123", 16)]
    await update_ticket(http, TicketChange(ticket="7", stage="4"))
    assert body(http, 1) == {"properties": {"hs_pipeline_stage": "4"}}


async def test_a_note_is_dated_and_tied() -> None:
    http = provider(hubspot, {f"GET {BY_MAIL}": ROW, "POST /crm/v3/objects/notes": ROW})
    at = datetime.fromisoformat("2026-01-01T10:00:00+01:00")
    await create_note(http, NewNote(text="Called", email="ada@example.com", deal="9", at=at))
    assert body(http, 1)["properties"] == {"hs_note_body": "Called", "hs_timestamp": "2026-01-01T09:00:00.000Z"}
    assert body(http, 1)["associations"] == [tie("123", 202), tie("9", 214)]
    with pytest.raises(Rejected, match="its zone"):
        await create_note(http, NewNote(text="Called", at=datetime(2026, 1, 1)))
    with pytest.raises(Rejected, match="differ"):
        await create_note(http, NewNote(text="Called", email="ada@example.com", contact="124"))


async def test_records_are_tied_to_each_other() -> None:
    path = "/crm/v4/objects/deals/9/associations/default/contacts/123"
    both = [{"fromObjectId": "9", "toObjectId": "123", "labels": ["Buyer"]}, {"fromObjectId": 123, "toObjectId": 9}]
    http = provider(hubspot, {f"PUT {path}": {"status": "COMPLETE", "results": both}})
    done = await associate(http, Association(from_kind="deals", from_id="9", to_kind="contacts", to_id="123"))
    assert (done.to_id, done.labels) == ("123", ["Buyer"])
    with pytest.raises(ValidationError):
        Association(from_kind="deals", from_id="../9", to_kind="contacts", to_id="123")


async def test_contacts_are_put_on_a_list_by_id_or_email() -> None:
    done = {"recordsIdsAdded": [123], "recordIdsMissing": ["5"]}
    http = provider(hubspot, {f"GET {BY_MAIL}": ROW, "PUT /crm/v3/lists/42/memberships/add": done})
    members = await add_to_list(http, ListMembers(list="42", contacts=["5", "ada@example.com"]))
    assert (members.added, members.missing) == (["123"], ["5"])
    assert body(http, 1) == ["5", "123"]


SECONDLY = {"status": "error", "message": "You have reached your secondly limit.", "policyName": "SECONDLY"}
SCOPES = {"message": "One or more scopes are required.", "context": {"requiredGranularScopes": ["crm.objects.contacts.write"]}}


@pytest.mark.parametrize(
    ("status", "headers", "answer", "kind", "words", "wait"),
    [
        (401, {}, {"status": "error", "message": "The token expired"}, AuthFailed, "expired", None),
        (403, {}, {"message": "Scopes are missing", "errors": [SCOPES]}, Rejected, "crm.objects.contacts.write", None),
        (409, {}, {"message": "Contact already exists. Existing ID: 123"}, Rejected, "Existing ID: 123", None),
        (
            400,
            {},
            {"message": "Not valid", "errors": [{"message": "no email address", "context": {"propertyName": ["email"]}}]},
            Rejected,
            "Not valid; email: no email address",
            None,
        ),
        (404, {}, {"message": "resource not found"}, Rejected, "not found", None),
        (423, {}, {"message": "The account is locked"}, Unavailable, "locked", 10),
        (429, {}, SECONDLY, RateLimited, "secondly", 10),
        (429, {}, {**SECONDLY, "policyName": "DAILY"}, RateLimited, "secondly", 3600),
        (429, {"retry-after": "3"}, SECONDLY, RateLimited, "secondly", 3),
        (502, {}, {"message": "Bad gateway"}, Unavailable, "gateway", None),
    ],
)
async def test_hubspots_no_in_its_own_words(
    status: int, headers: dict[str, str], answer: Any, kind: type[Exception], words: str, wait: float | None
) -> None:
    reply = Response(status, {"content-type": "application/json", **headers}, json.dumps(answer).encode())
    http = provider(hubspot, {"POST /crm/v3/objects/contacts": reply})
    with pytest.raises(kind, match=words) as caught:
        await create_contact(http, NewContact(email="ada@example.com"))
    assert getattr(caught.value, "retry_after", None) == wait


async def test_the_account_is_the_portal_or_the_app() -> None:
    details = {"portalId": 62515, "accountType": "STANDARD", "uiDomain": "app.hubspot.com"}
    found = await account(provider(hubspot, {"GET /account-info/v3/details": details}))
    assert (found.id, found.detail) == ("62515", "STANDARD")
    app = provider(hubspot, {"GET /webhooks/v3/54321/settings": {"targetUrl": "https://x.example"}}, {"app_id": "54321"})
    assert (await account(app)).id == "app-54321"


PIPELINES = {
    "results": [
        {"id": "default", "label": "Sales", "stages": [{"id": "closedwon", "label": "Won"}]},
        {"id": "2", "label": "Renewals", "stages": [{"id": "21", "label": "Due"}]},
    ]
}


async def test_values_are_offered_by_their_labels() -> None:
    owner = {"id": "1201", "email": "bo@example.com", "firstName": "Bo", "lastName": ""}
    lists = {"lists": [{"listId": "42", "name": "VIP", "processingType": "MANUAL"}], "offset": 1, "hasMore": True}
    rows = {"results": [{**ROW, "properties": {"dealname": "50 seats", "dealstage": "21"}}]}
    answers = {
        "GET /crm/v3/owners": {"results": [owner], "paging": {"next": {"after": "7"}}},
        "POST /crm/v3/lists/search": lists,
        **{f"GET /crm/v3/pipelines/{kind}": PIPELINES for kind in ("deals", "tickets")},
        **{
            f"GET /crm/v3/properties/{kind}": {"results": [{"name": "vip", "label": "VIP", "type": "bool"}]}
            for kind in ("contacts", "companies", "deals", "tickets")
        },
        **{f"POST /crm/v3/objects/{kind}/search": rows for kind in ("companies", "deals", "tickets")},
        "POST /crm/v3/objects/contacts/search": {"results": [ROW]},
    }
    http = provider(hubspot, answers)
    values = {"pipeline": "2", "from_kind": "deals", "to_kind": "contacts"}
    pages = {name: await each.pages(http, Query(values=values)) for name, each in hubspot.pickers.items()}
    told = {name: [(choice.value, choice.label, choice.detail) for choice in page.choices] for name, page in pages.items()}
    assert told["owner"] == [("1201", "Bo", "bo@example.com")]
    assert (pages["owner"].next, pages["list"].next) == ("7", "1")
    assert told["list"] == [("42", "VIP", "manual")]
    assert told["pipeline"] == told["ticket_pipeline"] == [("default", "Sales", ""), ("2", "Renewals", "")]
    assert told["stage"] == told["ticket_stage"] == [("21", "Due", "Renewals")]
    assert told["property"] == told["deal_property"] == [("vip", "VIP", "bool")]
    assert told["deal"] == told["from_record"] == [("123", "50 seats", "21")]
    assert told["contact"] == told["to_record"] == [("123", "ada@example.com", "ada@example.com")]
    assert len(hubspot.pickers["stage"].depends) == 1


def event(**more: Any) -> dict[str, Any]:
    given = {"eventId": 1, "subscriptionId": 2, "portalId": 62515, "appId": 3, "occurredAt": 1_700_000_000_000, "objectId": 123}
    return {**given, "attemptNumber": 0, "subscriptionType": "contact.creation", **more}


def delivery(*rows: Any) -> Delivery:
    return Delivery(json.dumps(rows).encode())


@pytest.mark.parametrize("name", [*TYPES])
def test_every_event_is_told_by_its_type(name: str) -> None:
    changed = {"propertyName": "x", "propertyValue": "y"} if name.endswith("updated") else {}
    (incoming,) = receive(delivery(event(subscriptionType=TYPES[name], **changed)))
    assert (hubspot.name_event(incoming.data), incoming.account) == (name, "62515")


def test_a_batch_is_many_events_of_many_accounts() -> None:
    told = receive(delivery(event(), event(eventId=2, portalId=7), event(subscriptionType="object.deletion", objectTypeId="0-3")))
    assert [each.account for each in told] == ["62515", "7", "62515"]
    assert len({each.key for each in told}) == 2, "the third repeats the first one's ids"
    assert hubspot.name_event(told[2].data) == "deal.deleted"


def test_a_repeat_is_the_same_event() -> None:
    first, again = receive(delivery(event())), receive(delivery(event(attemptNumber=3)))
    assert first == again


def test_a_kind_that_nobody_declared_is_kept_without_a_name() -> None:
    (incoming,) = receive(delivery(event(subscriptionType="object.creation", objectTypeId="2-99")))
    assert hubspot.name_event(incoming.data) is None


@pytest.mark.parametrize("bad", [[], {}, ["x"], [{"subscriptionType": "contact.creation"}], [event(portalId="7")], "x"])
def test_what_is_no_delivery_is_refused(bad: Any) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(json.dumps(bad).encode()))


URL = "https://hub.example.com/v1/hooks/hook_1"
HOOKS = "/webhooks/v3/54321"
APP = {"app_id": "54321"}


class AppOfHubSpot:
    """An app's webhook settings that remember."""

    def __init__(self, url: str = "", *told: dict[str, Any]) -> None:
        self.url, self.told = url, {str(number): each for number, each in enumerate(told)}

    def http(self) -> Any:
        answers: dict[str, Any] = {
            f"GET {HOOKS}/settings": lambda _: {"targetUrl": self.url} if self.url else (404, {"message": "none"}),
            f"PUT {HOOKS}/settings": self._put,
            f"DELETE {HOOKS}/settings": lambda _: (404, {"message": "gone already"}),
            f"GET {HOOKS}/subscriptions": lambda _: {"results": [{**each, "id": id} for id, each in self.told.items()]},
            f"POST {HOOKS}/subscriptions": self._add,
        }
        for id in map(str, range(20)):
            answers[f"PATCH {HOOKS}/subscriptions/{id}"] = self._wake
            answers[f"DELETE {HOOKS}/subscriptions/{id}"] = self._remove
        return provider(hubspot, answers, APP)

    def _put(self, request: Any) -> Any:
        self.url = json.loads(request.body)["targetUrl"]
        return {"targetUrl": self.url}

    def _add(self, request: Any) -> Any:
        id = str(len(self.told))
        self.told[id] = json.loads(request.body)
        return 201, {**self.told[id], "id": id}

    def _wake(self, request: Any) -> Any:
        id = request.target.rpartition("/")[2]
        self.told[id] |= json.loads(request.body)
        return {**self.told[id], "id": id}

    def _remove(self, request: Any) -> Any:
        del self.told[request.target.rpartition("/")[2]]
        return Response(204)


async def test_an_app_is_told_what_to_send_and_where() -> None:
    hooks = hubspot.subscribes
    assert hooks is not None
    asleep = {"eventType": "contact.creation", "active": False}
    unwanted = {"eventType": "contact.deletion", "active": True}
    foreign = {"eventType": "line_item.creation", "active": True}
    app = AppOfHubSpot("", asleep, unwanted, foreign)
    watch = Watched(deal=["dealstage", "amount"])
    wish = Wish(URL, ("contact.created", "deal.updated"), watch)
    assert await hooks.list(app.http(), watch) == []

    made = await hooks.create(app.http(), wish)
    assert made == Registration("54321", URL, ("contact.created", "deal.updated"))
    assert await hooks.list(app.http(), watch) == [made]
    told = sorted((each["eventType"], each.get("propertyName"), each["active"]) for each in app.told.values())
    assert told == [
        ("contact.creation", None, True),
        ("deal.propertyChange", "amount", True),
        ("deal.propertyChange", "dealstage", True),
        ("line_item.creation", None, True),
    ]
    http = app.http()
    assert await hooks.change(http, made, wish) == made
    assert {request.method for request in http.sent} == {"GET", "PUT"}, "all was as wanted"

    app.told = {id: each for id, each in app.told.items() if each.get("propertyName") != "amount"}
    (found,) = await hooks.list(app.http(), watch)
    assert found.events == ("contact.created",), "an update counts where all its properties are told"
    await hooks.delete(app.http(), made, watch)
    assert app.told == {}


async def test_an_address_of_somebody_else_is_not_taken_over() -> None:
    hooks = hubspot.subscribes
    assert hooks is not None
    app = AppOfHubSpot("https://other.example.com/hook")
    http = app.http()
    with pytest.raises(Rejected, match="another address"):
        await hooks.create(http, Wish(URL, ("contact.created",), Watched()))
    assert [request.method for request in http.sent] == ["GET"]
    with pytest.raises(Rejected, match="app_id"):
        await hooks.list(provider(hubspot, {}), Watched())
