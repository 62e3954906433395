"""The frame of the dashboard: what is on every screen, and what holds everywhere."""

import subprocess
import sys

import pytest
from pressing import SMALL, press, screen, settled, type_text, until
from served import serving
from textual.widgets import Input

from powerstrip.client import Client
from powerstrip_tui import Dashboard, OpenDoor
from powerstrip_tui.dialogs.help import Help
from powerstrip_tui.dialogs.projects import Projects
from powerstrip_tui.registry import SCREENS
from powerstrip_tui.state import Remembered
from powerstrip_tui.themes import THEMES


async def test_every_screen_says_project_mode_hub_and_connection(app, served, project) -> None:
    async with app.run_test(size=(140, 30)) as pilot:
        await settled(pilot)
        for entry in SCREENS:
            await press(pilot, entry.key)
            top = screen(app).splitlines()[0]
            assert "SANDBOX nothing is sent" in top
            assert project in top
            assert served.url in top
            assert "● connected" in top


async def test_a_live_project_is_told_apart_in_words(served, remembered) -> None:
    async with Client(served.url, served.key) as client:
        made = await client.projects.create("Real things", mode="live")
        app = Dashboard(OpenDoor(client.within(made["handle"])), remembered)
        async with app.run_test(size=SMALL) as pilot:
            await settled(pilot)
            assert "LIVE calls are real" in screen(app)
            assert "SANDBOX" not in screen(app)


async def test_question_mark_lists_the_keys_of_the_screen_and_closes_again(app) -> None:
    async with app.run_test(size=(100, 50)) as pilot:
        await settled(pilot)
        for key in ("escape", "question_mark", "q"):
            await press(pilot, "question_mark")
            assert isinstance(app.screen, Help)
            assert "On this screen" in screen(app)
            assert "Search" in screen(app)
            await press(pilot, key)
            assert not isinstance(app.screen, Help)


async def test_the_palette_finds_screens_and_commands(app) -> None:
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "colon")
        await type_text(pilot, "colours light")
        await until(pilot, lambda: "Colours: light" in screen(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.theme == "powerstrip-light")


async def test_a_project_is_made_and_chosen_by_keys(app, project) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await press(pilot, "p")
        assert isinstance(app.screen, Projects)
        await until(pilot, lambda: project in screen(app))
        await press(pilot, "s")
        await type_text(pilot, f"second of {project}")
        await pilot.press("enter")
        await until(pilot, lambda: app.link.project.startswith("second"))
        await settled(pilot)
        assert app.hub.project == app.link.project
        assert " second" in screen(app).splitlines()[0]


async def test_where_one_was_is_remembered(served, client, remembered, tmp_path) -> None:
    app = Dashboard(OpenDoor(client), remembered)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await press(pilot, "t")
        assert app.theme == THEMES[1].name
    again = Dashboard(OpenDoor(Client(served.url, served.key)), Remembered(tmp_path / "state" / "dashboard.json"))
    assert again.theme == THEMES[1].name
    async with again.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert again.link.project == client.project
    assert served.key not in (tmp_path / "state" / "dashboard.json").read_text()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"everywhere": 3, "x": {"theme": 4}}'])
async def test_a_spoilt_memory_stops_nobody(content, client, tmp_path) -> None:
    file = tmp_path / "dashboard.json"
    file.write_text(content)
    app = Dashboard(OpenDoor(client), Remembered(file))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "connected" in screen(app)


async def test_a_hub_that_is_away_is_told_of_and_is_shown_again_by_itself(tmp_path, remembered) -> None:
    with serving(tmp_path / "data", mode="sandbox") as hub:
        hub.kill()
        async with Client(hub.url, hub.key, hub.project) as client:
            app = Dashboard(OpenDoor(client), remembered)
            async with app.run_test(size=(120, 30)) as pilot:
                await until(pilot, lambda: "hub is away" in screen(app))
                assert "Slack" not in screen(app)
                hub.start()
                await until(pilot, lambda: "Slack" in screen(app))
                hub.kill()
                await pilot.press("r")
                await until(pilot, lambda: "hub is away" in screen(app))
                assert "No answer from the hub" in screen(app)
                assert "Slack" in screen(app)
                hub.start()
                await until(pilot, lambda: "● connected" in screen(app))
                await until(pilot, lambda: "No answer from the hub" not in screen(app))


async def test_a_key_that_is_refused_is_told_as_such_and_another_one_goes_on(served, project, remembered) -> None:
    app = Dashboard(OpenDoor(Client(served.url, "mbx_invented_and_never_made", project)), remembered)
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: "key refused" in screen(app))
        assert "expired, revoked or not of this hub" in screen(app)
        await pilot.press("K")
        await until(pilot, lambda: app.screen.query(Input))
        app.screen.query_one(Input).value = served.key
        await pilot.pause()
        assert served.key not in screen(app)
        await pilot.press("enter")
        await until(pilot, lambda: "● connected" in screen(app) and "Slack" in screen(app))


async def test_without_colour_everything_is_said_in_words(client, remembered, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Dashboard(OpenDoor(client), remembered)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert app.no_color
        for words in ("SANDBOX", "● connected", "○ Needs setup"):
            assert words in screen(app)
        await press(pilot, "G")
        assert "◆ Built in" in screen(app)


async def test_a_tiny_terminal_is_no_trouble(app) -> None:
    async with app.run_test(size=(30, 8)) as pilot:
        await settled(pilot)
        await press(pilot, "G", "g", "question_mark", "escape", "p", "escape")


async def test_q_leaves(app) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("q")
    assert app.return_code == 0


def test_it_loads_nothing_of_the_server_and_no_screen_before_it_is_opened() -> None:
    code = "import sys, powerstrip_tui; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    server = {"litestar", "sqlalchemy", "sqlmodel", "aiohttp", "powerstrip.api", "powerstrip.store", "powerstrip.adapter"}
    late = {"httpx2", "jsonschema_rs", "powerstrip_tui.screens.home", "powerstrip_tui.widgets.table"}
    assert not (server | late) & set(loaded)


def test_a_folder_is_named_before_what_opens_it_is_loaded(tmp_path) -> None:
    """The first picture waits for nothing of the hub, nor for its settings."""
    code = (
        "import sys; from argparse import Namespace; from powerstrip.cli.doors import FolderDoor\n"
        f"door = FolderDoor(Namespace(data={str(tmp_path)!r}), {{}})\n"
        f"assert door.where == {str(tmp_path.resolve())!r}, door.where\n"
        "import powerstrip_tui.screens.home\n"
        "print(*sorted(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"powerstrip.settings", "powerstrip.adapter", "powerstrip.api", "pydantic", "litestar", "sqlalchemy"} & set(loaded)


async def test_keys_at_the_foot_are_whole_and_more_of_them_are_there_where_there_is_room(app) -> None:
    def foot() -> str:
        return screen(app).splitlines()[-1]

    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await press(pilot, "2")
        await until(pilot, lambda: "T Test event" in foot())
        assert foot().endswith("? Help")
        assert "q Quit" not in foot()
        assert " q " not in foot(), "half of a key"
        await pilot.resize_terminal(120, 24)
        await until(pilot, lambda: ": Commands q Quit" in foot())
        await pilot.resize_terminal(*SMALL)
        await until(pilot, lambda: "Quit" not in foot() and foot().endswith("? Help"))
