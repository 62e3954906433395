"""Values that are typed, and credentials on their way in."""

import io
from pathlib import Path
from typing import Any

import pytest

from powerstrip.cli.console import Console
from powerstrip.cli.failures import Usage
from powerstrip.cli.inputs import pairs, put_at, read_object
from powerstrip.cli.secrets import ask_form, read_credentials

SECRET = "pm-invented-token"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (['{"a": 1, "b": "x"}'], {"a": 1, "b": "x"}),
        (["a=1", "b=x=y", "c="], {"a": "1", "b": "x=y", "c": ""}),
        (["a:=1", 'b:=["x"]', "c:=null"], {"a": 1, "b": ["x"], "c": None}),
        (['{"a": 1}', "a=2"], {"a": "2"}),
        (["url=https://x.test/?q={a}"], {"url": "https://x.test/?q={a}"}),
        ([], {}),
    ],
)
def test_an_object_is_made_of_words(words: list[str], value: dict[str, Any]) -> None:
    assert read_object(words, "--input") == value


def test_an_object_is_read_from_a_file_or_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in.json").write_text('{"a": "é"}')
    monkeypatch.setattr("sys.stdin", io.StringIO('{"b": 2}'))
    assert read_object([f"@{tmp_path}/in.json", "-"], "--input") == {"a": "é", "b": 2}


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (f'{{"token": "{SECRET}",,}}', "line 1, column 31"),
        (f'{{"a": 1, "a": "{SECRET}"}}', "a key twice"),
        ('{"a": NaN}', "not finite"),
        ("[1]", "not a JSON object"),
        ("nonsense", "line 1, column 1"),
        ("a:={", "--input a"),
        ("@/no/such/file", "there is no file"),
    ],
)
def test_what_is_wrong_is_named_by_its_place_and_never_repeated(word: str, reason: str) -> None:
    with pytest.raises(Usage) as caught:
        read_object([word], "--input")
    assert reason in caught.value.message
    assert SECRET not in caught.value.message + caught.value.hint


def test_pairs_need_their_equals_sign() -> None:
    assert pairs(["a=b=c"], "--value") == {"a": "b=c"}
    with pytest.raises(Usage):
        pairs(["a"], "--value")


def test_a_value_is_put_at_its_place() -> None:
    target: dict[str, Any] = {"list": [{"x": 1}]}
    put_at(target, "a", 1)
    put_at(target, "b.c", 2)
    put_at(target, "list.0.y", 3)
    put_at(target, "list.0", {"z": 4})
    assert target == {"a": 1, "b": {"c": 2}, "list": [{"z": 4}]}
    for place in ("a.b", "list.7", "list.x"):
        with pytest.raises(Usage, match="no place"):
            put_at(target, place, 0)


@pytest.fixture
def console() -> Console:
    return Console(out=io.StringIO(), err=io.StringIO())


def said(console: Console) -> str:
    assert isinstance(console.err, io.StringIO)
    return console.err.getvalue()


def test_credentials_come_from_files_the_environment_and_standard_input(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("from-stdin\n"))
    words = [f"a=@{tmp_path}/key", "b=env:INVENTED", "c=-"]
    found = read_credentials("", words, {"INVENTED": "from-env"}, console)
    assert found == {"a": SECRET, "b": "from-env", "c": "from-stdin"}
    assert said(console) == ""


@pytest.mark.parametrize(("whole", "single"), [(f'{{"a": "{SECRET}"}}', []), ("", [f"a={SECRET}"])])
def test_a_secret_on_the_command_line_is_taken_with_a_warning(console: Console, whole: str, single: list[str]) -> None:
    assert read_credentials(whole, single, {}, console) == {"a": SECRET}
    assert "warning" in said(console)
    assert SECRET not in said(console)


def test_no_credentials_is_something_else_than_empty_ones(console: Console) -> None:
    assert read_credentials("", [], {}, console) is None
    with pytest.raises(Usage, match="NOT_SET is not set"):
        read_credentials("", ["a=env:NOT_SET"], {}, console)


def test_a_form_is_asked_for_field_by_field_and_secrets_are_not_echoed(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    form = {
        "properties": {
            "user": {"type": "string", "title": "User"},
            "password": {"type": "string", "format": "password", "title": "Password"},
            "note": {"type": "string"},
        },
        "required": ["user", "password"],
    }
    hidden: list[str] = []

    def getpass(prompt: str, stream: Any) -> str:
        hidden.append(prompt)
        return ["", SECRET][len(hidden) - 1]

    monkeypatch.setattr("getpass.getpass", getpass)
    monkeypatch.setattr("sys.stdin", io.StringIO("ada\n\n"))
    assert ask_form(form, "mail", console) == {"user": "ada", "password": SECRET}
    assert hidden == ["mail: Password: "] * 2
    assert "User" in said(console)
    assert "note (optional)" in said(console)
