"""What makes an adapter good, beyond what a hub insists on. Each rule yields a sentence that says what to mend."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ValidationError

from powerstrip.adapter.adapter import Account, Adapter
from powerstrip.adapter.errors import Rejected
from powerstrip.adapter.http import Request
from powerstrip.adapter.mail import MAIL_APIS
from powerstrip.adapter.model import Model, by_name, by_wire
from powerstrip.adapter.picker import Page, Query
from powerstrip.adapter.schemas import Schema, compile_schema, input_schema, output_schema, parts
from powerstrip.adapter.testing.capture import Outcome, run
from powerstrip.adapter.testing.samples import sample, wire_sample
from powerstrip.adapter.webhook import Delivery, Incoming, Reply

_CLEAR = {"at", "bc", "cc", "id", "ip", "no", "on", "qr", "to", "ts"}
"""Names of two letters that need no explanation."""
_HUBS = {"authorization", "connection", "content-length", "cookie", "host", "te", "trailer", "transfer-encoding", "upgrade"}
"""Headers that the hub's edge writes."""
_HOSTILE = ("../../admin", "..", "%2e%2e/%2e%2e/admin", "a/../../b", "x?y=1", "x#y", "//other.example", "a\r\nb", "\\..\\", "")
_SPOILED: tuple[Any, ...] = (None, {}, [], 7, "text")
_BROKEN_BODIES = (b"", b"null", b"[]", b"{}", b'"text"', b"7", b"\xff\xfe", b"{", b"[" * 50_000, b"a=b&c=%zz&a", b"<a/>")


def everything_is_documented(adapter: Adapter) -> Iterator[str]:
    """People meet the docstrings in the catalog, the chat and the documentation."""
    if not adapter.description.strip():
        yield "`description` is empty: say in a sentence what the provider is for"
    for name, action in adapter.actions.items():
        if not action.summary.strip():
            yield f"action {name}: give its function a docstring, which is its description"
        if not action.title.strip():
            yield f"action {name}: give it a title"
    for name, event in adapter.events.items():
        if not event.summary.strip():
            yield f"event {name}: give its model a docstring that says when it happens"
    for name, picker in adapter.pickers.items():
        if not picker.summary.strip():
            yield f"picker {name}: give its function a docstring that says what it lists"


def fields_are_clear(adapter: Adapter) -> Iterator[str]:
    """A field that a person fills says what it is and of which type."""
    for where, model in _inputs(adapter):
        for name, field in input_schema(model).get("properties", {}).items():
            if not field.keys() & {"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"}:
                yield f"{where}: {name} takes anything: give it a type"
            if len(name) < 3 and name not in _CLEAR and not field.get("description"):
                yield f"{where}: {name} is short for something: give it a longer name or a description"


def examples_validate(adapter: Adapter) -> Iterator[str]:
    """What stands as an example can be sent as it is, and where none stands one can be made up."""
    for where, model in (*_inputs(adapter), *_outputs(adapter)):
        schema = input_schema(model)
        for field, part in parts(schema):
            valid = compile_schema({**part, "$defs": schema.get("$defs", {})}).is_valid
            if not all(valid(example) for example in part.get("examples", ())):
                yield f"{where}: an example of {field or 'the model'} does not fit its own schema"
        if sample(model) is None:
            yield f"{where}: no sample can be made up: give its fields examples, or the model `examples` of its own"


def mocks_round_trip(adapter: Adapter) -> Iterator[str]:
    """A made-up value survives being sent and read, the same one comes for the same seed, and it fits the schema people see."""
    for where, model in _inputs(adapter):
        yield from _round_trip(where, model, input_schema(model))
    for where, model in _outputs(adapter):
        yield from _round_trip(where, model, output_schema(model))


def dependent_pickers_read_real_fields(adapter: Adapter) -> Iterator[str]:
    """A picker that reads other fields is offered beside them only."""
    settings = set(adapter.config.model_fields)
    for where, model in _inputs(adapter):
        schema = input_schema(model)
        for _, part in parts(schema):
            beside = {**schema.get("properties", {}), **part.get("properties", {})}
            for name, picker in _own_picks(part.get("properties", {})):
                if missing := set(adapter.pickers[picker].depends) - set(beside) - settings:
                    yield f"{where}: the picker of {name} depends on {', '.join(sorted(missing))}, which is no field there"


def events_are_told_apart(adapter: Adapter) -> Iterator[str]:
    """Each event's own sample is named as itself."""
    for name, event in adapter.events.items():
        named = adapter.name_event(wire_sample(event.model))
        if named != name:
            yield (
                f"event {name}: its own sample is named {named}: give the models `Literal` fields that differ, "
                "or declare the more particular event first"
            )
        if event.key and not _has(_shown(event.model), event.key):
            yield f"event {name}: its key {event.key!a} is no field of its model"


def bad_deliveries_are_rejected(adapter: Adapter) -> Iterator[str]:
    """A delivery that makes no sense raises `Rejected`; nothing that comes in makes the function fail otherwise."""
    if adapter.receive is None:
        return
    for body in (*_BROKEN_BODIES, *_spoiled_events(adapter)):
        if trouble := _received(adapter, body):
            yield f"the webhook, given {body[:60]!r}: {trouble}"
            return


def actions_send_what_may_be_sent(adapter: Adapter) -> Iterator[str]:
    """Every action runs against made-up answers, and its requests stay below the base URL."""
    for name, action in adapter.actions.items():
        if (given := sample(action.input, name)) is None:
            continue
        seen = run(adapter, action.run, given)
        yield from (f"action {name}: {fault}" for fault in _faults(adapter, seen))
        if seen.refusal is not None:
            yield f"action {name}: it refuses the sample input ({seen.refusal}): give the input's fields examples that work"
        if not isinstance(seen.result, action.output | None):
            yield f"action {name}: it gives {type(seen.result).__name__}, and declares {action.output.__name__}"


def pickers_and_account_run(adapter: Adapter) -> Iterator[str]:
    """So do the pickers and the account check."""
    for name, picker in adapter.pickers.items():
        seen = run(adapter, picker.pages, Query(values=dict.fromkeys(picker.depends, "sample")))
        yield from (f"picker {name}: {fault}" for fault in _faults(adapter, seen))
        if not isinstance(seen.result, Page | None):
            yield f"picker {name}: it gives {type(seen.result).__name__} instead of a Page"
    if adapter.whoami is not None:
        seen = run(adapter, adapter.whoami)
        yield from (f"account check: {fault}" for fault in _faults(adapter, seen))
        if not isinstance(seen.result, Account | None):
            yield f"account check: it gives {type(seen.result).__name__} instead of an Account"
        elif seen.result and (strange := set(seen.result.unsupported) - set(adapter.actions)):
            yield f"account check: `unsupported` names what is no action: {', '.join(sorted(strange))}"


def hostile_input_stays_below_the_base(adapter: Adapter) -> Iterator[str]:
    """Text with dots, slashes and marks in it neither leaves the base URL nor makes an action fail."""
    for name, action in adapter.actions.items():
        made = sample(action.input, name)
        fields = by_name(made) if made is not None else {}
        for field, value in fields.items():
            for text in _HOSTILE if isinstance(value, str) else ():
                given = _parsed(action.input, {**fields, field: text})
                faults = [] if given is None else list(_faults(adapter, run(adapter, action.run, given)))
                if faults:
                    yield f"action {name} with {field} = {text!r}: {faults[0]}: put values into a path with `segment`"


def _inputs(adapter: Adapter) -> Iterator[tuple[str, type[Model]]]:
    yield "config", adapter.config
    for name, action in adapter.actions.items():
        yield f"action {name}, input", action.input


def _outputs(adapter: Adapter) -> Iterator[tuple[str, type[Model]]]:
    for name, action in adapter.actions.items():
        yield f"action {name}, output", action.output
    for name, event in adapter.events.items():
        yield f"event {name}", event.model


def _round_trip(where: str, model: type[BaseModel], schema: Schema) -> Iterator[str]:
    if (made := sample(model, where)) is None:
        return
    shown = by_name(made)
    if (again := sample(model, where)) is None or by_name(again) != shown:
        yield f"{where}: two mocks of the same seed differ: leave out validators that read a clock or chance"
    if (read := _parsed(model, by_wire(made))) is None or by_name(read) != shown:
        yield f"{where}: what is written in the provider's spelling is not read back as it was: check aliases and validators"
    if (read := _parsed(model, shown)) is None or by_name(read) != shown:
        yield f"{where}: what is written with our field names is not read back as it was: check aliases and validators"
    if errors := [error.message for error in compile_schema(schema).iter_errors(shown)]:
        yield f"{where}: its own mock does not fit its schema: {errors[0]}"


def _parsed(model: type[BaseModel], value: Mapping[str, Any]) -> Any:
    try:
        return model.model_validate_json(json.dumps(value), by_alias=True, by_name=True)
    except ValidationError:
        return None


def _own_picks(fields: Mapping[str, Schema]) -> Iterator[tuple[str, str]]:
    for name, field in fields.items():
        for _, part in parts({key: value for key, value in field.items() if key != "properties"}):
            if "x-picker" in part:
                yield name, part["x-picker"]


def _spoiled_events(adapter: Adapter) -> Iterator[bytes]:
    """Every event's sample, and the same with one value of another type."""
    for event in adapter.events.values():
        fields = wire_sample(event.model)
        yield json.dumps(fields).encode()
        for name in fields:
            yield from (json.dumps({**fields, name: value}).encode() for value in _SPOILED)


def _shown(model: type[Model]) -> dict[str, Any]:
    """A sample with our field names, as the hub keeps an event's data."""
    made = sample(model)
    return {} if made is None else by_name(made)


def _has(data: Any, path: str) -> bool:
    """Whether a sample has a value at this dotted path."""
    for name in path.split("."):
        if not isinstance(data, dict) or name not in data:
            return False
        data = cast(Any, data)[name]
    return True


def _received(adapter: Adapter, body: bytes) -> str:
    assert adapter.receive is not None
    try:
        given = adapter.receive(Delivery(body, {"content-type": "application/json"}, url="https://hub.example/hook"))
    except Rejected:
        return ""
    except Exception as error:  # noqa: BLE001 - whatever an adapter's function raises is told to its author
        return f"it fails with {type(error).__name__}: {error}; raise `Rejected` for what is not the provider's"
    if isinstance(given, Reply):
        return "" if isinstance(given.text, str) else "a Reply holds text"  # pyright: ignore[reportUnnecessaryIsInstance]
    return next(filter(None, (_odd(adapter, each) for each in (given if isinstance(given, list) else [given]))), "")


def _odd(adapter: Adapter, incoming: object) -> str:
    if not isinstance(incoming, Incoming):
        return f"it gives {type(incoming).__name__} instead of Incoming or Reply"
    for value in cast(tuple[object, ...], (incoming.key, incoming.account)):
        if not isinstance(value, str | None):
            return "`key` and `account` of an Incoming are text or None: check the type, raise `Rejected` for another"
    adapter.name_event(incoming.data)
    return ""


def _faults(adapter: Adapter, seen: Outcome) -> Iterator[str]:
    if seen.trouble:
        yield seen.trouble
    for request in seen.sent:
        yield from _header_faults(request)
        api, mark, below = request.target.partition(":/")
        if mark and not below.startswith("/") and api not in (MAIL_APIS if adapter.mail else adapter.apis):
            yield f"it names the API {api!a}, which is not in `apis`: declare it"
        if request.signed and _climbs(request.target.removeprefix(f"{api}:") if mark and api else request.target):
            yield "a path leaves the base URL"
        if not request.signed and not _declared(adapter, request.target):
            host = urlsplit(request.target).hostname
            yield f"it sends to {host}, which is not in `hosts`: declare it, or give the answer's field an example on one that is"


def _header_faults(request: Request) -> Iterator[str]:
    for header, _ in request.headers:
        if header.lower() in _HUBS or header.lower().startswith("proxy-"):
            yield f"it sets the header {header}: the hub does that"


def _climbs(path: str) -> bool:
    return not path.startswith("/") or "\\" in path or ".." in unquote(path).split("/")


def _declared(adapter: Adapter, url: str) -> bool:
    host = urlsplit(url).hostname or ""
    own = urlsplit(adapter.base_url).hostname
    return url.startswith("https://") and (host == own or any(_matches(pattern, host) for pattern in adapter.hosts))


def _matches(pattern: str, host: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
