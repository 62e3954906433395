"""What a command prints: JSON for programs or text for people on stdout, troubles on stderr."""

import json as jsonlib
import sys
from io import TextIOWrapper
from typing import Any, TextIO

from powerstrip.cli.failures import Stop
from powerstrip.cli.text import plain


class Console:
    """Both streams. With `json` stdout holds exactly one JSON document, also where a command fails."""

    def __init__(self, *, json: bool = False, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.json = json
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        for stream in (self.out, self.err):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")

    @property
    def interactive(self) -> bool:
        """True where a person can be asked."""
        return sys.stdin.isatty() and self.err.isatty()

    def put(self, payload: Any, text: str) -> None:
        """The command's answer: `payload` for programs, `text` for people."""
        self.out.write((as_json(payload, self.out.encoding) if self.json else text) + "\n")
        self.out.flush()

    def say(self, text: str) -> None:
        """A line for people only, beside the answer."""
        if not self.json:
            self.out.write(text + "\n")
            self.out.flush()

    def note(self, text: str) -> None:
        """A line beside the result that must not disturb who reads stdout."""
        self.err.write(plain(text) + "\n")
        self.err.flush()

    def fail(self, stop: Stop, details: dict[str, Any] | None = None) -> int:
        """Say why, and what to do next; returns the exit code."""
        if self.json:
            error = {"code": stop.code, "message": stop.message, "details": details or {}, "hint": stop.hint}
            self.put({"error": error}, "")
        self.trouble(stop.message, stop.hint)
        return stop.exit_code

    def trouble(self, message: str, hint: str = "") -> None:
        """`error:` and `hint:` lines."""
        self.note(f"error: {message}")
        for line in hint.splitlines():
            self.note(f"hint: {line}")

    def agreed(self, question: str) -> bool:
        """What the person at the terminal says; where there is none, the command is the answer."""
        return not self.interactive or self.confirm(question)

    def confirm(self, question: str) -> bool:
        """Ask the person at the terminal; anything but yes is no."""
        self.err.write(f"{plain(question)} [y/N] ")
        self.err.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def as_json(value: Any, encoding: str | None = "utf-8") -> str:
    """Indented JSON in which nothing can steer a terminal; pure ASCII where the reader takes no UTF-8."""
    text = jsonlib.dumps(value, indent=2, ensure_ascii=(encoding or "").lower().replace("-", "") != "utf8")
    return text if text.isascii() else "".join(_escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    if letter.isascii() or letter.isprintable():
        return letter
    return jsonlib.dumps(letter)[1:-1]
