"""What is wrong with a spec, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from powerstrip.problems import Unprocessable
from powerstrip.value import Value

Severity: TypeAlias = Literal["error", "warning"]
Path: TypeAlias = tuple[str | int, ...]

MAX_FINDINGS = 100
"""Findings that are listed; who mends these is told of the rest."""
MAX_NAME = 64
"""Characters of a name out of the spec that a message repeats."""


class Finding(Value):
    """One finding. Errors keep a spec from being published, warnings do not. `line` and `column` count from 1; 0 is unknown."""

    severity: Severity
    code: str
    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""

    def as_json(self) -> dict[str, Any]:
        """As the API tells it; what is empty is left out."""
        known = {"severity": self.severity, "code": self.code, "message": self.message, "path": self.path}
        more = {"line": self.line, "column": self.column, "hint": self.hint}
        return known | {name: value for name, value in more.items() if value}


@dataclass(frozen=True)
class SpecRefused(Exception):
    """A text that is no spec at all: it cannot be read. `finding` says where it stops."""

    finding: Finding


class Findings:
    """Collects findings; a place is a path into the spec, and its line and column are looked up."""

    def __init__(self, positions: dict[Path, tuple[int, int]]) -> None:
        self.items: list[Finding] = []
        self._positions = positions

    def error(self, path: Path, code: str, message: str, hint: str = "") -> None:
        """Note an error."""
        self._add("error", path, code, message, hint)

    def warning(self, path: Path, code: str, message: str, hint: str = "") -> None:
        """Note a warning."""
        self._add("warning", path, code, message, hint)

    def position(self, path: Path) -> tuple[int, int]:
        """Line and column of a place, or of the nearest one around it."""
        for length in range(len(path), -1, -1):
            if found := self._positions.get(path[:length]):
                return found
        return (0, 0)

    def _add(self, severity: Severity, path: Path, code: str, message: str, hint: str) -> None:
        if len(self.items) < MAX_FINDINGS:
            line, column = self.position(path)
            self.items.append(Finding(severity, code, message, written(path), line, column, hint))


def written(path: Path) -> str:
    """A path as people write it: `steps[0].parameters.text`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if text else shown(part)
    return text


def shown(name: object) -> str:
    """A name out of a spec, fit for a message."""
    text = str(name)
    clean = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:MAX_NAME])
    return clean + ("…" if len(text) > MAX_NAME else "")


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether one of them keeps the spec from being published."""
    return any(each.severity == "error" for each in findings)


def refuse(findings: Iterable[Finding]) -> None:
    """Raise `Unprocessable` (`invalid_spec`) where there are errors; `details["findings"]` lists everything that was found."""
    listed = list(findings)
    first = next((each for each in listed if each.severity == "error"), None)
    if first is None:
        return
    place = f" at line {first.line}, column {first.column}" if first.line else ""
    errors = [{"path": each.path, "message": each.message} for each in listed if each.severity == "error"]
    raise Unprocessable(
        f"The spec has errors. {first.path or 'The spec'}{place}: {first.message}",
        code="invalid_spec",
        details={"findings": [each.as_json() for each in listed], "errors": errors},
    )
