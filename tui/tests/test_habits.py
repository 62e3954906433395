"""What holds on every list: very many rows, hostile names, keys that do not hide each other, a hub that comes back."""

import csv
import json
from io import StringIO
from typing import Any

import pytest
from contents import WAITS, fired, made
from pressing import SMALL, WIDE, press, screen, settled, until
from served import serving

from powerstrip.client import Client
from powerstrip.client.access import AuditTrail
from powerstrip.client.events import Events
from powerstrip.client.pages import Page
from powerstrip_tui import Dashboard, OpenDoor
from powerstrip_tui.listing import Listing
from powerstrip_tui.registry import SCREENS
from powerstrip_tui.widgets.table import Rows, Table

HOSTILE = "[red]a[/red] [@click=app.quit]x[/] שלום"
"""The worst that the hub takes as a name: what a terminal would obey it refuses. What providers send may be worse."""
MANY = 10_000


class Many:
    """A list of very many rows, that counts how often it is asked."""

    def __init__(self, row: Any) -> None:
        self.row, self.asked = row, 0

    async def page(self, cursor: str | None = None, limit: int = 100) -> Page[Any]:
        self.asked += 1
        start = int(cursor or 0)
        end = min(start + limit, MANY)
        return Page([self.row | {"id": f"row_{number}"} for number in range(start, end)], str(end) if end < MANY else None)


@pytest.mark.parametrize(("key", "owner"), [("5", AuditTrail), ("2", Events)], ids=["audit", "events"])
async def test_ten_thousand_rows_are_read_as_they_are_seen(app, client, monkeypatch, key, owner) -> None:
    await fired(client)
    many = Many((await (client.audit if owner is AuditTrail else client.events).list().page(limit=1)).items[0])
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        monkeypatch.setattr(owner, "list", lambda self, **query: many)
        monkeypatch.setattr(Events, "tail", nothing)
        await press(pilot, key)
        await until(pilot, lambda: len(app.screen.table.rows) >= 100)
        assert many.asked <= 4
        widgets = len(app.screen.query("*"))
        while len(app.screen.table.rows) < MANY:
            await press(pilot, "G")
        assert many.asked <= MANY / 100 + 10
        assert len(app.screen.query("*")) == widgets
        await press(pilot, "G", "k")
        at = app.screen.current["id"]
        await press(pilot, "r")
        assert (app.screen.current["id"], len(app.screen.table.rows)) == (at, MANY)


async def nothing(self: Events, after: str | None = None) -> Any:
    """No event comes."""
    return
    yield


def test_no_key_of_a_list_is_hidden_by_the_table_in_it() -> None:
    def keys(owner: Any) -> set[str]:
        return {key for binding in owner.BINDINGS for key in binding.key.split(",")}

    taken = keys(Rows) | keys(Table) | keys(Dashboard)
    lists = [made for entry in SCREENS if isinstance(made := entry.make(), Listing)]
    assert len(lists) == 9
    for made_list in lists:
        assert not keys(type(made_list)) & taken, made_list.HEADING


async def test_names_from_outside_are_shown_and_not_obeyed_on_every_list(app, client, monkeypatch) -> None:
    principal = await client.principals.create(HOSTILE)
    await client.keys.create(HOSTILE, principal["id"])
    await client.automations.create("hostile", HOSTILE)
    await client.webhooks.create(HOSTILE, url="https://example.com/hooks")
    await client.secrets.create("hostile", {"value": "invented"}, description=HOSTILE)
    files: list[str] = []
    monkeypatch.setattr(app, "deliver_text", lambda file, **more: files.append(file.read()))
    async with app.run_test(size=(180, 30)) as pilot:
        await settled(pilot)
        for number, key in enumerate("35678", 1):
            await press(pilot, key)
            await until(pilot, lambda: "[red]a[/red]" in screen(app))
            await press(pilot, "Y")
            assert isinstance(json.loads(app.clipboard), dict)
            await press(pilot, "E")
            await until(pilot, lambda number=number: len(files) == number)
            assert any("[red]a[/red]" in cell for row in csv.reader(StringIO(files[-1])) for cell in row)
        await pilot.click(Rows, offset=(3, 1))
        assert app.screen.table.view.cursor == 0


async def test_words_at_the_edge_of_the_screen_read_no_markup(app) -> None:
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await settled(pilot)
        app.screen.notify("[red]a[/red] [@click=app.quit]x[/]")
        await until(pilot, lambda: "[red]a[/red] [@click=app.quit]x[/]" in screen(app))


async def test_an_event_of_a_megabyte_is_opened(app, client) -> None:
    await fired(client, "x" * 900_000)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        await until(pilot, lambda: app.screen.table.rows)
        await press(pilot, "enter")
        await until(pilot, lambda: "Its way through the hub" in screen(app))


async def test_what_is_live_goes_on_when_the_hub_is_back(tmp_path, remembered) -> None:
    """A list of events that is followed, and a run whose steps are watched."""
    with serving(tmp_path / "data", mode="sandbox") as hub:
        async with Client(hub.url, hub.key, hub.project) as client:
            app = Dashboard(OpenDoor(client), remembered)
            await made(client, WAITS, "wait")
            run = await client.runs.start("wait")
            async with app.run_test(size=WIDE) as pilot:
                await settled(pilot)
                await press(pilot, "4")
                await until(pilot, lambda: app.screen.table.rows)
                await press(pilot, "enter")
                await until(pilot, lambda: "wait_for_event" in screen(app))
                await press(pilot, "2")
                first = await fired(client)
                await until(pilot, lambda: [row["id"] for row in app.screen.table.rows] == [first])
                hub.kill()
                await until(pilot, lambda: "hub is away" in screen(app))
                assert "slack.message.posted" in screen(app)
                hub.start()
                await until(pilot, lambda: "● connected" in screen(app))
                second = await fired(client)
                await until(pilot, lambda: [row["id"] for row in app.screen.table.rows] == [second, first])
                await press(pilot, "4")
                await client.runs.signal(run["id"], "answer", {})
                await until(pilot, lambda: "● completed" in screen(app))


async def test_a_hub_that_is_away_at_first_is_not_called_connected(remembered) -> None:
    """Screens that are opened before there is a project ask nothing, and say nothing of the client's own."""
    async with Client("http://127.0.0.1:9", "mbx_invented") as nowhere:
        app = Dashboard(OpenDoor(nowhere), remembered)
        async with app.run_test(size=SMALL) as pilot:
            await until(pilot, lambda: "hub is away" in screen(app))
            for entry in SCREENS:
                await pilot.press(entry.key)
                await pilot.pause()
                assert "hub is away" in screen(app)
                assert "Client(" not in screen(app)
                assert "no project" not in screen(app)


async def test_without_colour_lists_say_their_states_in_words(client, remembered, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    await fired(client)
    await made(client, WAITS, "wait")
    await client.runs.start("wait")
    app = Dashboard(OpenDoor(client), remembered)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        for key, words in (("2", "● succeeded"), ("3", "● active"), ("4", "◐ waiting")):
            await press(pilot, key)
            await until(pilot, lambda words=words: words in screen(app))
