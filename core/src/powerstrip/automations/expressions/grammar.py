"""Templates are data: a text with references in it, of a grammar that has paths, literals and a fixed list of functions.

    template   = (text | "${" expression "}")*          "$${" stands for "${"
    expression = reference | literal | name "(" expression, … ")"
    reference  = name ("." name | "[" number "]" | "[" string "]")*
    literal    = string | number | true | false | null

The other spelling is `{{ .inputs.x }}`, with a leading dot before a reference: `{{ default(.inputs.x, "none") }}`. It means the
same and is kept in the first spelling. Reading takes time that grows with the length of the text, and evaluates nothing.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias, cast

from powerstrip.value import Value

MAX_TEXT = 16 * 1024
"""Characters of one text with references."""
MAX_EXPRESSIONS = 100
"""References in one text."""
MAX_NESTING = 8
"""Functions within functions."""
MAX_PARTS = 32
"""Parts of a path."""

Part: TypeAlias = str | int


class TemplateRefused(ValueError):
    """A text that is no template. `at` is the place in it, counted from 0."""

    def __init__(self, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.at = at


class Reference(Value):
    """A path into the values that a run has: `inputs.doc_id`, `steps.fetch.output.items[0]["a b"]`."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        text = str(self.parts[0])
        for part in self.parts[1:]:
            if isinstance(part, int):
                text += f"[{part}]"
            else:
                text += f".{part}" if _NAME.fullmatch(part) else f"[{json.dumps(part)}]"
        return text


class Literal(Value):
    """A value that is written out: a text, a number, true, false or null."""

    value: str | float | bool | None

    def __str__(self) -> str:
        return json.dumps(self.value, ensure_ascii=False)


class Call(Value):
    """One of the fixed functions, with its arguments."""

    name: str
    arguments: tuple["Expression", ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


Expression: TypeAlias = Reference | Literal | Call


class Template(Value):
    """A text in pieces, plain ones and expressions. One expression alone keeps the type of its value."""

    pieces: tuple[str | Expression, ...]

    @property
    def plain(self) -> bool:
        """Whether it is a plain text."""
        return all(isinstance(piece, str) for piece in self.pieces)

    @property
    def whole(self) -> Expression | None:
        """The expression that is all of it."""
        if len(self.pieces) == 1 and not isinstance(self.pieces[0], str):
            return self.pieces[0]
        return None

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """What is evaluated."""
        return tuple(piece for piece in self.pieces if not isinstance(piece, str))

    def references(self) -> Iterator[tuple[Reference, bool]]:
        """Every path in it, and whether it may be missing: `default` stands around it."""
        for expression in self.expressions:
            yield from references(expression)

    def dollar(self) -> str:
        """In the spelling `${inputs.x}`."""
        return self._written(lambda text: text.replace("${", "$${"), lambda each: f"${{{each}}}", "$")

    def mustache(self) -> str:
        """In the spelling `{{ .inputs.x }}`."""
        return self._written(lambda text: text.replace("{{", '{{ "{{" }}'), lambda each: f"{{{{ {_dotted(each)} }}}}", "{")

    def _written(self, text: Callable[[str], str], expression: Callable[[Expression], str], mark: str) -> str:
        """The pieces in a row. A text that ends with `mark` would be one with the opening behind it: there it is quoted."""
        told: list[str] = []
        for piece in self.pieces:
            if isinstance(piece, str):
                told.append(text(piece))
                continue
            if told and told[-1].endswith(mark):
                told[-1] = told[-1][:-1] + expression(Literal(mark))
            told.append(expression(piece))
        return "".join(told)


def references(expression: Expression, optional: bool = False) -> Iterator[tuple[Reference, bool]]:
    """The paths in an expression, and whether each may be missing."""
    if isinstance(expression, Reference):
        yield expression, optional
    elif isinstance(expression, Call):
        for place, argument in enumerate(expression.arguments):
            yield from references(argument, optional or (expression.name == "default" and place == 0))


@lru_cache(2048)
def parse_dollar(text: str) -> Template:
    """Read `${…}`. Raises `TemplateRefused`."""
    return _parse(text, _DOLLAR, dots=False)


@lru_cache(512)
def parse_mustache(text: str) -> Template:
    """Read `{{ … }}`. Raises `TemplateRefused`."""
    return _parse(text, _MUSTACHE, dots=True)


_DOLLAR = re.compile(r"\$\$\{|\$\{")
_MUSTACHE = re.compile(r"\{\{")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<number>-?[0-9]{1,15}(?:\.[0-9]{1,15})?)"""
    r"""|(?P<name>[A-Za-z_][A-Za-z0-9_-]{0,127})|(?P<mark>\}\}|[.\[\](),}]))""",
)
_CONSTANTS = {"true": True, "false": False, "null": None}


def _parse(text: str, opening: re.Pattern[str], *, dots: bool) -> Template:
    first = opening.search(text)
    if first is None:
        return Template((text,) if text else ())
    if len(text) > MAX_TEXT:
        raise TemplateRefused(f"A text with references has at most {MAX_TEXT} characters")
    pieces: list[str | Expression] = []
    at = 0
    for _ in range(MAX_EXPRESSIONS + 1):
        found = opening.search(text, at)
        if found is None:
            return Template(_merged([*pieces, text[at:]]))
        pieces.append(text[at : found.start()])
        if found[0] == "$${":
            pieces.append("${")
            at = found.end()
        else:
            reader = _Expressions(text, found.end(), dots)
            pieces.append(reader.whole("}}" if dots else "}"))
            at = reader.at
    raise TemplateRefused(f"A text has at most {MAX_EXPRESSIONS} references", at)


def _merged(pieces: list[str | Expression]) -> tuple[str | Expression, ...]:
    """Neighbouring plain pieces, and literal texts, in one."""
    merged: list[str | Expression] = []
    for piece in pieces:
        text = piece.value if isinstance(piece, Literal) and isinstance(piece.value, str) else piece
        if isinstance(text, str) and merged and isinstance(merged[-1], str):
            merged[-1] += text
        elif text != "":
            merged.append(text)
    return tuple(merged)


class _Expressions:
    """Reads one expression from a place in a text on."""

    def __init__(self, text: str, at: int, dots: bool) -> None:
        self._text = text
        self._dots = dots
        self.at = at
        self._kind, self._word = "", ""
        self._advance()

    def whole(self, closing: str) -> Expression:
        """The expression up to its closing mark."""
        found = self._expression(0)
        if self._word != closing:
            raise self._bad(f"expected {closing} here")
        return found

    def _expression(self, depth: int) -> Expression:
        if depth > MAX_NESTING:
            raise self._bad(f"functions are nested deeper than {MAX_NESTING}")
        if self._kind in ("string", "number"):
            return self._literal()
        if self._dots and self._word == ".":
            self._take(".")
            return self._path(self._name())
        if self._kind != "name":
            raise self._bad("expected a reference such as .inputs.x" if self._dots else "expected a reference such as inputs.x")
        name = self._name()
        if self._word == "(":
            return self._call(name, depth)
        if name in _CONSTANTS:
            return Literal(_CONSTANTS[name])
        if self._dots:
            raise self._bad(f"a reference begins with a dot: .{name}")
        return self._path(name)

    def _literal(self) -> Literal:
        kind, word = self._kind, self._word
        try:
            value = json.loads(word) if kind == "string" or "." not in word else float(word)
        except ValueError:
            raise self._bad("this text has a wrong escape") from None
        self._advance()
        return Literal(cast("str | float", value))

    def _call(self, name: str, depth: int) -> Call:
        from powerstrip.automations.expressions.rendering import FUNCTIONS

        if name not in FUNCTIONS:
            raise self._bad(f"there is no function of this name; there are: {', '.join(FUNCTIONS)}")
        self._take("(")
        arguments = [self._expression(depth + 1)]
        while self._word == ",":
            self._take(",")
            arguments.append(self._expression(depth + 1))
        self._take(")")
        if len(arguments) != FUNCTIONS[name].arity:
            raise self._bad(f"{name} takes {FUNCTIONS[name].arity} arguments")
        return Call(name, tuple(arguments))

    def _path(self, first: str) -> Reference:
        parts: list[Part] = [first]
        while self._word in (".", "["):
            mark = self._word
            self._take(mark)
            parts.append(self._name() if mark == "." else self._index())
            if len(parts) > MAX_PARTS:
                raise self._bad(f"a path has at most {MAX_PARTS} parts")
        return Reference(tuple(parts))

    def _index(self) -> Part:
        kind, word = self._kind, self._word
        if kind == "number" and word.isdigit():
            part: Any = int(word)
        elif kind == "string":
            part = self._literal().value
        else:
            raise self._bad('in brackets stands a number from 0 or a text: [0], ["a b"]')
        if kind == "number":
            self._advance()
        self._take("]")
        return part

    def _name(self) -> str:
        kind, word = self._kind, self._word
        if kind != "name" and not (kind == "number" and word.isdigit()):
            raise self._bad("expected a name here")
        self._advance()
        return word

    def _take(self, mark: str) -> None:
        if self._word != mark or self._kind == "string":
            raise self._bad(f"expected {mark} here")
        self._advance()

    def _advance(self) -> None:
        if self._word in ("}", "}}") and self._kind == "mark":
            return
        found = _TOKEN.match(self._text, self.at)
        if found is None:
            rest = self._text[self.at :].strip()
            raise self._bad("the reference is not closed" if not rest else "this is no part of a reference")
        self._kind, self._word = cast(str, found.lastgroup), found[cast(str, found.lastgroup)]
        self.at = found.end()
        if not self._dots and self._word == "}}":
            self._word, self.at = "}", self.at - 1

    def _bad(self, reason: str) -> TemplateRefused:
        return TemplateRefused(f"At character {self.at} of the text: {reason}", self.at)


def _dotted(expression: Expression) -> str:
    if isinstance(expression, Reference):
        return f".{expression}"
    if isinstance(expression, Call):
        return f"{expression.name}({', '.join(map(_dotted, expression.arguments))})"
    return str(expression)
