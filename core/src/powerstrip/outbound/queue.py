"""The deliveries' queue in the database: what is due, who is at it, how it ended. All of it runs in `store.hot`.

A delivery under way has a lease: the name of its try, and in `due_at` the time at which the try counts as lost. So what a hub
leaves behind that is killed becomes due again, by itself, under the same delivery id.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlmodel import col

from powerstrip.clock import new_id, now, rfc3339, stamp
from powerstrip.outbound.schedule import Ending
from powerstrip.outbound.secrets import Secrets
from powerstrip.outbound.signing import SigningKey
from powerstrip.store import Webhook, WebhookDelivery, WebhookMessage
from powerstrip.value import Hidden, Value
from powerstrip.vault import SealBroken

LEASE = timedelta(seconds=60)
"""Longer than any try."""
PER_WEBHOOK = 5
"""Tries under way at one webhook: one that hangs holds up its own, and nobody else's."""
UNDER_WAY = 200
"""Tries under way in all."""
_D, _W = WebhookDelivery, Webhook
_TAKEN: list[Any] = [
    *(col(getattr(_D, name)) for name in ("id", "project_id", "mode", "event_type", "attempts", "first_attempt", "due_at")),
    col(WebhookMessage.body),
    col(_W.url),
]


class Parcel(Value):
    """One try of one delivery, taken. `keys` is empty where no signing key opens. `tried` counts this try too."""

    id: str
    lease: str
    project_id: str
    webhook_id: str
    url: str
    mode: str
    event_type: str
    tried: int
    body: Hidden[bytes]
    keys: Hidden[tuple[SigningKey, ...]] = ()


class Round(Value):
    """What was taken, and when the next delivery of a webhook with room is due."""

    parcels: list[Parcel]
    next_due: str | None


def take(connection: Connection, secrets: Secrets, busy: Mapping[str, int]) -> Round:
    """Take what is due, the webhook with the oldest first, as far as there is room. `busy` counts what is under way for each."""
    at, free = stamp(), UNDER_WAY - sum(busy.values())
    parcels: list[Parcel] = []
    following: list[str] = []
    for webhook_id, due in _waiting(connection):
        room = min(PER_WEBHOOK - busy.get(webhook_id, 0), free - len(parcels))
        if room <= 0:
            continue
        if due > at:
            following.append(due)
            continue
        taken = _take(connection, secrets, webhook_id, room, at)
        parcels += taken
    return Round(parcels, min(following, default=None))


def _waiting(connection: Connection) -> list[tuple[str, str]]:
    """Webhooks that have something to be sent, and when the first of it is due: the oldest first."""
    mine = col(_D.webhook_id) == col(_W.id), col(_D.due_at) > ""
    first = select(func.min(col(_D.due_at))).where(*mine).correlate(_W).scalar_subquery()
    query = select(col(_W.id), first).where(col(_W.enabled).is_(True), col(_W.url) != "")
    found = [(row[0], row[1]) for row in connection.execute(query) if row[1] is not None]
    return sorted(found, key=lambda each: each[1])


def _take(connection: Connection, secrets: Secrets, webhook_id: str, room: int, at: str) -> list[Parcel]:
    query = (
        select(*_TAKEN)
        .join(WebhookMessage, col(WebhookMessage.id) == col(_D.message_id))
        .join(_W, col(_W.id) == col(_D.webhook_id))
        .where(col(_D.webhook_id) == webhook_id, col(_D.due_at) <= at)
        .order_by(col(_D.due_at), col(_D.id))
        .limit(room)
    )
    rows: Sequence[Any] = connection.execute(query).all()
    keys = _keys(connection, secrets, webhook_id) if rows else ()
    return [parcel for row in rows if (parcel := _hold(connection, row, webhook_id, keys)) is not None]


def _keys(connection: Connection, secrets: Secrets, webhook_id: str) -> tuple[SigningKey, ...]:
    try:
        return secrets.valid(connection, webhook_id)
    except SealBroken:
        return ()


def _hold(connection: Connection, row: Any, webhook_id: str, keys: tuple[SigningKey, ...]) -> Parcel | None:
    """Make one delivery ours; None where another hub was quicker."""
    lease = new_id("try")
    held = connection.execute(
        update(_D)
        .where(col(_D.id) == row.id, col(_D.due_at) == row.due_at)
        .values(
            status="processing",
            lease=lease,
            due_at=rfc3339(now() + LEASE),
            attempts=row.attempts + 1,
            updated_at=stamp(),
        )
    )
    if not held.rowcount:
        return None
    return Parcel(
        id=row.id,
        lease=lease,
        project_id=row.project_id,
        webhook_id=webhook_id,
        url=row.url,
        mode=row.mode,
        event_type=row.event_type,
        tried=row.attempts + 1 - row.first_attempt,
        body=row.body.encode(),
        keys=keys,
    )


def close(connection: Connection, parcel: Parcel, ending: Ending, due: str | None) -> bool:
    """Write down how a try ended; with `due` there is another. False where it is this try's no more."""
    done = ending.verdict == "delivered"
    at = stamp()
    values: dict[str, Any] = {
        "status": "delivered" if done else "pending" if due else "failed",
        "due_at": due,
        "lease": None,
        "response_status": ending.status,
        "response_text": ending.text,
        "last_error": ending.error,
        "latency_ms": ending.milliseconds,
        "updated_at": at,
    }
    if done and parcel.mode == "live":
        values["delivered_at"] = at
    query = update(_D).where(col(_D.id) == parcel.id, col(_D.lease) == parcel.lease).values(**values)
    return bool(connection.execute(query).rowcount)


def release(connection: Connection) -> int:
    """Make due at once what an earlier process of this database left under way. Where no other hub works on it."""
    query = update(_D).where(col(_D.lease).is_not(None)).values(due_at=stamp(), lease=None, status="pending")
    return connection.execute(query).rowcount


def end_waiting(connection: Connection, webhook_id: str, reason: str) -> int:
    """End what still waits at a webhook that is switched off; what is under way comes to its end."""
    query = (
        update(_D)
        .where(col(_D.webhook_id) == webhook_id, col(_D.due_at).is_not(None), col(_D.lease).is_(None))
        .values(status="failed", due_at=None, last_error=reason, updated_at=stamp())
    )
    return connection.execute(query).rowcount
