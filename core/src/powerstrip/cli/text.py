"""Plain text for people: aligned, and safe to print whatever it holds."""

import unicodedata
from collections.abc import Iterable, Sequence

MAX_CELL = 60


def plain(value: object) -> str:
    """One line without control characters: escape sequences, text direction marks and line breaks are shown, not obeyed."""
    text = "" if value is None else str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(letter) for letter in text)


def block(value: object, indent: str = "") -> str:
    """The same with its line breaks kept."""
    lines = ("" if value is None else str(value)).splitlines()
    return "\n".join((indent + plain(line)).rstrip() for line in lines)


def _shown(letter: str) -> str:
    if letter.isprintable():
        return letter
    if unicodedata.category(letter) == "Zs":
        return " "
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(letter) or f"\\u{{{ord(letter):x}}}"


def width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """A text of at most this many columns, its end marked where something is missing."""
    if width(text) <= columns:
        return text
    kept, used = "", 0
    for letter in text:
        used += _columns(letter)
        if used > columns - 1:
            break
        kept += letter
    return kept + "…"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], max_cell: int = MAX_CELL) -> str:
    """Rows as columns under their heads; long cells are cut, except in the last column."""
    last = len(heads) - 1
    lines = [list(heads)]
    for row in rows:
        cells = [plain(cell) for cell in row]
        lines.append([cell if at == last else cut(cell, max_cell) for at, cell in enumerate(cells)])
    widths = [max(width(line[at]) for line in lines) for at in range(len(heads))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (wanted - width(cell)) for cell, wanted in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def fields(pairs: Iterable[tuple[str, object]]) -> str:
    """`name  value` lines; those without a value are left out."""
    filled = [(name, plain(value)) for name, value in pairs if value not in (None, "", [], {})]
    wanted = max((len(name) for name, _ in filled), default=0)
    return "\n".join(f"{name.ljust(wanted)}  {value}" for name, value in filled)


def when(stamp: object) -> str:
    """An RFC 3339 time to the second, as people read it, in UTC."""
    text = str(stamp or "")
    return f"{text[:10]} {text[11:19]}" if len(text) >= 19 else text
