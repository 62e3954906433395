"""Names that people give: what may stand in one and when two are the same."""

import unicodedata

import pytest

from powerstrip.names import MAX_BYTES, MAX_KEY, clean_name, name_key
from powerstrip.problems import BadInput


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "\u200b",
        "pay\u202epal",
        "zero\u200bwidth",
        "soft\u00adhyphen",
        "a\u2066b",
        "tab\tbed",
        "new\nline",
        "nul\0",
        "esc\x1b[31m",
        "bom\ufeff",
        "filler\u3164",
        "line\u2028sep",
        "private\ue000",
        "half\ud800",
        "tag\U000e0041",
        "x" * (MAX_BYTES + 1),
        "ä" * (MAX_BYTES // 2 + 1),
        "e" + "\u0301" * 10_000,
        "\ufdfa" * 60,
    ],
    ids=ascii,
)
def test_refused_without_repeating_it(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        clean_name(name, "title")
    assert caught.value.details["errors"][0]["path"] == "title"
    assert len(caught.value.message) < 120
    assert not name.strip() or name not in caught.value.message


@pytest.mark.parametrize("name", ["primary", "Kundenpost ✉️", "日本語", "Ops #1 (EU)", "=cmd()", "x" * MAX_BYTES])
def test_kept_as_given(name: str) -> None:
    assert clean_name(f"  {name} ") == unicodedata.normalize("NFC", name)


def test_the_two_spellings_of_an_accent_are_one_name() -> None:
    assert clean_name("Cafe\u0301") == clean_name("Café") == "Café"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Primary", "primary"),
        ("Раураl", "paypal"),
        ("SLАCK", "slack"),
        ("ｐｒｉｍａｒｙ", "primary"),
        ("pri mary", "pri\u00a0mary"),
        ("pri  mary", "pri mary"),
        ("Straße", "STRASSE"),
        ("mail ✉️", "mail ✉"),
        ("①", "1"),
    ],
)
def test_look_alikes_share_a_key(one: str, other: str) -> None:
    assert name_key(clean_name(one)) == name_key(clean_name(other))


def test_different_names_keep_different_keys() -> None:
    names = ["primary", "primary 2", "primary2", "prod", "Прод", "post-mark", "postmark"]
    assert len({name_key(clean_name(name)) for name in names}) == len(names)
    assert all(len(name_key(clean_name(name))) <= MAX_KEY for name in names)
