"""Texts from outside: nothing in them is obeyed, and nothing endless is laid out."""

from datetime import UTC, datetime

import pytest

from powerstrip_tui.texts import MAX_LETTERS, at_home, line, paragraphs, pretty, when

HOSTILE = "[red]a[/red]\x1b[2J\u202eb\u200bc\x07\x9b31m\u2066d"


def test_what_a_terminal_would_obey_is_shown() -> None:
    shown = line(HOSTILE)
    assert shown == r"[red]a[/red]\u{1b}[2J\u{202e}b\u{200b}c\u{7}\u{9b}31m\u{2066}d"
    assert paragraphs(f"one\n{HOSTILE}\r\ttwo").isprintable() is False  # the line break alone is kept
    assert all(each.isprintable() for each in paragraphs(f"one\n{HOSTILE}\ttwo").split("\n"))


def test_a_folder_under_ones_home_is_told_from_there(monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert at_home("/home/ada/hubs/shop") == "~/hubs/shop"
    assert at_home("/home/adabel/hub") == "/home/adabel/hub"
    assert at_home("http://127.0.0.1:8000") == "http://127.0.0.1:8000"


def test_letters_of_every_language_are_kept() -> None:
    assert line("שלום, 世界, naïve") == "שלום, 世界, naïve"


def test_a_megabyte_is_cut_and_what_is_missing_is_counted() -> None:
    shown = paragraphs("x" * 1_000_000)
    assert len(shown) < MAX_LETTERS + 100
    assert "more characters are not shown" in shown
    assert len(pretty({"text": "y\n" * 500_000})) < MAX_LETTERS + 200
    assert len(line("z" * 1_000_000)) <= 500


@pytest.mark.parametrize(
    ("stamp", "told"),
    [
        ("2030-01-31T11:59:30Z", "30 s ago"),
        ("2030-01-31T11:00:00+00:00", "1 h ago"),
        ("2030-01-29T11:00:00Z", "2030-01-29"),
        ("2030-01-31T12:10:00Z", "in 10 min"),
        ("", ""),
        (None, ""),
        ("no time\x1b", r"no time\u{1b}"),
    ],
)
def test_times_are_told_as_people_say_them(stamp, told) -> None:
    assert when(stamp, datetime(2030, 1, 31, 12, tzinfo=UTC)) == told
