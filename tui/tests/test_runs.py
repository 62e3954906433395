"""Automations and runs: specs with their findings, a run from start to end, what a sandbox would have sent, by keys."""

from contents import GREET, WAITS, made, slack
from pressing import SMALL, WIDE, press, screen, settled, type_text, until


async def test_a_run_is_started_and_shows_what_it_would_have_sent(app, client) -> None:
    await slack(client)
    await made(client, GREET, "greet")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "3")
        await until(pilot, lambda: "Greet" in screen(app))
        await pilot.press("x")
        await until(pilot, lambda: "In a sandbox" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: '{"who": ""}' in screen(app))
        await pilot.press("end", "left", "left")
        await type_text(pilot, "Ada")
        await pilot.press("enter")
        await until(pilot, lambda: "● completed" in screen(app) and "would have sent 1" in screen(app))
        seen = screen(app)
        assert "SANDBOX: nothing was sent" in seen
        assert "chat.postMessage" in seen
        await pilot.press("enter")
        await until(pilot, lambda: "Hello Ada" in screen(app))
        assert "xoxb-" not in screen(app)
        await pilot.press("escape")
        await pilot.press("L")
        await until(pilot, lambda: "run.completed" in screen(app))


async def test_a_run_that_waits_is_signalled_and_another_is_cancelled(app, client) -> None:
    await made(client, WAITS, "wait")
    first, second = [(await client.runs.start("wait"))["id"] for _ in range(2)]
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        await until(pilot, lambda: screen(app).count("◐ waiting") == 2)
        await pilot.press("enter")
        await until(pilot, lambda: second in screen(app) and "◐ waiting" in screen(app))
        await pilot.press("s")
        await until(pilot, lambda: "What answer is given" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "● completed" in screen(app))
        await press(pilot, "escape")
        await until(pilot, lambda: first in screen(app))
        await pilot.press("G", "enter")
        await until(pilot, lambda: first in screen(app) and "Run" not in screen(app).splitlines()[3][:4])
        await pilot.press("c")
        await until(pilot, lambda: "Stop this run?" in screen(app))
        await pilot.press("y")
        await until(pilot, lambda: "○ cancelled" in screen(app))
    assert (await client.runs.get(first))["status"] == "cancelled"


async def test_errors_of_a_spec_stand_in_their_lines_and_keep_it_from_being_published(app, client) -> None:
    await made(client, GREET.replace("${inputs.who}", "${steps.nowhere.output.x}"), "broken", publish=False)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await settled(pilot)
        await press(pilot, "3")
        await until(pilot, lambda: "Broken" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "version 1 (draft)" in screen(app))
        lines = screen(app).splitlines()
        assert any(line.startswith(" ✕ 8:") for line in lines)
        at = next(number for number, line in enumerate(lines) if "nowhere.output" in line and "   8 " in line)
        assert "^ " in lines[at + 1]
        await pilot.press("u")
        await until(pilot, lambda: "cannot be published" in screen(app))
    assert (await client.automations.get("broken"))["status"] == "draft"


async def test_an_automation_is_published_and_paused_by_keys(app, client) -> None:
    await slack(client)
    await made(client, GREET, "greet", publish=False)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await press(pilot, "3")
        await until(pilot, lambda: "◌ draft" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "version 1 (draft)" in screen(app))
        await pilot.press("u")
        await until(pilot, lambda: "Publish version 1?" in screen(app))
        await pilot.press("y")
        await until(pilot, lambda: "● active" in screen(app))
        await pilot.press("s")
        await until(pilot, lambda: "○ paused" in screen(app))


async def test_two_runs_are_compared(app, client) -> None:
    await slack(client)
    await made(client, GREET, "greet")
    for who in ("Ada", "Grace"):
        run = await client.runs.start("greet", {"who": who})
        async for _ in client.runs.watch(run["id"]):
            pass
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        await until(pilot, lambda: screen(app).count("● completed") == 2)
        await pilot.press("space", "down", "=")
        await until(pilot, lambda: "What is different" in screen(app))
        assert "Ada" in screen(app)
        assert "Grace" in screen(app)
