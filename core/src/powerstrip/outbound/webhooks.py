"""Webhooks: made, changed, tested, and the deliveries that were made to them."""

import json
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, delete, select

from powerstrip.access import TagFilter, check_tags
from powerstrip.clock import new_id, now, stamp
from powerstrip.connect import keep_ledger
from powerstrip.edge import Deliveries, Refused
from powerstrip.names import clean_name, name_key
from powerstrip.outbound import queue
from powerstrip.outbound.health import SWITCHED_OFF
from powerstrip.outbound.ledger import ledger_row
from powerstrip.outbound.patterns import check_patterns
from powerstrip.outbound.secrets import Secrets
from powerstrip.outbound.sender import attempt
from powerstrip.outbound.signing import SigningKey, sign
from powerstrip.outbound.values import DEFAULT_OVERLAP, MAX_OVERLAP, Issued, NewWebhook, Ping, WebhookChanges
from powerstrip.problems import BadInput, Conflict, NotFound, Unprocessable
from powerstrip.store import (
    Actor,
    AuditLog,
    Project,
    Store,
    Webhook,
    WebhookDelivery,
    connection_of,
    scope,
)

MAX_WEBHOOKS = 1000
"""In one project."""
PING_SECONDS = 10.0


class Webhooks:
    """The webhooks of all projects. What it gives are rows, which hold no secret. `wake` tells the sender of more work."""

    def __init__(self, store: Store, secrets: Secrets, deliveries: Deliveries, audit: AuditLog, wake: Callable[[], None]) -> None:
        self._store = store
        self._secrets = secrets
        self._deliveries = deliveries
        self._audit = audit
        self._wake = wake

    async def create(self, project: Project, actor: Actor, new: NewWebhook) -> Issued:
        """Make a webhook with its first secret. Raises `BadInput`, `Unprocessable` for an address that may not be reached, and
        `Conflict` for a name that is taken."""
        name, url = clean_name(new.name), self._checked(new.url)
        events, tags = check_patterns(new.events), check_tags(new.tags)

        def add(session: Session) -> Issued:
            _refuse_twin(session, project.id, name)
            row = Webhook(
                project_id=project.id,
                name=name,
                name_key=name_key(name),
                url=url,
                events=events,
                enabled=new.enabled,
                tags=tags,
                created_by=actor.principal_id,
            )
            scope(session, project.id).add(row)
            key = self._secrets.issue(session, row, actor)
            self._note(session, actor, "create", row, {"events": events, "enabled": new.enabled})
            return Issued(row, key)

        return await self._store.write(add)

    async def get(self, project_id: str, id: str) -> Webhook:
        """One webhook. Raises `NotFound`."""
        return await self._store.read(lambda session: scope(session, project_id).get(Webhook, id))

    async def list(
        self,
        project_id: str,
        *,
        enabled: bool | None = None,
        tags: TagFilter | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 50,
    ) -> "list[Webhook]":
        """The project's webhooks, newest first, after the given (created_at, id)."""
        where = [] if enabled is None else [col(Webhook.enabled).is_(enabled)]
        rows: list[Webhook] = await self._store.read(lambda session: scope(session, project_id).all(Webhook, *where))
        fits = (tags or TagFilter()).fits
        newest = sorted((row for row in rows if fits(row.tags)), key=lambda row: (row.created_at, row.id), reverse=True)
        return [row for row in newest if after is None or (row.created_at, row.id) < after][:limit]

    async def update(self, project_id: str, actor: Actor, id: str, changes: WebhookChanges) -> Webhook:
        """Change what is given. Switching it off ends what waits; switching it on begins anew with its health."""
        values = self._values(changes)

        def change(session: Session) -> Webhook:
            row: Webhook = scope(session, project_id).get(Webhook, id)
            if "name_key" in values and values["name_key"] != row.name_key:
                _refuse_twin(session, project_id, values["name"])
            changed = [name for name, value in values.items() if getattr(row, name) != value and name != "name_key"]
            for name, value in values.items():
                setattr(row, name, value)
            if "enabled" in changed or "url" in changed:
                row.failing_since, row.disabled_reason = None, ""
            if changed:
                row.updated_at, row.updated_by = stamp(), actor.principal_id
                self._note(session, actor, "update", row, {"fields": changed})
            session.add(row)
            session.flush()
            if values.get("enabled") is False:
                queue.end_waiting(connection_of(session), row.id, SWITCHED_OFF)
            return row

        return await self._store.write(change)

    async def delete(self, project_id: str, actor: Actor, id: str) -> None:
        """Remove a webhook with its secrets and deliveries, for good. Raises `NotFound`."""

        def remove(session: Session) -> None:
            row: Webhook = scope(session, project_id).get(Webhook, id)
            session.exec(delete(WebhookDelivery).where(col(WebhookDelivery.webhook_id) == row.id))
            self._secrets.forget(session, row.id)
            scope(session, project_id).delete(row)
            self._note(session, actor, "delete", row, {})

        await self._store.write(remove)

    async def rotate(self, project_id: str, actor: Actor, id: str, overlap_seconds: int = DEFAULT_OVERLAP) -> Issued:
        """Make a new signing key, shown once. The one before it signs beside it for the overlap, and then no more."""
        if not 0 <= overlap_seconds <= MAX_OVERLAP:
            raise _bad("overlap_seconds", f"Give 0 to {MAX_OVERLAP} seconds")

        def issue(session: Session) -> Issued:
            row: Webhook = scope(session, project_id).get(Webhook, id)
            key = self._secrets.issue(session, row, actor, overlap_seconds)
            row.updated_at, row.updated_by = stamp(), actor.principal_id
            session.add(row)
            facts = {"fields": ["secret"], "secret_version": key.version, "overlap_seconds": overlap_seconds}
            self._note(session, actor, "update", row, facts)
            return Issued(row, key)

        return await self._store.write(issue)

    async def ping(self, project: Project, actor: Actor, id: str, url: str | None = None) -> Ping:
        """Send one signed test delivery, to the webhook's address or to another. Nothing is tried again.

        Raises `NotFound`, `Unprocessable` for an address that may not be reached or where there is none.
        """
        row, keys = await self._store.read(lambda session: _with_keys(session, project.id, id, self._secrets))
        target = self._checked(url) if url else row.url
        if not target:
            raise Unprocessable("This webhook has no address yet: give one to try", code="no_url")
        if not keys:
            raise Unprocessable("The signing key does not open: rotate the webhook's secret", code="seal_broken")
        delivery_id = new_id("whdel")
        body = _ping_body(project.id, row.id, delivery_id)
        headers = sign(row.id, "ping", delivery_id, body, keys, now())
        self_test = {"action": "ping", "override": bool(url)}
        await self._store.write(lambda session: self._note(session, actor, "use", row, self_test))
        if project.mode == "sandbox":
            entry = ledger_row(project.id, target, self._deliveries.wire_headers(headers), body, delivery_id)
            await self._store.hot(lambda connection: keep_ledger(connection, [entry], invoked=False))
            return Ping(True, simulated=True)
        ending = await attempt(self._deliveries, target, body, headers, keys, PING_SECONDS)
        return Ping(ending.verdict == "delivered", ending.status, ending.milliseconds, ending.error or None)

    async def deliveries(
        self, project_id: str, id: str, *, after: tuple[str, str] | None = None, limit: int = 50
    ) -> "list[WebhookDelivery]":
        """What was delivered to a webhook or is on its way, newest first. Raises `NotFound`."""

        def read(session: Session) -> list[WebhookDelivery]:
            scope(session, project_id).get(Webhook, id)
            mine = col(WebhookDelivery.webhook_id) == id
            return scope(session, project_id).page(WebhookDelivery, mine, after=after, limit=limit)

        return await self._store.read(read)

    async def resend(self, project_id: str, actor: Actor, id: str, delivery_id: str) -> WebhookDelivery:
        """Send a delivery that has ended once more, under its own id, with a schedule of its own.

        Raises `NotFound`, `Conflict` where it is still on its way, `Unprocessable` where the webhook is switched off.
        """

        def again(session: Session) -> WebhookDelivery:
            hook: Webhook = scope(session, project_id).get(Webhook, id)
            row = scope(session, project_id).find(WebhookDelivery, id=delivery_id, webhook_id=id)
            if row is None:
                raise NotFound("There is no delivery with this id at this webhook")
            if not hook.enabled or not hook.url:
                raise Unprocessable("The webhook is switched off or has no address: mend that first", code="webhook_off")
            if row.due_at is not None:
                raise Conflict("This delivery is still on its way", code="in_flight")
            row.status, row.due_at, row.first_attempt, row.updated_at = "pending", stamp(), row.attempts, stamp()
            row.delivered_at = None
            session.add(row)
            self._note(session, actor, "update", hook, {"resent": delivery_id})
            session.flush()
            return row

        row = await self._store.write(again)
        self._wake()
        return row

    def _checked(self, url: str) -> str:
        """An address that may be saved; empty stays empty."""
        if not url:
            return ""
        try:
            return self._deliveries.check(url)
        except Refused as error:
            raise Unprocessable(error.message, code="url_refused", details=_at("url", error.message)) from None

    def _values(self, changes: WebhookChanges) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if changes.name is not None:
            values["name"] = clean_name(changes.name)
            values["name_key"] = name_key(values["name"])
        if changes.url is not None:
            values["url"] = self._checked(changes.url)
        if changes.events is not None:
            values["events"] = check_patterns(changes.events)
        if changes.enabled is not None:
            values["enabled"] = changes.enabled
        if changes.tags is not None:
            values["tags"] = check_tags(changes.tags)
        return values

    def _note(self, session: Session, actor: Actor, action: str, row: Webhook, changes: dict[str, Any]) -> None:
        self._audit.append(
            session, actor, action, "webhook", row.id, project_id=row.project_id, resource_name=row.name, changes=changes
        )


def _with_keys(session: Session, project_id: str, id: str, secrets: Secrets) -> tuple[Webhook, tuple[SigningKey, ...]]:
    row: Webhook = scope(session, project_id).get(Webhook, id)
    return row, secrets.valid(connection_of(session), row.id)


def _refuse_twin(session: Session, project_id: str, name: str) -> None:
    if scope(session, project_id).find(Webhook, name_key=name_key(name)) is not None:
        raise Conflict("There is a webhook of this name, or one that looks like it", code="name_taken")
    if len(session.exec(select(Webhook.id).where(col(Webhook.project_id) == project_id)).all()) >= MAX_WEBHOOKS:
        raise Conflict(f"A project has at most {MAX_WEBHOOKS} webhooks", code="too_many_webhooks")


def _ping_body(project_id: str, webhook_id: str, delivery_id: str) -> bytes:
    told = {"type": "ping", "id": delivery_id, "timestamp": stamp(), "project_id": project_id}
    return json.dumps(told | {"data": {"webhook_id": webhook_id}, "meta": {"name": "ping"}}, separators=(",", ":")).encode()


def _bad(path: str, message: str) -> BadInput:
    return BadInput(f"{path}: {message}", details=_at(path, message))


def _at(path: str, message: str) -> dict[str, Any]:
    return {"errors": [{"path": path, "message": message}]}
