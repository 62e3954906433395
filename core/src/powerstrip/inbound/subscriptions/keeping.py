"""Rows of subscriptions: from what is kept to what is wanted, and from what was done back to what is kept."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from powerstrip.adapter import Adapter, Verify, Wish
from powerstrip.adapter import Subscription as Kind
from powerstrip.clock import new_id, now, rfc3339, stamp
from powerstrip.connect import one_line
from powerstrip.inbound.rounds import after
from powerstrip.inbound.secrets import current_secret, keep_secret, make_secret
from powerstrip.inbound.subscriptions.mending import Desired, Mended, facts_of
from powerstrip.inbound.watching import watched
from powerstrip.store import Endpoint, Subscription
from powerstrip.vault import Place, SealedCredential, Vault

CHECK = 6 * 3600.0
"""Seconds between looks at a registration that stands."""
FIRST_WAIT, LONGEST_WAIT = 60.0, 6 * 3600.0
"""Seconds after a failure; each further one doubles the wait."""


@dataclass
class Errand:
    """What to do for one row: the wish for the adapter, and the secrets behind its placeholders."""

    desired: Desired
    secret_id: str = ""
    """Of the kept secret that the provider is told; empty where it makes its own."""
    handles: dict[str, SealedCredential] = field(default_factory=dict[str, SealedCredential], repr=False)
    candidate: str | None = field(default=None, repr=False)
    """A secret made for this errand, kept if the provider is told it."""
    lifted: list[str] = field(default_factory=list[str], repr=False)
    placeholder: str = ""

    def digest(self, secret_id: str) -> str:
        """Tells one wish from another."""
        return _digest(
            self.desired.wish.url, self.desired.wish.events, self.desired.wish.watch.model_dump(mode="json"), secret_id
        )

    def take(self, secret: str) -> str:
        """Keep the provider's secret until the transaction; the adapter sees the placeholder."""
        self.lifted.append(secret)
        return self.placeholder


def errand_for(
    session: Session,
    vault: Vault,
    row: Subscription,
    endpoint: Endpoint,
    url: str,
    adapter: Adapter,
    kind: Kind[Any],
    scheme: Verify,
    more: Iterable[str],
) -> Errand:
    """What this row wants now. Raises `BadInput` where a newer adapter asks for more to be filled in."""
    current = current_secret(session, vault, endpoint)
    candidate = None
    if current is None and not kind.secret_at and scheme.made_by != "none":
        candidate = make_secret(scheme)
    placeholder, text = f"endpoint-secret-{new_id('h')[2:]}", candidate or (current[1] if current else None)
    events = wanted_events(adapter, row.events, more)
    secret_id = current[0] if current and not kind.secret_at else ""
    offered = bool(text) and not kind.secret_at
    wish = Wish(url, events, watched(adapter, kind.watch, row.watch), placeholder if offered else "")
    desired = Desired(
        wish=wish,
        address=f"/{row.endpoint_id}",
        told=dict(row.registration),
        same=row.wish == _digest(url, events, wish.watch.model_dump(mode="json"), secret_id),
        renew=row.renew_at is not None and row.renew_at <= stamp(),
        anew=bool(kind.secret_at) and current is None,
        alone=_alone(session, row.endpoint_id),
    )
    errand = Errand(desired, secret_id, candidate=candidate, placeholder=placeholder)
    if offered and text is not None:
        errand.handles[placeholder] = _handle(session, vault, row.project_id, text)
    return errand


def _digest(url: str, events: tuple[str, ...], watch: dict[str, Any], secret_id: str) -> str:
    return hashlib.sha256(json.dumps([url, events, watch, secret_id], sort_keys=True).encode()).hexdigest()


def wanted_events(adapter: Adapter, chosen: list[str], more: Iterable[str]) -> tuple[str, ...]:
    """The adapter's ids: those chosen and those that others ask for; all of them where none was chosen."""
    if not chosen:
        return tuple(adapter.events)
    wanted = {*chosen, *more}
    return tuple(each for each in adapter.events if each in wanted)


def _handle(session: Session, vault: Vault, project_id: str, secret: str) -> SealedCredential:
    """The secret once more, sealed so that the edge alone opens it."""
    place = Place(project_id, new_id("handle"), "handle")
    sealed = vault.seal(session, place, json.dumps({"secret": secret}).encode())
    return vault.sealed_at(session, place, sealed.blob)


def _alone(session: Session, endpoint_id: str) -> bool:
    count = select(func.count()).select_from(Subscription).where(col(Subscription.endpoint_id) == endpoint_id)
    return session.exec(count).one() == 1


def note_mended(
    session: Session, vault: Vault, row: Subscription, endpoint: Endpoint, errand: Errand, mended: Mended, *, sandbox: bool
) -> None:
    """Keep how it is now. A secret that went to or came from the provider becomes the endpoint's own."""
    secret = errand.lifted[-1] if errand.lifted else errand.candidate if mended.secret_told else None
    told = errand.secret_id
    if secret is not None and not sandbox:
        kept = keep_secret(session, vault, endpoint, secret)
        told = "" if errand.lifted else kept.id
    row.state, row.error, row.failures = "active", None, 0
    row.wish = errand.digest(told)
    if mended.registration is not None:
        row.registration = facts_of(mended.registration)
        row.renew_at = _renewal(row.registration.get("expires_at"))
    if mended.drift is not None:
        row.drift, row.drift_at = mended.drift, stamp()
    row.checked_at = row.updated_at = stamp()
    row.lease, row.next_at = None, None if sandbox else _next_look(row.renew_at)
    current = current_secret(session, vault, endpoint)
    if told and current and current[0] != told:  # replaced meanwhile
        row.next_at = stamp()
    session.add(row)


def note_failure(session: Session, row: Subscription, words: str, *, sandbox: bool) -> None:
    """Keep why it did not work, and when it is tried again."""
    row.failures += 1
    if row.state != "removing":
        row.state = "failed"
    row.error, row.checked_at, row.updated_at, row.lease = one_line(words), stamp(), stamp(), None
    row.next_at = None if sandbox else after(min(FIRST_WAIT * 2 ** (row.failures - 1), LONGEST_WAIT))
    session.add(row)


def _renewal(expires_at: str | None) -> str | None:
    """When a third of the time that is left is still left."""
    if expires_at is None:
        return None
    at = now()
    left = datetime.fromisoformat(expires_at) - at
    return rfc3339(at + left * 2 / 3) if left > timedelta(0) else rfc3339(at + timedelta(minutes=10))


def _next_look(renew_at: str | None) -> str:
    soon = after(CHECK)
    return min(soon, renew_at) if renew_at else soon


def words_of_change(row: Subscription, mended: Mended) -> Mapping[str, object]:
    """What the audit log says of it."""
    return {"subscription": row.id, "provider_side": list(mended.did)} | ({"drift": mended.drift} if mended.drift else {})
