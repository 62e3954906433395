"""Notion's adapter against Prism, which refuses what Notion's reference does not allow."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from parts.through_the_edge import Connected, connected, replayed

from powerstrip.adapter import Rejected, Since
from powerstrip.adapter.testing.samples import sample
from powerstrip_notion import notion, polls

pytestmark = [pytest.mark.part, pytest.mark.shows("description")]

TOKEN = {"token": "ntn_invented-token"}
PAGE = "59833787-2cf9-4fdf-8782-e53db20768a5"
DATABASE = "b55c9c91-384d-452b-81db-d1ef79372b75"


@pytest.fixture
async def wiki(notion_description_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(notion, notion_description_url, tmp_path, TOKEN) as connection:
        yield connection


@pytest.mark.parametrize("action", sorted(notion.actions))
async def test_the_example_of_every_action_is_taken(wiki: Connected, action: str) -> None:
    example = sample(notion.actions[action].input)
    assert example is not None
    assert await wiki.call(action, **example.model_dump(exclude_defaults=True))


@pytest.mark.parametrize("picker", sorted(notion.pickers))
async def test_every_picker_offers_something(wiki: Connected, picker: str) -> None:
    assert (await wiki.pick(picker, "kick", cursor="33e19cb9")).choices[0].label


async def test_the_workspace_is_known(wiki: Connected) -> None:
    account = await wiki.account()
    assert (account.name, account.detail) == ("Acme", "Hub")


async def test_every_kind_of_line_and_property_is_taken(wiki: Connected) -> None:
    text = "# A\n## B\n### C\nplain\n- d\n1. e\n[ ] f\n[x] g\n> h\n---\n" + "long " * 1000
    values: dict[str, Any] = {"Status": "Done", "Points": 3, "Due": ["2026-12-03", "2026-12-04"]}
    made = await wiki.call("page.create", title="Kick-off", database=DATABASE, properties=values, text=text)
    assert (made.title, made.properties) == ("Kick-off", {"Name": "Kick-off", "Status": "Done", "Due": None})
    assert (await wiki.call("block.append", page=PAGE, text=text)).block_ids


async def test_a_database_is_asked_in_every_way(wiki: Connected) -> None:
    where = {"Status": "Done", "Points": 3, "Due": "2026-12-03", "Name": None}
    page = await wiki.call("database.query", database=DATABASE, where=where, sort_by="Due", descending=True, cursor="c")
    assert page.next == "33e19cb9-751f-4993-b74d-234d67d0d534"


async def test_a_page_is_read(wiki: Connected) -> None:
    assert (await wiki.call("page.get", page=PAGE)).text == "# Agenda\n[ ] Call Ana"


@pytest.mark.parametrize("database", [None, DATABASE])
async def test_the_poll_looks_and_tells(wiki: Connected, database: str | None) -> None:
    mark = json.dumps({"start": "2026-11-30T08:00:00Z", "seen": "2026-11-30T10:00:00Z", "until": "2026-11-30T11:00:00Z"})
    found = await polls.changed(wiki.http("poll"), Since(polls.Watched(database=database), mark))
    assert [notion.name_event(each.data) for each in found.events] == ["page.updated"]


async def test_what_a_sandbox_writes_down_is_what_notion_takes(wiki: Connected) -> None:
    """The recorded request, with a token in place of its placeholder, passes the same check as a real one."""
    (row,) = await wiki.sandboxed("page.archive", page=PAGE)
    assert row["url"].endswith(f"/pages/{PAGE}")
    assert TOKEN["token"] not in json.dumps(row)
    assert replayed(row, row["body"], "Bearer ntn_another-invented") == 200
    assert replayed(row, row["body"].replace("in_trash", "in_thrash"), "Bearer ntn_another-invented") == 422


async def test_prism_really_looks_at_requests(wiki: Connected) -> None:
    """A check of the checker: another version, a misspelt name and an id that is none are refused."""
    http = wiki.http("raw", read_only=False)
    version = {"Notion-Version": "2025-09-03"}
    with pytest.raises(Rejected):
        await http.get("/users/me", headers={"Notion-Version": "2022-06-28"})
    with pytest.raises(Rejected):
        await http.post("/search", json={"qurey": "x"}, headers=version)
    with pytest.raises(Rejected):
        await http.get("/pages/Daily%20Log", headers=version)
