"""How the screens look, at two sizes. `pytest tui/tests/test_pictures.py --snapshot-update` takes new pictures."""

from typing import Any

import pytest
from pressing import SMALL, WIDE, settled

from powerstrip.client import Client, demo

SIZES = pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "120x40"])


async def shop(client: Client) -> None:
    """The demo, with one integration that needs attention."""
    made = await demo.connect(client)
    await demo.call(client)
    mail = next(each for each in made if each["name"] == "mail")
    await client.integrations.expire(mail["id"], "The token was taken back")


async def opened(pilot: Any, *keys: str) -> None:
    """Wait for the hub, press keys, wait for what comes of it. Cursors do not blink in a picture."""
    await settled(pilot, 60)
    for key in keys:
        await pilot.press(key)
        await settled(pilot, 60)
    for field in pilot.app.screen.query("Input, TextArea"):
        field.cursor_blink = False
    before, now = "", pilot.app.export_screenshot()
    while before != now:
        await pilot.pause(0.2)
        before, now = now, pilot.app.export_screenshot()


def seen(*keys: str) -> Any:
    """What a picture is preceded by."""

    async def before(pilot: Any) -> None:
        await opened(pilot, *keys)

    return before


@SIZES
def test_a_provider(snap_compare, pinned, size) -> None:
    keys = ("slash", *"slack", "enter", "enter", "j", "j", "j")
    assert snap_compare(pinned(shop), terminal_size=size, run_before=seen(*keys))


@SIZES
def test_an_action_that_was_tried(snap_compare, pinned, size) -> None:
    keys = ("slash", *"slack", "enter", "enter", "j", "enter", "ctrl+l", "ctrl+s")
    assert snap_compare(pinned(shop), terminal_size=size, run_before=seen(*keys))


@SIZES
def test_the_form_that_connects(snap_compare, pinned, size) -> None:
    keys = ("slash", *"amazon", "enter", "c")
    assert snap_compare(pinned(shop), terminal_size=size, run_before=seen(*keys))


@SIZES
def test_an_integration(snap_compare, pinned, size) -> None:
    assert snap_compare(pinned(shop), terminal_size=size, run_before=seen("enter"))
