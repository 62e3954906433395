"""Values: frozen, compared by what they hold, and printed without what is hidden."""

import copy
import pickle
from typing import Any, Generic, TypeVar

import pytest

from powerstrip.value import Hidden, Value, asdict, field, replace

T = TypeVar("T")


class Part(Value):
    name: str
    token: Hidden[str | None] = None


class More(Part, kw_only=True):
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] = field(default_factory=dict[str, Part])
    key: Hidden[bytes] = b"invented-key"


class Of(Value, Generic[T]):
    what: T


MORE = More("whole", "invented-token", parts=(Part("one", "invented-one"),), by_name={"two": Part("two")})


def test_what_is_hidden_is_not_printed_by_the_class_its_heirs_or_what_holds_it() -> None:
    told = f"{MORE} {MORE!r} {Of(MORE)} {[MORE]}"

    assert "invented" not in told
    assert repr(Part("one", "invented-one")) == "Part(name='one')"
    assert repr(Of(Part("one"))) == "Of(what=Part(name='one'))"


def test_a_value_never_changes() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        MORE.name = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        MORE.other = 1  # type: ignore[attr-defined]
    assert More("a").by_name is not More("a").by_name


def test_values_are_equal_by_what_they_hold_and_by_their_class() -> None:
    assert Part("one") == Part("one")
    assert len({Part("one"), Part("one"), Part("two")}) == 2
    assert Part("one") != Part("one", "invented-token")
    assert Part("one") != Of("one")


def test_replace_leaves_the_first_as_it_is() -> None:
    other = replace(MORE, name="other")

    assert (other.name, other.token, MORE.name) == ("other", "invented-token", "whole")
    with pytest.raises(TypeError):
        replace(MORE, nothing=1)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_is_the_same(again: Any) -> None:
    assert again(MORE) == MORE


def test_asdict_goes_into_tuples_and_mappings() -> None:
    assert asdict(MORE) == {
        "name": "whole",
        "token": "invented-token",
        "parts": ({"name": "one", "token": "invented-one"},),
        "by_name": {"two": {"name": "two", "token": None}},
        "key": b"invented-key",
    }
