"""The command as a process: serving, signals, two hubs, a terminal, and no network at all."""

import contextlib
import fcntl
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import termios
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

EMAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi"}
POWERSTRIP = str(Path(sys.executable).with_name("powerstrip"))


def ask(hub: Any, path: str, body: object = None) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{hub.url}{path}",
        json.dumps(body).encode() if body is not None else None,
        {"Authorization": f"Bearer {hub.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def test_one_terminal_serves_and_another_calls(served, powerstrip) -> None:
    assert served.ready == f"powerstrip ready on {served.url} (data {served.data})\n"
    call = ("call", "postmark.email.send", "--integration", "mail", "--input", json.dumps(EMAIL), "--json")
    called = powerstrip(*call, **served.environment)
    assert called.json["status"] == "completed", called.err
    assert (served.data / "serve.log").read_text() == ""


def test_kill_9_leaves_a_sound_folder_and_sigterm_lets_a_call_in_flight_finish(start, serve, powerstrip, tmp_path: Path) -> None:
    killed = start(tmp_path / "data")
    killed.process.kill()
    killed.process.wait(10)

    hub = serve(killed)
    try:
        connect = ("integrations", "create", "slack", "--name", "team", "--auth", "bot_token", "--credential", "bot_token=-")
        assert powerstrip(*connect, stdin="xoxb-invented", **hub.environment).code == 0
        assert powerstrip("audit", "verify", **hub.environment).code == 0
        answers: list[dict[str, Any]] = []
        body = {"input": {"channel": "C1", "text": "hi"}, "simulate": "timeout", "timeout_seconds": 2}
        where = f"/v1/projects/{hub.project}/actions/slack.message.post/invocations"
        caller = threading.Thread(target=lambda: answers.append(ask(hub, where, body)))
        caller.start()
        time.sleep(0.2)
        hub.process.send_signal(signal.SIGTERM)
        caller.join(30)
        assert hub.process.wait(40) == 0
        assert [answer["status"] for answer in answers] == ["failed"]
        with pytest.raises(urllib.error.URLError):
            ask(hub, "/health")
    finally:
        if hub.process.poll() is None:
            hub.process.kill()


def test_a_folder_in_use_and_a_port_in_use_are_refused(served, cli, tmp_path: Path) -> None:
    for words in (["serve", "--port", "0"], ["integrations", "list"], ["init"]):
        second = cli(*words, "--data", str(served.data))
        assert second.code == 1
        assert "already running" in second.err
        assert "POWERSTRIP_URL" in second.err
    shutil.copytree(served.data, tmp_path / "copy")
    port = served.url.rpartition(":")[2]
    taken = cli("serve", "--data", str(tmp_path / "copy"), "--port", port)
    assert (taken.code, taken.out) == (1, "")
    assert f"port {port}" in taken.err
    assert cli("serve", "--data", str(tmp_path / "copy"), "--host", "no-such-host.invalid").code == 1


def test_the_demo_needs_no_network_and_no_terminal(environment, tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode != 0:
        pytest.skip("this user may not make a network namespace")
    words = ["unshare", "-n", POWERSTRIP, "demo"]
    done = subprocess.run(
        words, env=environment(TMPDIR=str(tmp_path)), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "The chain holds" in done.stdout
    assert list(tmp_path.iterdir()) == []


def pending(pipe: int) -> int:
    """Bytes in a pipe that nobody has read yet."""
    answer = fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4)
    return int.from_bytes(answer, sys.byteorder)


def test_an_interrupted_command_ends_with_130_and_no_traceback(environment) -> None:
    process = subprocess.Popen(
        [POWERSTRIP, "call", "slack.message.post", "--input", "-"],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    os.write(process.stdin.fileno(), b" " * 65_536)
    while pending(process.stdin.fileno()):
        time.sleep(0.01)  # until the command has begun to read
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "\n")


class Terminal:
    """A command at a terminal: what it shows is read, what is typed is sent."""

    def __init__(self, words: list[str], environment: dict[str, str]) -> None:
        self.shown = ""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execvpe(words[0], words, environment)

    def until(self, text: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < end, f"{text!r} did not come, but {self.shown!r}"
            self._read()

    def _read(self) -> bool:
        if not select.select([self.descriptor], [], [], 0.1)[0]:
            return True
        with contextlib.suppress(OSError):  # the other end of a terminal closes with an error
            piece = os.read(self.descriptor, 65536)
            self.shown += piece.decode("utf-8", "replace")
            return bool(piece)
        return False

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def wait(self) -> int:
        """The exit code."""
        while self._read():
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                break
        else:
            _, status = os.waitpid(self.pid, 0)
        while select.select([self.descriptor], [], [], 0)[0] and self._read():
            pass
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(status)


@pytest.fixture
def at_terminal(served, environment, tmp_path):
    def start(*words: str) -> Terminal:
        own = {"TERM": "xterm-256color", "XDG_STATE_HOME": str(tmp_path / "state")}
        return Terminal([POWERSTRIP, *words], environment(**served.environment, **own))

    return start


def test_a_person_is_asked_for_credentials_without_echo(at_terminal) -> None:
    terminal = at_terminal("integrations", "create", "slack", "--name", "asked", "--auth", "bot_token")
    terminal.until("Bot token: ")
    terminal.type("xoxb-invented-typed\n")
    assert terminal.wait() == 0
    assert "Connected." in terminal.shown
    assert "typed" not in terminal.shown


def test_a_person_may_keep_a_provider_that_nobody_has_an_adapter_for(at_terminal) -> None:
    terminal = at_terminal("integrations", "create", "homegrown", "--name", "later")
    assert terminal.wait() == 0
    assert "no adapter for homegrown is installed" in terminal.shown
    assert "Kept, and not usable yet." in terminal.shown


def test_a_person_is_asked_before_what_cannot_be_undone(at_terminal, powerstrip, served) -> None:
    connect = ("integrations", "create", "slack", "--name", "kept", "--auth", "bot_token", "--credential", "bot_token=-")
    assert powerstrip(*connect, stdin="xoxb-invented", **served.environment).code == 0
    call = ["call", "slack.message.delete", "--input", "channel=C1", "--input", "ts=1.2"]
    for words in (["integrations", "delete", "kept"], call):
        terminal = at_terminal(*words)
        terminal.until("[y/N] ")
        terminal.type("\n")
        assert terminal.wait() == 1
        assert "error: Nothing was" in terminal.shown
    assert powerstrip("integrations", "show", "kept", **served.environment).code == 0


@pytest.mark.parametrize("words", [(), ("tui",)])
def test_alone_at_a_terminal_it_opens_the_dashboard(at_terminal, words) -> None:
    terminal = at_terminal(*words)
    terminal.until("Postmark")
    terminal.until("SANDBOX")
    terminal.type("q")
    assert terminal.wait() == 0


def test_a_conversation_that_is_broken_off_says_how_to_go_on(at_terminal) -> None:
    terminal = at_terminal("chat", "connect", "postmark")
    terminal.until("Server API token: ")  # what is typed before its prompt is thrown away
    terminal.type("\n")
    terminal.until("> ")
    terminal.type("what is a server token?\n")
    terminal.until("Server API token: In")
    terminal.type("\x03")
    assert terminal.wait() == 130
    assert "What was connected stays. Go on:  powerstrip chat --resume " in terminal.shown
