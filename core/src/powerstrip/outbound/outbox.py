"""From a source event to deliveries: rows written in the transaction in which the event counts as processed."""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlmodel import col

from powerstrip.clock import row_id, stamp
from powerstrip.events import SourceEventRow, Unwanted
from powerstrip.outbound.patterns import wants
from powerstrip.store import Prepared, Project, Webhook, WebhookDelivery, WebhookMessage, insert_row

CONSUMER = "webhooks"
"""The name by which events know this consumer."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

_LISTENER: list[Any] = [col(Webhook.id), col(Webhook.events), col(Project.mode)]
_listeners = Prepared(
    select(*_LISTENER)
    .join(Project, col(Project.id) == col(Webhook.project_id))
    .where(col(Webhook.project_id) == bindparam("project_id"), col(Webhook.enabled).is_(True), col(Webhook.url) != "")
    .order_by(col(Webhook.created_at), col(Webhook.id))
)
_known = Prepared(
    select(WebhookMessage).where(
        col(WebhookMessage.project_id) == bindparam("project_id"), col(WebhookMessage.event_id) == bindparam("event_id")
    )
)


class Outbox:
    """The consumer of events for webhooks. `wake` is called from the writer's thread when there is something to send."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def take(self, connection: Connection, event: SourceEventRow) -> dict[str, Any]:
        """Write one delivery for each webhook that wants this event. An event that was taken before gives no more."""
        wanted = [row for row in _listeners.all(connection, project_id=event.project_id) if _wants(row, event)]
        if not wanted or _known.first(connection, project_id=event.project_id, event_id=event.id) is not None:
            return {"deliveries": 0}
        run_id = _run_of(event)
        message = _message(event, run_id)
        insert_row(connection, WebhookMessage, message)
        for row in wanted:
            insert_row(connection, WebhookDelivery, _delivery(row, event, message["id"], run_id))
        self._wake()
        return {"deliveries": len(wanted)}


def listens(connection: Connection, project_id: str) -> Unwanted:
    """Which events of a project a webhook wants: an `events.Listens`."""
    wanted: list[list[str]] = [json.loads(row.events) for row in _listeners.all(connection, project_id=project_id)]
    return lambda event: None if any(wants(each, event.name) for each in wanted) else {"deliveries": 0}


def body_of(event: SourceEventRow) -> str:
    """What is sent: `type` and `data` as the published client reads them, the event's `meta` beside them."""
    top = {
        "type": event.name,
        "id": event.id,
        "timestamp": event.occurred_at or event.received_at,
        "project_id": event.project_id,
    }
    return _ENCODER.encode(top | {"data": event.data, "meta": event.meta()})


def _wants(row: Any, event: SourceEventRow) -> bool:
    events: list[str] = json.loads(row.events)
    return wants(events, event.name)


def _run_of(event: SourceEventRow) -> str | None:
    """The run that the event is of, where it is one's."""
    return event.source_id[:40] if event.source_type == "run" and event.source_id else None


def _message(event: SourceEventRow, run_id: str | None) -> dict[str, Any]:
    return {
        "id": row_id("whmsg"),
        "project_id": event.project_id,
        "event_id": event.id,
        "event_type": event.name,
        "run_id": run_id,
        "body": body_of(event),
        "created_at": stamp(),
    }


def _delivery(row: Any, event: SourceEventRow, message_id: str, run_id: str | None) -> dict[str, Any]:
    at = stamp()
    return {
        "id": row_id("whdel"),
        "project_id": event.project_id,
        "webhook_id": row.id,
        "message_id": message_id,
        "event_type": event.name,
        "run_id": run_id,
        "mode": "sandbox" if "sandbox" in (row.mode, event.mode) else "live",
        "status": "pending",
        "attempts": 0,
        "first_attempt": 0,
        "due_at": at,
        "response_text": "",
        "last_error": "",
        "created_at": at,
        "updated_at": at,
    }
