"""Home and the first minutes: what a new hub says, the demo, the search, what needs attention."""

from pressing import SMALL, WIDE, press, screen, settled, type_text, until
from textual.widgets import Input, OptionList

from powerstrip.client import demo
from powerstrip_tui.screens.connect import Connect
from powerstrip_tui.screens.integration import OneIntegration
from powerstrip_tui.screens.provider import OneProvider


async def test_an_empty_project_greets_and_the_demo_is_one_key_away(app) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "Welcome. Nothing is connected in this project yet." in screen(app)
        await pilot.press("d")
        await until(pilot, lambda: app.link.project.startswith("demo"))
        await settled(pilot)
        text = screen(app)
        assert "Welcome" not in text
        assert "SANDBOX" in text.splitlines()[0]
        assert [line.split()[0] for line in text.splitlines() if "● Connected" in line] == ["Postmark", "Slack", "Amazon"]
        assert "Calls" in text
        figures = [line.rsplit("│", 1)[-1].split() for line in text.splitlines()]
        assert ["Calls", "5"] in figures or any(each[-2:] == ["Calls", "5"] for each in figures)
        again = app.link.project
        await press(pilot, "d")
        assert app.link.project == again


async def test_badges_are_glyphs_and_words(client, app) -> None:
    await demo.connect(client)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "○ Needs setup" in screen(app)
        assert "● Connected" in screen(app)
        await press(pilot, "G")
        assert "◆ Built in" in screen(app)


async def test_search_narrows_while_typing_and_keeps_letters_for_itself(app) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await press(pilot, "slash")
        await type_text(pilot, "mess q d")
        assert app.screen.query_one(Input).value == "mess q d"
        assert "No service fits the search" in screen(app)
        await press(pilot, *["backspace"] * 4, "enter")
        assert app.focused is app.screen.query_one(OptionList)
        assert "Slack" in screen(app)
        assert "GitHub" not in screen(app)
        await press(pilot, "escape")
        assert "GitHub" in screen(app)


async def test_what_is_expired_comes_first_with_its_reason(client, app) -> None:
    await demo.connect(client)
    mail = (await client.integrations.list(provider="postmark").all())[0]
    await client.integrations.expire(mail["id"], "The token was taken back")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        lines = screen(app).splitlines()
        first = next(at for at, line in enumerate(lines) if "Needs attention (1)" in line)
        assert "postmark/mail" in lines[first + 1]
        assert "◐ Expired" in lines[first + 1]
        assert "The token was taken back" in lines[first + 1]
        await press(pilot, "enter")
        assert isinstance(app.screen, OneIntegration)
        assert "The token was taken back" in screen(app)
        await press(pilot, "escape")
        assert "Needs attention" in screen(app)


async def test_enter_opens_a_service_and_c_connects_it(app) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await press(pilot, "enter")
        assert isinstance(app.screen, OneProvider)
        await press(pilot, "escape", "c")
        assert isinstance(app.screen, Connect)
        await press(pilot, "escape")
        assert "Search services" in screen(app)


async def test_names_that_look_like_markup_are_shown_as_they_are(client, app) -> None:
    made = await client.integrations.create("x", "slack", auth_kind="bot_token", credentials={"bot_token": "xoxb-invented"})
    await client.integrations.update(made["id"], name="[red]a[/red] שלום [@click=app.quit]x[/]")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "[red]a[/red] שלום [@click=app.quit]x[/]" in screen(app)
