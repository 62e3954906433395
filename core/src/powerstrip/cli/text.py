"""Plain text for people: aligned, and safe to print whatever it holds."""

from collections.abc import Iterable, Sequence

from powerstrip.client.text import block, cut, plain, width

__all__ = ["block", "cut", "fields", "plain", "table", "when", "width"]

MAX_CELL = 60


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
