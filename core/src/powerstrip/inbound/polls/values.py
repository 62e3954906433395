"""What is said of polls."""

from typing import Any

from powerstrip.store import Poll
from powerstrip.value import Value


class PollView(Value):
    """A poll of an integration's adapter: declared, and switched on where there is a row."""

    integration_id: str
    provider: str
    name: str
    summary: str
    seconds: int
    watch_schema: dict[str, Any]
    row: Poll | None = None
