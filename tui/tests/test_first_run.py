"""The first minutes, in a real terminal: an empty folder, a hub, a first integration, an action that was tried, by keys alone.

`python tui/tests/test_first_run.py` records it anew, for the guide.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

SHOWN = Path(__file__).parents[2] / "docs" / "guide" / "first-run.md"
POWERSTRIP = Path(sys.executable).with_name("powerstrip")
SECRET = "pm-canary-invented-token"
WAIT_SECONDS = 60.0
SERVICES = re.compile(r"(?m)(?<=^ Search services\n)(?:(?!```).*\n)*?(?=^/ Search)")
TIER = re.compile(r"\b(?:bronze|silver|gold|platinum)\b *")
COURSE = re.compile(r"[·▁▂▃▄▅▆▇█]{8}")


@dataclass(frozen=True)
class Step:
    """Keys, as tmux names them; what must come to stand on the screen; and what is said of it in the guide."""

    keys: tuple[str, ...]
    until: tuple[str, ...]
    words: str


STEPS = (
    Step(
        (),
        ("Make a hub in this folder now?", "◌ opening"),
        "`powerstrip --data hub` in an empty folder greets.",
    ),
    Step(("Enter",), ("Welcome. Nothing is connected", "● connected", "Needs setup"), "**Enter** makes a hub with a sandbox."),
    Step(("/", *"postmark", "Enter"), ("Postmark           ○ Needs setup",), "**/** searches: `postmark`, **Enter**."),
    Step(("c",), ("Connect Postmark", "Server API token"), "**c** connects it: the form says where its key is found."),
    Step(("Tab", *SECRET), ("•" * len(SECRET),), "The key is typed unseen."),
    Step(("C-s",), ("›  connected", "● connected"), "**Ctrl+s** tries and keeps it. In a sandbox nobody is asked."),
    Step(("Escape",), ("Postmark           ● Connected",), "**Escape** goes back: it is connected."),
)


class Terminal:
    """A terminal of 80 columns and 24 lines, in a tmux server of its own."""

    def __init__(self, folder: Path) -> None:
        self._server = ("tmux", "-S", str(folder / "tmux"), "-f", "/dev/null")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("POWERSTRIP_", "TMUX", "XDG_"))}
        clean |= {"HOME": str(folder), "TERM": "screen-256color", "LC_ALL": "C.UTF-8"}
        size = ("-x", "80", "-y", "24", "-c", str(folder))
        self._run("new-session", "-d", *size, f"exec {POWERSTRIP} --data hub", env=clean)

    def _run(self, *words: str, env: dict[str, str] | None = None) -> str:
        done = subprocess.run([*self._server, *words], capture_output=True, text=True, check=True, timeout=20, env=env)
        return done.stdout

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self._run("send-keys", key)
            time.sleep(0 if key.isalnum() and len(key) == 1 else 0.5)  # until the focus is where the key put it

    def screen(self) -> str:
        """What is on the screen, without what differs from one time to the next."""
        lines = self._run("capture-pane", "-p").splitlines()
        return "\n".join(COURSE.sub("·" * 8, line).rstrip() for line in lines)

    def after(self, step: Step) -> str:
        """The screen after a step: when all that it brings is there, and nothing changes any more."""
        time.sleep(1)  # a form takes the focus a moment after it is seen
        self.press(*step.keys)
        end, before = time.monotonic() + WAIT_SECONDS, ""
        while time.monotonic() < end:
            now = self.screen()
            if now == before and all(each in now for each in step.until):
                return now
            before = now
            time.sleep(0.3)
        raise AssertionError(f"{step.until} did not come to stand on the screen:\n{before}")

    def close(self) -> None:
        """Leave the dashboard, and wait until its process is gone."""
        self.press("Escape")
        time.sleep(1)  # else the terminal takes both keys for one, with Alt
        self.press("q")
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            if subprocess.run([*self._server, "has-session"], capture_output=True, check=False, timeout=20).returncode:
                return
            time.sleep(0.2)
        self._run("kill-server")
        raise AssertionError("q did not leave the dashboard")


def recorded(folder: Path) -> list[str]:
    """The screens, step by step."""
    terminal = Terminal(folder)
    try:
        return [terminal.after(step) for step in STEPS]
    finally:
        terminal.close()


def page(screens: list[str]) -> str:
    """The guide's page."""
    parts = ["# The first minutes", "", "Recorded in a terminal of 80 columns by `python tui/tests/test_first_run.py`.", ""]
    for step, seen in zip(STEPS, screens, strict=True):
        parts += [step.words, "", "```text", seen, "```", ""]
    return "\n".join(parts)


def held(text: str) -> str:
    """What a recording is held to: all but the list of the services that are installed, and their tiers."""
    return TIER.sub("", SERVICES.sub("", text))


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed: it is the terminal of this test")
def test_the_first_minutes_are_as_the_guide_shows_them() -> None:
    with tempfile.TemporaryDirectory() as folder:  # a short path: a socket's address is at most 107 bytes
        screens = recorded(Path(folder))
    assert not any(SECRET in seen for seen in screens)
    assert held(page(screens)) == held(SHOWN.read_text(encoding="utf-8"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        SHOWN.write_text(page(recorded(Path(folder))), encoding="utf-8")
