"""Made-up answers: plausible, the same for the same seed, and always of the declared form."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AnyHttpUrl, ConfigDict, EmailStr, Field, create_model
from pydantic.alias_generators import to_pascal

from powerstrip.adapter import Content, Model
from powerstrip.adapter.mock import mock, mock_wire
from powerstrip.adapter.model import by_name


class Inner(Model):
    id: str
    score: float


class Answer(Model):
    model_config = ConfigDict(alias_generator=to_pascal)

    message_id: str
    kind: Literal["sent", "queued"]
    to: EmailStr
    at: datetime
    day: date
    link: AnyHttpUrl
    price: Decimal
    body: bytes
    file: Content
    inner: list[Inner]
    maybe: Inner | None
    free: dict[str, Any]
    named: str = Field(examples=["INV-1"])
    usual: str = "as ever"
    next_cursor: str | None = None
    has_more: bool
    ok: bool


def test_an_answer_is_plausible() -> None:
    made = mock(Answer)
    assert made.message_id.startswith("sample-messageid-")
    assert (made.kind, made.named, made.usual, made.ok) == ("sent", "INV-1", "as ever", True)
    assert len(made.inner) == 1
    assert made.maybe is not None
    assert made.body == b"sample"


def test_whoever_follows_a_made_up_answer_comes_to_an_end() -> None:
    made = mock(Answer)
    assert (made.next_cursor, made.has_more) == (None, False)


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    assert by_name(mock(Answer, "a")) == by_name(mock(Answer, "a"))
    assert mock(Answer, "a").message_id != mock(Answer, "b").message_id


def test_it_does_not_depend_on_what_was_made_before() -> None:
    first = mock_wire(Answer, "a")
    first["Inner"].append("spoiled")
    mock(Inner, "x")
    assert mock_wire(Answer, "a")["Inner"] != first["Inner"]


def test_the_wire_speaks_the_providers_spelling() -> None:
    assert set(mock_wire(Answer)) >= {"MessageId", "Kind", "At"}


def test_the_call_is_echoed_where_it_fits() -> None:
    made = mock(Answer, echo={"to": "ada@example.com", "kind": "lost", "unknown": 1, "usual": "echoed", "inner": "wrong"})
    assert (made.to, made.kind, made.usual) == ("ada@example.com", "sent", "echoed")
    assert len(made.inner) == 1


class Tree(Model):
    name: str
    parent: "Tree | None"
    left: "Tree | None" = None
    right: "Tree | None" = None
    children: list["Tree"]


def test_a_model_that_holds_itself_ends() -> None:
    assert len(mock(Tree).model_dump_json()) < 100_000


class Impossible(Model):
    code: str = Field(pattern="^[A-Z]{3}$")


def test_what_cannot_be_made_up_names_the_field() -> None:
    with pytest.raises(ValueError, match=r"Impossible: no mock for code .*; give the field an example"):
        mock(Impossible)


@st.composite
def numbers(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from([int, float]))
    low, high = sorted((draw(st.integers(-10_000, 10_000)), draw(st.integers(-10_000, 10_000))))
    bounds: dict[str, Any] = draw(
        st.sampled_from([{}, {"ge": low}, {"le": high}, {"ge": low, "le": high}, {"gt": low, "lt": high + 2}, {"lt": low}])
    )
    return Annotated[kind, Field(**bounds)]


@st.composite
def texts(draw: st.DrawFn) -> Any:
    least = draw(st.integers(0, 40))
    return Annotated[str, Field(min_length=least, max_length=least + draw(st.integers(0, 40)))]


SIMPLE = st.one_of(numbers(), texts(), st.sampled_from([bool, date, datetime, Decimal, EmailStr, bytes, Literal["a", "b"]]))
TYPES = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(lambda each: each | None, inner),
        st.builds(lambda each: list[each], inner),
        st.builds(lambda each, least: Annotated[list[each], Field(min_length=least)], inner, st.integers(0, 3)),
        st.builds(lambda each: dict[str, each], inner),
        st.builds(lambda each, other: tuple[each, other], inner, inner),
        st.dictionaries(st.sampled_from(["id", "name", "next", "cursor", "items"]), inner, max_size=3).map(
            lambda fields: create_model("Nested", __base__=Model, **{name: (kind, ...) for name, kind in fields.items()})
        ),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(["id", "text", "count", "next_page", "has_more", "rows", "ts"]), TYPES, max_size=5),
    st.text(max_size=8),
)
def test_any_declared_model_is_made_up_the_same_for_the_same_seed(fields: dict[str, Any], seed: str) -> None:
    model = create_model("Any", __base__=Model, **{name: (kind, ...) for name, kind in fields.items()})
    made = mock(model, seed)
    assert by_name(made) == by_name(mock(model, seed))
    assert model.model_validate_json(made.model_dump_json()) == made
