"""How the screens look, at two sizes. `pytest tui/tests/test_pictures.py --snapshot-update` takes new pictures."""

import asyncio
from typing import Any

import pytest
from contents import GREET, made
from pressing import SMALL, WIDE, settled

from powerstrip.client import Client, demo

ORDER = """\
name: Approve orders
steps:
  - name: ask
    action: slack.message.post
    action_kind: server
    parameters: {channel: "#orders", text: "Order 1001 needs an approval"}
  - name: approval
    wait_for_event: {event: signal.approved}
triggers:
  - {key: yearly, kind: schedule, cron: "0 5 1 1 *"}
"""
FAILS = """\
name: Track
steps:
  - name: issue
    action: github.issue.create
    action_kind: server
    parameters: {repo: shop/orders, title: Order 1001}
"""
SIZES = pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "120x40"])


async def shop(client: Client) -> None:
    """The demo, with one integration that needs attention."""
    made = await demo.connect(client)
    await demo.call(client)
    mail = next(each for each in made if each["name"] == "mail")
    await client.integrations.expire(mail["id"], "The token was taken back")


async def workshop(client: Client) -> None:
    """The demo, automations with runs of every end, events, and one thing of each other kind."""
    await shop(client)
    await made(client, GREET, "greet")
    await made(client, ORDER, "approve-orders")
    broken = GREET.replace("${inputs.who}", "${steps.nowhere.output.x}").replace("Greet", "Remind")
    await made(client, broken, "remind", publish=False)
    await made(client, FAILS, "track")
    for automation, inputs in (("greet", {"who": "Ada"}), ("track", {}), ("greet", {"who": "Grace"})):
        run = await client.runs.start(automation, inputs)
        async for _ in client.runs.watch(run["id"]):
            pass
    waiting = await client.runs.start("approve-orders")
    while (await client.runs.get(waiting["id"]))["status"] != "suspended":
        await asyncio.sleep(0.05)
    for name in ("slack.reaction.added", "slack.app_mention", "slack.message.posted"):
        samples = await client.events.samples(provider="slack", event_type=name)
        await client.events.fire(mode="deliver", event_type=name, payload=samples[0]["payload"])
    await client.secrets.create("billing", {"token": "invented", "account": "invented"}, description="for the nightly report")
    robot = await client.principals.create("nightly report")
    await client.keys.create("report on the server", robot["id"])
    team = next(each for each in await client.integrations.list().all() if each["name"] == "team")
    await client.endpoints.create(integration_id=team["id"], secret="invented-signing-secret")
    await client.webhooks.create("erp", ["slack.message.posted"], url="https://erp.example.com/hooks")


async def opened(pilot: Any, *keys: str) -> None:
    """Wait for the hub, press keys, wait for what comes of it. Cursors do not blink in a picture."""
    await settled(pilot, 60)
    for key in keys:
        await pilot.press(key)
        await settled(pilot, 60)
    assert pilot.app.is_running, "it ended with an error"
    for field in pilot.app.screen.query("Input, TextArea"):
        field.cursor_blink = False
    before, now = "", pilot.app.export_screenshot()
    while before != now:
        await pilot.pause(0.2)
        before, now = now, pilot.app.export_screenshot()


def seen(*keys: str, from_top: bool = False) -> Any:
    """What a picture is preceded by. `from_top` scrolls every part back: how far one has scrolled may depend on the machine."""

    async def before(pilot: Any) -> None:
        await opened(pilot, *keys)
        if from_top:
            for part in pilot.app.screen.query("VerticalScroll"):
                part.scroll_home(animate=False, immediate=True)
            await opened(pilot)

    return before


@SIZES
def test_a_provider(snap_compare, pinned, size) -> None:
    keys = ("slash", *"slack", "enter", "enter", "j", "j", "j")
    assert snap_compare(pinned(shop), terminal_size=size, run_before=seen(*keys))


@SIZES
def test_an_action_that_was_tried(snap_compare, pinned, size) -> None:
    keys = ("slash", *"slack", "enter", "enter", "j", "enter", "ctrl+l", "ctrl+s")
    assert snap_compare(pinned(shop), terminal_size=size, run_before=seen(*keys, from_top=True))


@SIZES
def test_the_form_that_connects(snap_compare, pinned, size) -> None:
    keys = ("slash", *"amazon", "enter", "c")
    assert snap_compare(pinned(shop), terminal_size=size, run_before=seen(*keys))


@SIZES
def test_an_integration(snap_compare, pinned, size) -> None:
    assert snap_compare(pinned(shop), terminal_size=size, run_before=seen("enter"))


@SIZES
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param((), id="home"),
        pytest.param(("2",), id="events"),
        pytest.param(("2", "enter"), id="event"),
        pytest.param(("3",), id="automations"),
        pytest.param(("3", "enter"), id="automation"),
        pytest.param(("4",), id="runs"),
        pytest.param(("4", "enter"), id="run"),
        pytest.param(("5",), id="audit"),
        pytest.param(("6",), id="secrets"),
        pytest.param(("7",), id="access"),
        pytest.param(("8",), id="endpoints"),
        pytest.param(("9",), id="workers"),
        pytest.param(("0",), id="hub"),
        pytest.param(("i",), id="calls"),
        pytest.param(("i", "enter"), id="call"),
        pytest.param(("p",), id="projects"),
        pytest.param(("question_mark",), id="help"),
        pytest.param(("2", "C"), id="chat"),
        pytest.param(("colon",), id="commands"),
    ],
)
def test_a_screen(snap_compare, pinned, size, keys) -> None:
    assert snap_compare(pinned(workshop), terminal_size=size, run_before=seen(*keys))
