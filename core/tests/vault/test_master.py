"""The master key: where it comes from, what is refused, and that it is not given away."""

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from powerstrip.settings import Settings
from powerstrip.vault import MasterKey, MasterKeyError, load_master, master

MATERIAL = bytes(range(32))
TEXT = base64.b64encode(MATERIAL).decode()
SAME = MasterKey(MATERIAL).id


def key_file(folder: Path, content: str = TEXT + "\n", mode: int = 0o600) -> Path:
    path = folder / "some.key"
    path.write_text(content)
    path.chmod(mode)
    return path


def test_from_the_environment_and_gone_from_it(settings: Settings) -> None:
    environ = {"POWERSTRIP_MASTER_KEY": TEXT, "HOME": "/"}
    assert load_master(settings, environ).id == SAME
    assert environ == {"HOME": "/"}
    assert list(settings.data.iterdir()) == []


def test_child_processes_do_not_inherit_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERSTRIP_MASTER_KEY", TEXT)
    load_master(settings)
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(dict(os.environ))"], capture_output=True, text=True, check=True
    )
    assert TEXT not in child.stdout


def test_from_a_file(settings: Settings) -> None:
    path = key_file(settings.data)
    environ = {"POWERSTRIP_MASTER_KEY_FILE": str(path)}
    assert load_master(settings, environ).id == SAME
    assert environ == {}


def test_from_a_command_without_a_shell(settings: Settings) -> None:
    script = f"print('{TEXT}')"
    environ = {"POWERSTRIP_MASTER_KEY_COMMAND": f'{sys.executable} -c "{script}"'}
    assert load_master(settings, environ).id == SAME
    assert environ == {}
    marker = settings.data / "marker"
    with pytest.raises(MasterKeyError):
        load_master(settings, {"POWERSTRIP_MASTER_KEY_COMMAND": f"echo x; touch {marker}"})
    assert not marker.exists()


def test_the_data_folders_own_file_is_found_again(settings: Settings) -> None:
    new = load_master(settings, {})
    path = settings.data / "master.key"
    assert new.unsaved == path
    assert not path.exists()  # the vault saves it, once it has looked into the database
    new.save()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = load_master(settings, {})
    assert (again.id, again.unsaved) == (new.id, None)


def test_each_new_key_is_another(settings: Settings) -> None:
    assert len({load_master(settings, {}).id for _ in range(20)}) == 20


def test_a_file_that_appeared_meanwhile_is_not_overwritten(settings: Settings) -> None:
    first, second = load_master(settings, {}), load_master(settings, {})
    first.save()
    with pytest.raises(MasterKeyError, match="cannot be kept"):
        second.save()
    assert load_master(settings, {}).id == first.id


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o666, 0o610])
def test_a_file_that_others_may_read_is_refused(settings: Settings, mode: int) -> None:
    path = key_file(settings.data, mode=mode)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        load_master(settings, {"POWERSTRIP_MASTER_KEY_FILE": str(path)})
    path.rename(settings.data / "master.key")
    with pytest.raises(MasterKeyError, match="chmod 600"):
        load_master(settings, {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    path = key_file(settings.data)
    os.chown(path, 12345, 12345)
    with pytest.raises(MasterKeyError, match="another user"):
        load_master(settings, {"POWERSTRIP_MASTER_KEY_FILE": str(path)})


WRONG = [
    "short",
    TEXT[:-4],
    TEXT + TEXT,
    "?" + TEXT[1:],
    "ключ",
    base64.b64encode(bytes(31)).decode(),
    base64.b64encode(bytes(33)).decode(),
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_key_is_refused_and_not_repeated(settings: Settings, text: str) -> None:
    path = key_file(settings.data, text)
    show = f"{sys.executable} -c \"print(open('{path}').read())\""
    for environ in (
        {"POWERSTRIP_MASTER_KEY": text},
        {"POWERSTRIP_MASTER_KEY_FILE": str(path)},
        {"POWERSTRIP_MASTER_KEY_COMMAND": show},
    ):
        with pytest.raises(MasterKeyError, match="openssl rand -base64 32") as caught:
            load_master(settings, environ)
        assert text not in str(caught.value)


@pytest.mark.parametrize("command", ["false", "no-such-program-here", "echo 'open", "true"])
def test_a_command_that_fails_is_refused(settings: Settings, command: str) -> None:
    with pytest.raises(MasterKeyError, match="POWERSTRIP_MASTER_KEY_COMMAND"):
        load_master(settings, {"POWERSTRIP_MASTER_KEY_COMMAND": command, "PATH": os.environ["PATH"]})


def test_a_command_that_hangs_is_given_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master, "COMMAND_SECONDS", 0.1)
    with pytest.raises(MasterKeyError, match="did not end"):
        load_master(settings, {"POWERSTRIP_MASTER_KEY_COMMAND": f"{sys.executable} -c 'import time; time.sleep(20)'"})


def test_a_missing_file_is_refused_and_none_is_made(settings: Settings) -> None:
    with pytest.raises(MasterKeyError, match="cannot be read"):
        load_master(settings, {"POWERSTRIP_MASTER_KEY_FILE": str(settings.data / "none")})
    assert list(settings.data.iterdir()) == []


def test_two_sources_are_one_too_many(settings: Settings) -> None:
    with pytest.raises(MasterKeyError, match="set only one"):
        load_master(settings, {"POWERSTRIP_MASTER_KEY": TEXT, "POWERSTRIP_MASTER_KEY_FILE": "/nowhere"})


def test_derived_keys_are_stable_and_tell_nothing_of_each_other() -> None:
    key = MasterKey(MATERIAL)
    assert key.derive("audit") == MasterKey(MATERIAL).derive("audit")
    derived = {key.derive(purpose) for purpose in ("audit", "wrap", "check", "")}
    assert len(derived | {MATERIAL}) == 5
    assert all(len(each) == 32 for each in derived)
