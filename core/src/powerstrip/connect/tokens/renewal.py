"""One renewal of one access token, in steps that a crash may fall between.

    lease + "asked" on record  →  the request  →  the raw answer, sealed, on record  →  read, sealed, in use

A crash before the request, or after the answer is on record, loses nothing: whoever takes over goes on from there. A crash
between is the one that cannot be closed from here: with a provider that rotates refresh tokens, the new one may be lost. Who
takes over tries the old one once more (providers with a grace period answer it). Refused, it expires the integration and says so.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, update
from sqlmodel import col, select

from powerstrip.adapter import AuthFailed, PowerstripError, RateLimited, Response, TokenAuth, Unavailable
from powerstrip.clock import now, stamp
from powerstrip.connect.expiry import HUB
from powerstrip.connect.running import one_line
from powerstrip.connect.tokens import rows
from powerstrip.connect.tokens.answers import read_grant
from powerstrip.connect.tokens.rows import Held, Key, Lease
from powerstrip.connect.tokens.values import Grant
from powerstrip.edge import Bound
from powerstrip.logs import Log
from powerstrip.store import AuditLog, Integration, Prepared
from powerstrip.value import Value
from powerstrip.vault import Vault

FIRST_BACKOFF = timedelta(seconds=5)
MAX_BACKOFF = timedelta(seconds=300)
CUT_OFF = (
    "An earlier renewal was cut off when the provider may already have replaced the token, and it refuses the one that is left: "
    "connect the integration again"
)

log = Log("powerstrip.tokens")

_integration = Prepared(
    select(col(Integration.name), col(Integration.status), col(Integration.credential_version)).where(
        col(Integration.project_id) == bindparam("project_id"), col(Integration.id) == bindparam("id")
    )
)
_expire = Prepared(
    update(Integration)
    .where(
        col(Integration.project_id) == bindparam("of_project"),
        col(Integration.id) == bindparam("of_id"),
        col(Integration.status) == "active",
        col(Integration.credential_version) == bindparam("of_version"),
    )
    .values(status=bindparam("to_status"), status_reason=bindparam("to_reason"), updated_at=bindparam("to_time"))
)


class Outcome(Value):
    """How a request for a token ended: with a token, or with the error to raise."""

    held: Held | None = None
    error: PowerstripError | None = None


class Records:
    """What is written down of a renewal, each in the caller's transaction and with its audit row."""

    def __init__(self, vault: Vault, audit: AuditLog) -> None:
        self._vault = vault
        self._audit = audit

    def stands(self, connection: Connection, key: Key) -> bool:
        """Whether the integration is there and has this credential, or a newer one beside which this one is still kept."""
        row = _integration.first(connection, project_id=key.project_id, id=key.integration_id)
        return row is not None and row.credential_version >= key.version

    def begin(self, connection: Connection, key: Key, row: Row[Any], holder: str, bound: Bound) -> Lease | None:
        """Take the lease and put on record that the provider is about to be asked; None where somebody was quicker."""
        lease = rows.take(connection, self._vault, key, row, holder)
        if lease is not None and lease.answer is None:
            facts: dict[str, Any] = {"action": f"{bound.provider}:token", "credential_version": key.version, "lease": lease.fence}
            if lease.overtook:
                facts["took_over"] = "a renewal that was cut off"
            self._write(connection, "use", key, facts)
        return lease

    def answered(self, connection: Connection, lease: Lease, response: Response) -> bool:
        """Keep the provider's answer. False where the lease is lost, or the integration is gone."""
        body = response.body.decode("utf-8", "replace")
        packed = json.dumps({"status": response.status, "headers": _few(response.headers), "body": body})
        return rows.keep_answer(connection, self._vault, lease, packed.encode("ascii"))

    def settle(self, connection: Connection, lease: Lease, auth: TokenAuth, answer: Response, spread: float) -> Outcome:
        """Read the answer and make its token the one in use, or end the lease with what it says."""
        known = lease.current
        secrets = [each for each in (known.token, known.refresh) if each] if known else []
        try:
            grant = read_grant(auth, answer, lease.since, secrets)
        except PowerstripError as error:
            return self.failed(connection, lease, error)
        held = rows.keep_token(connection, self._vault, lease, grant, spread)
        if held is None:
            return Outcome(error=overtaken())
        self._write(connection, "update", lease.key, _renewed(lease, grant))
        return Outcome(held)

    def failed(self, connection: Connection, lease: Lease, error: PowerstripError) -> Outcome:
        """End the lease without a token: a no expires the integration, anything else is tried again later."""
        if isinstance(error, AuthFailed):
            reason = CUT_OFF if lease.overtook and lease.current and lease.current.refresh else one_line(error.message)
            if rows.give_back(connection, lease, reason, None):
                self.expire(connection, lease.key, reason)
            return Outcome(error=AuthFailed(reason))
        rows.give_back(connection, lease, one_line(error.message), now() + _backoff(lease.failures, error))
        return Outcome(error=error)

    def expire(self, connection: Connection, key: Key, reason: str) -> None:
        """Expire the integration if this is still its credential."""
        marked = _expire.run(
            connection,
            of_project=key.project_id,
            of_id=key.integration_id,
            of_version=key.version,
            to_status="expired",
            to_reason=reason,
            to_time=stamp(),
        )
        if marked:
            facts = {"fields": ["status"], "status": {"before": "active", "after": "expired"}, "reason": reason}
            self._write(connection, "update", key, facts)

    def fetched(self, connection: Connection, key: Key, facts: dict[str, Any]) -> None:
        """A token that is not kept, for a trial."""
        self._write(connection, "use", key, facts)

    def _write(self, connection: Connection, action: str, key: Key, changes: dict[str, Any]) -> None:
        row = _integration.first(connection, project_id=key.project_id, id=key.integration_id)
        name = row.name if row else None
        self._audit.append(
            connection,
            HUB,
            action,
            "integration",
            key.integration_id,
            project_id=key.project_id,
            resource_name=name,
            changes=changes,
        )


def answer_of(kept: bytes) -> Response:
    """A provider's answer as it was kept."""
    plain = json.loads(kept)
    return Response(plain["status"], plain["headers"], plain["body"].encode())


def overtaken() -> Unavailable:
    """The lease was lost while the provider was asked: somebody revoked, replaced or took over what it was for."""
    return Unavailable("The credential was changed while its access token was renewed: try again")


def _renewed(lease: Lease, grant: Grant) -> dict[str, Any]:
    """What the audit row says of a new token."""
    facts: dict[str, Any] = {
        "fields": ["access_token"],
        "token": "renewed" if lease.current else "fetched",
        "credential_version": lease.key.version,
        "lease": lease.fence,
        "expires_at": grant.expires_at,
    }
    if grant.scopes is not None and lease.scopes is not None and set(grant.scopes) != set(lease.scopes):
        facts["scopes"] = {"before": list(lease.scopes), "after": list(grant.scopes)}
    return facts


def _few(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in ("content-type", "retry-after") if name in headers}


def _backoff(failures: int, error: PowerstripError) -> timedelta:
    """5 s, doubled for each failure in a row, at most 5 minutes; at least what the provider asked for."""
    asked = error.retry_after if isinstance(error, (RateLimited, Unavailable)) else None
    doubled: timedelta = min(FIRST_BACKOFF * 2 ** min(failures, 10), MAX_BACKOFF)
    return max(doubled, timedelta(seconds=asked or 0))


def waits(row: Row[Any], at: datetime) -> float:
    """Seconds until the provider may be asked again, 0 where it may."""
    if row.retry_at is None:
        return 0.0
    return max((datetime.fromisoformat(row.retry_at) - at).total_seconds(), 0.0)
