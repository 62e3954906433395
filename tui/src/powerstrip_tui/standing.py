"""Parts of the screen after a wait: they may be gone by then."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from textual.css.query import NoMatches
from textual.dom import NoScreen
from textual.widget import Widget

from powerstrip.client import ClientError
from powerstrip_tui.sentences import said

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    from powerstrip_tui.app import Dashboard


@asynccontextmanager
async def standing(node: Widget) -> AsyncGenerator[None]:
    """Wait, and touch parts of `node`, inside. Where it was left meanwhile, the block ends at the first part that is gone."""
    try:
        yield
    except NoMatches:
        if _stands(node):
            raise
        # nobody waits for what was to be shown


@asynccontextmanager
async def telling(window: "Screen[Any]", doing: str, tell: Callable[[str], None]) -> AsyncGenerator[None]:
    """Ask the hub inside; an error of the client ends the block and is told. So is nothing, where the window was left."""
    app = cast("Dashboard", window.app)
    async with standing(window):
        try:
            with app.busy(doing):
                yield
        except ClientError as error:
            app.heard(error)
            tell(str(said(error)))


def _stands(node: Widget) -> bool:
    """Whether all parts are there: the screen was not left, and neither was the dashboard."""
    try:
        app = cast("App[object]", node.app)  # pyright: ignore[reportUnknownMemberType] - App is generic
        return node.is_attached and app.is_running and node.screen in app.screen_stack
    except NoScreen:
        return False
