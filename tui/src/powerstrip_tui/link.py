"""How the connection to the hub is, for the top line of every screen."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal, TypeAlias

from powerstrip.client import BadAddress, ClientError, HubError, HubUnreachable

State: TypeAlias = Literal["opening", "up", "away", "refused"]
SHOWN_AFTER = 0.5
"""Seconds; what takes longer is told."""
WORDS: dict[State, tuple[str, str]] = {
    "opening": ("◌", "opening"),
    "up": ("●", "connected"),
    "away": ("✕", "hub is away, trying"),
    "refused": ("✕", "key refused"),
}


@dataclass
class Link:
    """What is known of the connection, and what is being asked."""

    where: str
    project: str = ""
    mode: Literal["live", "sandbox", ""] = ""
    state: State = "opening"
    tick: int = 0
    _asked: dict[int, tuple[str, float]] = field(default_factory=dict[int, tuple[str, float]])
    _number: int = 0

    @property
    def open(self) -> bool:
        """Whether there is a client to ask."""
        return self.state != "opening"

    @property
    def within(self) -> bool:
        """Whether there is a project to ask for."""
        return self.open and bool(self.project)

    @property
    def up(self) -> bool:
        """Whether the hub answered last time."""
        return self.state == "up"

    @property
    def glyph(self) -> str:
        """A mark for the state."""
        return WORDS[self.state][0]

    @property
    def words(self) -> str:
        """The state in words."""
        return WORDS[self.state][1]

    @contextmanager
    def busy(self, doing: str) -> Generator[None]:
        """Something is being asked inside; an empty text is not told."""
        self._number += 1
        number = self._number
        if doing:
            self._asked[number] = (doing, monotonic())
        try:
            yield
        finally:
            self._asked.pop(number, None)

    @property
    def _longest(self) -> tuple[str, float] | None:
        late = [each for each in self._asked.values() if monotonic() - each[1] >= SHOWN_AFTER]
        return min(late, key=lambda each: each[1], default=None)

    @property
    def doing(self) -> str:
        """What has been going on for more than half a second; empty for nothing."""
        return self._longest[0] if self._longest else ""

    @property
    def seconds(self) -> int:
        """For how long."""
        return int(monotonic() - self._longest[1]) if self._longest else 0

    def heard(self, error: ClientError | None) -> bool:
        """An answer, or none, came; true where that changes the state."""
        before = self.state
        match error:
            case HubUnreachable():
                self.state = "away"
            case HubError(status=401):
                self.state = "refused"
            case BadAddress():
                return False  # nothing was asked
            case _:
                self.state = "up"
        return before != self.state
