"""Parts of the screen after a wait: they may be gone by then."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from textual.css.query import NoMatches
from textual.dom import NoScreen
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.app import App


@asynccontextmanager
async def standing(node: Widget) -> AsyncGenerator[None]:
    """Wait, and touch parts of `node`, inside. Where it was left meanwhile, the block ends at the first part that is gone."""
    try:
        yield
    except NoMatches:
        if _stands(node):
            raise
        # nobody waits for what was to be shown


def _stands(node: Widget) -> bool:
    """Whether all parts are there: the screen was not left, and neither was the dashboard."""
    try:
        app = cast("App[object]", node.app)  # pyright: ignore[reportUnknownMemberType] - App is generic
        return node.is_attached and app.is_running and node.screen in app.screen_stack
    except NoScreen:
        return False
