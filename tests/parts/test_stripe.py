"""Stripe's adapter against two Stripes that remember: emulate's, and localstripe, which knows charges."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import Rejected
from powerstrip_stripe import stripe

pytestmark = pytest.mark.part


@pytest.fixture
async def shop(stripe_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(stripe, stripe_url, tmp_path, {"secret_key": "sk_test_invented"}) as connection:
        yield connection


@pytest.fixture
async def till(localstripe_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(stripe, localstripe_url, tmp_path, {"secret_key": "sk_test_invented_for_the_till"}) as connection:
        yield connection


async def test_what_was_paid_is_given_back(till: Connected) -> None:
    customer = await till.call("customer.create", email="ada@example.com")
    raw = till.http("raw", read_only=False)
    card = {"source[object]": "card", "source[number]": "4242424242424242", "source[exp_month]": 12, "source[exp_year]": 2099}
    await raw.post(f"/v1/customers/{customer.id}/sources", form=card | {"source[cvc]": 123})
    charge = await raw.post("/v1/charges", form={"amount": 1099, "currency": "eur", "customer": customer.id})
    part = await till.call("refund.create", charge=charge["id"], amount=99)
    assert (part.amount, part.currency, part.charge) == (99, "eur", charge["id"])
    with pytest.raises(Rejected, match="Not Found"):
        await till.call("refund.create", charge="ch_invented")
    assert charge["id"] in [choice.value for choice in (await till.pick("charge")).choices]


async def test_a_customer_pays(shop: Connected) -> None:
    made = await shop.call("customer.create", email="ada@example.com", name="Ada & Söhne", metadata={"order": "17"})
    assert (made.email, made.name) == ("ada@example.com", "Ada & Söhne")
    assert made.id in [choice.value for choice in (await shop.pick("customer")).choices]

    intent = await shop.call("payment_intent.create", amount=1099, currency="usd", customer=made.id)
    assert (intent.amount, intent.currency, intent.customer) == (1099, "usd", made.id)
    assert (await shop.call("payment_intent.get", payment_intent=intent.id)).id == intent.id
    assert intent.id in [choice.value for choice in (await shop.pick("payment_intent")).choices]


async def test_a_page_to_pay_at_is_made_for_a_price(shop: Connected) -> None:
    prices = (await shop.call("price.list")).prices
    choices = (await shop.pick("price")).choices
    assert [choice.value for choice in choices] == [price.id for price in prices]
    if prices:
        made = await shop.call(
            "checkout_session.create", line_items=[{"price": prices[0].id}], success_url="https://shop.example.com/thanks"
        )
        assert made.id.startswith("cs_")


async def test_what_is_not_there_is_refused_in_stripes_words(shop: Connected) -> None:
    with pytest.raises(Rejected, match="payment_intent"):
        await shop.call("payment_intent.get", payment_intent="pi_invented")
