"""Texts from outside, made safe to draw: no markup is read, no control character obeyed, nothing endless is laid out."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textual.content import Content

from powerstrip.client.text import block, cut, plain

MAX_LETTERS = 20_000
"""Of a payload that is shown; the whole of it can be copied."""
MAX_LINES = 400
MAX_LINE = 500


def literal(value: object, style: str = "") -> Content:
    """One line, exactly as it is: `[red]` stays five letters, an escape sequence is shown as one. Long ones are cut."""
    return Content.styled(line(value), style) if style else Content(line(value))


def line(value: object) -> str:
    """The same as a plain string."""
    text = "" if value is None else str(value)
    return cut(plain(text[: MAX_LINE + 1]), MAX_LINE)


def at_home(where: str) -> str:
    """A folder as people say it: what is under their home begins with `~`."""
    home = Path.home()
    folder = Path(where)
    return str("~" / folder.relative_to(home)) if folder.is_relative_to(home) else where


def paragraphs(value: object) -> str:
    """Several lines, each of them safe; what is beyond measure is left out and counted."""
    text = "" if value is None else str(value)
    kept = text[:MAX_LETTERS].splitlines()[:MAX_LINES]
    shown = block("\n".join(each if len(each) <= MAX_LINE else each[:MAX_LINE] + "…" for each in kept))
    missing = len(text) - sum(len(each) + 1 for each in kept) + 1
    return f"{shown}\n… {missing:,} more characters are not shown" if missing > 1 else shown


def pretty(value: Any) -> str:
    """JSON as people read it, safe to draw."""
    return paragraphs(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def when(stamp: object, now: datetime | None = None) -> str:
    """An RFC 3339 time: how long ago within a day, else the day; empty for none. UTC."""
    text = str(stamp or "")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return line(text)
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    if seconds < 0:
        return f"in {_span(-seconds)}" if seconds > -86_400 else f"{at:%Y-%m-%d}"
    return f"{_span(seconds)} ago" if seconds < 86_400 else f"{at:%Y-%m-%d}"


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{int(seconds)} s"
    return f"{int(seconds // 60)} min" if seconds < 3600 else f"{int(seconds // 3600)} h"


def lasted(start: str, end: str) -> str:
    """How long something took, by two RFC 3339 times; empty where one of them is missing."""
    try:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except ValueError:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def moment(stamp: object) -> str:
    """An RFC 3339 time to the second, in UTC."""
    text = line(stamp)
    return f"{text[:10]} {text[11:19]}" if len(text) >= 19 else text
