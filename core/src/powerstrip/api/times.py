"""Times that come in: RFC 3339 with a zone, within the years that can be meant."""

import re
from datetime import datetime
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from powerstrip.clock import rfc3339
from powerstrip.problems import BadInput

FIRST_YEAR, LAST_YEAR = 1970, 2999
ADVICE = "Give an RFC 3339 time with a zone, such as 2030-01-31T12:00:00Z"

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_WIDEST = 14 * 60
"""Minutes: no zone on earth is further from UTC."""


def read_time(text: object) -> datetime:
    """Raises `ValueError` for anything but a real time with a zone."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise ValueError(ADVICE)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(ADVICE) from None
    offset = at.utcoffset()
    if offset is None or abs(offset.total_seconds()) > _WIDEST * 60 or not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(ADVICE)
    return at


def time_parameter(name: str, text: str | None) -> str | None:
    """A time from the query in the form that is stored. Raises `BadInput`."""
    if text is None:
        return None
    try:
        return rfc3339(read_time(text))
    except ValueError:
        raise BadInput(f"{name}: {ADVICE}", details={"errors": [{"path": name, "message": ADVICE}]}) from None


Time: TypeAlias = Annotated[datetime, BeforeValidator(read_time)]
