"""How an adapter takes a provider's refusals and odd answers. Each rule yields a sentence that says what to mend."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from powerstrip.adapter import Adapter, AuthFailed, Picker, PowerstripError, Query, RateLimited, Rejected, Response, Unavailable
from powerstrip.adapter.model import by_name
from powerstrip.adapter.testing.capture import Outcome, run, run_against
from powerstrip.adapter.testing.samples import sample

Call = tuple[str, Callable[..., Awaitable[Any]], tuple[Any, ...]]
"""Its name, the adapter's function, and what it is called with beside `http`."""
SECONDS = 7.0
_JSON = {"content-type": "application/json"}
_HTML = {"content-type": "text/html"}
_XML = {"content-type": "application/xml"}
_ODD = {
    "HTML": Response(200, _HTML, b"<!doctype html><html><body>Be right back</body></html>"),
    "nothing": Response(200, _JSON, b""),
    "a cut-off answer": Response(200, _JSON, b'{"data": [{"id": "1", "na'),
    "null": Response(200, _JSON, b"null"),
    "a list": Response(200, _JSON, b"[]"),
    "a text": Response(200, _JSON, b'"text"'),
    "an error with status 200": Response(200, _JSON, b'{"ok": false, "error": {"code": 7, "message": "The invented reason"}}'),
    "bytes that are no text": Response(200, _JSON, b'{"id": "\xff\xfe"}'),
    "JSON without end": Response(200, _JSON, b"[" * 20_000),
    "XML with a bomb in it": Response(
        200, _XML, b'<!DOCTYPE a [<!ENTITY b "' + b"b" * 99 + b'"><!ENTITY c "' + b"&b;" * 9999 + b'">]><a>&c;</a>'
    ),
}


def calls(adapter: Adapter) -> Iterator[Call]:
    """Every function that sends something, with a made-up input."""
    for name, action in adapter.actions.items():
        if (given := sample(action.input, name)) is not None:
            yield f"action {name}", action.run, (given,)
    for name, picker in adapter.pickers.items():
        yield f"picker {name}", picker.pages, (Query(values=_filled(adapter, picker)),)
    if adapter.whoami is not None:
        yield "account check", adapter.whoami, ()


def refused_credential(adapter: Adapter) -> Iterator[str]:
    """A 401 ends as `AuthFailed`, whatever its body."""
    for headers, body in ((_JSON, b'{"message": "The invented reason"}'), (_HTML, b"<html>No</html>"), (_JSON, b"")):
        yield from _ends_as(adapter, Response(401, headers, body), "401", AuthFailed)


def rate_limit(adapter: Adapter) -> Iterator[str]:
    """A 429 ends as `RateLimited` with the provider's own waiting time."""
    answer = Response(429, {**_JSON, "retry-after": str(int(SECONDS))}, b'{"message": "The invented reason"}')
    for name, seen in _met(adapter, answer):
        if not isinstance(seen.refusal, RateLimited):
            yield f"{name}: a 429 ends as {_end(seen)} instead of RateLimited"
        elif seen.refusal.retry_after != SECONDS:
            yield f"{name}: a 429 with Retry-After: 7 is told with retry_after={seen.refusal.retry_after}"


def told_errors(adapter: Adapter) -> Iterator[str]:
    """Refusals, outages and odd answers end as one of the four words."""
    yield from _ends_as(adapter, Response(422, _JSON, b'{"message": "The invented reason"}'), "422", Rejected)
    yield from _ends_as(adapter, Response(503, _HTML, b"<html>Busy</html>"), "503", Unavailable)
    for what, answer in _ODD.items():
        for name, seen in _met(adapter, answer):
            if seen.trouble:
                yield f"{name}, answered with {what}: {seen.trouble}"


def _filled(adapter: Adapter, picker: Picker) -> dict[str, Any]:
    """Values of the fields that a picker depends on, as inputs that have them would be filled."""
    known: dict[str, Any] = {}
    for model in (adapter.config, *(action.input for action in adapter.actions.values())):
        if (made := sample(model)) is not None:
            known = by_name(made) | known
    return {name: known.get(name, "sample") for name in picker.depends}


def _ends_as(adapter: Adapter, answer: Response, what: str, kind: type[PowerstripError]) -> Iterator[str]:
    for name, seen in _met(adapter, answer):
        if not isinstance(seen.refusal, kind):
            yield f"{name}: a {what} ends as {_end(seen)} instead of {kind.__name__}"


def _met(adapter: Adapter, answer: Response) -> Iterator[tuple[str, Outcome]]:
    """What became of every function that sends something."""
    for name, function, arguments in calls(adapter):
        seen = run_against(adapter, answer, function, *arguments)
        if seen.answered or seen.trouble:
            yield name, seen


def _end(seen: Outcome) -> str:
    if seen.refusal is not None:
        return type(seen.refusal).__name__
    return f"a failure ({seen.trouble})" if seen.trouble else "an answer"


def pages(adapter: Adapter) -> Iterator[str]:
    """Lists and searches take a cursor and give the next one; pickers read the cursor they gave."""
    for name, action in adapter.actions.items():
        if name.rpartition(".")[2] in ("list", "search") or {"cursor"} & set(action.input.model_fields):
            yield from _action_pages(adapter, name)
    for name, picker in adapter.pickers.items():
        values = _filled(adapter, picker)
        first = run(adapter, picker.pages, Query(values=values))
        if first.result is None or first.result.next is not None:
            second = run(adapter, picker.pages, Query(values=values, cursor=getattr(first.result, "next", None) or "2"))
            if second.sent == first.sent:
                yield f"picker {name}: the cursor makes no difference to what it asks for"


def _action_pages(adapter: Adapter, name: str) -> Iterator[str]:
    action = adapter.actions[name]
    for field, model in (("cursor", action.input), ("next", action.output)):
        if field not in model.model_fields:
            yield f"action {name}: {model.__name__} has no field `{field}`"
            return
    if (given := sample(action.input, name)) is None:
        yield f"action {name}: no input can be made up"
        return
    first = run(adapter, action.run, given.model_copy(update={"cursor": None}))
    if run(adapter, action.run, given.model_copy(update={"cursor": "2"})).sent == first.sent:
        yield f"action {name}: the cursor makes no difference to what it asks for"
