"""Signed times, read strictly: dates by RFC 3339, numbers as ASCII digits alone (`1e9` and `-1` are none)."""

import re
from datetime import datetime

from powerstrip.adapter.verify import TimeUnit
from powerstrip.inbound.verifying.delivery import refuse

_DIGITS = {"s": re.compile(r"[0-9]{1,11}"), "ms": re.compile(r"[0-9]{1,14}")}
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")


def seconds(text: str, unit: TimeUnit = "s") -> float:
    """Seconds since 1970. Raises `Refused` (malformed)."""
    if unit == "iso":
        return _stamp(text)
    if not _DIGITS[unit].fullmatch(text):
        refuse("malformed", "The signed time is not a plain number.")
    return int(text) / (1000 if unit == "ms" else 1)


def must_be_near(signed: float, now: float, tolerance: float) -> None:
    """Raises `Refused` (stale) unless both times are at most `tolerance` seconds apart."""
    if abs(now - signed) > tolerance:
        refuse("stale", f"It was signed more than {tolerance:g} seconds before or after the hub's clock.")


def _stamp(text: str) -> float:
    if _STAMP.fullmatch(text):
        try:
            return datetime.fromisoformat(text).timestamp()
        except (ValueError, OverflowError):
            pass
    refuse("malformed", "The signed time is no date with a time zone.")
