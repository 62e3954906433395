"""Helpers to press keys and to read the screen."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

SMALL, WIDE = (80, 24), (120, 40)


async def settled(pilot: Pilot[Any], seconds: float = 30) -> None:
    """Wait until the hub is open and nothing is being asked."""
    app: Any = pilot.app
    await until(pilot, lambda: app.link.open, seconds)
    asking = ("load", "look", "enter", "default", "read-on", "call", "chat", "demo", "places")
    await until(pilot, lambda: not any(each.group in asking and not each.is_finished for each in app.workers), seconds)
    await pilot.pause()


async def until(pilot: Pilot[Any], true: Callable[[], Any], seconds: float = 30) -> None:
    """Wait for a condition; fail, with the screen, when it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it did not come to be; the screen:\n{screen(pilot.app)}"
        await asyncio.sleep(0.02)
        await pilot.pause()


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys one after the other, and wait for what comes of it."""
    for key in keys:
        await pilot.press(key)
    await settled(pilot)


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Type letters as a person does."""
    from textual.keys import _character_to_key

    await pilot.press(*(_character_to_key(letter) for letter in text))


def screen(app: Any) -> str:
    """What is on the screen, as text."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in lines)
