"""The ledger's hot path: one transaction keeps all events of a delivery, each once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias, cast

from sqlalchemy import Connection, bindparam, update
from sqlmodel import col

from powerstrip.clock import new_id, now, rfc3339, row_id, stamp
from powerstrip.events import Events, NewEvent
from powerstrip.inbound.understanding import Understood
from powerstrip.store import Integration, Prepared, ProviderEvent, RowsFind, insert_row, insert_rows
from powerstrip.value import Value
from powerstrip.vault import Place, SealedColumn, Vault, register

_known = RowsFind(ProviderEvent, keys=("channel", "dedup_key"), columns=("channel", "dedup_key", "seq", "digest"))
_again = Prepared(
    update(ProviderEvent)
    .where(col(ProviderEvent.seq) == bindparam("at_seq"))
    .values(duplicates=col(ProviderEvent.duplicates) + 1)
)

Row: TypeAlias = dict[str, Any]


class Target(Value):
    """The integration that an event belongs to, as far as the ledger needs to know it."""

    id: str
    status: str = "active"
    mode: str = "live"
    account_id: str | None = None
    real: bool = True
    """False for what stands for an integration in a test."""

    @classmethod
    def of(cls, row: Integration) -> "Target":
        """From the row."""
        return cls(row.id, row.status, row.mode, row.account_id)


class Arrival(Value):
    """Where events came in: whose they are, by which channel, and the raw delivery to seal, if there is one."""

    project_id: str
    channel: str
    provider: str
    targets: Sequence[Target] = ()
    endpoint_id: str | None = None
    source: str = "webhook"
    raw: bytes | None = None
    keep_days: int = 7
    test: bool = False
    replay_of: str | None = None
    occurred_at: str | None = None
    mode: str | None = None
    """Another mode than the integration's: a live event may be replayed into a sandbox, never the other way round."""


@dataclass
class Kept:
    """What became of a delivery's events: new ones, repeats, and repeats with another content."""

    received: list[str] = field(default_factory=list[str])
    duplicates: int = 0
    conflicts: list[str] = field(default_factory=list[str])


class Ledger:
    """Writes rows of the ledger in the caller's transaction."""

    def __init__(self, vault: Vault, events: Events) -> None:
        self._vault = vault
        self._events = events

    def keep(self, connection: Connection, arrival: Arrival, events: Sequence[Understood]) -> Kept:
        """Keep every event that is new, and emit its source event. The first new one keeps the raw delivery."""
        return self.keep_all(connection, [(arrival, events)])[0]

    def keep_all(self, connection: Connection, deliveries: Sequence[tuple[Arrival, Sequence[Understood]]]) -> list[Kept]:
        """The same for many deliveries, in order: an event that came before in one of them is a repeat, too."""
        keys = [{"channel": arrival.channel, "dedup_key": event.dedup_key} for arrival, events in deliveries for event in events]
        group = _Group({(row.channel, row.dedup_key): row for row in _known.all(connection, keys)})
        told = [self._sort(connection, group, arrival, events) for arrival, events in deliveries]
        sealed = self._vault.seal_all(connection, [(raw_place(row["project_id"], row["id"]), raw) for row, raw in group.raw])
        for (row, _), box in zip(group.raw, sealed, strict=True):
            row |= {"raw": box.blob, "data_key_id": box.data_key_id}
        insert_rows(connection, ProviderEvent, group.rows)
        self._events.emit_all(connection, group.emitted)
        return told

    def _sort(self, connection: Connection, group: "_Group", arrival: Arrival, events: Sequence[Understood]) -> Kept:
        """Tell new events from repeats and conflicts."""
        kept, first = Kept(), ""
        for event in events:
            dedup_key, conflict = event.dedup_key, False
            known = group.known.get((arrival.channel, dedup_key))
            if known is not None and _digest(known) != event.digest:
                conflict, dedup_key = True, f"{dedup_key}#{event.digest[:32]}"
                known = group.known.get((arrival.channel, dedup_key)) or _one(connection, arrival.channel, dedup_key)
            if known is not None:
                _count(connection, known)
                kept.duplicates += 1
                continue
            row = self._row(arrival, event, dedup_key)
            if not first:
                first = row["id"]
                group.keep_raw(arrival, row)
            row["raw_id"] = first if arrival.raw is not None else None
            self._place(group, arrival, event, row, conflict=conflict)
            (kept.conflicts if conflict else kept.received).append(row["id"])
        return kept

    def refuse(self, connection: Connection, arrival: Arrival, reason: str) -> str:
        """Keep that a delivery was refused and why; of its body nothing, unless `arrival` gives it."""
        row = self._row(arrival, Understood("", "{}", new_id("ref"), "", reason=reason), new_id("ref"))
        if arrival.raw is not None:
            sealed = self._vault.seal(connection, raw_place(arrival.project_id, row["id"]), arrival.raw)
            row |= _kept_for(arrival.raw, arrival.keep_days)
            row |= {"raw": sealed.blob, "data_key_id": sealed.data_key_id, "raw_id": row["id"]}
        insert_row(connection, ProviderEvent, row | {"status": "refused"})
        return row["id"]

    def _place(self, group: "_Group", arrival: Arrival, event: Understood, row: Row, *, conflict: bool) -> None:
        """A row and its source event. Without one (a conflict, nobody's event) the row keeps the data itself."""
        target, trouble = route(arrival.targets, event.account)
        row["integration_id"] = target.id if target and target.real else None
        if conflict:
            row |= {"status": "conflict", "reason": "the same id came before with another content", "data": event.data}
        elif target is None or trouble:
            row |= {"reason": trouble, "data": event.data}
        group.rows.append(row)
        group.known[arrival.channel, row["dedup_key"]] = row
        if target is not None and not trouble and not conflict:
            group.emitted.append(_source_event(arrival, target, event, row))

    def _row(self, arrival: Arrival, event: Understood, dedup_key: str) -> Row:
        return {
            "id": row_id("pev"),
            "project_id": arrival.project_id,
            "channel": arrival.channel,
            "endpoint_id": arrival.endpoint_id,
            "integration_id": None,
            "provider": arrival.provider,
            "event_type": event.name,
            "source": arrival.source,
            "status": "received",
            "reason": event.reason,
            "dedup_key": dedup_key,
            "provider_key": event.provider_key,
            "account": event.account,
            "digest": event.digest,
            "duplicates": 0,
            "data": None,
            "raw_id": None,
            "raw": None,
            "raw_size": 0,
            "data_key_id": None,
            "raw_until": None,
            "replay_of": arrival.replay_of,
            "occurred_at": arrival.occurred_at,
            "received_at": stamp(),
        }


class _Group:
    """What a transaction is about to write. `known` are the rows that are there and those that will be."""

    def __init__(self, known: dict[tuple[str, str], Any]) -> None:
        self.known = known
        self.rows: list[Row] = []
        self.raw: list[tuple[Row, bytes]] = []
        self.emitted: list[NewEvent] = []

    def keep_raw(self, arrival: Arrival, row: Row) -> None:
        """Let this row keep the raw delivery, where there is one; it is sealed with the others."""
        if arrival.raw is not None:
            row |= _kept_for(arrival.raw, arrival.keep_days)
            self.raw.append((row, arrival.raw))


def _kept_for(raw: bytes, days: int) -> Row:
    return {"raw_until": rfc3339(now() + timedelta(days=days)), "raw_size": len(raw)}


def _one(connection: Connection, channel: str, dedup_key: str) -> Any:
    """The row of this key; None where there is none."""
    return next(iter(_known.all(connection, [{"channel": channel, "dedup_key": dedup_key}])), None)


def _digest(known: Any) -> str:
    return cast(Row, known)["digest"] if isinstance(known, dict) else known.digest


def _count(connection: Connection, known: Any) -> None:
    """One more repeat of a row that is there, or of one that will be."""
    if isinstance(known, dict):
        known["duplicates"] += 1
    else:
        _again.run(connection, at_seq=known.seq)


def raw_place(project_id: str, id: str) -> Place:
    """Where a sealed raw delivery belongs."""
    return Place(project_id, id, "provider_event.raw")


register(SealedColumn(ProviderEvent, "raw", lambda _, row: raw_place(row.project_id, row.id), data_key="data_key_id"))


def route(targets: Sequence[Target], account: str | None) -> tuple[Target | None, str]:
    """The integration that an event is for, and why it is not processed, where it is not.

    An account decides. Where none is told, or the integration's is not known, an endpoint of one integration takes the event as
    its own; one that serves many cannot tell.
    """
    if account is not None and (same := [each for each in targets if each.account_id == account]):
        target = next((each for each in same if each.status == "active"), same[0])
    elif len(targets) == 1 and (account is None or targets[0].account_id is None):
        target = targets[0]
    else:
        return None, "no integration of this account"
    return target, "the integration is switched off" if target.status == "inactive" else ""


def _source_event(arrival: Arrival, target: Target, event: Understood, row: Row) -> NewEvent:
    mode = "sandbox" if "sandbox" in (arrival.mode, target.mode) else "live"
    return NewEvent(
        project_id=arrival.project_id,
        name=event.name,
        source_type="integration",
        source_id=target.id,
        text=event.data,
        provider_event_id=row["id"],
        integration_id=target.id if target.real else None,
        occurred_at=arrival.occurred_at,
        provider=arrival.provider,
        mode=mode,
        test=arrival.test,
    )
