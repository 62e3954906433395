"""The dashboard as a person meets it: keys in, words on the screen out."""

import subprocess
import sys

import httpx2
import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from powerstrip.client import Client
from powerstrip_tui import Dashboard
from powerstrip_tui.help import Help

SIZE = (80, 24)


async def settled(pilot: Pilot[None]) -> Dashboard:
    """Wait until what was asked of the hub is on the screen."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    assert isinstance(pilot.app, Dashboard)
    return pilot.app


def shown(app: Dashboard, id: str) -> str:
    return str(app.query_one(id, Static).render())


def listed(app: Dashboard) -> list[str]:
    listing = app.query_one(OptionList)
    return [str(listing.get_option_at_index(at).prompt).strip() for at in range(listing.option_count)]


async def test_it_opens_on_the_first_provider_with_its_integrations_and_actions(client) -> None:
    async with Dashboard(client).run_test(size=SIZE) as pilot:
        app = await settled(pilot)
        detail = shown(app, "#detail")
        assert [line.split()[0] for line in listed(app)] == ["Email", "Postmark", "Messaging", "Slack", "Storage", "Amazon"]
    for words in ("Postmark", "connected", "Integrations (1)", "mail  active  SANDBOX", "postmark.email.send", "Send one email."):
        assert words in detail


async def test_arrows_choose_and_the_detail_follows(client) -> None:
    async with Dashboard(client).run_test(size=SIZE) as pilot:
        app = await settled(pilot)
        await pilot.press("down")
        await pilot.pause()
        detail = shown(app, "#detail")
    assert "Slack" in detail
    assert "No Slack integration is connected yet" in detail
    assert "powerstrip integrations create slack --name NAME" in detail


async def test_search_narrows_the_list_and_keeps_letters_for_itself(client) -> None:
    async with Dashboard(client).run_test(size=SIZE) as pilot:
        app = await settled(pilot)
        await pilot.press("slash", "t", "e", "a", "m", "s", "space", "q")
        await pilot.pause()
        assert app.query_one(Input).value == "teams q"
        assert shown(app, "#detail") == "No provider fits the search."
        await pilot.press("backspace", "enter")
        await pilot.pause()
        assert app.focused is app.query_one(OptionList)
        assert [line.split()[0] for line in listed(app)] == ["Messaging", "Slack"]
        assert "Slack" in shown(app, "#detail")
        await pilot.press("escape")
        await pilot.pause()
        assert app.query_one(Input).value == ""
        assert app.focused is app.query_one(OptionList)
        assert len(listed(app)) == 6


@pytest.mark.parametrize(("mode", "word"), [("live", "LIVE"), ("sandbox", "SANDBOX")])
async def test_the_bar_says_which_mode_in_words(client, hub, mode: str, word: str) -> None:
    hub.mode = mode
    async with Dashboard(client).run_test(size=SIZE) as pilot:
        app = await settled(pilot)
        bar = shown(app, "#bar")
        assert app.query_one("#bar").has_class(mode)
    assert word in bar
    assert "shop on http://hub.test" in bar


async def test_r_asks_again_and_keeps_the_choice(client, hub) -> None:
    async with Dashboard(client).run_test(size=SIZE) as pilot:
        app = await settled(pilot)
        await pilot.press("down")
        before = hub.asked
        hub.providers = [{**entry, "readiness": "connected"} for entry in hub.providers]
        await pilot.press("r")
        await settled(pilot)
        assert hub.asked > before
        assert "Slack" in shown(app, "#detail")
        assert "● connected" in shown(app, "#detail")


async def test_a_trouble_is_a_sentence_and_goes_away_when_it_is_over(client, hub) -> None:
    hub.broken = True
    async with Dashboard(client).run_test(size=SIZE) as pilot:
        app = await settled(pilot)
        trouble = app.query_one("#trouble")
        assert trouble.display
        assert "The database is away. " in shown(app, "#trouble")
        assert shown(app, "#detail") == "Nothing could be read from the hub yet."
        hub.broken = False
        await pilot.press("r")
        await settled(pilot)
        assert not trouble.display
        assert "Postmark" in shown(app, "#detail")


async def test_a_hub_that_is_away_leaves_what_was_read_on_the_screen(hub) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if hub.broken:
            raise httpx2.ConnectError("refused")
        return hub.answer(request)

    client = Client("http://hub.test", "mbx_invented", "shop", transport=httpx2.MockTransport(answer))
    async with client, Dashboard(client).run_test(size=SIZE) as pilot:
        app = await settled(pilot)
        hub.broken = True
        await pilot.press("r")
        await settled(pilot)
        assert "No answer from the hub at http://hub.test" in shown(app, "#trouble")
        assert len(listed(app)) == 6


async def test_what_a_provider_says_is_shown_literally(client, hub) -> None:
    said = "[red]Bold[/red] [@click=app.quit]x[/] \x1b[2J\u202e"
    hub.providers = [{**hub.providers[0], "display_name": "[b]Mail[/b]", "description": said, "category": "[i]C[/i]"}]
    async with Dashboard(client).run_test(size=SIZE) as pilot:
        app = await settled(pilot)
        detail = shown(app, "#detail")
        screen = "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())
        assert listed(app)[0] == "[i]C[/i]"
    assert "[red]Bold[/red] [@click=app.quit]x[/]" in detail
    assert "[b]Mail[/b]" in screen
    assert "\x1b" not in screen
    assert "\u202e" not in screen


async def test_a_long_list_and_a_small_terminal_are_no_trouble(client, hub) -> None:
    names = [f"provider-{number}" for number in range(300)]
    hub.providers = [{**hub.providers[0], "name": name, "display_name": name} for name in names]
    async with Dashboard(client).run_test(size=(30, 8)) as pilot:
        app = await settled(pilot)
        await pilot.press("end")
        await pilot.pause()
        assert "provider-99" in shown(app, "#detail")


async def test_question_mark_opens_the_help_and_any_of_its_keys_closes_it(client) -> None:
    async with Dashboard(client).run_test(size=SIZE) as pilot:
        app = await settled(pilot)
        for key in ("escape", "question_mark", "q"):
            await pilot.press("question_mark")
            assert isinstance(app.screen, Help)
            await pilot.press(key)
            assert not isinstance(app.screen, Help)


async def test_q_leaves(client) -> None:
    app = Dashboard(client)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        await pilot.press("q")
    assert app.return_code == 0


def test_the_first_screen_looks_like_this(snap_compare, hub) -> None:
    client = Client("http://hub.test", "mbx_invented", "shop", transport=httpx2.MockTransport(hub.answer))
    assert snap_compare(Dashboard(client), terminal_size=SIZE, run_before=settled)


def test_it_loads_nothing_of_the_server() -> None:
    code = "import sys, powerstrip_tui; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {
        "litestar",
        "sqlalchemy",
        "sqlmodel",
        "aiohttp",
        "powerstrip.api",
        "powerstrip.store",
        "powerstrip.adapter",
    } & set(loaded)
