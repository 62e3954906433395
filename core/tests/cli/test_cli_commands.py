"""Commands as people type them, on a served hub in a sandbox."""

import json
from pathlib import Path

import pytest

CANARY = "pm-invented-canary-77a1"
EMAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi"}

pytestmark = pytest.mark.usefixtures("on_served")


def test_an_integration_through_its_life(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVENTED_TOKEN", "xoxb-invented-1")
    made = cli(
        "integrations", "create", "slack", "--name", "team", "--auth", "bot_token",
        "--credential", "bot_token=env:INVENTED_TOKEN", "--config", "default_channel=#ops", "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert made.json["config"] == {"default_channel": "#ops"}
    assert made.json["status"] == "active"
    assert "credentials" not in made.json

    assert cli("integrations", "show", made.json["id"]).out == cli("integrations", "show", "team").out
    assert "nothing was sent" in cli("integrations", "test", "team").out
    assert cli("integrations", "disable", "team").out == "team is inactive.\n"
    refused = cli("call", "slack.message.post", "--input", "text=hi")
    assert refused.code == 1
    assert refused.err.startswith("error: ")
    assert cli("integrations", "enable", "team").code == 0
    rotated = cli("integrations", "rotate", "team", "--credential", "bot_token=-", "--json", stdin="xoxb-invented-2\n")
    assert rotated.code == 0, rotated.err
    listed = cli("integrations", "list", "--provider", "slack", "--json").json
    assert [entry["name"] for entry in listed["items"]] == ["team"]
    assert cli("integrations", "delete", "slack/team").out == "Deleted team.\n"
    gone = cli("integrations", "show", "team")
    assert gone.code == 1
    assert "there are: mail" in gone.err


def test_a_provider_without_an_adapter_is_told_and_those_spelled_alike(cli) -> None:
    ran = cli("integrations", "create", "postmrk", "--name", "typo", "--json")
    assert ran.json["provider"] == "postmrk"
    assert "no adapter for postmrk is installed; the integration is kept, and cannot be used until one is" in ran.err
    assert "did you mean postmark?" in ran.err
    assert cli("integrations", "delete", "typo").code == 0


def test_a_copy_in_another_project_works_without_its_credentials_being_entered(cli) -> None:
    assert cli("projects", "create", "branch", "--mode", "sandbox").code == 0
    copied = cli("integrations", "copy", "mail", "--to", "branch", "--name", "copied", "--json")
    assert copied.code == 0, copied.err
    assert (copied.json["name"], copied.json["has_credentials"]) == ("copied", True)
    called = cli("call", "postmark.email.send", "--project", "branch", "--input", json.dumps(EMAIL), "--json")
    assert called.json["status"] == "completed"


def test_with_several_projects_one_must_be_named(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("projects", "create", "second", "--mode", "sandbox")
    monkeypatch.delenv("POWERSTRIP_PROJECT")
    ran = cli("integrations", "list")
    assert ran.code == 2
    assert "second" in ran.err
    assert "shop" in ran.err
    assert "--project" in ran.err
    assert "second" in cli("projects", "archive", "second").out
    assert "archived" in cli("projects", "list", "--status", "archived").out
    assert cli("projects", "restore", "second", "--json").json["handle"] == "second"
    assert "sandbox" in cli("projects", "show", "second").out


def test_a_call_shows_what_would_have_been_sent_and_a_mock(cli) -> None:
    ran = cli("call", "postmark.email.send", "--integration", "mail", "--input", json.dumps(EMAIL))
    assert ran.code == 0, ran.err
    assert "POST https://api.postmarkapp.com/email" in ran.out
    assert "<server_token>" in ran.out
    assert '"Subject": "Hello"' in ran.out
    assert "Nothing was sent. A mock answers:" in ran.out
    assert '"message_id"' in ran.out


def test_a_dry_run_shows_the_request_and_answers_nothing(cli) -> None:
    ran = cli("call", "postmark.template.list", "--integration", "mail", "--dry-run")
    assert ran.code == 0, ran.err
    assert "GET https://api.postmarkapp.com/templates" in ran.out
    assert ran.out.endswith("Nothing was sent.\n")
    refused = cli("call", "postmark.email.send", "--integration", "mail", "--dry-run", "--input", json.dumps(EMAIL))
    assert refused.code == 1
    assert "dry run" in refused.err


def test_a_call_in_json_is_the_apis_answer(cli) -> None:
    result = cli("call", "postmark.email.send", "--integration", "mail", "--input", json.dumps(EMAIL), "--json").json
    assert (result["status"], result["mode"]) == ("completed", "sandbox")
    assert result["would_have_sent"][0]["method"] == "POST"
    assert cli("invocations", "show", result["invocation_id"], "--json").json["action_name"] == "postmark.email.send"
    logged = cli("invocations", "list", "--action", "postmark.email.send", "--all", "--json").json["items"]
    assert result["invocation_id"] in {row["id"] for row in logged}
    through = cli("invocations", "list", "--integration", "mail", "--mode", "sandbox", "--all", "--json").json["items"]
    assert result["invocation_id"] in {row["id"] for row in through}
    assert cli("invocations", "list", "--provider", "slack", "--mode", "live", "--json").json["items"] == []
    assert "There is no integration nowhere" in cli("invocations", "list", "--integration", "nowhere").err
    full = cli("sandbox", "requests", "--invocation", result["invocation_id"])
    assert "POST https://api.postmarkapp.com/email" in full.out
    assert '"To": "ada@example.com"' in full.out


def test_the_same_idempotency_key_is_one_call(cli) -> None:
    words = (
        "call",
        "postmark.email.send",
        "--integration",
        "mail",
        "--input",
        json.dumps(EMAIL),
        "--idempotency-key",
        "order-1",
        "--json",
    )
    first, again = cli(*words), cli(*words)
    assert again.json == first.json | {"replayed": True}
    assert "replayed" not in first.err
    assert "note: replayed" in again.err


def test_a_failed_call_ends_with_1_and_the_reason(cli) -> None:
    words = ("call", "postmark.email.send", "--integration", "mail", "--input", json.dumps(EMAIL), "--simulate", "unauthorized")
    ran = cli(*words)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: postmark: ")
    assert "refuses the credential" in ran.err
    assert "wait" not in ran.err
    assert "hint: wait 30 s, then call again" in cli(*words[:-1], "rate_limited").err
    assert cli(*words[:-1], "rate_limited", "--json").json["retry_after"] == 30
    in_json = cli(*words, "--json")
    assert (in_json.code, in_json.json["status"]) == (1, "failed")
    assert "retry_after" not in in_json.json


def test_an_input_that_does_not_fit_is_named_by_its_place(cli) -> None:
    ran = cli("call", "postmark.email.send", "--integration", "mail", "--input", "to=ada@example.com", "--json")
    assert ran.code == 1
    assert "subject" in ran.err
    assert ran.json["error"]["code"] == "invalid_request"


def test_an_unknown_action_names_those_spelled_alike(cli) -> None:
    ran = cli("call", "postmark.email.sned")
    assert ran.code == 1
    assert "postmark.email.send" in ran.err


def test_files_go_in_and_come_out(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVENTED_KEY", "invented")
    keys = ("--credential", "access_key_id=env:INVENTED_KEY", "--credential", "secret_access_key=env:INVENTED_KEY")
    assert cli("integrations", "create", "s3", "--name", "store", *keys).code == 0
    put = ("call", "s3.object.put", "--input", "bucket=orders", "--input", "key=a.bin", "--json")
    for size in (10, 400_000):
        (tmp_path / "a.bin").write_bytes(b"x" * size)
        ran = cli(*put, "--file", f"body=@{tmp_path}/a.bin")
        assert ran.code == 0, ran.err
        assert ran.json["would_have_sent"][0]["body_size"] == size
    deleted = cli("audit", "list", "--action", "delete", "--resource-type", "file", "--json").json["items"]
    assert len(deleted) == 1
    got = cli(
        "call", "s3.object.get", "--input", "bucket=orders", "--input", "key=a.bin", "--output", f"{tmp_path}/out", "--json"
    )
    assert got.code == 0, got.err
    assert got.json["output"]["body"] == {"saved_to": f"{tmp_path}/out", "size": (tmp_path / "out").stat().st_size}
    assert cli(*put, "--file", "body=@/no/such/file").code == 2
    assert cli(*put, "--output", "-").code == 2


def test_a_dash_is_standard_input_and_standard_output(cli, powerstrip, served, tmp_path: Path) -> None:
    keys = ("--credential", "access_key_id=-", "--config", "region=eu-central-1", "--mode", "sandbox")
    words = ("integrations", "create", "s3", "--name", "piped", *keys, "--credentials", '{"secret_access_key": "invented"}')
    assert cli(*words, stdin="invented").code == 0
    place = ("--integration", "piped", "--input", "bucket=orders", "--input", "key=a.txt")
    for source in ("-", "@-"):
        ran = powerstrip("call", "s3.object.put", *place, "--file", f"body={source}", stdin="hello", **served.environment)
        assert ran.code == 0, ran.err
        assert "hello" in ran.out
    to_file = cli("call", "s3.object.get", *place, "--output", f"{tmp_path}/out")
    got = cli("call", "s3.object.get", *place, "--output", "-")
    assert (got.code, to_file.code) == (0, 0), got.err
    assert got.out == (tmp_path / "out").read_text()
    assert "nothing was sent" in got.err
    assert cli("integrations", "delete", "piped", "--yes").code == 0


def test_output_of_an_action_without_a_file_is_its_json(cli, tmp_path: Path) -> None:
    ran = cli(
        "call", "postmark.email.send", "--integration", "mail", "--input", json.dumps(EMAIL), "--output", f"{tmp_path}/out.json"
    )
    assert ran.code == 0
    assert "message_id" in json.loads((tmp_path / "out.json").read_text())
    unwritable = cli(
        "call", "postmark.email.send", "--integration", "mail", "--input", json.dumps(EMAIL), "--output", "/no/such/folder/out"
    )
    assert unwritable.code == 1
    assert "/no/such/folder/out" in unwritable.err


def test_keys_are_shown_once_and_can_be_revoked(cli) -> None:
    made = cli("keys", "create", "ci", "--json").json
    assert made["key"].startswith("mbx_")
    listed = cli("keys", "list")
    assert "ci" in listed.out
    assert made["key"] not in listed.out
    assert cli("keys", "revoke", "ci", "--yes").out == "Revoked ci.\n"
    assert cli("keys", "revoke", "ci").code == 1
    unknown = cli("keys", "create", "x", "--role", "emperor")
    assert unknown.code == 1
    assert "Worker" in unknown.err or "worker" in unknown.err


def test_the_audit_log_tells_who_used_what_and_holds(cli) -> None:
    cli("call", "postmark.email.send", "--integration", "mail", "--input", json.dumps(EMAIL))
    page = cli("audit", "list", "--limit", "1")
    assert "admin" in page.out
    assert "mail, for postmark.email.send (sandbox)" in page.out
    assert "--all" in page.err
    everything = cli("audit", "list", "--all", "--json").json
    assert everything["has_more"] is False
    verified = cli("audit", "verify", "--json")
    assert (verified.code, verified.json["intact"]) == (0, True)
    assert cli("audit", "verify").out.startswith("The audit chain holds")


def test_providers_actions_events_and_pickers_can_be_looked_at(cli) -> None:
    listed = cli("providers", "list", "--search", "mail")
    assert "postmark" in listed.out
    assert "slack" not in listed.out
    shown = cli("providers", "show", "postmark")
    assert "secret" in shown.out
    assert "powerstrip integrations create postmark" in shown.out
    actions = cli("catalog", "list-actions", "--provider", "postmark", "--json").json["items"]
    assert "postmark.email.send" in {entry["name"] for entry in actions}
    assert "postmark.email.bounced" in cli("catalog", "list-events").out
    action = cli("catalog", "get-action", "postmark.email.send").out
    assert "required" in action
    assert "powerstrip call postmark.email.send --sandbox" in action
    assert "template" in cli("pickers", "mail").out
    assert cli("pickers", "mail", "template").code == 0
    assert cli("providers", "show", "nonsense").code == 1


def test_the_credential_is_in_nothing_that_a_command_says(cli) -> None:
    said = ""
    looks = (
        ("integrations", "list", "--json"),
        ("integrations", "show", "mail", "--json"),
        ("providers", "show", "postmark", "--json"),
        ("audit", "list", "--json", "--all"),
        ("invocations", "list", "--json"),
        ("sandbox", "requests", "--full"),
    )
    for words in looks:
        ran = cli(*words)
        assert ran.code == 0, (words, ran.err)
        said += ran.out + ran.err
    assert "mail" in said
    assert CANARY not in said


def test_doctor_asks_the_running_hub_that_is_named(cli, on_served) -> None:
    ran = cli("doctor")
    assert ran.code == 0, ran.err
    assert "ok       database     The database answers" in ran.out
    assert f"Data folder {on_served.data}" in ran.out
    assert "Sound: 0 broken" in ran.out
    told = cli("doctor", "--json").json
    assert set(told) == {"healthy", "url", "findings"}
    assert told["url"] == on_served.url
    assert set(told["findings"][0]) == {"check", "state", "message", "hint"}


def test_doctor_says_who_may_ask_a_running_hub(cli, on_served, monkeypatch: pytest.MonkeyPatch) -> None:
    principal = cli("principals", "create", "looks on", "--role", "viewer", "--json").json
    key = cli("keys", "create", "looking", "--principal", principal["id"], "--json").json["key"]
    monkeypatch.setenv("POWERSTRIP_API_KEY", key)
    ran = cli("doctor")
    assert (ran.code, ran.out) == (1, "")
    assert "platform.manage" in ran.err
    assert "powerstrip doctor --data DIR" in ran.err
    assert str(on_served.data) not in ran.err


def test_an_event_that_nothing_sends_is_refused_with_the_most_alike(cli, on_served) -> None:
    ran = cli("events", "fire", "postmark.email.deliverd", "--deliver")
    assert (ran.code, ran.out) == (1, "")
    assert "did you mean postmark.email.delivered" in ran.err
    assert "there are: postmark." in cli("events", "fire", "postmark.quite.another").err
    assert "powerstrip catalog list-events" in cli("events", "fire", "nowhere.to.be_seen").err
    assert "0 automations hear of postmark.email.delivered" in cli("events", "fire", "postmark.email.delivered").out


def test_an_address_on_this_machine_says_what_a_provider_needs(cli, on_served) -> None:
    made = cli("endpoints", "create", "mail", "--json").json
    try:
        assert "POWERSTRIP_PUBLIC_URL" in made["steps"][0]
        assert on_served.url.removeprefix("http://") in made["url"]
        assert "1. This address is on the hub's own machine" in cli("endpoints", "show", made["id"]).out
    finally:
        cli("endpoints", "delete", made["id"], "--yes")
