"""Reading JSON into models: where it fails is named, what was refused is not."""

from typing import Annotated, Any

import pytest
from pydantic import ConfigDict, EmailStr, Field, field_validator
from pydantic.alias_generators import to_pascal

from powerstrip.adapter import Content, Model
from powerstrip.problems import BadInput, TooLarge
from powerstrip.validation import encode, path_of, read_json

SECRET = "canary-invented-5d1f"


class Line(Model):
    model_config = ConfigDict(alias_generator=to_pascal)

    to: EmailStr
    count: Annotated[int, Field(ge=1)] = 1
    word: str = ""

    @field_validator("word")
    @classmethod
    def _known(cls, word: str) -> str:
        if word:
            raise ValueError(f"nobody knows {word}")
        return word


class Message(Model):
    model_config = ConfigDict(alias_generator=to_pascal)

    lines: list[Line]
    headers: dict[str, int] = Field(default_factory=dict[str, int])
    body: Content | None = None
    anything: Any = None


def read(value: dict[str, Any], under: str = "") -> list[dict[str, str]]:
    with pytest.raises(BadInput) as caught:
        read_json(Message, encode(value, "input", 1_000_000), "input", under=under)
    assert caught.value.message.startswith("The input is not valid")
    assert SECRET not in f"{caught.value.message} {caught.value.details}"
    return caught.value.details["errors"]


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        ({}, "lines", "required"),
        ({"lines": [{"to": "a@example.com"}, {"to": SECRET}]}, "lines[1].to", "@-sign"),
        ({"lines": [{"to": f"{SECRET}@nowhere .example"}]}, "lines[0].to", ""),
        ({"lines": [{"to": "a@example.com", "count": 0}]}, "lines[0].count", "greater than or equal to 1"),
        ({"lines": [{"to": "a@example.com", "word": SECRET}]}, "lines[0].word", "not allowed here"),
        ({"lines": [{"to": "a@example.com", "word": "ab"}]}, "lines[0].word", "nobody knows ab"),
        ({"lines": [], "headers": {"X Id": SECRET}}, 'headers["X Id"]', "valid integer"),
        ({"lines": [], "body": SECRET + "!"}, "body", "Not base64"),
        ({"lines": [], "extra": SECRET}, "extra", "there are: lines, headers, body, anything"),
        ({"Lines": []}, "lines", "required"),
        ({"lines": [{"To": "a@example.com"}]}, "lines[0].to", "required"),
    ],
)
def test_the_place_is_named_in_our_words_and_the_value_is_not(value: dict[str, Any], path: str, words: str) -> None:
    errors = {error["path"]: error["message"] for error in read(value)}

    assert words in errors[path]


def test_paths_may_begin_elsewhere() -> None:
    assert read({}, under="config")[0]["path"] == "config.lines"
    assert path_of((0, "a"), "x") == "x[0].a"
    assert path_of(()) == ""
    assert len(path_of(("k" * 5000,))) < 100


def test_a_flood_of_errors_is_cut() -> None:
    assert len(read({"lines": [{"to": "x"}] * 500})) == 20


def test_deep_nesting_and_half_characters_are_told_apart() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]

    assert "deeply" in read({"lines": [], "anything": deep})[0]["message"]
    assert "surrogate" in read({"lines": [], "anything": "\udc00"})[0]["message"]


def test_one_object_has_one_text() -> None:
    assert encode({"b": 1, "a": {"d": "é", "c": 2}}, "input", 100) == '{"a":{"c":2,"d":"\\u00e9"},"b":1}'
    with pytest.raises(TooLarge) as caught:
        encode({"a": "x" * 200}, "input", 100)
    assert caught.value.details == {"limit_bytes": 100}
    for odd in (float("inf"), b"x", object()):
        with pytest.raises(BadInput):
            encode({"a": odd}, "input", 100)


def test_what_is_several_things_is_told_as_several() -> None:
    with pytest.raises(BadInput, match=r"^The credentials are not valid: "):
        read_json(Message, "{}", "credentials")
