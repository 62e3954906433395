"""An integration's life at the command line: plans, refusals, bundles; principals, roles and files beside it."""

import json
from pathlib import Path

import pytest

CANARY = "pm-invented-canary-77a1"
EMAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi"}

pytestmark = pytest.mark.usefixtures("on_served")


def connect(cli, name: str) -> None:
    made = cli("integrations", "create", "postmark", "--name", name, "--credential", "server_token=-", stdin=CANARY)
    assert made.code == 0, made.err


def test_what_others_use_needs_a_yes(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(cli, "used")
    admin = cli("keys", "create", "caller")
    call = ("call", "postmark.email.send", "--integration", "used", "--input", json.dumps(EMAIL), "--json")
    with monkeypatch.context() as other:
        other.setenv("POWERSTRIP_API_KEY", admin.out.splitlines()[0])
        assert cli(*call).code == 0

    impact = cli("integrations", "impact", "used")
    assert "caller" in impact.out
    assert "postmark.email.send" in impact.out
    for words in (("disable", "used"), ("expire", "used", "--reason", "leak"), ("delete", "used")):
        planned = cli("integrations", *words, "--dry-run")
        assert planned.code == 0, planned.err
        assert "Nothing was changed." in planned.out
        assert "principal caller: called with it 1 times" in planned.out
        refused = cli("integrations", *words, "--json")
        assert (refused.code, refused.json["error"]["code"]) == (1, "impact")
        assert "--yes" in refused.err
    assert "active" in cli("integrations", "show", "used").out
    assert cli("integrations", "expire", "used", "--reason", "It leaked", "--yes").out == "used is expired.\n"
    assert "It leaked" in cli("integrations", "history", "used").out
    assert cli("integrations", "delete", "used", "--yes").code == 0


def test_an_expired_one_is_connected_again_by_its_form(cli) -> None:
    connect(cli, "again")
    assert cli("integrations", "expire", "again", "--reason", "leak").code == 0
    asked = cli("integrations", "reconnect", "again")
    assert asked.code == 2
    assert "--credential" in asked.err
    healed = cli("integrations", "reconnect", "again", "--credential", "server_token=-", "--json", stdin=CANARY + "-2")
    assert (healed.code, healed.json["status"]) == (0, "active"), healed.err
    assert cli("integrations", "delete", "again").code == 0


def test_another_destination_is_a_plan_first(cli) -> None:
    made = cli(
        "integrations", "create", "s3", "--name", "moving", "--config", "bucket=media", "--config", "region=eu-west-1",
        "--config", "endpoint=https://one.example.com", "--credentials", "-",
        stdin=json.dumps({"access_key_id": "AKIAINVENTED000", "secret_access_key": "invented-secret-0001"}),
    )  # fmt: skip
    assert made.code == 0, made.err
    move = ("integrations", "update", "moving", "--config", "endpoint=https://two.example.com")

    refused = cli(*move)
    assert refused.code == 1
    assert "dropped" in refused.err
    assert "--yes" in refused.err
    assert "one.example.com" in cli("integrations", "show", "moving").out
    assert "invented-secret" not in refused.err + refused.out
    moved = cli(*move, "--yes", "--json").json
    assert (moved["status"], moved["has_credentials"], moved["config"]["bucket"]) == ("expired", False, "media")
    assert cli("integrations", "rename", "moving", "moved").out == "moving is moved now.\n"
    unset = cli("integrations", "update", "moved", "--unset", "nothing")
    assert unset.code == 2
    assert cli("integrations", "update", "moved").code == 2


def test_a_bundle_goes_from_one_project_to_another(cli, tmp_path: Path) -> None:
    connect(cli, "travels")
    assert cli("projects", "create", "import-here", "--mode", "sandbox").code == 0
    key = cli("keys", "bundle-key").out.strip()
    bundle = cli("integrations", "export", "--seal-to", key)
    assert bundle.code == 0, bundle.err
    assert CANARY not in bundle.out
    path = tmp_path / "bundle.json"
    path.write_text(bundle.out)
    into = ("integrations", "import", str(path), "--project", "import-here")

    planned = cli(*into, "--dry-run")
    assert "travels" in planned.out
    refused = cli(*into)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert cli("integrations", "list", "--project", "import-here", "--json").json["items"] == []
    # other tests leave other things in the project, one without an adapter among them
    done = cli(*into, "--yes", "--skip-conflicts", "--json")
    assert done.code == 0, done.err
    assert {entry["state"] for entry in done.json["entries"] if entry["name"] == "travels"} == {"new"}
    again = cli(*into, "--yes", "--skip-conflicts", "--json")
    assert {entry["state"] for entry in again.json["entries"] if entry["name"] == "travels"} == {"same"}


def test_principals_roles_and_files(cli, tmp_path: Path) -> None:
    made = cli("principals", "create", "robot", "--role", "viewer", "--json")
    assert made.code == 0, made.err
    assert "Viewer" in cli("principals", "show", "robot").out
    assert cli("roles", "create", "sender", "--permission", "actions.execute.postmark.*").code == 0
    assert cli("roles", "assign", "sender", "robot").out == "robot is sender now.\n"
    assert "sender" in cli("principals", "list").out
    assert cli("roles", "unassign", "sender", "robot").code == 0
    assert cli("roles", "unassign", "sender", "robot").code == 1
    assert cli("roles", "delete", "sender").code == 0
    assert "integrations.manage" in cli("roles", "permissions").out
    assert "disabled" in cli("principals", "disable", "robot").out
    assert cli("principals", "delete", "robot").code == 0
    assert cli("principals", "show", "nobody").code == 1

    source, target = tmp_path / "note.txt", tmp_path / "back.txt"
    source.write_text("hello")
    stored = cli("files", "upload", str(source), "--json").json
    assert (stored["size"], stored["media_type"]) == (5, "text/plain")
    assert "note.txt" in cli("files", "list").out
    assert cli("files", "download", stored["id"], "--output", str(target)).code == 0
    assert target.read_text() == "hello"
    assert cli("files", "delete", stored["id"]).code == 0
    assert cli("files", "upload", str(tmp_path / "none")).code == 2
