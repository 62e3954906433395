"""Conditions: Common Expression Language, within limits that are checked before anything runs.

The evaluator is the Rust library behind the `cel` package. It cannot be interrupted, so that what could take long is refused
beforehand: by length and nesting, by a closed list of functions, by no loop within a loop, and by a budget that multiplies the
size of the expression with the size of the data. Patterns of `matches` are literals and run in linear time (Rust's `regex`).
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, cast

from powerstrip.value import Value

MAX_LENGTH = 2000
"""Characters of a condition."""
MAX_NESTING = 24
"""Brackets within brackets."""
MAX_LOOPS = 3
MAX_PATTERN = 200
BUDGET = 20_000_000
"""Tokens times values and characters: some tenths of a second at the very worst (docs/decisions)."""

LOOPS = frozenset({"all", "exists", "exists_one"})
FUNCTIONS = LOOPS | {
    "has", "size", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double", "string", "bool", "timestamp",
    "duration", "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours",
    "getMinutes", "getSeconds", "min", "max",
}  # fmt: skip
_TOKEN = re.compile(
    r"(?P<blank>\s+|//[^\n]*)"
    r"|(?P<string>[rRbB]{0,2}(?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9][0-9A-Za-z.]*)|(?P<mark>&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{}])"
)


class ConditionRefused(ValueError):
    """A text that is no condition, or one that could take too long."""


class ConditionFailed(Exception):
    """A condition that has no answer for this data. The message holds no value of it."""


class Verdict(Value):
    """Whether a condition holds, and why not where it has no answer."""

    matches: bool
    reason: str = ""


class Condition:
    """A compiled condition over these names. Made once, used from any thread."""

    def __init__(self, text: str, names: Iterable[str]) -> None:
        """Raises `ConditionRefused`."""
        tokens = _tokens(text)
        self.text = text
        self._weight = len(tokens)
        self._loops = _check_calls(tokens)
        try:
            import cel  # its package brings a terminal along: only who has conditions is to wait for it

            self._program = cel.compile(text)
        except ValueError:
            raise ConditionRefused("This is not CEL: write such as `event.amount > 100 && event.kind == 'paid'`") from None
        self._check_names(frozenset(names), tokens)

    def holds(self, data: Mapping[str, Any]) -> bool:
        """Whether the condition holds. Raises `ConditionFailed`: a field is missing, types do not fit, it costs too much."""
        self._check_cost(data)
        try:
            result = self._program.execute(dict(data))
        except KeyError:
            raise ConditionFailed("The condition reads a field that is not there: guard it with has(…)") from None
        except (ValueError, TypeError, RuntimeError, ArithmeticError):
            raise ConditionFailed("The condition cannot be worked out: the types of its values do not fit") from None
        if not isinstance(result, bool):
            raise ConditionFailed("The condition gives no true or false")
        return result

    def judge(self, data: Mapping[str, Any]) -> Verdict:
        """The same, where a condition without an answer does not match."""
        try:
            return Verdict(self.holds(data))
        except ConditionFailed as error:
            return Verdict(False, str(error))

    def _check_names(self, known: frozenset[str], tokens: list[tuple[str, str]]) -> None:
        variables = set(self._program.variables()) - _bound(tokens)
        if unknown := sorted(variables - known):
            raise ConditionRefused(f"There is no {unknown[0][:60]} here; there is: {', '.join(sorted(known))}")

    def _check_cost(self, data: Mapping[str, Any]) -> None:
        size, longest = _measure(data)
        if self._weight * size * (longest if self._loops else 1) > BUDGET:
            raise ConditionFailed("The data is too large for this condition")


@lru_cache(1024)
def compiled(text: str, names: tuple[str, ...]) -> Condition:
    """A condition, compiled once for all who ask. Raises `ConditionRefused`."""
    return Condition(text, names)


def _tokens(text: str) -> list[tuple[str, str]]:
    if len(text) > MAX_LENGTH:
        raise ConditionRefused(f"A condition has at most {MAX_LENGTH} characters")
    found: list[tuple[str, str]] = []
    at, depth = 0, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ConditionRefused(f"This is not CEL: character {at + 1} does not belong here")
        kind, at = cast(str, match.lastgroup), match.end()
        depth += (match[0] in ("(", "[", "{")) - (match[0] in (")", "]", "}"))
        if depth > MAX_NESTING:
            raise ConditionRefused(f"A condition has at most {MAX_NESTING} brackets within each other")
        if kind != "blank":
            found.append((kind, match[0]))
    if not found:
        raise ConditionRefused("The condition is empty")
    return found


def _check_calls(tokens: list[tuple[str, str]]) -> bool:
    """Refuse unknown functions, loops in loops and patterns that are no literals. Tells whether there is a loop."""
    loops, open_loops, depth = 0, list[int](), 0
    for place, (kind, word) in enumerate(tokens):
        depth += (word == "(") - (word == ")") if kind == "mark" else 0
        if open_loops and depth < open_loops[-1]:
            open_loops.pop()
        if kind != "name" or tokens[place + 1 : place + 2] != [("mark", "(")]:
            continue
        if word not in FUNCTIONS:
            raise ConditionRefused(f"There is no function {word[:60]} in conditions; there are: {', '.join(sorted(FUNCTIONS))}")
        if word in LOOPS:
            loops += 1
            if open_loops or loops > MAX_LOOPS:
                raise ConditionRefused(
                    f"A condition has at most {MAX_LOOPS} loops ({', '.join(sorted(LOOPS))}), none within another"
                )
            open_loops.append(depth + 1)
        if word == "matches":
            _check_pattern(tokens, place, bool(open_loops))
    return loops > 0


def _check_pattern(tokens: list[tuple[str, str]], place: int, in_loop: bool) -> None:
    pattern = tokens[place + 2 : place + 4]
    literal = len(pattern) == 2 and pattern[0][0] == "string" and pattern[1][1] == ")"
    if in_loop or not literal or len(pattern[0][1]) > MAX_PATTERN:
        raise ConditionRefused(f"matches takes one literal pattern of at most {MAX_PATTERN} characters, and not within a loop")


def _bound(tokens: list[tuple[str, str]]) -> set[str]:
    """The variables of loops."""
    return {
        tokens[place + 2][1]
        for place, (kind, word) in enumerate(tokens[:-2])
        if kind == "name" and word in LOOPS and tokens[place + 2][0] == "name"
    }


def _measure(data: Any) -> tuple[int, int]:
    """How much there is, values and characters counted, and how many items the longest container has."""
    size, longest, waiting = 0, 1, [data]
    while waiting:
        value = waiting.pop()
        size += 1
        if isinstance(value, str):
            size += len(value)
        elif isinstance(value, Mapping | list):
            items = list(cast(Mapping[str, Any], value).values()) if isinstance(value, Mapping) else cast(list[Any], value)
            longest = max(longest, len(items))
            waiting.extend(items)
    return size, longest
