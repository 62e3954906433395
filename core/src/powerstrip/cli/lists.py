"""Commands that list: how much is read, and what is said when there is more."""

from argparse import ArgumentTypeError
from typing import Any, TypeVar

from powerstrip.cli.context import Context
from powerstrip.cli.parser import Parser
from powerstrip.client import Page, Pages

T = TypeVar("T")


def add_paging(parser: Parser) -> None:
    """`--limit` and `--all`."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--limit", type=_count, default=50, metavar="N", help="at most N rows, 1 to 200 (50)")
    group.add_argument("--all", action="store_true", help="every row")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 200):
        raise ArgumentTypeError("write a number from 1 to 200")
    return int(text)


async def read(context: Context, pages: Pages[T]) -> Page[T]:
    """As many rows as were asked for."""
    if context.args.all:
        return Page(await pages.all())
    return await pages.page(limit=context.args.limit)


def as_answer(page: Page[Any]) -> dict[str, Any]:
    """A page as the API answers it."""
    answer: dict[str, Any] = {"items": page.items, "has_more": page.next_cursor is not None}
    return answer | ({"next_cursor": page.next_cursor} if page.next_cursor else {})


def put(context: Context, page: Page[Any], text: str, empty: str) -> None:
    """Print a page: a table, or the sentence that says why there is none."""
    context.console.put(as_answer(page), text if page.items else empty)
    if page.next_cursor and not context.console.json:
        context.console.note("There is more: --limit N, or --all")
