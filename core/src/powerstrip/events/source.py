"""What a source event is: as it is handed in, as consumers get it, and the envelope around it."""

import json
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from powerstrip.value import Hidden, Value, field

SourceType: TypeAlias = Literal["integration", "entity", "run", "http_trigger", "schedule", "test", "webhook"]
Mode: TypeAlias = Literal["live", "sandbox"]
MAX_DEPTH = 16
"""An event that came of an event that came of an event …: deeper ones are not taken, for they never end."""


class NewEvent(Value):
    """One thing that happened.

    `key` makes it unique among those of the same project, source type and source. `depth` counts the events that led to it.
    `text` is the data as JSON, where the caller has it already: it counts instead of `data`.
    """

    project_id: str
    name: str
    source_type: SourceType
    source_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    key: str | None = None
    occurred_at: str | None = None
    provider_event_id: str | None = None
    integration_id: str | None = None
    provider: str = ""
    mode: Mode = "live"
    test: bool = False
    depth: int = 0
    text: Hidden[str | None] = None


class SourceEventRow(Value):
    """A kept event, as consumers get it. `attempts` is 1 the first time; the ids derived from `id` are the same every time."""

    seq: int
    id: str
    project_id: str
    name: str
    source_type: SourceType
    source_id: str | None
    integration_id: str | None
    provider: str
    provider_event_id: str | None
    mode: Mode
    test: bool
    depth: int
    data: dict[str, Any]
    occurred_at: str | None
    received_at: str
    attempts: int = 1

    def envelope(self) -> dict[str, Any]:
        """`{"event": …, "meta": …}`: what automations, webhooks and samples see."""
        return envelope(self.data, self.meta())

    def meta(self) -> dict[str, Any]:
        """What is known about the event beside its data."""
        return {
            "id": self.id,
            "name": self.name,
            "source_type": self.source_type,
            "source_id": self.source_id,
            "integration_id": self.integration_id,
            "provider": self.provider,
            "occurred_at": self.occurred_at,
            "received_at": self.received_at,
            "test": self.test,
            "mode": self.mode,
        }


class NotProcessable(Exception):
    """Raised by a consumer for an event that no repetition will help: it ends as `failed`. The message holds no value of it."""


def envelope(data: Mapping[str, Any], meta: Mapping[str, Any]) -> dict[str, Any]:
    """The one form in which events are handed on."""
    return {"event": dict(data), "meta": dict(meta)}


def row_of(found: Any) -> SourceEventRow:
    """From a row of the table, read bare (JSON as text) or by the ORM."""
    facts: dict[str, Any] = {name: getattr(found, name) for name in SourceEventRow.__struct_fields__ if name != "data"}
    data: dict[str, Any] = json.loads(found.data) if isinstance(found.data, str) else found.data
    facts |= {"data": data, "source_id": found.source_id or None, "test": bool(found.test)}
    return SourceEventRow(**facts)


def row_of_new(values: Mapping[str, Any], event: NewEvent) -> SourceEventRow:
    """From the columns of an event that was emitted just now; it has no number yet."""
    facts: dict[str, Any] = {name: values[name] for name in SourceEventRow.__struct_fields__ if name not in ("seq", "data")}
    data: dict[str, Any] = event.data if event.text is None else json.loads(event.text)
    facts |= {"seq": 0, "data": data, "source_id": values["source_id"] or None}
    return SourceEventRow(**facts)
