"""Pickers: values of the provider to choose from. Where the provider cannot search, the hub walks its pages and filters."""

import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias, cast

from powerstrip.adapter import Adapter, Choice, Http, Page, Picker, Query
from powerstrip.clock import monotonic
from powerstrip.connect.asking import Asker, Question
from powerstrip.connect.running import AdapterBroken
from powerstrip.connect.values import Picked
from powerstrip.problems import BadInput, NotFound
from powerstrip.store import Actor, Integration

MAX_PAGES = 20
MAX_CHOICES = 2000
"""Where the hub stops looking for a search text."""
FRESH_SECONDS = 60.0
MAX_KEPT = 256
"""Answers that are kept; the one unused for longest goes first."""
MAX_TEXT = 1000
"""Characters of a search text or a cursor, and of the other fields' values as JSON."""

Key: TypeAlias = tuple[str, ...]


class Pickers:
    """Asks for choices and keeps the answers for a minute: for an integration as it stands, a picker and the fields filled."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._kept: OrderedDict[Key, tuple[float, Picked]] = OrderedDict()

    async def pick(self, row: Integration, adapter: Adapter, actor: Actor, name: str, query: Query) -> Picked:
        """One page of choices, or for a search text that the provider cannot search for, all that hold it.

        Raises `NotFound` for an unknown picker, `BadInput` where a field it depends on is missing, and the adapter's errors.
        """
        picker = _picker(adapter, name)
        values = _checked(picker, query)
        walks = bool(query.search) and not picker.searches
        parts = ("walk",) if walks else (query.cursor or "", query.search)
        key = (row.id, row.updated_at, name, values, *parts)
        work = partial(_walk if walks else _page, picker=picker, query=query, mode=row.mode)
        found = await self._kept_or_asked(key, row, adapter, actor, name, work)
        return _matching(found, query.search) if walks else found

    async def _kept_or_asked(
        self, key: Key, row: Integration, adapter: Adapter, actor: Actor, name: str, work: Callable[[Http], Awaitable[Picked]]
    ) -> Picked:
        kept = self._kept.get(key)
        if kept is not None and (age := monotonic() - kept[0]) < FRESH_SECONDS:
            self._kept.move_to_end(key)
            return replace(kept[1], cached_age=age)
        found = await self._asker.ask(row, adapter, actor, Question(f"picker:{name}", work, _samples(name)))
        self._kept[key] = (monotonic(), found)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return found


def _picker(adapter: Adapter, name: str) -> Picker:
    if name not in adapter.pickers:
        raise NotFound(f"{adapter.title} has no picker of this name; there are: {', '.join(adapter.pickers) or 'none'}")
    return adapter.pickers[name]


def _checked(picker: Picker, query: Query) -> str:
    """The other fields' values as canonical text."""
    missing = [name for name in picker.depends if query.values.get(name) in (None, "")]
    if missing:
        errors = [{"path": f"value.{name}", "message": "Fill this field first"} for name in missing]
        raise BadInput(f"Fill in {', '.join(missing)} first: these choices depend on it", details={"errors": errors})
    values = json.dumps(dict(query.values), sort_keys=True)
    if max(len(query.search), len(query.cursor or ""), len(values)) > MAX_TEXT:
        raise BadInput(f"A search text, a cursor and the other fields' values have at most {MAX_TEXT} characters each")
    return values


async def _page(http: Http, picker: Picker, query: Query, mode: str) -> Picked:
    """One page as the provider gives it. A sandbox has one page: a made-up cursor leads nowhere."""
    page = cast(object, await picker.pages(http, query))
    if not isinstance(page, Page) or not all(_is_choice(choice) for choice in cast(list[Any], page.choices)):
        raise AdapterBroken(f"the picker {picker.id} gave something that is no page of choices")
    return Picked(page.choices, page.next if mode == "live" else None)


async def _walk(http: Http, picker: Picker, query: Query, mode: str) -> Picked:
    """All pages, up to the caps."""
    choices: list[Choice] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await _page(http, picker, replace(query, cursor=cursor, search=""), mode)
        choices += page.choices
        if page.next is None or page.next == cursor or len(choices) >= MAX_CHOICES:
            return Picked(choices[:MAX_CHOICES], complete=page.next is None and len(choices) <= MAX_CHOICES)
        cursor = page.next
    return Picked(choices, complete=False)


def _matching(found: Picked, search: str) -> Picked:
    wanted = search.casefold()
    fitting = [choice for choice in found.choices if any(wanted in text.casefold() for text in _words(choice))]
    return replace(found, choices=fitting)


def _words(choice: Choice) -> tuple[str, str, str]:
    return choice.label, choice.detail, choice.value


def _is_choice(value: object) -> bool:
    return isinstance(value, Choice) and all(isinstance(text, str) for text in cast(tuple[object, ...], _words(value)))


def _samples(name: str) -> Picked:
    """Choices for a sandbox whose adapter reads a raw reply."""
    word = name.replace("_", " ")
    return Picked([Choice(f"sample-{name}-{number}", f"Sample {word} {number}") for number in (1, 2, 3)])
