"""From what a trigger gives to what an action takes: values by their references, and which of them fits a field."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from powerstrip.value import Value

Schema = Mapping[str, Any]

MAX_DEPTH = 4
MAX_VALUES = 60
"""Values of an event that are looked at."""
LISTED = 4
"""Fields that a composed text names."""
MEANS = {
    "to": ("to", "email", "e_mail", "email_address", "mail", "recipient", "phone", "phone_number", "mobile", "telephone", "tel"), "email": ("email", "e_mail", "email_address", "mail", "recipient"),
    "emails": ("email", "e_mail", "email_address", "mail", "recipient"), "first_name": ("first_name", "firstname", "given_name"),
    "last_name": ("last_name", "lastname", "surname", "family_name"), "phone": ("phone", "phone_number", "mobile", "telephone"),
    "name": ("name", "full_name", "title"), "repo": ("full_name",), "number": ("number",), "key": ("key",), "bucket": ("bucket",), "conversation_id": ("conversation_id", "conversation"),
}  # fmt: skip
"""Names of a trigger's value that fit an action's field of this name."""
PHONES = ("phone", "mobile", "tel")
_MAILS = ("mail", "recipient")
TELLS = ("title", "name", "subject", "summary", "text", "message", "email", "key", "number", "id")
"""What a text tells of an event, best first."""
TEXTS = frozenset({"text", "body", "text_body", "subject", "title", "message", "summary", "content", "input", "prompt"})
ROWS = ("rows", "values")
FILTERS = {
    "repo": ("repository.full_name", "repo"),
    "bucket": ("bucket",),
    "channel": ("channel",),
    "list": ("list_id",),
    "label": ("label.name",),
}
"""Where an event tells what a sentence narrows it to."""


class Given(Value):
    """What a trigger gives: an event of it for the sandbox, and each single value by its reference."""

    sample: dict[str, Any]
    values: dict[str, Any]

    def names(self) -> list[str]:
        """The values as people call them."""
        return [_short(reference) for reference in self.values]

    def named(self, words: str) -> str:
        """The reference that words such as "the email" name; empty where they name none."""
        plain = re.sub(
            r"^(?:the|its|their|field|value|from the event)\s+|\s+(?:field|value|of the \w+|from the \w+)$",
            "",
            words.strip().lower(),
        )
        plain = _snake(plain)
        exact = [each for each in self.values if _snake(_short(each)) == plain]
        return (exact or [each for each in self.values if _last(each) == plain] or [""])[0]


def given_event(example: Mapping[str, Any], narrowed: Mapping[str, Any]) -> Given:
    """Of a provider's event, by an example of it; `narrowed` are paths that a condition holds to one value."""
    sample = cast(dict[str, Any], _filled(example, "event"))
    for path, value in narrowed.items():
        place: Any = sample
        *before, last = path.split(".")
        for part in before:
            place = place[part]
        place[last] = value
    found: dict[str, Any] = {}
    _walk(sample, "inputs.event", found, 0)
    return Given(sample, dict(list(found.items())[:MAX_VALUES]))


def given_fields(fields: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sample values of fields, and the references to inputs of their names."""
    values = {name: sample_of(name) for name in fields}
    return values, {f"inputs.{name}": value for name, value in values.items()}


def sample_of(name: str) -> str:
    """A made-up value that looks like what a field of this name holds."""
    if any(word in name for word in _MAILS):
        return "someone@example.com"
    if any(word in name for word in PHONES):
        return "+12025550123"
    if re.search(r"(?:^|_)(?:date|day|birth\w*)$|_at$", name):
        return "2026-01-01"
    return f"Sample {name.replace('_', ' ')}"


def path_of(example: Mapping[str, Any], name: str) -> str:
    """Where an event tells what a sentence calls `name`; empty where it does not."""
    for path in FILTERS.get(name, (name,)):
        place: Any = example
        for part in path.split("."):
            place = cast(Mapping[str, Any], place).get(part) if isinstance(place, Mapping) else None
        if isinstance(place, str | int):
            return path
    return ""


def fitting(name: str, schema: Schema, given: Given, *, texting: bool) -> Any:
    """A template for an action's field from what the trigger gives; None where nothing fits."""
    if name in ROWS and (schema.get("type") == "array" or "type" not in schema):
        return [[f"${{{each}}}" for each in list(given.values)[:8]]] if given.values else None
    wanted = MEANS.get(name, (name,))
    if name == "to":
        wanted = tuple(each for each in wanted if texting == any(word in each for word in PHONES) or each in ("to", "recipient"))
    for want in wanted:
        if found := next((each for each in given.values if _last(each) == want), ""):
            template = f"${{{found}}}"
            return [template] if schema.get("type") == "array" else template
    return None


def told(what: str, given: Given, *, long: bool) -> str:
    """A text that tells of the event: what happened and the value that says most, or several where there is room."""
    ranked = sorted(given.values, key=lambda each: TELLS.index(_last(each)) if _last(each) in TELLS else len(TELLS))
    if not ranked:
        return what
    if not long:
        return f"{what}: ${{{ranked[0]}}}"
    own = [each for each in given.values if not each.startswith("inputs.event.")][:LISTED] or ranked[:1]
    if len(own) == 1:
        return f"{what}: ${{{own[0]}}}"
    return f"{what}\n" + "\n".join(f"{_short(each).replace('_', ' ')}: ${{{each}}}" for each in own)


def _walk(value: Any, path: str, found: dict[str, Any], depth: int) -> None:
    if isinstance(value, Mapping) and depth < MAX_DEPTH:
        for name, item in cast(Mapping[str, Any], value).items():
            if re.fullmatch(r"[A-Za-z_]\w*", name):
                _walk(item, f"{path}.{name}", found, depth + 1)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        found[path] = value


def _filled(value: Any, name: str) -> Any:
    """An example whose empty texts hold something to see."""
    match value:
        case dict():
            return {key: _filled(item, key) for key, item in cast(dict[str, Any], value).items()}
        case list():
            return [_filled(item, name) for item in cast(list[Any], value)]
        case "":
            return sample_of(name)
        case _:
            return value


def _short(reference: str) -> str:
    return reference.removeprefix("inputs.").removeprefix("event.")


def _last(reference: str) -> str:
    return _snake(reference.rsplit(".", 1)[1])


def _snake(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "_", name.lower()).strip("_")
