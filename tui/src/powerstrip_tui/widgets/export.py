"""A table as a file that other programs open, and that does nothing there."""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import StringIO

OBEYED = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet takes a cell that begins with one of these for a formula, or finds one behind it (OWASP, CSV injection)."""


def as_csv(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV (RFC 4180) of texts from anywhere. A cell that a spreadsheet would obey gets an apostrophe before it."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(OBEYED) else cell


def file_name(name: str, now: datetime | None = None) -> str:
    """A name that tells what is in the file and when it was written."""
    return f"powerstrip-{name}-{now or datetime.now(UTC):%Y%m%d-%H%M%S}.csv"
