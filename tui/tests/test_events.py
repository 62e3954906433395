"""The events screen: what came, its way, replay and test events, by keys."""

from contents import fired
from pinned import filled, opened
from pressing import SMALL, WIDE, press, screen, settled, type_text, until
from textual.widgets import OptionList

from powerstrip.client import embedded
from powerstrip_tui import Dashboard, OpenDoor


async def test_one_event_is_followed_to_where_it_stopped(app, client) -> None:
    id = await fired(client, "[red]hostile[/red] \x1b[31m‮abc")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        await until(pilot, lambda: "slack.message.posted" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Its way through the hub" in screen(app) and "matched" in screen(app))
        seen = screen(app)
        assert id in seen
        assert "[red]hostile[/red]" in seen
        assert "\x1b" not in seen
        assert "‮" not in seen
        assert all(stage in seen for stage in ("received", "verified", "named", "matched", "processed"))
        await press(pilot, "escape")
        await until(pilot, lambda: "Received" in screen(app))


async def test_new_events_come_on_top_by_themselves(app, client) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        await until(pilot, lambda: "No event came yet" in screen(app))
        await until(pilot, lambda: "following" in screen(app))
        await fired(client)
        await until(pilot, lambda: "slack.message.posted" in screen(app))


async def test_a_hub_in_this_process_tells_of_events_as_they_come_too(tmp_path, remembered) -> None:
    await filled(tmp_path / "data", None)
    async with opened(tmp_path / "data") as hub, embedded(hub, "shop") as client:
        app = Dashboard(OpenDoor(client, own=True), remembered)
        async with app.run_test(size=SMALL) as pilot:
            await settled(pilot)
            await press(pilot, "2")
            first = await fired(client)
            await until(pilot, lambda: [row["id"] for row in app.screen.table.rows] == [first], 20)
            assert app.screen.works("tail")
            assert app.screen.EVERY > 20
            second = await fired(client)
            await until(pilot, lambda: [row["id"] for row in app.screen.table.rows] == [second, first], 20)
            await until(pilot, lambda: screen(app).count("● succeeded") == 2, 20)
            await press(pilot, "1")
            await until(pilot, lambda: "Search services" in screen(app))


async def test_an_event_is_replayed_in_a_sandbox_and_only_what_is_asked_for_is_shown(app, client) -> None:
    await fired(client)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        await until(pilot, lambda: "slack.message.posted" in screen(app))
        await pilot.press("R")
        await until(pilot, lambda: "In a sandbox" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen.table.rows) == 2 if hasattr(app.screen, "table") else False)
        assert {each.get("replay_of") is not None for each in await client.events.list().all()} == {True, False}
        await pilot.press("f")
        await until(pilot, lambda: "refused" in screen(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "None of these" in screen(app))


async def test_a_test_event_shows_who_would_hear_of_it_before_it_is_set_off(app, client) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        await pilot.press("T")
        await until(pilot, lambda: app.screen.query(OptionList) and "Which event?" in screen(app))
        await type_text(pilot, "reaction")
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: "Set it off?" in screen(app) and '"preview"' in screen(app))
        assert await client.events.list().all() == []
        await pilot.press("y")
        await until(pilot, lambda: "slack.reaction.added" in screen(app))
