"""A secret does not leave by accident. Each test plants one of its own and looks for any piece of it."""

import base64
import copy
import dataclasses
import json
import logging
import pickle
import string
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import TypeAdapter, ValidationError

from powerstrip.adapter import Model, Secret
from powerstrip.adapter.schemas import input_schema

CANARY = "invented/Canary+4711&{of}-this-test"


def shapes(value: str) -> list[str]:
    """The value and what it looks like in other dress."""
    raw = value.encode()
    return [value, base64.b64encode(raw).decode().rstrip("="), raw.hex(), quote(value, safe=""), json.dumps(value)[1:-1]]


def leaked(text: str) -> bool:
    """Does any 12-character piece of the canary stand in the text?"""
    pieces = {shape[at : at + 12] for shape in shapes(CANARY) for at in range(len(shape) - 11)}
    return any(piece in text for piece in pieces)


@dataclasses.dataclass
class Holder:
    name: str
    secret: Secret


class Form(Model):
    name: str
    secret: Secret
    count: int = 0


def secret() -> Secret:
    return Secret(CANARY)


def form() -> Form:
    return Form(name="x", secret=secret())


def test_the_search_would_find_it() -> None:
    assert leaked(f"key={CANARY}!")
    assert leaked(base64.b64encode(CANARY.encode()).decode())
    assert leaked(CANARY[5:20])
    assert not leaked("nothing to see")


def test_it_gives_its_value_to_who_asks() -> None:
    assert secret().reveal() == CANARY


def _logged(value: object) -> str:
    record = logging.LogRecord("x", logging.ERROR, "x", 1, "%s %r", (value, value), None)
    return logging.Formatter().format(record)


SHOWN: list[Callable[[Any], object]] = [
    repr,
    str,
    lambda it: f"{it}",
    lambda it: f"{it!r:>80}",
    lambda it: f"{it:}",
    lambda it: "%s %r" % (it, it),  # noqa: UP031 - the old way of formatting is under test too
    lambda it: "{0} {0!a}".format(it),  # noqa: UP032
    lambda it: f"{it._take}" if isinstance(it, Secret) else f"{it.secret}",
    lambda it: string.Template("$it").substitute(it=it),
    lambda it: [it].__repr__() + str({"key": it}) + str((it,)),
    lambda it: json.dumps(it),
    lambda it: json.dumps(it, default=str),
    lambda it: json.dumps(it, default=vars),
    lambda it: json.dumps({"key": it}, default=repr),
    lambda it: vars(it),
    lambda it: it.__dict__,
    lambda it: it.__getstate__(),
    lambda it: it.__reduce__(),
    lambda it: it.__reduce_ex__(4),
    lambda it: dir(it),
    lambda it: list(it),
    lambda it: bytes(it),
    lambda it: len(it),
    lambda it: copy.copy(it),
    lambda it: copy.deepcopy(it),
    lambda it: dataclasses.asdict(it),
    lambda it: dataclasses.asdict(Holder("x", it)),
    lambda it: repr(Holder("x", it)),
    lambda it: dataclasses.replace(Holder("x", it)),
    lambda it: TypeAdapter(type(it)).dump_python(it),
    lambda it: TypeAdapter(type(it)).dump_json(it),
    lambda it: TypeAdapter(Any).dump_json(it),
    lambda it: it.model_dump(),
    lambda it: it.model_dump(mode="json"),
    lambda it: it.model_dump_json(),
    lambda it: it.model_copy(update={"name": "y"}),
    lambda it: _logged(it),
    *(lambda it, protocol=protocol: pickle.dumps(it, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
]


@pytest.mark.parametrize("make", [secret, form])
@pytest.mark.parametrize("show", SHOWN)
def test_no_way_of_showing_it_shows_it(make: Callable[[], Any], show: Callable[[Any], object]) -> None:
    try:
        shown = show(make())
    except Exception as error:  # noqa: BLE001 - refusing is as good as showing nothing
        shown = "".join(traceback.format_exception(error))
    assert not leaked(str(shown) + repr(shown))


def test_it_is_not_pickled_at_all() -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(secret())
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(form())


def test_a_copy_holds_the_same() -> None:
    original = secret()
    assert copy.deepcopy(original) is original
    assert copy.deepcopy(Holder("x", original)).secret.reveal() == CANARY


def test_it_is_not_compared_by_value() -> None:
    one = secret()
    assert one == one
    assert one != secret()
    assert one != CANARY
    assert len({one, secret()}) == 2


def test_it_tells_whether_it_is_empty() -> None:
    assert secret()
    assert not Secret("")


NEIGHBOURS = [
    {"name": 7, "secret": CANARY},
    {"name": "x", "secret": CANARY, "count": "many"},
    {"secret": CANARY},
    {"name": "x", "secret": [CANARY]},
    {"name": "x", "secret": {"inner": CANARY}},
    {"name": "x", "secret": CANARY * 5000},
    {"name": {"nested": CANARY}, "secret": "y"},
    CANARY,
    [CANARY],
]


@pytest.mark.parametrize("data", NEIGHBOURS)
@pytest.mark.parametrize("as_json", [True, False])
def test_an_error_of_a_neighbour_does_not_tell_it(data: Any, as_json: bool) -> None:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate_json(json.dumps(data)) if as_json else Form.model_validate(data)
    error = caught.value
    assert not leaked(str(error))
    assert not leaked(repr(error))
    assert not leaked("".join(traceback.format_exception(error)))
    assert not leaked(json.dumps(error.errors(include_input=False, include_context=False)))


def test_one_that_holds_it_in_a_union_does_not_tell_it_either() -> None:
    class Either(Model):
        value: Secret | int
        name: int

    with pytest.raises(ValidationError) as caught:
        Either.model_validate({"value": CANARY, "name": "x"})
    assert not leaked(str(caught.value))


@pytest.mark.parametrize(
    ("value", "code"),
    [("", "secret_length"), ("x" * 65_537, "secret_length"), (7, "secret_type"), (None, "secret_type")],
)
def test_what_is_no_secret_is_refused(value: object, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate({"name": "x", "secret": value})
    assert caught.value.errors()[0]["type"] == code


def test_a_form_keeps_what_it_was_given() -> None:
    assert Form.model_validate_json(json.dumps({"name": "x", "secret": CANARY})).secret.reveal() == CANARY
    kept = secret()
    assert Form(name="x", secret=kept).secret is kept


def test_a_model_that_holds_one_cannot_be_written() -> None:
    with pytest.raises(Exception, match="cannot be serialised"):
        form().model_dump_json()


def test_its_schema_masks_it() -> None:
    field = input_schema(Form)["properties"]["secret"]
    assert (field["type"], field["writeOnly"], field["format"]) == ("string", True, "password")


def test_a_traceback_with_locals_does_not_tell_it() -> None:
    def fails(held: Secret) -> None:
        raise RuntimeError("no luck")

    try:
        fails(secret())
    except RuntimeError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert not leaked("".join(told.format()))
