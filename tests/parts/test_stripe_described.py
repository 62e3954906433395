"""Stripe's requests against what Stripe's documentation allows: Prism's reading of it, and the schemas of its forms."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema
import pytest
import yaml
from parts.servers import DESCRIPTIONS
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import AuthFailed, Rejected
from powerstrip.adapter.model import by_name
from powerstrip.adapter.testing.samples import sample
from powerstrip_stripe import stripe

pytestmark = [pytest.mark.part, pytest.mark.shows("description")]

KEY = {"secret_key": "sk_test_invented"}
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
async def shop(stripe_description_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(stripe, stripe_description_url, tmp_path, KEY) as connection:
        yield connection


def example(action: str) -> dict[str, Any]:
    made = sample(stripe.actions[action].input)
    assert made is not None
    return by_name(made)


@pytest.mark.parametrize("action", sorted(stripe.actions))
async def test_every_actions_example_is_taken(shop: Connected, action: str) -> None:
    assert await shop.call(action, **example(action))


@pytest.mark.parametrize("picker", sorted(stripe.pickers))
async def test_every_picker_offers_something(shop: Connected, picker: str) -> None:
    assert all(each.label for each in (await shop.pick(picker)).choices)


async def test_the_account_is_told_and_no_key_is_refused(shop: Connected) -> None:
    assert (await shop.account()).name == "Invented Shop"
    with pytest.raises(AuthFailed):
        await Connected(shop.edge, stripe, {}, {}).account()


async def test_prism_really_looks_at_requests(shop: Connected) -> None:
    """A check of the checker."""
    http = shop.http("raw", read_only=False)
    with pytest.raises(Rejected):
        await http.get("/v1/customers/search", params={"words": "ada"})
    with pytest.raises(Rejected):
        await http.post("/v1/payment_intents", form={"amount": "much", "currency": "eur"})


@pytest.mark.parametrize("action", sorted(stripe.actions))
async def test_stripes_forms_hold_no_name_that_is_not_documented(action: str, tmp_path: Path) -> None:
    """Prism does not see nested names of a form, and lets misspelt ones pass."""
    paths = yaml.safe_load((DESCRIPTIONS / "stripe.yaml").read_text())["paths"]
    async with connected(stripe, NOWHERE, tmp_path, KEY) as at:
        rows = await at.sandboxed(action, **example(action))
    for row in rows:
        assert row["idempotency_key"] or row["method"] == "GET"
        place = re.sub(
            r"/(?:in|pi)_[^/]+",
            lambda found: "/{invoice}" if "/in_" in found[0] else "/{intent}",
            row["url"].removeprefix(NOWHERE),
        )
        if row["method"] == "POST":
            content = paths[place]["post"]["requestBody"]["content"]
            schema = content["application/x-www-form-urlencoded"]["schema"]
            given = {name: int(value) if value.isdecimal() else value for name, value in parse_qsl(row["body"])}
            jsonschema.validate(given, schema)
            assert set(schema.get("x-needs", ())) <= set(given)
