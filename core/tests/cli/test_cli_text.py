"""Tables and fields: aligned, and harmless whatever they hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerstrip.cli.console import as_json
from powerstrip.cli.talking import wrapped
from powerstrip.cli.text import block, cut, fields, plain, table, when, width


@given(st.text())
def test_a_plain_text_is_one_line_that_steers_nothing(text: str) -> None:
    assert plain(text).isprintable()


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "S"))))
def test_letters_of_every_script_stay_as_they_are(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\u{1b}[31mred\u{1b}[0m"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("abc\u202edef", r"abc\u{202e}def"),
        ("zero\u200bwidth", r"zero\u{200b}width"),
        ("\x9b2J", r"\u{9b}2J"),
        ("\ud800", r"\u{d800}"),
        (None, ""),
        (7, "7"),
    ],
)
def test_what_would_steer_a_terminal_is_shown(text: object, shown: str) -> None:
    assert plain(text) == shown


def test_a_block_keeps_its_lines_and_nothing_else() -> None:
    assert block("a\n\x1b[2Jb\n", "  ") == "  a\n  \\u{1b}[2Jb"


def test_a_table_is_aligned_also_where_letters_are_wide() -> None:
    lines = table(("NAME", "STATE"), [("日本", "ok"), ("plain", "ok"), ("e\u0301clair", "ok")]).split("\n")
    assert lines[0] == "NAME    STATE"
    assert len({width(line.removesuffix("ok").removesuffix("STATE")) for line in lines}) == 1


def test_a_long_cell_is_cut_and_the_last_is_not() -> None:
    line = table(("A", "B"), [("x" * 200, "y" * 200)]).split("\n")[1]
    assert line == "x" * 59 + "…  " + "y" * 200


@given(st.text(alphabet="ab日本"), st.integers(1, 10))
def test_a_cut_text_fits(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns


def test_fields_leave_out_what_is_empty() -> None:
    assert fields((("Name", "a"), ("Empty", ""), ("None", None), ("Longer name", 0))) == "Name         a\nLonger name  0"


def test_times_are_shown_to_the_second() -> None:
    assert when("2026-01-02T03:04:05.678901Z") == "2026-01-02 03:04:05"
    assert when(None) == ""


@given(st.dictionaries(st.text(), st.text()))
def test_json_says_the_same_and_steers_nothing(value: dict[str, str]) -> None:
    text = as_json(value)
    assert json.loads(text) == value
    assert all(letter.isascii() or letter.isprintable() for letter in text)
    assert "\x1b" not in text


def test_json_for_a_reader_without_utf_8_is_ascii() -> None:
    assert as_json({"a": "é"}, "ascii") == '{\n  "a": "\\u00e9"\n}'


def test_answers_are_broken_between_words_and_keep_their_lists() -> None:
    text = "A first line that is longer\n- an item that is longer too\n\nlast"
    assert wrapped(text, 20) == "A first line that is\nlonger\n- an item that is\n  longer too\n\nlast"
    assert wrapped("https://example.com/a-very-long-address-of-one", 20) == "https://example.com/a-very-long-address-of-one"
