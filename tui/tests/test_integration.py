"""One integration: what is told of it, and everything that can be done with it."""

from collections.abc import AsyncGenerator, Iterator

import pytest
from peers import GOOD, Peers, live_hub
from pressing import WIDE, press, screen, settled, until
from served import ServedHub
from textual.widgets import Input, OptionList

from powerstrip.client import Client, demo
from powerstrip_tui import Dashboard, OpenDoor
from powerstrip_tui.dialogs.asking import Confirm
from powerstrip_tui.screens.integration import OneIntegration
from powerstrip_tui.widgets.form import Secret


async def opened(pilot, app, id: str) -> OneIntegration:
    await settled(pilot)
    view = OneIntegration(id)
    await app.push_screen(view)
    await settled(pilot)
    return view


async def team_of(client: Client) -> str:
    made = await demo.connect(client)
    await demo.call(client)
    return next(each["id"] for each in made if each["name"] == "team")


async def test_it_tells_state_uses_and_audit_trail(client, app) -> None:
    id = await team_of(client)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, id)
        text = screen(app)
        for words in ("team", "● active", "SANDBOX", "bot_token", "default_channel=#orders", "2 calls, 1 failed", "What uses it"):
            assert words in text
        assert "slack.message.post" in text
        assert "└" in text
        assert "Audit trail" in text
        assert "create" in text
        assert "xoxb" not in text


async def test_a_sandbox_says_that_nobody_was_asked(client, app) -> None:
    id = await team_of(client)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, id)
        await press(pilot, "t")
        await until(pilot, lambda: "A sandbox asks nobody" in screen(app))


async def test_it_is_renamed_switched_off_and_on(client, app) -> None:
    id = await team_of(client)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, id)
        await press(pilot, "n")
        app.screen.query_one(Input).value = "crew"
        await press(pilot, "enter")
        await until(pilot, lambda: "crew" in screen(app))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "inactive" in screen(app)
        await pilot.press("escape")
        await settled(pilot)
        assert (await client.integrations.get(id))["status"] == "active"
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: "○ off" in screen(app))
        await pilot.press("e")
        await until(pilot, lambda: "● active" in screen(app))
    assert (await client.integrations.get(id))["name"] == "crew"


async def test_settings_are_changed_after_the_plan(client, app) -> None:
    id = await team_of(client)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, id)
        await press(pilot, "s")
        app.screen.query_one(Input).value = "#news"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: "default_channel=#news" in screen(app))


async def test_it_is_copied_to_another_project(client, app) -> None:
    id = await team_of(client)
    other = await client.projects.create(f"zz copies {client.project}", mode="sandbox")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, id)
        await press(pilot, "c")
        await until(pilot, lambda: isinstance(app.focused, OptionList) and app.focused.option_count > 1)
        await press(pilot, "G", "enter")
        await settled(pilot)
    copies = await client.within(other["handle"]).integrations.list().all()
    assert [each["name"] for each in copies] == ["team"]


async def test_it_is_deleted_after_a_question(client, app) -> None:
    id = await team_of(client)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, id)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "for good?" in screen(app)
        await pilot.press("y")
        await until(pilot, lambda: not isinstance(app.screen, OneIntegration | Confirm))
    assert id not in [each["id"] for each in await client.integrations.list().all()]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServedHub, Peers]]:
    with live_hub(tmp_path_factory.mktemp("live") / "data") as found:
        yield found


@pytest.fixture
async def mail(live: tuple[ServedHub, Peers]) -> AsyncGenerator[tuple[Client, str]]:
    """A live integration with a key that the service takes."""
    hub, _ = live
    async with Client(hub.url, hub.key, hub.project) as client:
        made = await client.integrations.create("mail", "postmark", credentials={"server_token": GOOD[0]}, probe=True)
        yield client, made["id"]


async def test_a_rotation_is_tried_kept_rolled_back_and_confirmed(mail, live, remembered) -> None:
    client, id = mail
    _, peers = live
    app = Dashboard(OpenDoor(client), remembered)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, id)
        await press(pilot, "t")
        await until(pilot, lambda: "● It works" in screen(app))
        await press(pilot, "o")
        app.screen.query_one(Secret).value = "pm-invented-wrong"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "✕" in screen(app))
        assert len(await client.credential_rotation.versions(id)) == 1
        await press(pilot, "o")
        app.screen.query_one(Secret).value = GOOD[1]
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "previous" in screen(app))
        assert peers.asked("/server")[-1][0]["x-postmark-server-token"] == GOOD[1]
        await pilot.press("b")
        await until(pilot, lambda: "previous" not in screen(app))
        await press(pilot, "o")
        app.screen.query_one(Secret).value = GOOD[1]
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "previous" in screen(app))
        await pilot.press("v")
        await until(pilot, lambda: "no way back" in screen(app))
        await pilot.press("escape")
        assert len(await client.credential_rotation.versions(id)) == 2
        await pilot.press("v")
        await until(pilot, lambda: "no way back" in screen(app))
        await pilot.press("y")
        await until(pilot, lambda: "previous" not in screen(app))
        assert not [key for key in (*GOOD, "pm-invented-wrong") if key in screen(app)]


async def test_a_key_that_may_not_see_everything_sees_the_rest(served, client, remembered) -> None:
    id = await team_of(client)
    viewer = next(each for each in await client.roles.list().all() if each["name"].lower() == "viewer")
    person = await client.principals.create("looker", role_ids=[viewer["id"]])
    key = (await client.keys.create("looker", person["id"]))["key"]
    app = Dashboard(OpenDoor(Client(served.url, key, client.project)), remembered)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app, id)
        assert "● active" in screen(app)
        assert "Your key may not see what uses it." in screen(app)
        await press(pilot, "t")
        await until(pilot, lambda: "Ask an owner of the project" in screen(app))
