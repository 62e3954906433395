"""HTTP triggers: a request becomes an event of its own kind, and the event a run."""

import hmac
import secrets
from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, select, type_coerce
from sqlalchemy.types import NullType
from sqlmodel import Session, col

from powerstrip.automations.engine.ids import run_id
from powerstrip.automations.engine.leaves import scrubbed
from powerstrip.automations.engine.records import loads
from powerstrip.automations.runs import Runs
from powerstrip.automations.triggers import CONSUMER
from powerstrip.clock import monotonic, now, stamp
from powerstrip.events import Emitted, Events, NewEvent
from powerstrip.problems import BadInput, Conflict, NotFound, Unauthenticated
from powerstrip.store import Actor, AuditLog, AutomationTrigger, Prepared, Project, Run, SourceEvent, Store, scope
from powerstrip.validation import encode
from powerstrip.value import Hidden, Value, replace
from powerstrip.vault import Place, SealedColumn, Vault, register

EVENT = "http_trigger.received"
MAX_BODY = 256 * 1024
"""Bytes of a delivery as JSON."""
MAX_WAIT = 30.0
"""Seconds for which a caller may wait for the result."""
TOLERANCE = 300.0
"""Seconds between a signature's time and the hub's clock."""
MAX_KEY = 255
SECRET_BYTES = 32
FRESH = 5.0
"""Seconds for which a trigger that was found is not looked for anew."""
MAX_KNOWN = 1000
_columns: list[Any] = [
    col(AutomationTrigger.id),
    col(AutomationTrigger.project_id),
    col(AutomationTrigger.automation_id),
    col(AutomationTrigger.active),
    col(AutomationTrigger.enabled),
    type_coerce(col(AutomationTrigger.config), NullType()).label("config"),
    col(AutomationTrigger.secret_sealed),
    col(AutomationTrigger.secret_data_key_id),
    col(Project.mode),
]
_door = select(*_columns).join(Project, col(Project.id) == col(AutomationTrigger.project_id))
_by_handle = Prepared(
    _door.where(col(AutomationTrigger.http_handle) == bindparam("handle"), col(AutomationTrigger.kind) == "http")
)
_by_id = Prepared(_door.where(col(AutomationTrigger.id) == bindparam("id")))


class Delivered(Value):
    """What became of a delivery. `run` is there where the caller waited for it."""

    event_id: str
    status: Literal["accepted", "skipped"]
    deduped: bool = False
    run: Run | None = None


class Request(Value):
    """A delivery as it came: `body` are its raw bytes, `data` the JSON object in them."""

    body: bytes
    data: dict[str, Any]
    key: str | None = None
    timestamp: str = ""
    signature: str = ""


class _Door(Value):
    """What a delivery meets: a trigger as it stands. `secret` is there only as long as one delivery is judged."""

    id: str
    project_id: str
    automation_id: str
    on: bool
    signed: bool
    sealed_by: str | None
    secret: Hidden[bytes | None] = None


class Intake:
    """Takes deliveries to HTTP triggers, and keeps their secrets."""

    def __init__(self, store: Store, vault: Vault, events: Events, runs: Runs, audit: AuditLog) -> None:
        self._store = store
        self._vault = vault
        self._events = events
        self._runs = runs
        self._audit = audit
        self._known: dict[str, tuple[float, _Door]] = {}

    async def deliver(self, handle: str, request: Request, wait: float = 0.0) -> Delivered:
        """Put the delivery on record; the run begins after that. With `wait` (seconds, at most `MAX_WAIT`) give its end.

        Raises `NotFound` for a handle that is no trigger's, `Unauthenticated` for a missing or wrong signature, and `BadInput`.
        One key is one event, for good.
        """
        if request.key is not None and not (
            0 < len(request.key) <= MAX_KEY and request.key.isascii() and request.key.isprintable()
        ):
            raise BadInput(f"An idempotency key is 1 to {MAX_KEY} printable ASCII characters")
        encode(request.data, "body", MAX_BODY)
        while True:
            trigger = self._recall(handle) or await self._store.read(lambda session: self._find(session, handle))
            if trigger.signed:
                _check_signature(trigger.secret, request)
            if not trigger.on:
                return Delivered("", "skipped")
            taken = await self._store.bulk(self._take_all, (trigger, request))
            if taken is not None:
                break
            self._known.pop(handle, None)
        event_id, emitted = taken
        for after in emitted.after:
            after()
        self._events.told() if emitted.outcome is not None else self._events.wake()
        deduped = emitted.id is None
        run = None
        if wait > 0 and (deduped or _runs(emitted)):
            run_id_ = run_id(trigger.automation_id, event_id)
            run = await self._runs.wait(trigger.project_id, run_id_, min(wait, MAX_WAIT), begun=emitted.outcome is not None)
        return Delivered(event_id, "accepted", deduped, run)

    def _recall(self, handle: str) -> "_Door | None":
        """A trigger that was found a moment ago, and takes deliveries without a signature: `_take_all` looks whether it does."""
        until, door = self._known.get(handle, (0.0, None))
        return door if until > monotonic() else None

    def _find(self, session: Session, handle: str) -> "_Door":
        found = _by_handle.first(session.connection(), handle=handle)
        if found is None:
            raise NotFound("There is no HTTP trigger at this address")
        door = _door_of(found)
        if found.secret_sealed is not None:
            return replace(door, secret=self._vault.open(session, _place(found), bytes(found.secret_sealed)))
        if door.on:  # what takes nothing now is looked for each time
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[handle] = monotonic() + FRESH, door
        return door

    def _take_all(self, connection: Connection, items: Sequence[tuple["_Door", Request]]) -> list[tuple[str, Emitted] | None]:
        """Put deliveries on record and hand them on: the ids of their events. None where the trigger is another one by now."""
        now_: dict[str, Any] = {}
        for door in {door.id: door for door, _ in items}.values():
            now_[door.id] = _by_id.first(connection, id=door.id)
        fits = [now_[door.id] is not None and replace(door, secret=None) == _door_of(now_[door.id]) for door, _ in items]
        events = [_event(door, request, now_[door.id].mode) for (door, request), same in zip(items, fits, strict=True) if same]
        emitted = iter(zip(events, self._events.hand_on(connection, events), strict=True))
        return [self._taken(connection, *next(emitted)) if same else None for same in fits]

    def _taken(self, connection: Connection, event: NewEvent, emitted: Emitted) -> tuple[str, Emitted]:
        if emitted.id is not None:
            return emitted.id, emitted
        known = select(col(SourceEvent.id)).where(
            col(SourceEvent.project_id) == event.project_id,
            col(SourceEvent.source_type) == event.source_type,
            col(SourceEvent.source_id) == event.source_id,
            col(SourceEvent.key) == event.key,
        )
        return connection.execute(known).scalar_one(), emitted

    async def set_secret(self, project: Project, actor: Actor, handle: str, key: str) -> str:
        """Give an HTTP trigger a new signing secret, told this once; the one before it ends. Raises `NotFound` and `Conflict`."""
        from powerstrip.automations.automations import find

        secret = secrets.token_urlsafe(SECRET_BYTES)

        def work(session: Session) -> None:
            automation = find(session, project.id, handle)
            row: AutomationTrigger | None = scope(session, project.id).find(
                AutomationTrigger, automation_id=automation.id, key=key
            )
            if row is None:
                raise NotFound("The automation has no trigger with this key")
            if row.kind != "http":
                raise Conflict("Only an HTTP trigger has a secret", code="not_http")
            sealed = self._vault.seal(session, _place(row), secret.encode())
            row.secret_sealed, row.secret_data_key_id, row.updated_at = sealed.blob, sealed.data_key_id, stamp()
            session.add(row)
            self._audit.append(
                session, actor, "update", "automation", automation.id, project_id=project.id, changes={"trigger_secret": key}
            )

        await self._store.write(work)
        return secret


def _door_of(row: Any) -> _Door:
    signed = row.secret_sealed is not None or bool(loads(row.config).get("signed"))
    return _Door(row.id, row.project_id, row.automation_id, bool(row.active and row.enabled), signed, row.secret_data_key_id)


def _event(door: _Door, request: Request, mode: str) -> NewEvent:
    return NewEvent(
        door.project_id,
        EVENT,
        "http_trigger",
        door.id,
        scrubbed(request.data),
        key=request.key,
        occurred_at=stamp(),
        mode="sandbox" if mode == "sandbox" else "live",
    )


def _runs(emitted: Emitted) -> bool:
    """Whether a run comes of the event, as far as that is known already."""
    told = (emitted.outcome or {}).get(CONSUMER)
    return told is None or bool(told["runs"])


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a delivery: HMAC-SHA256 over `timestamp.body`, as `v1=` and hex digits."""
    return "v1=" + hmac.digest(secret.encode(), timestamp.encode() + b"." + body, "sha256").hex()


def _check_signature(secret: bytes | None, request: Request) -> None:
    if secret is None:
        raise Unauthenticated("This trigger takes signed deliveries and has no secret yet: set one", code="no_secret")
    stale = not request.timestamp.isascii() or not request.timestamp.isdigit() or len(request.timestamp) > 12
    if stale or abs(now().timestamp() - int(request.timestamp)) > TOLERANCE:
        raise Unauthenticated("Sign the delivery with a time of now: X-Powerstrip-Timestamp", code="bad_signature")
    wanted = sign(secret.decode(), request.timestamp, request.body).encode()
    if not hmac.compare_digest(wanted, request.signature.encode("utf-8", "replace")):
        raise Unauthenticated("The signature in X-Powerstrip-Signature does not fit", code="bad_signature")


def _place(trigger: Any) -> Place:
    return Place(trigger.project_id, trigger.id, "secret")


register(SealedColumn(AutomationTrigger, "secret_sealed", lambda _, row: _place(row), data_key="secret_data_key_id"))
