"""Reads one mapping of a spec, field by field; what is wrong becomes a finding at its place, and reading goes on."""

import re
from collections.abc import Callable, Collection
from typing import Any, TypeVar, cast

from powerstrip.automations.spec.findings import Findings, Path, shown

T = TypeVar("T")

KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_DURATION = re.compile(
    r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,9}(?:\.[0-9]{1,3})?)s)?(?:([0-9]{1,9})ms)?"
)
_UNITS = (86_400.0, 3600.0, 60.0, 1.0, 0.001)
MAX_SECONDS = 366 * 86_400.0
"""The longest duration: a year."""


class Fields:
    """The fields of a mapping at a place. `close` tells of those that nobody asked for."""

    def __init__(self, value: Any, path: Path, findings: Findings, what: str) -> None:
        self.path = path
        self.findings = findings
        self._known: set[str] = set()
        self._what = what
        self.valid = isinstance(value, dict)
        self._value: dict[str, Any] = cast(dict[str, Any], value) if self.valid else {}
        if not self.valid:
            self.error((), "type", f"{what} is a mapping of fields")

    def has(self, name: str) -> bool:
        """Whether the field is there."""
        return name in self._value

    def at(self, name: str) -> Path:
        """The field's place."""
        return (*self.path, name)

    def error(self, place: str | tuple[()], code: str, message: str, hint: str = "") -> None:
        """An error at a field, or at the mapping itself."""
        self.findings.error(self.at(place) if place else self.path, code, message, hint)

    def raw(self, name: str, default: Any = None) -> Any:
        """The field as it is."""
        self._known.add(name)
        return self._value.get(name, default)

    def text(self, name: str, default: str = "", *, required: bool = False, most: int = 4000) -> str:
        """A text."""
        if name not in self._value and required:
            self.error((), "missing", f"{self._what} needs `{name}`")
        found = self._typed(name, str, default, "a text")
        if len(found) > most:
            self.error(name, "too_long", f"`{name}` has at most {most} characters")
            return default
        return found

    def key(self, name: str) -> str:
        """A required key: letters, digits, `_` and `-`, beginning with a letter."""
        found = self.text(name, required=True, most=200)
        if found and not KEY.fullmatch(found):
            self.error(name, "bad_key", "A key has 1 to 64 letters, digits, _ and -, and begins with a letter")
        return found

    def choice(self, name: str, default: str, among: Collection[str]) -> str:
        """One of some words."""
        found = self.text(name, default)
        if found not in among and name in self._value:
            self.error(name, "not_allowed", f"`{name}` is one of {', '.join(among)}")
            return default
        return found

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false."""
        return self._typed(name, bool, default, "true or false")

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within a range."""
        found = self._typed(name, int, default, "a whole number")
        if not least <= found <= most:
            self.error(name, "out_of_range", f"`{name}` is a whole number from {least} to {most}")
            return default
        return found

    def duration(self, name: str, default: float | None = None, least: float = 0.0) -> float | None:
        """Seconds, written `90s`, `5m`, `1h30m` or as a number of seconds."""
        if name not in self._value:
            self._known.add(name)
            return default
        seconds = seconds_of(self.raw(name))
        if seconds is None or not least <= seconds <= MAX_SECONDS:
            shortest = f", and {least:g} seconds at least" if least else ""
            words = f"A duration is written such as 30s, 5m, 1h30m or 2d. This one lasts a year at most{shortest}"
            self.error(name, "bad_duration", words)
            return default
        return seconds

    def mapping(self, name: str) -> dict[str, Any]:
        """A mapping of any values."""
        return self._typed(name, dict, {}, "a mapping")

    def items(self, name: str, most: int, *, required: bool = False) -> list[Any]:
        """A list."""
        if name not in self._value and required:
            self.error((), "missing", f"{self._what} needs `{name}`")
        found: list[Any] = self._typed(name, list, [], "a list")
        if len(found) > most:
            self.error(name, "too_many", f"`{name}` has at most {most} entries")
        return found[:most]

    def each(self, name: str, most: int, read: Callable[[Any, Path], T], *, required: bool = False) -> tuple[T, ...]:
        """A list, each entry read."""
        return tuple(
            read(item, (*self.path, name, place)) for place, item in enumerate(self.items(name, most, required=required))
        )

    def ignore(self, name: str, why: str) -> None:
        """A field of the contract that this hub does not use."""
        if name in self._value:
            self.findings.warning(self.at(name), "ignored", f"`{name}` is not used: {why}")
        self._known.add(name)

    def close(self) -> None:
        """Refuse fields that are unknown."""
        for name in self._value:
            if name not in self._known:
                known = ", ".join(sorted(self._known))
                self.error(name, "unknown_field", f"{self._what} has no field `{shown(name)}`", f"There are: {known}")

    def _typed(self, name: str, wanted: type[Any], default: Any, words: str) -> Any:
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            self.error(name, "type", f"`{name}` is {words}")
            return default
        return value


def seconds_of(value: Any) -> float | None:
    """A duration in seconds; None where it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if value >= 0 else None
    found = _DURATION.fullmatch(value) if isinstance(value, str) and len(value) < 40 else None
    if not value or found is None:
        return None
    return round(sum(float(part) * unit for part, unit in zip(found.groups(), _UNITS, strict=True) if part), 3)


def duration_text(seconds: float) -> str:
    """Seconds as they are written: the same duration when read again."""
    return f"{seconds:.0f}s" if seconds == int(seconds) else f"{round(seconds * 1000)}ms"
