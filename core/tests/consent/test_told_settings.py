"""Consents whose answer says where the account lives, as Salesforce's does."""

from typing import Any

import pytest

from powerstrip.adapter import Model
from powerstrip.catalog import Catalog
from powerstrip.store import Integration

from .conftest import ORIGIN, TOKEN, House, Provider, make_acme, make_strict

HOME = "https://acme.my.acme.example"


class Where(Model):
    """Settings of an account that lives at an address of its own."""

    home: str | None = None
    plan: str = "small"


@pytest.fixture
def catalog(provider: Provider) -> Catalog:
    acme = make_acme(tells=(("home", "account.home"),))
    acme.config, acme.base_url_field, acme.hosts = Where, "home", ("*.acme.example",)
    return Catalog.of(acme, make_strict())


def answer_with(provider: Provider, home: Any) -> None:
    provider.token = {**provider.token, "account": {"home": home}}


async def test_the_answer_fills_in_the_setting(house: House, provider: Provider) -> None:
    answer_with(provider, HOME)
    await house.connect(config={"plan": "large"})
    (row,) = await house.rows(Integration)
    assert row.config == {"home": HOME, "plan": "large"}
    assert row.status == "active"
    assert TOKEN not in str(row.config)


async def test_connecting_again_moves_with_the_account(house: House, provider: Provider) -> None:
    answer_with(provider, HOME)
    first = await house.connect()
    answer_with(provider, "https://moved.acme.example")
    begun = await house.ok("POST", "integrations/connect", {"integration_id": first["integration_id"]})
    assert (await house.callback(begun)).status_code == 200
    (row,) = await house.rows(Integration)
    assert row.config["home"] == "https://moved.acme.example"


async def test_an_answer_that_says_nothing_leaves_the_setting(house: House, provider: Provider) -> None:
    answer_with(provider, 7)
    await house.connect(config={"home": ORIGIN})
    (row,) = await house.rows(Integration)
    assert row.config == {"home": ORIGIN, "plan": "small"}


@pytest.mark.parametrize("home", ["https://evil.example", "http://acme.my.acme.example", "https://acme.example.evil.example"])
async def test_an_address_that_nobody_declared_connects_nothing(house: House, provider: Provider, home: str) -> None:
    answer_with(provider, home)
    begun = await house.begin()
    answer = await house.callback(begun)
    assert answer.status_code >= 400
    assert [path for path, _, _ in provider.asked] == ["/token"], "the token went nowhere"
    await house.nothing_stored()
