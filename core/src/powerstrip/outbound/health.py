"""How a webhook fares over its deliveries: since when it fails, and when that is enough."""

from typing import Any

from sqlalchemy import Connection, select, update
from sqlmodel import col

from powerstrip.clock import now, rfc3339, stamp
from powerstrip.connect import HUB
from powerstrip.events import Events, NewEvent
from powerstrip.outbound import queue
from powerstrip.outbound.queue import Parcel
from powerstrip.outbound.schedule import GIVE_UP, Ending
from powerstrip.store import AuditLog, Webhook

SWITCHED_OFF = "The webhook was switched off: switch it on and resend"
DISABLED = "webhook.disabled"
"""The event that tells of it."""
_GONE = "The target answered 410 (gone)"
_FAILING = "Every delivery failed for five days"


class Health:
    """Keeps a webhook's health, in the transaction that ends a try."""

    def __init__(self, audit: AuditLog, events: Events) -> None:
        self._audit = audit
        self._events = events

    def note(self, connection: Connection, parcel: Parcel, ending: Ending) -> bool:
        """Take a try's end into account. True where the webhook was switched off."""
        if parcel.mode == "sandbox":
            return False
        mine = col(Webhook.id) == parcel.webhook_id
        if ending.verdict == "delivered":
            failing = col(Webhook.failing_since).is_not(None)
            connection.execute(update(Webhook).where(mine, failing).values(failing_since=None))
            return False
        row = connection.execute(select(col(Webhook.failing_since), col(Webhook.enabled)).where(mine)).first()
        if row is None or not row.enabled:
            return False
        if ending.verdict == "gone":
            return self._switch_off(connection, parcel, _GONE)
        if row.failing_since is None:
            connection.execute(update(Webhook).where(mine).values(failing_since=stamp()))
        elif row.failing_since <= rfc3339(now() - GIVE_UP):
            return self._switch_off(connection, parcel, _FAILING)
        return False

    def _switch_off(self, connection: Connection, parcel: Parcel, reason: str) -> bool:
        """Switch a webhook off, with an audit row and an event that tells of it."""
        switched = connection.execute(
            update(Webhook)
            .where(col(Webhook.id) == parcel.webhook_id, col(Webhook.enabled).is_(True))
            .values(enabled=False, disabled_reason=reason, updated_at=stamp())
        )
        if not switched.rowcount:
            return False
        ended = queue.end_waiting(connection, parcel.webhook_id, SWITCHED_OFF)
        name = connection.execute(select(col(Webhook.name)).where(col(Webhook.id) == parcel.webhook_id)).scalar_one()
        self._tell(connection, parcel, name, {"reason": reason, "deliveries_ended": ended})
        return True

    def _tell(self, connection: Connection, parcel: Parcel, name: str, facts: dict[str, Any]) -> None:
        webhook_id, project_id = parcel.webhook_id, parcel.project_id
        changes = {"enabled": {"before": True, "after": False}} | facts
        about = {"project_id": project_id, "resource_name": name}
        self._audit.append(connection, HUB, "update", "webhook", webhook_id, **about, changes=changes)
        data = {"webhook_id": webhook_id, "name": name} | facts
        self._events.emit(connection, NewEvent(project_id, DISABLED, "webhook", webhook_id, data, occurred_at=stamp()))
