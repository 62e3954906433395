"""The rows of access tokens: reading one, taking the lease to renew it, and writing down what came of that.

Everything runs in the caller's transaction. A lease is a number (`fence`) and a name (`holder`): every write of its holder names
both, so one who was overtaken writes nothing. No clock tells that a lease is over, see `Patience`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Row, bindparam, text, update
from sqlmodel import Session, col, delete, select

from powerstrip.clock import new_id, now, rfc3339, stamp
from powerstrip.connect.tokens.values import Grant
from powerstrip.store import AccessToken, Credential, Integration, Prepared, connection_of
from powerstrip.value import Hidden, Value, field, replace
from powerstrip.vault import Place, SealedColumn, Vault, register

MARGIN = timedelta(seconds=30)
"""A token is not used in its last seconds, or its last tenth where it is short-lived: the request has a way to go."""
AHEAD = timedelta(seconds=300)
"""How long before its end a token is renewed, or its last quarter."""

_names = (
    *("id", "project_id", "mode", "sealed", "answer", "renewable", "scopes", "fetched_at", "expires_at", "renew_at"),
    *("fence", "holder", "started_at", "failures", "retry_at", "problem"),
)
_columns = tuple(col(getattr(AccessToken, name)) for name in _names)
_find = Prepared(
    cast(Any, select)(*_columns).where(
        col(AccessToken.integration_id) == bindparam("integration_id"), col(AccessToken.version) == bindparam("version")
    )
)
_insert = Prepared(
    text(
        "INSERT INTO access_token "
        "(id, project_id, integration_id, version, mode, renewable, fence, holder, failures, problem, created_at, updated_at) "
        "VALUES (:id, :project_id, :integration_id, :version, :mode, :renewable, 0, '', 0, '', :at, :at2) "
        "ON CONFLICT (integration_id, version) DO NOTHING"
    )
)
_mine = (col(AccessToken.id) == bindparam("of_id"), col(AccessToken.fence) == bindparam("of_fence"))
_take = Prepared(
    update(AccessToken)
    .where(*_mine)
    .values(fence=bindparam("to_fence"), holder=bindparam("to_holder"), started_at=bindparam("since"), updated_at=bindparam("at"))
)
_answer = Prepared(
    update(AccessToken)
    .where(*_mine, col(AccessToken.holder) == bindparam("of_holder"))
    .values(answer=bindparam("to_answer"), answer_key_id=bindparam("to_key"), updated_at=bindparam("at"))
)
_keep = Prepared(
    update(AccessToken)
    .where(*_mine, col(AccessToken.holder) == bindparam("of_holder"))
    .values(
        sealed=bindparam("to_sealed"),
        data_key_id=bindparam("to_key"),
        answer=bindparam("no_answer"),
        answer_key_id=bindparam("no_key"),
        renewable=bindparam("to_renewable"),
        scopes=bindparam("to_scopes"),
        fetched_at=bindparam("to_fetched"),
        expires_at=bindparam("to_expires"),
        renew_at=bindparam("to_renew"),
        holder=bindparam("to_holder"),
        failures=bindparam("to_failures"),
        retry_at=bindparam("to_retry"),
        problem=bindparam("to_problem"),
        updated_at=bindparam("at"),
    )
)
_fail = Prepared(
    update(AccessToken)
    .where(*_mine, col(AccessToken.holder) == bindparam("of_holder"))
    .values(
        answer=bindparam("no_answer"),
        answer_key_id=bindparam("no_key"),
        holder=bindparam("to_holder"),
        failures=bindparam("to_failures"),
        retry_at=bindparam("to_retry"),
        problem=bindparam("to_problem"),
        updated_at=bindparam("at"),
    )
)

MARK = "consent"
"""The field that stands in a consent's credential: the tokens themselves are in their own row, for they change."""


class Held(Value):
    """A token in memory. `fields` are all the secrets that belong to it; times are in UTC."""

    token: Hidden[str]
    refresh: Hidden[str | None]
    fetched_at: datetime
    expires_at: datetime | None
    renew_at: datetime | None
    fields: Hidden[Mapping[str, str]] = field(default_factory=dict[str, str])

    @property
    def life(self) -> timedelta:
        """How long it holds in all, as the provider told."""
        return timedelta.max if self.expires_at is None else self.expires_at - self.fetched_at

    def good(self, at: datetime) -> bool:
        """Whether a request may still go out with it."""
        return self.expires_at is None or at < self.expires_at - min(MARGIN, self.life / 10)

    def due(self, at: datetime) -> bool:
        """Whether it should be renewed soon."""
        return self.renew_at is not None and at >= self.renew_at

    def among(self, others: Mapping[str, str]) -> "Held":
        """The same, with what an admin filled in among the secrets."""
        refresh = {"refresh_token": self.refresh} if self.refresh else {}
        return replace(self, fields={**others, **refresh, "access_token": self.token})


class Key(Value):
    """Which token: of which version of which integration's credential."""

    project_id: str
    integration_id: str
    version: int
    mode: str = "live"


class Lease(Value):
    """The right to ask for one new token. `overtook` tells that another's request was cut off before its answer was kept.

    A new token's time counts from `since`: when it was first asked for, be it by somebody who was cut off. The provider's clock
    began to run after that, and one that gives its last answer once more tells the whole life again.
    """

    id: str
    fence: int
    holder: str
    since: datetime
    key: Key
    failures: int
    current: Held | None
    scopes: tuple[str, ...] | None
    answer: Hidden[bytes | None]
    overtook: bool


def find(connection: Connection, key: Key) -> Row[Any] | None:
    """The row, None where no token was ever asked for."""
    return _find.first(connection, integration_id=key.integration_id, version=key.version)


def of_integration(connection: Connection, integration_id: str) -> Sequence[Row[Any]]:
    """The rows of every version that is kept, the newest first."""
    mine = col(AccessToken.integration_id) == integration_id
    return connection.execute(cast(Any, select)(*_columns).where(mine).order_by(col(AccessToken.version).desc())).all()


def ensure(connection: Connection, key: Key, *, renewable: bool = False) -> Row[Any]:
    """The row, made where there is none."""
    found = find(connection, key)
    if found is None:
        at = stamp()
        _insert.run(
            connection,
            id=new_id("tok"),
            project_id=key.project_id,
            integration_id=key.integration_id,
            version=key.version,
            mode=key.mode,
            renewable=renewable,
            at=at,
            at2=at,
        )
        found = find(connection, key)
        assert found is not None
    return found


def take(connection: Connection, vault: Vault, key: Key, row: Row[Any], holder: str) -> Lease | None:
    """Take the lease as it stands in `row`; None where somebody was quicker."""
    at = stamp()
    since = row.started_at if row.holder and row.started_at else at
    fence: int = row.fence + 1
    if not _take.run(connection, of_id=row.id, of_fence=row.fence, to_fence=fence, to_holder=holder, since=since, at=at):
        return None
    answer = None if row.answer is None else vault.open(connection, place_of(row, "answer"), bytes(row.answer))
    current = held_of(connection, vault, row)
    scopes = None if row.scopes is None else tuple(json.loads(row.scopes))
    begun = datetime.fromisoformat(since)
    return Lease(row.id, fence, holder, begun, key, row.failures, current, scopes, answer, bool(row.holder) and answer is None)


def keep_answer(connection: Connection, vault: Vault, lease: Lease, answer: bytes) -> bool:
    """Keep a provider's answer before anybody reads it. False where the lease is lost."""
    sealed = vault.seal(connection, _place(lease, "answer"), answer)
    return bool(
        _answer.run(
            connection,
            of_id=lease.id,
            of_fence=lease.fence,
            of_holder=lease.holder,
            to_answer=sealed.blob,
            to_key=sealed.data_key_id,
            at=stamp(),
        )
    )


def keep_token(connection: Connection, vault: Vault, lease: Lease, grant: Grant, spread: float) -> Held | None:
    """Make this the token. None where the lease is lost. A missing refresh token or scope leaves what there was.

    `spread` from 0 to 1 moves the renewal, so that tokens that were fetched together are not renewed together.
    """
    scopes = lease.scopes if grant.scopes is None else grant.scopes
    refresh = grant.refresh_token or (lease.current.refresh if lease.current else None)
    held = Held(grant.access_token, refresh, lease.since, _at(grant.expires_at), _renewal(grant.expires_at, lease.since, spread))
    packed = json.dumps({"access_token": held.token, "refresh_token": held.refresh, "token_type": grant.token_type})
    sealed = vault.seal(connection, _place(lease, "sealed"), packed.encode("ascii"))
    kept = _keep.run(
        connection,
        of_id=lease.id,
        of_fence=lease.fence,
        of_holder=lease.holder,
        to_sealed=sealed.blob,
        to_key=sealed.data_key_id,
        no_answer=None,
        no_key=None,
        to_renewable=refresh is not None,
        to_scopes=None if scopes is None else json.dumps(scopes),
        to_fetched=rfc3339(lease.since),
        to_expires=grant.expires_at,
        to_renew=rfc3339(held.renew_at) if held.renew_at else None,
        to_holder="",
        to_failures=0,
        to_retry=None,
        to_problem="",
        at=stamp(),
    )
    return held if kept else None


def give_back(connection: Connection, lease: Lease, problem: str, retry_at: datetime | None) -> bool:
    """End a lease without a new token. False where it is lost."""
    return bool(
        _fail.run(
            connection,
            of_id=lease.id,
            of_fence=lease.fence,
            of_holder=lease.holder,
            no_answer=None,
            no_key=None,
            to_holder="",
            to_failures=lease.failures + 1,
            to_retry=rfc3339(retry_at) if retry_at else None,
            to_problem=problem,
            at=stamp(),
        )
    )


def held_of(connection: Connection, vault: Vault, row: Row[Any]) -> Held | None:
    """The row's token, None where there is none yet. Raises `SealBroken`."""
    if row.sealed is None:
        return None
    plain = json.loads(vault.open(connection, place_of(row, "sealed"), bytes(row.sealed)))
    fetched = _at(row.fetched_at) or now()
    return Held(plain["access_token"], plain["refresh_token"], fetched, _at(row.expires_at), _at(row.renew_at))


def place_of(row: Any, column: str) -> Place:
    """Where a sealed column belongs."""
    return Place(row.project_id, row.id, f"access_token.{column}", row.mode)


register(SealedColumn(AccessToken, "sealed", lambda _, row: place_of(row, "sealed"), data_key="data_key_id"))
register(SealedColumn(AccessToken, "answer", lambda _, row: place_of(row, "answer"), data_key="answer_key_id"))


def is_consent(session: Session, integration: Integration) -> bool:
    """Whether the integration's credential is a consent's, which is good for this integration alone."""
    mine = (col(AccessToken.integration_id) == integration.id, col(AccessToken.version) == integration.credential_version)
    return integration.credential_fields == [MARK] and session.exec(select(AccessToken.id).where(*mine)).first() is not None


def forget_older(session: Session, integration: Integration) -> None:
    """Remove the tokens of versions whose credential is gone."""
    kept = select(Credential.version).where(col(Credential.integration_id) == integration.id)
    old = col(AccessToken.version).not_in(kept)
    connection_of(session).execute(delete(AccessToken).where(col(AccessToken.integration_id) == integration.id, old))


def _place(lease: Lease, column: str) -> Place:
    return Place(lease.key.project_id, lease.id, f"access_token.{column}", lease.key.mode)


def _at(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _renewal(expires: str | None, fetched: datetime, spread: float) -> datetime | None:
    at = _at(expires)
    if at is None:
        return None
    ahead = min(AHEAD, (at - fetched) / 4)
    return at - ahead - ahead * spread
