"""Home and the first minutes: what a new hub says, the demo, the search, what needs attention."""

from contents import made, slack
from pinned import filled, opened
from pressing import SMALL, WIDE, press, screen, settled, type_text, until
from textual.events import Key
from textual.widgets import Input, OptionList

from powerstrip.client import Client, demo, embedded
from powerstrip_tui import Dashboard, OpenDoor
from powerstrip_tui.screens.connect import Connect
from powerstrip_tui.screens.events import Events
from powerstrip_tui.screens.hub import HubScreen
from powerstrip_tui.screens.integration import OneIntegration
from powerstrip_tui.screens.provider import OneProvider
from powerstrip_tui.screens.runs import OneRun

FAILS = """\
name: Fails
steps:
  - name: never
    action: postmark.email.send
    action_kind: server
    parameters: {to: "ada@example.com", subject: Hello, text_body: Hi}
"""


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


async def test_what_is_typed_right_after_the_slash_is_searched_for(app, project) -> None:
    """However fast: letters that are keys of the screen do not act."""
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        for key in ("slash", *"ps/q"):
            app.post_message(Key(key, None if key == "slash" else key))
        await until(pilot, lambda: app.screen.query_one(Input).value == "ps/q")
        assert app.link.project == project
        assert app.screen.query(OptionList)


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


async def test_what_failed_by_itself_is_on_top_too_and_enter_goes_there(client, app, served) -> None:
    await slack(client)
    await made(client, FAILS, "fails")
    run = await client.runs.start("fails")
    async for _ in client.runs.watch(run["id"]):
        pass
    team = (await client.integrations.list().all())[0]
    door = await client.endpoints.create(integration_id=team["id"], secret="invented-secret")
    with served.http() as http:
        refused = [http.post(f"/v1/hooks/{door['id']}", json={"type": "event_callback", "n": n}).status_code for n in range(2)]
    assert all(400 <= status < 500 for status in refused)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await until(pilot, lambda: "Needs attention (2)" in screen(app))
        lines = screen(app).splitlines()
        first = next(at for at, line in enumerate(lines) if "Needs attention" in line) + 1
        assert "slack endpoint" in lines[first]
        assert "✕ Refused" in lines[first]
        assert "2 deliveries refused in the last day" in lines[first]
        assert "✕ Failed" in lines[first + 1]
        assert "1 run failed in the last day" in lines[first + 1]
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Events) and len(app.screen.table.rows) == 2)
        assert "refused ·" in screen(app)
        await press(pilot, "escape", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, OneRun) and "✕ failed" in screen(app))
        await press(pilot, "escape")
        assert "Needs attention" in screen(app)


async def test_a_master_key_beside_its_data_needs_attention_until_it_is_put_aside(tmp_path, remembered) -> None:
    await filled(tmp_path / "data", None)
    async with opened(tmp_path / "data") as hub, embedded(hub, "shop") as client:
        app = Dashboard(OpenDoor(client, own=True), remembered)
        async with app.run_test(size=WIDE) as pilot:
            await settled(pilot)
            assert "Needs attention" not in screen(app), "nothing is sealed yet"
            await slack(client)
            await press(pilot, "r")
            await until(pilot, lambda: "Needs attention (1)" in screen(app))
            assert "▲ Warning     The master key lies beside what it seals" in screen(app)
            await press(pilot, "g", "enter")
            await until(pilot, lambda: isinstance(app.screen, HubScreen) and "→ keep a copy elsewhere" in screen(app))
            await press(pilot, "escape", "g", "x")
            await until(pilot, lambda: "Needs attention" not in screen(app))
        again = Dashboard(OpenDoor(client, own=True), remembered)
        async with again.run_test(size=WIDE) as pilot:
            await settled(pilot)
            assert "Slack" in screen(again)
            assert "Needs attention" not in screen(again)
            await press(pilot, "0")
            await until(pilot, lambda: "The master key lies beside what it seals" in screen(again))


async def test_what_failed_is_not_put_aside(client, app) -> None:
    await demo.connect(client)
    mail = (await client.integrations.list(provider="postmark").all())[0]
    await client.integrations.expire(mail["id"], "The token was taken back")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "g", "x", "r")
        assert "The token was taken back" in screen(app)


async def test_a_key_that_may_not_see_runs_sees_home_all_the_same(client, served, remembered) -> None:
    role = await client.roles.create("looks", ["project.view", "catalog.view", "integrations.view"])
    principal = await client.principals.create("viewer", role_ids=[role["id"]])
    key = (await client.keys.create("viewing", principal["id"]))["key"]
    async with Client(served.url, key, client.project) as narrow:
        app = Dashboard(OpenDoor(narrow), remembered)
        async with app.run_test(size=SMALL) as pilot:
            await settled(pilot)
            await until(pilot, lambda: "Postmark" in screen(app))
            before = len([each async for each in client.audit.list(action="refuse")])
            await press(pilot, "r")
            assert len([each async for each in client.audit.list(action="refuse")]) == before
            assert not app.screen.query_one(".trouble").display, screen(app)
            assert "Needs attention" not in screen(app)


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
