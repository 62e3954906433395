"""Commands on a data folder: the hub in this very process."""

import json
import os
import re
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from powerstrip.cli import main

EMAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new hub with a sandbox project."""
    folder = tmp_path_factory.mktemp("folder") / "data"
    assert main(["init", "--data", str(folder), "--mode", "sandbox"]) == 0
    return folder


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(template, tmp_path / "data")


def test_init_prints_a_project_and_a_key_and_nothing_else(cli, tmp_path: Path) -> None:
    made = cli("init", "--data", str(tmp_path / "new"), "--json")
    assert made.code == 0, made.err
    assert set(made.json) == {"project", "api_key"}
    assert made.json["project"] == "default"
    assert made.json["api_key"].startswith("mbx_")
    assert made.err == ""
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    assert (tmp_path / "new" / "master.key").stat().st_mode & 0o077 == 0


def test_init_on_a_folder_that_is_there_makes_one_more_key_and_keeps_the_mode(cli, data: Path) -> None:
    again = cli("init", "--data", str(data))
    assert again.code == 0
    assert "mbx_" in again.out
    assert f"powerstrip serve --data {data}" in again.out
    assert "The project default was there already: this is one more key, those before stay good." in again.out
    told = cli("init", "--data", str(data), "--json")
    assert set(told.json) == {"project", "api_key"}
    assert "one more key was made" in told.err
    fixed = cli("init", "--data", str(data), "--mode", "live")
    assert (fixed.code, fixed.out) == (1, "")
    assert "mode" in fixed.err
    assert cli("init", "--data", str(data), "--project", "Not A Handle").code == 1


def test_commands_open_the_folder_and_find_its_only_project(cli, data: Path) -> None:
    made = cli(
        "integrations",
        "create",
        "postmark",
        "--name",
        "mail",
        "--credential",
        "server_token=-",
        "--data",
        str(data),
        stdin="invented-token",
    )
    assert made.code == 0, made.err
    called = cli("call", "postmark.email.send", "--input", json.dumps(EMAIL), "--json", "--data", str(data))
    assert called.json["status"] == "completed", called.err
    assert "operator" in cli("audit", "list", "--data", str(data)).out


def test_a_folder_without_a_hub_is_not_made_by_accident(cli, tmp_path: Path) -> None:
    for words in (["integrations", "list"], ["serve", "--port", "0"]):
        ran = cli(*words, "--data", str(tmp_path / "typo"))
        assert ran.code == 1
        assert f"powerstrip init --data {tmp_path}/typo" in ran.err
    assert not (tmp_path / "typo").exists()


def test_the_doctor_finds_a_sound_folder_sound(cli, data: Path) -> None:
    ran = cli("doctor", "--data", str(data), "--json")
    assert ran.code == 0, ran.out
    states = {finding["check"]: finding["state"] for finding in ran.json["findings"]}
    assert ran.json["healthy"] is True
    assert [states[check] for check in ("folder", "disk", "lock", "database", "master key", "exception")] == ["ok"] * 6
    assert "permissions" not in states
    plugins = next(finding["message"] for finding in ran.json["findings"] if finding["check"] == "plugins")
    assert all(name in plugins for name in ("postmark", "s3", "slack"))


def test_the_doctor_on_a_fresh_machine_warns_and_makes_nothing(cli, tmp_path: Path) -> None:
    ran = cli("doctor", "--data", str(tmp_path / "none"))
    assert ran.code == 0
    assert "powerstrip init" in ran.out
    assert not (tmp_path / "none").exists()


def test_the_doctor_lists_every_exception_in_force(cli, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERSTRIP_ALLOW_ADDRESSES", "127.0.0.0/8,10.1.0.0/16")
    monkeypatch.setenv("POWERSTRIP_PROVIDER_URLS", '{"postmark": "http://127.0.0.1:4010"}')
    ran = cli("doctor", "--data", str(data))
    assert ran.code == 0
    for exception in ("127.0.0.0/8", "10.1.0.0/16", "http://127.0.0.1:4010"):
        assert exception in ran.out


@pytest.mark.parametrize("harm", ["other key", "no key", "newer schema", "no database", "open to others"])
def test_the_doctor_names_what_is_wrong(cli, data: Path, harm: str) -> None:
    key = data / "master.key"
    match harm:
        case "other key":
            key.write_text("A" * 43 + "=\n")
        case "no key":
            key.unlink()
        case "newer schema":
            with sqlite3.connect(data / "powerstrip.db") as database:
                database.execute("UPDATE alembic_version SET version_num = '9999'")
        case "no database":
            (data / "powerstrip.db").write_bytes(b"not a database at all" * 100)
        case _:
            key.chmod(0o644)
    kept = {path.name: path.read_bytes() for path in data.iterdir() if path.suffix in (".db", ".key")}
    ran = cli("doctor", "--data", str(data))
    assert ran.code == 1
    assert "BROKEN" in ran.out
    assert {name for name, content in kept.items() if (data / name).read_bytes() != content} == set()
    assert (data / "master.key").exists() is (harm != "no key")


def test_a_wrong_setting_is_a_sentence(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERSTRIP_ALLOW_ADDRESSES", "everything")
    ran = cli("doctor")
    assert ran.code == 1
    assert "POWERSTRIP_ALLOW_ADDRESSES" in ran.err


def test_the_demo_tells_its_story(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ran = cli("demo")
    assert ran.code == 0, ran.err
    assert ran.err == ""
    assert len(ran.out.splitlines()) <= 100
    for words in (
        "POST https://api.postmarkapp.com/email", "<server_token>", "<bot_token>", "AWS4-HMAC-SHA256 Credential=<access_key_id>",
        "completed", "failed", "The chain holds", "powerstrip init --data",
    ):  # fmt: skip
        assert words in ran.out
    assert re.search(r"^ +postmark +Postmark +connected", ran.out, re.MULTILINE)
    assert "invented" not in ran.out.replace("with invented credentials", "")
    assert list(tmp_path.glob("powerstrip-demo-*")) == []


def test_the_demo_in_json_can_keep_its_folder(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    facts = cli("demo", "--json", "--keep").json
    assert [call["status"] for call in facts["calls"]] == ["completed"] * 4 + ["failed"]
    assert facts["audit"]["intact"] is True
    assert cli("sandbox", "requests", "--data", facts["data"], "--json").json["items"]


def test_doctor_says_which_settings_are_in_force(cli, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERSTRIP_RATE_LIMIT", "77")
    monkeypatch.setenv("POWERSTRIP_PLUGINS_BLOCK", "Slack,slak")
    monkeypatch.setenv(
        "POWERSTRIP_PROVIDER_URLS", '{"postmark": "http://127.0.0.1:9/secret-path", "postmork": "http://127.0.0.1:9"}'
    )
    ran = cli("doctor", "--data", str(data), "--json")
    assert ran.code == 0, ran.out
    said = [each["message"] for each in ran.json["findings"]]
    assert "SQLite in the data folder; at most 77 requests a second for one key" in said
    assert "Calls of postmark go to http://127.0.0.1:9" in said
    assert "POWERSTRIP_PROVIDER_URLS names postmork, and there is no such provider" in said
    assert any(line.startswith("slack (") and "blocked" in line for line in said)
    assert "POWERSTRIP_PLUGINS_BLOCK names slak, and no such plugin is installed" in said
    assert "slack.message.post" not in cli("catalog", "actions", "--json", "--data", str(data)).out


def test_doctor_does_not_call_a_missing_hub_sound(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERSTRIP_URL", "http://127.0.0.1:9")
    ran = cli("doctor", "--data", str(tmp_path / "none"))
    assert "There is no hub yet: 0 broken" in ran.out
    assert "Sound" not in ran.out
    assert "not at the hub that POWERSTRIP_URL names" in ran.err


def test_a_master_key_beside_what_it_seals_is_a_warning_once_something_is_sealed(
    cli, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "key file" not in cli("doctor", "--data", str(data)).out, "nothing is sealed yet"
    made = cli(
        "integrations", "create", "postmark", "--name", "mail", "--credential", "server_token=-", "--data", str(data),
        stdin="invented-token",
    )  # fmt: skip
    assert made.code == 0, made.err
    ran = cli("doctor", "--data", str(data))
    assert ran.code == 0
    assert "warning  key file     The master key lies beside what it seals" in ran.out
    moved = data.with_name("master.key")
    (data / "master.key").rename(moved)
    monkeypatch.setenv("POWERSTRIP_MASTER_KEY_FILE", str(moved))
    ran = cli("doctor", "--data", str(data))
    assert "it comes from POWERSTRIP_MASTER_KEY_FILE" in ran.out
    assert "key file" not in ran.out


@pytest.mark.parametrize("command", ["doctor", "init", "serve"])
def test_a_setting_that_cannot_be_used_is_a_sentence(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("POWERSTRIP_DATABASE_URL", "postgresql://u:hunter2canary@h:notaport/x")
    ran = cli(command, "--data", str(tmp_path / "none"))
    assert ran.code == 1
    assert "POWERSTRIP_DATABASE_URL: write postgresql://" in ran.err
    assert "hunter2canary" not in ran.out + ran.err


def test_postgresql_without_its_driver_is_a_sentence(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERSTRIP_DATABASE_URL", "postgresql://hub:hunter2canary@127.0.0.1:9/hub")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for words in (["init"], ["doctor"], ["integrations", "list"]):
        ran = cli(*words, "--data", str(tmp_path / "none"), "--json")
        assert ran.code == 1
        assert ran.json["error"]["code"] == "no_driver"
        assert 'pip install "powerstrip[postgresql]"' in ran.err
        assert "hunter2canary" not in ran.out + ran.err


def test_the_doctor_goes_on_where_it_may_not_look(cli, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder / "hub.lock"))

    monkeypatch.setattr("powerstrip.store.hold_folder", refuse)
    ran = cli("doctor", "--data", str(data))
    assert ran.code == 1
    assert f"BROKEN   lock         {data}/hub.lock: Permission denied" in ran.out
    assert "The database answers" in ran.out


def test_the_doctor_finds_a_database_that_cannot_be_written(cli, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    access = os.access

    def asked(path: Path, mode: int) -> bool:  # as for a user who is not root
        return access(path, mode) and not (Path(path).name == "powerstrip.db" and mode & os.W_OK)

    monkeypatch.setattr("os.access", asked)
    ran = cli("doctor", "--data", str(data))
    assert ran.code == 1
    assert f"{data}/powerstrip.db cannot be written by this user" in ran.out
