"""HubSpot's adapter against Prism, which refuses what HubSpot's documentation does not allow, and against Backlot's records."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from parts.servers import BACKLOT_TOKEN
from parts.through_the_edge import Connected, connected, replayed

from powerstrip.adapter import AuthFailed, PowerstripError, Query, Rejected, Wish
from powerstrip.adapter.model import by_name
from powerstrip.adapter.testing.samples import sample
from powerstrip_hubspot import hubspot
from powerstrip_hubspot.subscriptions import Watched

pytestmark = pytest.mark.part

URL = "https://hub.example.com/v1/hooks/hook_1"
CHOSEN = {"pipeline": "default", "from_kind": "deals", "to_kind": "contacts"}


@pytest.fixture
async def crm(hubspot_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(hubspot, hubspot_url, tmp_path, {"token": "pat-invented"}) as connection:
        yield connection


@pytest.fixture
async def company(backlot_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(hubspot, f"{backlot_url}/hubspot", tmp_path, {"token": BACKLOT_TOKEN}) as connection:
        yield connection


@pytest.mark.shows("description")
@pytest.mark.parametrize("action", sorted(hubspot.actions))
async def test_every_actions_example_is_taken(crm: Connected, action: str) -> None:
    example = sample(hubspot.actions[action].input)
    assert example is not None
    assert await crm.call(action, **by_name(example))


@pytest.mark.shows("description")
@pytest.mark.parametrize("action", ["contact.create", "deal.create", "object.associate", "contact.search"])
async def test_what_a_sandbox_writes_down_would_be_taken(crm: Connected, action: str) -> None:
    example = sample(hubspot.actions[action].input)
    assert example is not None
    rows = await crm.sandboxed(action, **by_name(example))
    assert rows
    assert "pat-invented" not in str(rows)
    assert [replayed(row, row["body"], "Bearer pat-another") for row in rows] == [
        201 if action.endswith("create") and row is rows[-1] else 200 for row in rows
    ]


@pytest.mark.shows("description")
@pytest.mark.parametrize("picker", sorted(hubspot.pickers))
async def test_every_picker_offers_something(crm: Connected, picker: str) -> None:
    assert (await crm.pick(picker, **CHOSEN)).choices


async def test_the_checker_really_looks(crm: Connected) -> None:
    """A check of the checker: a number among the properties, and a misspelt name, are refused."""
    http = crm.http("raw", read_only=False)
    for bad in ({"properties": {"amount": 12}}, {"property": {"email": "ada@example.com"}}):
        with pytest.raises(PowerstripError):
            await http.post("/crm/v3/objects/contacts", json=bad)
    with pytest.raises(Rejected):
        await http.get("/crm/v3/properties/planets")


async def test_the_portal_is_the_account_and_no_token_is_refused(crm: Connected) -> None:
    assert (await crm.account()).id == "62515"
    with pytest.raises(AuthFailed):
        await Connected(crm.edge, hubspot, {}, {}).account()


@pytest.mark.shows("description")
async def test_an_apps_webhook_is_kept_with_the_developer_key(hubspot_url: str, tmp_path: Path) -> None:
    key: dict[str, Any] = {"developer_key": "invented-key"}
    async with connected(hubspot, hubspot_url, tmp_path, key, app_id="54321") as app:
        hooks = hubspot.subscribes
        assert hooks is not None
        wish = Wish(URL, ("contact.created", "deal.updated"), Watched())
        write = app.http("subscription", read_only=False)
        assert (await hooks.create(write, wish)).url == URL
        (found,) = await hooks.list(app.http("subscription"), Watched())
        assert found.events == ("contact.created",)
        await hooks.change(write, found, wish)
        await hooks.delete(write, found, Watched())
        assert (await app.account()).id == "app-54321"


async def test_a_companys_records_are_found(company: Connected) -> None:
    first = await company.call("contact.search", limit=1)
    (one,) = first.records
    again = await company.call("contact.get", contact=one.id)
    assert (again.properties["email"], first.total > 1) == (one.properties["email"], True)

    seen, cursor = [], None
    for _ in range(first.total):
        page = await company.call("contact.search", limit=1, cursor=cursor)
        seen += [each.id for each in page.records]
        cursor = page.next
        if cursor is None:
            break
    assert len(set(seen)) == first.total

    named = await company.call("contact.search", email=one.properties["email"])
    assert [each.id for each in named.records] == [one.id]
    filters = [{"property": "dealstage", "operator": "IN", "values": ["closedwon"]}]
    won = await company.call("deal.search", filters=filters, sort="-amount")
    assert {each.properties["dealstage"] for each in won.records} == {"closedwon"}
    assert [each.properties["domain"] for each in (await company.call("company.search", query="northwind")).records]


async def test_records_are_offered_by_their_names(company: Connected) -> None:
    people = await company.pick("contact")
    assert "Sam Ortiz" in [each.label for each in people.choices]
    assert [each.detail for each in (await company.pick("company", "northwind")).choices] == ["northwind.example"]
    http = company.http("picker")
    assert (await hubspot.pickers["to_record"].pages(http, Query(values={"to_kind": "deals"}))).choices


async def test_what_is_not_there_or_not_allowed_is_told(company: Connected, backlot_url: str, tmp_path: Path) -> None:
    with pytest.raises(Rejected):
        await company.call("contact.get", contact="1")
    async with connected(hubspot, f"{backlot_url}/hubspot", tmp_path / "x", {"token": "invented-wrong"}) as stranger:
        with pytest.raises(AuthFailed):
            await stranger.call("contact.search")
