import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Delivery, Query, RateLimited, Registration, Rejected, Response, Unavailable, Wish
from powerstrip.adapter.model import Model
from powerstrip.adapter.testing import check, provider
from powerstrip_stripe import stripe
from powerstrip_stripe.actions import create_checkout, create_customer, create_refund, customers, list_prices, search_customers
from powerstrip_stripe.events import TYPES, receive
from powerstrip_stripe.models import LineItem, NewCheckout, NewCustomer, NewInvoice, NewRefund, PriceQuery, Search

test_contract = check(stripe)

CUSTOMER = {"id": "cus_1", "object": "customer", "email": "ada@example.com", "created": 1_767_225_600, "livemode": False}
REFUND = {"id": "re_1", "amount": 500, "currency": "usd", "status": "succeeded", "payment_intent": "pi_1"}


def form(http: Any, number: int = 0) -> dict[str, str]:
    return dict(parse_qsl(http.sent[number].body.decode()))


async def test_a_form_is_spelled_as_stripe_reads_it() -> None:
    page = "https://checkout.stripe.com/c/pay/cs_1"
    session = {
        "id": "cs_1",
        "url": "https://checkout.stripe.com/c/pay/cs_1",
        "payment_status": "unpaid",
        "expires_at": 1_767_225_600,
    }
    http = provider(stripe, {"POST /v1/checkout/sessions": session})
    made = await create_checkout(
        http,
        NewCheckout(
            line_items=[LineItem(price="price_1", quantity=2), LineItem(price="price_2")],
            success_url="https://shop.example.com/thanks",
            metadata={"order": "17 & more"},
        ),
    )
    assert made.url == page
    assert form(http) == {
        "line_items[0][price]": "price_1",
        "line_items[0][quantity]": "2",
        "line_items[1][price]": "price_2",
        "line_items[1][quantity]": "1",
        "success_url": "https://shop.example.com/thanks",
        "mode": "payment",
        "metadata[order]": "17 & more",
    }


async def test_times_come_back_as_times() -> None:
    http = provider(stripe, {"POST /v1/customers": CUSTOMER})
    made = await create_customer(http, NewCustomer(email="ada@example.com"))
    assert made.model_dump(mode="json")["created"] == "2026-01-01T00:00:00Z"


MADE_AT = 1_767_225_600
INTENT = {"id": "pi_1", "amount": 1099, "currency": "usd", "status": "requires_payment_method", "created": MADE_AT}
INVOICE = {"id": "in_1", "customer": "cus_1", "status": "draft", "created": MADE_AT, "currency": "usd", "amount_due": 0}
SUBSCRIPTION = {"id": "sub_1", "customer": "cus_1", "status": "active", "created": MADE_AT, "cancel_at_period_end": False}
ASKED: list[tuple[str, dict[str, Any], str, dict[str, Any], dict[str, str]]] = [
    (
        "payment_intent.create",
        {"amount": 1099, "currency": "usd", "customer": "cus_1", "payment_method_types": ["card"]},
        "POST /v1/payment_intents",
        INTENT,
        {"amount": "1099", "currency": "usd", "customer": "cus_1", "payment_method_types[0]": "card"},
    ),
    ("payment_intent.get", {"payment_intent": "pi_1"}, "GET /v1/payment_intents/pi_1", INTENT, {}),
    (
        "subscription.create",
        {"customer": "cus_1", "items": [{"price": "price_1"}]},
        "POST /v1/subscriptions",
        SUBSCRIPTION,
        {"customer": "cus_1", "items[0][price]": "price_1", "items[0][quantity]": "1"},
    ),
    ("invoice.create", {"customer": "cus_1"}, "POST /v1/invoices", INVOICE, {"customer": "cus_1"}),
    ("invoice.send", {"invoice": "in_1"}, "POST /v1/invoices/in_1/send", INVOICE, {}),
]


@pytest.mark.parametrize(("action", "given", "line", "answer", "body"), ASKED, ids=[row[0] for row in ASKED])
async def test_an_action_asks_as_stripe_documents_it(
    action: str, given: dict[str, Any], line: str, answer: dict[str, Any], body: dict[str, str]
) -> None:
    http = provider(stripe, {line: answer})
    declared = stripe.actions[action]
    made = await declared.run(http, declared.input.model_validate(given))
    assert made.id == answer["id"]
    assert body.items() <= form(http).items()


@pytest.mark.parametrize(
    ("picker", "path", "row", "label", "detail"),
    [
        ("product", "/v1/products", {"id": "prod_1", "name": "Book"}, "Book", ""),
        ("price", "/v1/prices", {"id": "price_1", "unit_amount": 5, "currency": "usd"}, "price_1", "5 usd (smallest unit)"),
        ("coupon", "/v1/coupons", {"id": "SPRING", "name": "Spring"}, "Spring", ""),
        ("payment_intent", "/v1/payment_intents", INTENT, "pi_1", "1099 usd (smallest unit)"),
        ("charge", "/v1/charges", {"id": "ch_1", "description": "Order 17"}, "Order 17", ""),
        ("invoice", "/v1/invoices", {"id": "in_1", "number": "2026-1"}, "2026-1", ""),
    ],
)
async def test_what_can_be_chosen_comes_page_by_page(
    picker: str, path: str, row: dict[str, Any], label: str, detail: str
) -> None:
    http = provider(stripe, {f"GET {path}": {"data": [row], "has_more": True}})
    page = await stripe.pickers[picker].pages(http, Query(cursor="before"))
    assert [(each.value, each.label, each.detail) for each in page.choices] == [(row["id"], label, detail)]
    assert page.next == row["id"]
    assert ("starting_after", "before") in http.sent[0].params


@pytest.mark.parametrize("input", [{}, {"payment_intent": "pi_1", "charge": "ch_1"}])
def test_a_refund_names_one_payment(input: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        NewRefund.model_validate(input)


def test_an_invoice_that_is_charged_has_no_due_date() -> None:
    assert NewInvoice(customer="cus_1", collection_method="charge_automatically").days_until_due is None


async def test_lists_page_by_the_last_id() -> None:
    price = {"id": "price_9", "product": "prod_1", "currency": "usd", "unit_amount": 100, "type": "one_time", "active": True}
    http = provider(stripe, {"GET /v1/prices": {"data": [price], "has_more": True}})
    page = await list_prices(http, PriceQuery(product="prod_1", cursor="price_1"))
    assert page.next == "price_9"
    assert {("product", "prod_1"), ("starting_after", "price_1"), ("active", "true")} <= set(http.sent[0].params)


async def test_a_search_pages_by_stripes_own_mark() -> None:
    http = provider(stripe, {"GET /v1/customers/search": {"data": [CUSTOMER], "has_more": True, "next_page": "mark"}})
    assert (await search_customers(http, Search(query="email:'ada@example.com'"))).next == "mark"
    http = provider(stripe, {"GET /v1/customers/search": {"data": [CUSTOMER], "has_more": False, "next_page": "mark"}})
    assert (await search_customers(http, Search(query="email:'ada@example.com'"))).next is None


async def test_a_choice_says_who_it_is() -> None:
    row = CUSTOMER | {"name": "Ada"}
    http = provider(stripe, {"GET /v1/customers": {"data": [row], "has_more": True}})
    page = await customers(http, Query())
    assert (page.choices[0].value, page.choices[0].label, page.choices[0].detail) == ("cus_1", "Ada", "ada@example.com")
    assert page.next == "cus_1"


@pytest.mark.parametrize(
    ("status", "error", "kind", "words"),
    [
        (
            402,
            {"code": "card_declined", "decline_code": "insufficient_funds", "message": "No funds."},
            Rejected,
            "insufficient_funds: No funds.",
        ),
        (400, {"message": "Missing.", "param": "amount", "code": "parameter_missing"}, Rejected, r"Missing\. \(field amount\)"),
        (403, {"message": "This key may not.", "type": "invalid_request_error"}, Rejected, "This key may not"),
        (401, {"message": "Invalid API Key provided."}, AuthFailed, "Invalid API Key"),
        (429, {"message": "Too many requests", "code": "rate_limit"}, RateLimited, "Too many"),
        (429, {"message": "Locked", "code": "lock_timeout"}, RateLimited, "Locked"),
        (409, {"message": "In use", "code": "idempotency_key_in_use"}, Unavailable, "In use"),
        (500, {"message": "Sorry"}, Unavailable, "Sorry"),
    ],
)
async def test_stripes_no_in_its_own_words(status: int, error: dict[str, str], kind: type[Exception], words: str) -> None:
    answer = Response(status, {"content-type": "application/json"}, json.dumps({"error": error}).encode())
    http = provider(stripe, {"POST /v1/refunds": answer})
    with pytest.raises(kind, match=words):
        await create_refund(http, NewRefund(payment_intent="pi_1"))


def event(kind: str) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": 1_767_225_600,
        "livemode": False,
        "data": {"object": {"id": "cus_1", "object": "customer"}},
    }


@pytest.mark.parametrize("kind", [*TYPES])
def test_every_event_is_told_by_its_type(kind: str) -> None:
    incoming = receive(Delivery(json.dumps(event(kind)).encode()))
    assert (stripe.name_event(incoming.data), incoming.key, incoming.account) == (kind, "evt_1", None)


def test_an_event_nobody_declared_is_kept_without_a_name() -> None:
    assert stripe.name_event(receive(Delivery(json.dumps(event("radar.warning")).encode())).data) is None


def test_a_connected_account_is_named() -> None:
    assert receive(Delivery(json.dumps(event("invoice.paid") | {"account": "acct_7"}).encode())).account == "acct_7"


@pytest.mark.parametrize("body", [b"[]", b'{"object":"customer"}', b"x", b'{"object":"event","id":1}'])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(body))


URL = "https://hub.example.com/v1/hooks/ep_1"
ENDPOINT = {"id": "we_1", "url": URL, "enabled_events": ["invoice.paid"], "status": "disabled"}


async def test_the_webhook_endpoint_is_listed_made_changed_and_removed() -> None:
    hooks = stripe.subscribes
    assert hooks is not None
    http = provider(
        stripe,
        {
            "GET /v1/webhook_endpoints": {"data": [ENDPOINT]},
            "POST /v1/webhook_endpoints": ENDPOINT | {"status": "enabled", "secret": "whsec_invented"},
            "POST /v1/webhook_endpoints/we_1": ENDPOINT | {"status": "enabled"},
            "DELETE /v1/webhook_endpoints/we_1": Response(404, {}, b'{"error": {"message": "No such webhook endpoint"}}'),
        },
    )
    wish = Wish(URL, ("invoice.paid", "charge.refunded"), Model())
    assert await hooks.list(http, Model()) == [Registration("we_1", URL, ("invoice.paid",), active=False)]
    assert (await hooks.create(http, wish)).active
    assert form(http, 1) == {"enabled_events[0]": "invoice.paid", "enabled_events[1]": "charge.refunded", "url": URL}
    await hooks.change(http, Registration("we_1", URL, ()), wish)
    assert form(http, 2)["disabled"] == "false"
    await hooks.delete(http, Registration("we_1", URL, ()), Model())


async def test_an_error_is_one_whatever_its_status() -> None:
    http = provider(stripe, {"POST /v1/customers": {"error": {"message": "No such plan", "code": "resource_missing"}}})
    with pytest.raises(Rejected, match="resource_missing: No such plan"):
        await create_customer(http, NewCustomer(email="ada@example.com"))
