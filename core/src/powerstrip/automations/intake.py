"""HTTP triggers: a request becomes an event of its own kind, and the event a run."""

import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection
from sqlmodel import Session, col, select

from powerstrip.automations.engine.ids import run_id
from powerstrip.automations.engine.leaves import scrubbed
from powerstrip.automations.runs import Runs
from powerstrip.clock import now, stamp
from powerstrip.events import Events, NewEvent
from powerstrip.problems import BadInput, Conflict, NotFound, Unauthenticated
from powerstrip.store import Actor, AuditLog, AutomationTrigger, Project, Run, SourceEvent, Store, scope
from powerstrip.validation import encode
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


@dataclass(frozen=True)
class Delivered:
    """What became of a delivery. `run` is there where the caller waited for it."""

    event_id: str
    status: Literal["accepted", "skipped"]
    deduped: bool = False
    run: Run | None = None


@dataclass(frozen=True)
class Request:
    """A delivery as it came: `body` are its raw bytes, `data` the JSON object in them."""

    body: bytes
    data: dict[str, Any]
    key: str | None = None
    timestamp: str = ""
    signature: str = ""


class Intake:
    """Takes deliveries to HTTP triggers, and keeps their secrets."""

    def __init__(self, store: Store, vault: Vault, events: Events, runs: Runs, audit: AuditLog) -> None:
        self._store = store
        self._vault = vault
        self._events = events
        self._runs = runs
        self._audit = audit

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
        trigger, secret = await self._store.read(lambda session: self._find(session, handle))
        config: dict[str, Any] = trigger.config
        if secret is not None or config.get("signed"):
            _check_signature(secret, request)
        if not (trigger.active and trigger.enabled):
            return Delivered("", "skipped")
        event_id, deduped = await self._store.hot(lambda connection: self._emit(connection, trigger, request))
        self._events.wake()
        run = None
        if wait > 0:
            run = await self._runs.wait(trigger.project_id, run_id(trigger.automation_id, event_id), min(wait, MAX_WAIT))
        return Delivered(event_id, "accepted", deduped, run)

    def _find(self, session: Session, handle: str) -> tuple[AutomationTrigger, bytes | None]:
        query = select(AutomationTrigger).where(
            col(AutomationTrigger.http_handle) == handle, col(AutomationTrigger.kind) == "http"
        )
        trigger = session.exec(query).first()
        if trigger is None:
            raise NotFound("There is no HTTP trigger at this address")
        if trigger.secret_sealed is None:
            return trigger, None
        return trigger, self._vault.open(session, _place(trigger), bytes(trigger.secret_sealed))

    def _emit(self, connection: Connection, trigger: AutomationTrigger, request: Request) -> tuple[str, bool]:
        project, source = trigger.project_id, trigger.id
        mode = connection.execute(select(col(Project.mode)).where(col(Project.id) == project)).scalar_one()
        event = NewEvent(
            project,
            EVENT,
            "http_trigger",
            source,
            scrubbed(request.data),
            key=request.key,
            occurred_at=stamp(),
            mode="sandbox" if mode == "sandbox" else "live",
        )
        made = self._events.emit(connection, event)
        if made is not None:
            return made, False
        known = select(col(SourceEvent.id)).where(
            col(SourceEvent.project_id) == project,
            col(SourceEvent.source_type) == "http_trigger",
            col(SourceEvent.source_id) == source,
            col(SourceEvent.key) == request.key,
        )
        return connection.execute(known).scalar_one(), True

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
