"""Salesforce's adapter against Prism, which refuses what Salesforce's documentation does not allow."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parts.through_the_edge import Connected, connected, replayed

from powerstrip.adapter import AuthFailed, Rejected, Since
from powerstrip.adapter.model import by_name
from powerstrip.adapter.testing.samples import sample
from powerstrip_salesforce import salesforce
from powerstrip_salesforce.polls import Watched, changed

pytestmark = [pytest.mark.part, pytest.mark.shows("description")]

ID = "003000000000001AAA"
CONFIG = {"api_version": "v62.0", "login_host": "login.salesforce.com", "instance_url": "https://acme.my.salesforce.com"}


@pytest.fixture
async def crm(salesforce_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(salesforce, salesforce_url, tmp_path, {"access_token": "invented-session"}, **CONFIG) as connection:
        yield connection


@pytest.mark.parametrize("action", sorted(salesforce.actions))
async def test_every_actions_example_is_taken(crm: Connected, action: str) -> None:
    example = sample(salesforce.actions[action].input)
    assert example is not None
    assert await crm.call(action, **by_name(example))


async def test_the_other_ways_are_taken_too(crm: Connected) -> None:
    first = await crm.call("query", query="SELECT Id FROM Contact")
    assert (await crm.call("query", query="SELECT Id FROM Contact", cursor=first.next)).records
    assert (await crm.call("query", query="SELECT Id FROM Contact", deleted=True)).total == 2001
    assert (await crm.call("record.get", object="Contact", field="Number__c", value="C/7")).id == ID
    assert (await crm.call("search", query="FIND {Acme} RETURNING Account(Id)")).records


@pytest.mark.parametrize("action", ["record.create", "record.upsert", "record.update", "search"])
async def test_what_a_sandbox_writes_down_would_be_taken(crm: Connected, action: str) -> None:
    example = sample(salesforce.actions[action].input)
    assert example is not None
    (row,) = await crm.sandboxed(action, **by_name(example))
    assert "invented-session" not in str(row)
    assert replayed(row, row["body"], "Bearer another") == {"record.create": 201, "record.update": 204}.get(action, 200)
    assert replayed(row, "[]", "Bearer another") in (400, 422)


@pytest.mark.parametrize("picker", sorted(salesforce.pickers))
async def test_every_picker_offers_something(crm: Connected, picker: str) -> None:
    assert (await crm.pick(picker, "King", object="Contact")).choices


async def test_a_poll_asks_in_soql(crm: Connected) -> None:
    first = await changed(crm.http("poll"), Since(Watched(object="Contact"), None))
    again = await changed(crm.http("poll"), Since(Watched(object="Contact", show=["Name"]), first.cursor))
    assert (first.events, again.events) == ((), []), "nothing is newer than the first look"


async def test_the_organisation_is_the_account_and_no_session_is_refused(crm: Connected) -> None:
    assert (await crm.account()).name == "Ada King", "the one record that is made up here"
    with pytest.raises(AuthFailed):
        await Connected(crm.edge, salesforce, CONFIG, {}).account()


async def test_what_salesforce_does_not_allow_is_refused(crm: Connected) -> None:
    http = crm.http("raw", read_only=False)
    for path, bad in (("/sobjects/Contact", {}), ("/parameterizedSearch", {"words": "Acme"})):
        with pytest.raises(Rejected):
            await http.post(f"/services/data/v62.0{path}", json=bad)
    with pytest.raises(Rejected):
        await http.get("/services/data/v62.0/query", params={"q": "DROP TABLE Contact"})
