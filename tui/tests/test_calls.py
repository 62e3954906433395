"""The screen of calls: newest first, live, narrowed, one in full, and the ways to it, by keys."""

from contents import GREET, made, slack
from pressing import SMALL, WIDE, press, screen, settled, type_text, until

from powerstrip_tui.screens.calls import Calls, OneCall
from powerstrip_tui.screens.runs import OneRun

CANARY = "xoxb-000000000000-invented-token"


async def post(client, text: str, **more):
    return await client.call("slack.message.post", {"channel": "#ops", "text": text}, integration="ops", **more)


async def listing(client) -> None:
    await client.call("slack.channel.list", {}, integration="ops")


async def test_calls_stand_newest_first_come_by_themselves_and_one_is_seen_in_full(app, client) -> None:
    await slack(client)
    await post(client, "first")
    failed = await post(client, "[red]second[/red]", simulate="rate_limited")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "i")
        await until(pilot, lambda: [row["status"] for row in app.screen.table.rows] == ["failed", "completed"])
        seen = screen(app)
        assert "✕ failed" in seen
        assert "slack/ops" in seen
        assert "sandbox" in seen
        await post(client, "third")
        await until(pilot, lambda: [row["status"] for row in app.screen.table.rows] == ["completed", "failed", "completed"])
        await press(pilot, "g", "enter")
        await until(pilot, lambda: "chat.postMessage" in screen(app))
        seen = screen(app)
        assert "SANDBOX: nothing was sent" in seen
        assert "Would have sent" in seen
        assert "Output (a mock)" in seen
        assert seen.count("third") == 2, seen
        assert CANARY not in seen
        await pilot.press("o")
        assert isinstance(app.screen, OneCall)
        await press(pilot, "escape", "j", "enter")
        await until(pilot, lambda: failed["invocation_id"] in screen(app))
        assert "rate_limited: " in screen(app)
        assert "[red]second[/red]" in screen(app)
        await press(pilot, "n")
        await until(pilot, lambda: "What uses it" in screen(app))


async def test_calls_are_narrowed_by_state_mode_integration_and_action(app, client) -> None:
    await slack(client)
    await post(client, "one")
    await post(client, "two", simulate="timeout")
    await listing(client)

    async def only(pilot, words: str) -> list[str]:
        await pilot.press("f")
        await until(pilot, lambda: "Type to narrow" in screen(app))
        await type_text(pilot, words)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Calls))
        await settled(pilot)
        return [f"{row['action_name']} {row['status']}" for row in app.screen.table.rows]

    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await press(pilot, "i")
        await until(pilot, lambda: len(app.screen.table.rows) == 3)
        assert await only(pilot, "failed") == ["slack.message.post failed"]
        assert await only(pilot, "channel.list") == []
        assert "failed · slack.channel.list" in screen(app)
        assert len(await only(pilot, "everything")) == 3
        assert await only(pilot, "channel.list") == ["slack.channel.list completed"]
        assert await only(pilot, "through slack/ops") == ["slack.channel.list completed"]
        assert "slack.channel.list · slack/ops" in screen(app)
        assert await only(pilot, "live") == []
        assert "No call yet" not in screen(app), "there are calls: the filter hides them"
        assert len(await only(pilot, "everything")) == 3


async def test_a_service_an_integration_and_a_run_lead_to_their_calls(app, client) -> None:
    await slack(client)
    await client.integrations.create("mail", "postmark", credentials={"server_token": "pm-invented-token"}, probe=False)
    await client.call("postmark.template.list", {})
    await post(client, "by hand")
    await made(client, GREET, "greet")
    run = await client.runs.start("greet", {"who": "Ada"})
    async for _ in client.runs.watch(run["id"]):
        pass
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("slash")
        await type_text(pilot, "slack")
        await pilot.press("enter")
        await press(pilot, "enter", "i")
        await until(pilot, lambda: isinstance(app.screen, Calls) and len(app.screen.table.rows) == 2)
        assert "of slack · everything" in screen(app)
        assert "postmark" not in screen(app).partition("of slack")[2]
        await press(pilot, "escape", "g", "enter", "i")
        await until(pilot, lambda: isinstance(app.screen, Calls) and len(app.screen.table.rows) == 2)
        assert "through ops · everything" in screen(app)
        await press(pilot, "g", "o")
        await until(pilot, lambda: isinstance(app.screen, OneRun) and "● completed" in screen(app))
        await press(pilot, "i")
        await until(pilot, lambda: isinstance(app.screen, Calls) and len(app.screen.table.rows) == 1)
        assert app.screen.table.rows[0]["run_id"] == run["id"]
        await press(pilot, "enter")
        await until(pilot, lambda: run["id"] in screen(app) and "Hello Ada" in screen(app))


async def test_the_palette_finds_the_calls_and_help_tells_their_keys(app) -> None:
    async with app.run_test(size=(100, 50)) as pilot:
        await settled(pilot)
        await pilot.press("colon")
        await until(pilot, lambda: "Go to" in screen(app))
        await type_text(pilot, "go to calls")
        await until(pilot, lambda: "Go to Calls" in screen(app))
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Calls) and "No call yet" in screen(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: "Keys: Calls" in screen(app) and "Its run" in screen(app))
