"""The strict decoder: what passes, what is refused, and that the refusal repeats nothing."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerstrip.problems import BadInput
from powerstrip.strictjson import MAX_DEPTH, strict_json

ESCAPE = b"\\"


def nested(depth: int, inner: bytes = b"") -> bytes:
    return b"[" * depth + inner + b"]" * depth


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{}x",
        b"\xef\xbb\xbf{}",
        b"\xff",
        b'"\xc3"',
        b'"\xed\xa0\x80"',
        b'{"role":"canary-a","role":"canary-b"}',
        b'{"outer":[{"role":1,"role":1}]}',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e400",
        b"-1e999",
        b"7" * 5000,
        b"18446744073709551616",
        b"-9223372036854775809",
        b'"' + ESCAPE + b'ud800"',
        b'"x' + ESCAPE + b'uDFFFy"',
        b'{"a' + ESCAPE + b'ud800":1}',
        b'"' + ESCAPE + b'u0000"',
        b'{"canary' + ESCAPE + b'u0000":1}',
        b'"a\x00b"',
        b'"line\nbreak"',
        nested(MAX_DEPTH + 1),
        nested(MAX_DEPTH, b'"' + ESCAPE + b'u0000"'),
        b'{"a":' * 1000 + b"1" + b"}" * 1000,
        nested(100_000),
        b"[" * 500_000,
        b"'single'",
        b"{a:1}",
        b"[1,]",
        b"01",
    ],
    ids=lambda raw: raw[:24].decode("latin-1") + f"#{len(raw)}",
)
def test_refused_with_a_reason_and_without_the_value(raw: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        strict_json(raw)
    told = caught.value.message + json.dumps(caught.value.details)
    assert caught.value.status == 400
    assert "canary" not in told
    assert "77777" not in told
    assert len(told) < 300


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b" null ", None),
        (b"18446744073709551615", 2**64 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"1e-400", 0.0),
        (b'"' + ESCAPE * 2 + b'u0000"', "\\u0000"),
        (b'"' + ESCAPE + b"ud83d" + ESCAPE + b'ude00"', "😀"),
        ("ä→😀".join(['"', '"']).encode(), "ä→😀"),
        (b'{"a":{"a":1},"b":{"a":1}}', {"a": {"a": 1}, "b": {"a": 1}}),
    ],
)
def test_plain_values_pass(raw: bytes, value: object) -> None:
    assert strict_json(raw) == value


def test_the_deepest_allowed_nesting_passes() -> None:
    assert json.dumps(strict_json(nested(MAX_DEPTH, b'"x"'))).count("[") == MAX_DEPTH
    wide = b"[" + b",".join([b"[]"] * 10_000) + b"]"
    assert len(strict_json(wide)) == 10_000


def json_values() -> st.SearchStrategy[object]:
    texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
    leaves = (
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | texts
    )
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=30)


@given(json_values(), st.booleans())
def test_agrees_with_the_standard_decoder_on_good_json(value: object, escaped: bool) -> None:
    raw = json.dumps(value, ensure_ascii=escaped).encode()
    assert strict_json(raw) == json.loads(raw)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_value_or_bad_input(raw: bytes) -> None:
    with suppress(BadInput):
        json.dumps(strict_json(raw), allow_nan=False).encode()
