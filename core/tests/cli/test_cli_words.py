"""What is typed: help, options, mistakes, completion; and how fast the answer is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from powerstrip.cli.parser import COMMANDS, build

POWERSTRIP = str(Path(sys.executable).with_name("powerstrip"))
LEAVES = {
    "providers": ("list", "show"),
    "catalog": ("list-actions", "list-events", "get-action"),
    "integrations": (
        "list",
        "create",
        "show",
        "test",
        "rotate",
        "update",
        "rename",
        "copy",
        "enable",
        "disable",
        "expire",
        "delete",
        "impact",
        "history",
        "export",
        "import",
    ),
    "keys": ("create", "list", "revoke", "bundle-key"),
    "principals": ("list", "create", "show", "enable", "disable", "delete"),
    "roles": ("list", "create", "show", "delete", "assign", "unassign", "permissions"),
    "files": ("list", "upload", "download", "delete"),
    "audit": ("list", "verify"),
    "projects": ("list", "create", "show", "archive", "restore"),
    "invocations": ("list", "show"),
    "sandbox": ("requests",),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(cli, command: str) -> None:
    ran = cli(command, "--help")
    assert ran.code == 0
    assert f"usage: powerstrip {command}" in ran.out
    assert all(leaf in ran.out for leaf in LEAVES.get(command, ()))


@pytest.mark.parametrize(("command", "leaf"), [(command, leaf) for command, leaves in LEAVES.items() for leaf in leaves])
def test_every_sub_command_has_help_and_takes_the_common_options(cli, command: str, leaf: str) -> None:
    ran = cli(command, leaf, "--help")
    assert ran.code == 0
    for option in ("--json", "--data", "--url", "--api-key", "--project"):
        assert option in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ["--json", "--project", "p", "providers", "list"],
        ["providers", "--json", "--project", "p", "list"],
        ["providers", "list", "--json", "--project", "p"],
    ],
)
def test_common_options_may_stand_anywhere(words: list[str]) -> None:
    args = build().parse_args(words)
    assert (args.json, args.project) == (True, "p")


def test_alone_and_without_a_terminal_it_prints_its_help(cli) -> None:
    ran = cli()
    assert ran.code == 0
    assert "powerstrip demo" in ran.out


def test_the_version(cli) -> None:
    assert cli("--version").out.startswith("powerstrip 0.")


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["providers"],
        ["providers", "lst"],
        ["call"],
        ["call", "a.b", "--no-such-option"],
        ["serve", "--port", "http"],
        ["serve", "--port", "80000"],
        ["serve", "--port", "-1"],
        ["integrations", "create", "slack"],
        ["audit", "list", "--limit", "0"],
        ["audit", "list", "--limit", "5", "--all"],
        ["providers", "list", "--url", "http://a.test", "--data", "b"],
        ["providers", "list", "--url", "no-url", "--api-key", "mbx_invented"],
        ["keys", "create", "--data", "x"],
    ],
)
def test_a_mistake_is_a_sentence_a_hint_and_exit_code_2(cli, words: list[str]) -> None:
    ran = cli(*words)
    assert ran.code == 2
    assert ran.out == ""
    first, *rest = ran.err.splitlines()
    assert first.startswith("error: ")
    assert all(line.startswith("hint: ") for line in rest)


def test_a_slip_of_the_keyboard_is_told_what_was_meant(cli) -> None:
    assert "did you mean integrations" in cli("integrtions").err
    assert "did you mean create" in cli("integrations", "crate").err
    assert cli("xyzzy").err.startswith("error: There is no command 'xyzzy'\n")


def test_a_mistake_in_json_is_json(cli) -> None:
    ran = cli("call", "--json")
    assert ran.code == 2
    assert ran.json["error"]["code"] == "usage"
    assert "action" in ran.json["error"]["message"]
    assert ran.err.startswith("error: ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_every_command(cli, shell: str) -> None:
    ran = cli("completion", shell)
    assert ran.code == 0
    for command, leaves in LEAVES.items():
        assert command in ran.out
        assert all(leaf in ran.out for leaf in leaves)


def test_completion_in_bash_completes(cli, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(cli("completion", "bash").out)
    ask = f"""
        source {tmp_path}/script
        COMP_WORDS=(powerstrip integrations cr); COMP_CWORD=2; COMP_LINE="powerstrip integrations cr"
        $(complete -p powerstrip | sed 's/.*-F \\([^ ]*\\).*/\\1/') powerstrip cr integrations
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True)
    assert done.stdout.split() == ["create"], done.stderr


RUN = """
import sys
from powerstrip.cli import main
main(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
"""


def loaded_by(*words: str) -> set[str]:
    """Modules that a command loads, and the packages they are of."""
    done = subprocess.run([sys.executable, "-c", RUN, *words], capture_output=True, text=True)
    names = done.stderr.splitlines()[-1].split()
    return {*names, *(name.partition(".")[0] for name in names)}


def test_help_loads_next_to_nothing() -> None:
    loaded = loaded_by("--help")
    assert "argparse" in loaded
    assert not {"pydantic", "sqlalchemy", "sqlmodel", "litestar", "httpx2", "aiohttp"} & loaded
    assert not {"asyncio", "typing", "json", "shutil", "textwrap", "dataclasses", "pathlib"} & loaded
    ours = {"powerstrip.cli", "powerstrip.cli.failures", "powerstrip.cli.main", "powerstrip.cli.parser"}
    assert {name for name in loaded if name.startswith("powerstrip.")} == ours


def test_a_command_for_a_running_hub_loads_no_database_and_no_web_framework() -> None:
    loaded = loaded_by("call", "slack.message.post", "--url", "http://127.0.0.1:9", "--api-key", "mbx_invented", "--project", "p")
    assert "httpx2" in loaded
    assert not {"sqlalchemy", "sqlmodel", "litestar", "aiohttp", "cryptography", "pydantic", "powerstrip.api"} & loaded


def test_json_goes_to_a_pipe_whole_and_a_closed_pipe_is_no_trouble() -> None:
    words = f"{POWERSTRIP} completion bash --json"
    whole = subprocess.run(words, shell=True, capture_output=True, text=True)
    assert json.loads(whole.stdout)["shell"] == "bash"
    cut = subprocess.run(f"{words} | head -c 10", shell=True, capture_output=True, text=True)
    assert cut.stderr == ""


def test_a_number_out_of_its_range_is_told_the_range(cli) -> None:
    for words, highest in ((["serve", "--port", "80000"], "0 to 65535"), (["serve", "--port", "1e3"], "0 to 65535")):
        assert cli(*words).err.startswith(f"error: Argument --port: write a whole number from {highest}")
    assert "write a whole number from 1 to 120" in cli("call", "a.b", "--timeout", "600").err


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1", "²"])
def test_a_limit_out_of_range_is_told_its_range(cli, limit: str) -> None:
    ran = cli("invocations", "list", "--limit", limit)
    assert ran.code == 2
    assert "write a number from 1 to 200" in ran.err
    assert "_count" not in ran.err


def test_a_word_too_many_leads_to_the_help_of_its_own_command(cli) -> None:
    ran = cli("endpoints", "create", "store", "--integration", "x")
    assert ran.code == 2
    assert "Unrecognized arguments: --integration x" in ran.err
    assert "powerstrip endpoints create --help" in ran.err


def test_a_quick_check_keeps_no_tier(cli) -> None:
    ran = cli("plugin", "check", "slack", "--quick", "--write")
    assert ran.code == 2
    assert "not allowed with" in ran.err
