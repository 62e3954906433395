"""Automations and their runs from the command line: applied, published, started, followed, signalled, stopped, compared."""

from pathlib import Path

import pytest

from .conftest import Cli

WAITS = """
name: Waits
inputs: {n: {type: integer}}
steps:
  - {name: hold, wait_for_event: {event: order.paid}}
  - {name: mail, action: postmark.email.send, action_kind: server, integration: mail, parameters: {sender: a@shop.example, to: b@shop.example, subject: "Order ${inputs.n}", text_body: Hi}}
"""  # noqa: E501
pytestmark = pytest.mark.usefixtures("on_served")


@pytest.fixture
def waits(cli: Cli, tmp_path: Path) -> str:
    """A published automation; gives its handle."""
    spec = tmp_path / f"waits-{tmp_path.name}.yaml"
    spec.write_text(WAITS.replace("Waits", f"Waits {tmp_path.name}"))
    applied = cli("automations", "apply", str(spec), "--publish", "--json")
    assert applied.code == 0, applied.err or applied.out
    return applied.json["handle"]


def begun(cli: Cli, handle: str, n: int) -> str:
    started = cli("automations", "run", handle, "--input", f"n:={n}", "--json")
    assert started.code == 0, started.err
    return started.json["id"]


def test_a_run_is_shown_signalled_and_followed_to_its_end(cli: Cli, waits: str) -> None:
    run = begun(cli, waits, 7)
    listed = cli("runs", "list", "--automation", waits)
    assert run in listed.out
    assert waits in listed.out
    assert cli("automations", "runs", waits, "--json").json["items"][0]["id"] == run
    assert run in cli("automations", "runs", "--all").out
    assert "no automation of this handle" in cli("automations", "runs", "nowhere").err
    assert "hold" in cli("runs", "show", run).out
    gone_on = cli("runs", "signal", run, "hold", "--result", "paid:=true")
    assert gone_on.code == 0, gone_on.err
    followed = cli("runs", "watch", run)
    assert followed.code == 0, followed.out + followed.err
    assert "run.completed" in followed.out
    assert cli("automations", "watch", run, "--since", "1").code == 0
    shown = cli("runs", "show", run)
    assert "would have sent" in shown.out
    assert "Order 7" in shown.out


def test_a_run_is_cancelled_and_two_are_compared(cli: Cli, waits: str) -> None:
    first, second = begun(cli, waits, 1), begun(cli, waits, 2)
    ended = cli("runs", "cancel", first, "--reason", "not wanted")
    assert (ended.code, "cancelled" in ended.out) == (0, True), ended.err
    assert cli("automations", "cancel", second).code == 0
    compared = cli("runs", "diff", first, second)
    assert compared.code == 0
    assert "inputs" in compared.out
    assert cli("automations", "diff-runs", first, first).out.strip() == "They did the same."


def test_a_run_that_has_ended_is_told_so(cli: Cli, waits: str) -> None:
    run = begun(cli, waits, 3)
    assert cli("runs", "cancel", run).code == 0
    for words in (("runs", "signal", run, "hold"), ("runs", "resume", run), ("automations", "resume", run)):
        refused = cli(*words)
        assert refused.code == 1, words
        assert refused.err.startswith("error: ")
    for words in (("runs", "show", "run_none"), ("runs", "watch", "run_none"), ("runs", "retry", "run_none")):
        missing = cli(*words)
        assert (missing.code, missing.out) == (1, ""), words
        assert missing.err.startswith("error: ")
