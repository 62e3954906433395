"""What is said of polls."""

from dataclasses import dataclass
from typing import Any

from powerstrip.store import Poll


@dataclass(frozen=True)
class PollView:
    """A poll of an integration's adapter: declared, and switched on where there is a row."""

    integration_id: str
    provider: str
    name: str
    summary: str
    seconds: int
    watch_schema: dict[str, Any]
    row: Poll | None = None
