"""Secrets between a form and their integration: in this process's memory alone, for minutes."""

import time
from dataclasses import dataclass, field

KEPT_SECONDS = 900
MAX_SESSIONS = 1000


@dataclass
class Pocket:
    """What one conversation has in hand. `pasted` has a handle's secret and its kind, `filled` the fields of the open form."""

    pasted: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]], repr=False)
    filled: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    touched: float = field(default_factory=time.monotonic)

    def empty(self) -> None:
        """Forget everything."""
        self.pasted.clear()
        self.filled.clear()


class Pockets:
    """One for each conversation. A restart or a quarter of an hour empties them; the person is then asked again."""

    def __init__(self) -> None:
        self._kept: dict[str, Pocket] = {}

    def of(self, session_id: str) -> Pocket:
        """The pocket of a conversation."""
        now = time.monotonic()
        for old in [each for each, pocket in self._kept.items() if now - pocket.touched > KEPT_SECONDS]:
            self._kept.pop(old).empty()
        while len(self._kept) >= MAX_SESSIONS:
            self._kept.pop(next(iter(self._kept))).empty()
        pocket = self._kept.setdefault(session_id, Pocket())
        pocket.touched = now
        return pocket

    def drop(self, session_id: str) -> None:
        """Forget a conversation's secrets."""
        if pocket := self._kept.pop(session_id, None):
            pocket.empty()
