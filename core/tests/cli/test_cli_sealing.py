"""Secrets and key rotation on the command line: values never from the words, and what is told of it."""

from pathlib import Path

import pytest

from .conftest import Cli

CANARY = "invented-canary-5d2c"


@pytest.fixture
def folder(cli: Cli, tmp_path: Path) -> str:
    data = str(tmp_path / "data")
    assert cli("init", "--data", data).code == 0
    return data


def test_a_secret_comes_from_standard_input_and_never_back(cli: Cli, folder: str) -> None:
    made = cli("secrets", "set", "shop", "--values", "-", "--data", folder, stdin=f'{{"token": "{CANARY}"}}')
    assert made.code == 0, made.err
    again = cli("secrets", "set", "shop", "token", "--data", folder, stdin=f"{CANARY}-2\n")
    assert "version 2" in again.out
    said = [cli("secrets", word, "--data", folder, *more) for word, more in
            (("list", ()), ("show", ("shop",)), ("versions", ("shop",)), ("list", ("--json",)))]  # fmt: skip
    assert all(ran.code == 0 for ran in said)
    assert CANARY not in "".join(ran.out + ran.err for ran in (made, again, *said))
    assert cli("secrets", "delete", "shop", "--yes", "--data", folder).code == 0
    assert cli("secrets", "show", "shop", "--data", folder).code != 0


def test_a_value_on_the_command_line_is_refused(cli: Cli, folder: str) -> None:
    for words in (("token=plain-invented",), ("--values", '{"token": "plain-invented"}')):
        ran = cli("secrets", "set", "shop", *words, "--data", folder)
        assert ran.code == 2
        assert "plain-invented" not in ran.err
    assert cli("secrets", "list", "--json", "--data", folder).json["items"] == []


def test_both_layers_rotate(cli: Cli, folder: str) -> None:
    cli("secrets", "set", "shop", "token", "--data", folder, stdin="invented\n")
    before = cli("keys", "status", "--json", "--data", folder).json
    ran = cli("keys", "rotate-data", "--data", folder)
    assert ran.code == 0, ran.err
    assert "Sealed 1 rows anew" in ran.out
    assert cli("keys", "rotate-data", "--finalise", "--yes", "--data", folder).code == 0
    assert "is wrapped by" in cli("keys", "rotate-master", "--data", folder).out
    assert (Path(folder) / "master.key.next").exists()
    assert cli("keys", "status", "--data", folder).code == 0, "a hub with both keys starts"
    assert cli("keys", "rotate-master", "--finalise", "--yes", "--data", folder).code == 0
    after = cli("keys", "status", "--json", "--data", folder).json
    assert after["master"]["current"] != before["master"]["current"]
    assert not (Path(folder) / "master.key.next").exists()
    assert cli("audit", "verify", "--data", folder).code == 0
    doctor = cli("doctor", "--data", folder)
    assert "it comes from master.key" in doctor.out


def test_without_a_rotation_there_is_nothing_to_end(cli: Cli, folder: str) -> None:
    for words in (("rotate-data", "--finalise"), ("rotate-data", "--roll-back"), ("rotate-master", "--finalise")):
        ran = cli("keys", *words, "--yes", "--data", folder)
        assert ran.code == 1
        assert "No rotation" in ran.err
