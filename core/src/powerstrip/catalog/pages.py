"""A provider's page of the documentation, made from its manifest. It claims no more than the adapter declares."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

from powerstrip.catalog.manifest import (
    ActionManifest,
    AuthManifest,
    EventManifest,
    PickerManifest,
    ProviderManifest,
    Schema,
)

_CONNECT = {
    "redirect": "a person consents in a browser",
    "inline": "a form",
    "webhook": "setting up a webhook",
    "service": "a service credential",
    "built_in": "nothing to connect",
}
_WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes or no", "null": "nothing"}


def provider_page(manifest: ProviderManifest) -> str:
    """Markdown: how to sign in, settings, actions, events and pickers with their fields."""
    sections = (
        _head(manifest),
        _signing_in(manifest.auths),
        _settings(manifest.config_schema),
        _actions(manifest.actions),
        _events(manifest),
        _pickers(manifest.pickers),
    )
    return "\n".join(line for section in sections for line in section).rstrip() + "\n"


def _head(manifest: ProviderManifest) -> Iterator[str]:
    yield from (f"# {_inline(manifest.title)}", "")
    if manifest.description:
        yield from (_inline(manifest.description), "")
    if manifest.planned:
        yield from ("This provider is documented only: nothing of it can be called yet.", "")
    yield f"- Provider id: `{manifest.id}`"
    if manifest.category:
        yield f"- Category: {_inline(manifest.category)}"
    if manifest.aka:
        yield f"- Also known as: {_inline(', '.join(manifest.aka))}"
    if manifest.distribution:
        yield f"- Package: `{manifest.distribution}`"
    if manifest.base_url:
        yield f"- Requests go to: `{manifest.base_url}`" + (f" and {_codes(manifest.hosts)}" if manifest.hosts else "")
    if manifest.docs_url:
        yield f"- The provider's own documentation: <{manifest.docs_url}>"
    yield ""


def _signing_in(auths: Iterable[AuthManifest]) -> Iterator[str]:
    yield from ("## Signing in", "")
    for auth in auths:
        yield from (f"### `{auth.kind}`", "", f"Connected by {_CONNECT[auth.connect]}. {_inline(auth.help)}".rstrip(), "")
        yield from _fields(auth.form, secret=auth.secret_fields)


def _settings(schema: Schema) -> Iterator[str]:
    if schema.get("properties"):
        yield from ("## Settings", "")
        yield from _fields(schema)


def _actions(actions: Iterable[ActionManifest]) -> Iterator[str]:
    if rows := [(f"`{each.name}`", _first_line(each.summary), _hints(each)) for each in actions]:
        yield from ("## Actions", "")
        yield from _table(("action", "what it does", "safe use"), rows)
    for action in actions:
        yield from _action(action)


def _action(action: ActionManifest) -> Iterator[str]:
    yield from (f"### `{action.name}`", "", f"**{_inline(action.title)}.** {_inline(action.summary)}", "")
    if action.deprecated:
        yield from (f"Deprecated: {_inline(action.deprecated)}", "")
    if action.aliases:
        yield from (f"Also answers to {_codes(action.aliases)}.", "")
    yield from ("Input:", "")
    yield from _fields(action.input_schema)
    yield from ("Output:", "")
    yield from _fields(action.output_schema)
    for example in action.examples[:1]:
        yield from _example("Example input:", example)


def _events(manifest: ProviderManifest) -> Iterator[str]:
    if not manifest.events and manifest.webhook is None:
        return
    yield from ("## Events", "")
    if manifest.webhook is not None:
        yield f"Deliveries are verified by `{manifest.webhook.scheme}`."
        if manifest.webhook.reason:
            yield f"**Nothing proves where a delivery comes from:** {_inline(manifest.webhook.reason)}"
        yield ""
    yield from _table(("event", "when"), [(f"`{each.name}`", _first_line(each.summary)) for each in manifest.events])
    for event in manifest.events:
        yield from _event(event)


def _event(event: EventManifest) -> Iterator[str]:
    yield from (f"### `{event.name}`", "", _inline(event.summary), "")
    if event.entity:
        yield from (f"A change of the entity `{event.entity}`, keyed by `{event.key}`.", "")
    yield from _fields(event.data_schema)
    if event.example is not None:
        yield from _example("Example:", event.example)


def _pickers(pickers: Iterable[PickerManifest]) -> Iterator[str]:
    rows = [
        (f"`{each.id}`", _first_line(each.summary), "yes" if each.searches else "by the hub", _codes(each.depends))
        for each in pickers
    ]
    if rows:
        yield from ("## Pickers", "")
        yield from _table(("picker", "what it lists", "search", "needs"), rows)


def _fields(schema: Schema, secret: Iterable[str] = ()) -> Iterator[str]:
    fields = cast(dict[str, Schema], schema.get("properties", {}))
    if not fields:
        yield from ("No fields.", "")
        return
    hidden, required = set(secret), set(schema.get("required", ()))
    rows = [
        (f"`{name}`", "secret" if name in hidden else _type(field, schema), _needed(name, field, required), _about(field))
        for name, field in fields.items()
    ]
    yield from _table(("field", "type", "required", "about"), rows)


def _needed(name: str, field: Schema, required: set[str]) -> str:
    if name in required:
        return "yes"
    default = field.get("default")
    return f"no (`{_code(json.dumps(default, ensure_ascii=False))}`)" if default not in (None, "", [], {}) else "no"


def _about(field: Schema) -> str:
    picker = f"Picker: `{field['x-picker']}`." if "x-picker" in field else ""
    return " ".join(part for part in (_inline(str(field.get("description", ""))), picker) if part)


def _type(field: Schema, root: Schema) -> str:
    match field:
        case {"$ref": str(ref)}:
            return _type(root.get("$defs", {}).get(ref.rpartition("/")[2], {}), root)
        case {"const": value}:
            return f"`{_code(json.dumps(value))}`"
        case {"enum": [*values]}:
            return "one of " + _codes(str(value) for value in values)
        case {"anyOf": [*choices]} | {"oneOf": [*choices]}:
            named = (_type(cast(Schema, choice), root) for choice in choices if choice != {"type": "null"})
            return " or ".join(dict.fromkeys(named)) or "nothing"
        case {"type": "array"}:
            return f"list of {_type(field.get('items', {}), root)}"
        case {"type": "object"}:
            return _inline(str(field.get("title", "object"))) if "properties" in field else "object"
        case {"type": str(kind)}:
            return _WORDS.get(kind, kind) + (f" ({_inline(str(field['format']))})" if "format" in field else "")
        case _:
            return "anything"


def _hints(action: ActionManifest) -> str:
    hints = action.annotations
    words = [name.replace("_", " ") for name in type(hints).model_fields if getattr(hints, name)]
    return ", ".join([*words, *(["deprecated"] if action.deprecated else [])])


def _example(title: str, value: dict[str, Any]) -> Iterator[str]:
    yield from (title, "", "```json", json.dumps(value, indent=2, ensure_ascii=False).replace("`", "\\u0060"), "```", "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    yield from (f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows)
    yield ""


def _first_line(text: str) -> str:
    return _inline(text.strip().partition("\n")[0])


def _inline(text: str) -> str:
    """A plugin's text within a line of Markdown: no markup of its own takes effect as HTML."""
    return " ".join(text.split()).replace("<", "&lt;")


def _code(text: str) -> str:
    return text.replace("`", "'")


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{_code(word)}`" for word in words)
