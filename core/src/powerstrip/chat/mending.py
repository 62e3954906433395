"""Changes of mind: what a later message changes about a plan, a draft or a call that failed."""

import re
from collections.abc import Mapping
from typing import Any, cast

from powerstrip.catalog import ActionManifest
from powerstrip.chat.managing import ALIASES, fitted
from powerstrip.chat.parser.inputs import inputs_of
from powerstrip.chat.parser.lexicon import Lexicon
from powerstrip.chat.parser.text import fold, read
from powerstrip.chat.parser.things import Things
from powerstrip.chat.wording import plain

MEANT = re.compile(
    r"\W*(?:(?:no|oh|ah|hmm|sorry|wait|nein|non)\b\W*)*(?:actually|i (?:really )?(?:mean|meant|want|wanted)|rather|instead|make (?:it|that)|switch to|let s (?:take|use|do)|"
    r"(?:use|take)|lieber|doch|plutot|mejor)\b(?P<rest>.{2,60})"
)
"""How a message begins that takes back what is being done for something else."""
CHANGES = re.compile(r"\W*(?:please )?(?:change|set|make|update|andere|setze?|cambia|change[rz])\b.* (?:to|be|auf|a|en) ")
"""How a message begins that changes a field by its name."""
ASKS = re.compile(
    r"\W*(?:what|where|which|why|how|who|was|wo|warum|wie|wozu|qu est-ce|ou|pourquoi|comment|que|donde|como)\b(?!.*\bcan @)"
)


def changes(text: str, action: ActionManifest, lexicon: Lexicon) -> dict[str, Any]:
    """Inputs of an action that a message names anew, by the action's own names; what it does not speak of is left out."""
    properties: Mapping[str, Any] = action.input_schema.get("properties", {})
    if named := _named(text, properties):
        return fitted(named, dict(action.input_schema))
    deed = lexicon.deed(action.name)
    stated = inputs_of(action.name, deed.fields, Things(read(text)), automates=False) if deed else {}
    return fitted({name: value for name, value in stated.items() if _is_said(value, text)}, dict(action.input_schema))


_VALUE = r"\"[^\"]*\"|'[^']*'|“[^”]*”|\S.*?"
_JOIN = r"\s*(?:should be|shall be|must be|to be|to say|to|is|be|=|:|as|auf|a|en)\s+|\s*[=:]\s*"


def _named(text: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Values that stand with a field's name: "change the text to X", "subject: Y"."""
    names: dict[str, str] = {}
    for name, schema in properties.items():
        for called in (plain(name), str(schema.get("title", ""))):
            names.setdefault(fold(called), name)
    for alias, fields in ALIASES.items():
        if field := next((each for each in fields if each in properties), ""):
            names.setdefault(plain(alias), field)
    shape = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if len(name) > 2)
    found: dict[str, Any] = {}
    for match in re.finditer(rf"\b({shape})(?:{_JOIN})({_VALUE})(?=\s*(?:,|;|\band the\b|[.!]?\s*$))", text, re.IGNORECASE):
        value = match[2].strip()
        found[names[fold(match[1])]] = value[1:-1] if value[:1] in "\"'“" and len(value) > 1 else value
    return found


def _is_said(value: Any, text: str) -> bool:
    """Whether a value stands in the message as it is: no sentence is made up of what is left of it."""
    texts = cast("list[Any]", value) if isinstance(value, list) else [value]
    return all(str(each).lower() in text.lower() and len(str(each)) < len(text.strip()) for each in texts)
