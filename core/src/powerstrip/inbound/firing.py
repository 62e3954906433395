"""Events that people set off: synthetic ones, and those that came before, again."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from sqlmodel import Session, col, select

from powerstrip.adapter import Reply
from powerstrip.catalog import Catalog, EventManifest
from powerstrip.clock import new_id, stamp
from powerstrip.events import Events, Preview, SourceEventRow
from powerstrip.inbound.history import Entry, Filter, History
from powerstrip.inbound.ledger import Arrival, Kept, Ledger, Target, raw_place
from powerstrip.inbound.raw import unpack
from powerstrip.inbound.understanding import NotUnderstood, Understanding, Understood
from powerstrip.problems import BadInput, NotFound, Problem, Unprocessable
from powerstrip.store import Actor, AuditLog, Integration, Project, ProviderEvent, Store, scope
from powerstrip.strictjson import strict_json
from powerstrip.value import Value
from powerstrip.vault import Vault

FireMode: TypeAlias = Literal["preview", "deliver"]
MAX_REPLAY = 1000


class Sample(Value):
    """A made-up event of a provider, made from the schema of its data."""

    id: str
    provider: str
    event_type: str
    name: str
    description: str
    payload: dict[str, Any]


class Fire(Value):
    """What to set off: a sample or a payload of one's own."""

    mode: FireMode = "preview"
    sample_id: str | None = None
    provider: str | None = None
    event_type: str | None = None
    payload: dict[str, Any] | None = None
    integration_id: str | None = None
    dedup_key: str | None = None
    occurred_at: str | None = None


class Fired(Value):
    """What was set off, or would be."""

    fire: Fire
    provider: str
    event_type: str
    payload: dict[str, Any]
    integration_id: str
    preview: Preview
    id: str | None = None
    delivered: bool = False
    deduped: bool = False


class Replayed(Value):
    """What came of a replay: new rows, and rows that could not be replayed with the reason."""

    ids: tuple[str, ...]
    skipped: dict[str, str]


class Firing:
    """Sets events off."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        catalog: Catalog,
        events: Events,
        ledger: Ledger,
        history: History,
        understanding: Understanding,
        audit: AuditLog,
    ) -> None:
        self._store = store
        self._vault = vault
        self._catalog = catalog
        self._events = events
        self._ledger = ledger
        self._history = history
        self._understand = understanding
        self._audit = audit

    def samples(self, provider: str | None = None, event_type: str | None = None) -> list[Sample]:
        """One sample for each event of the installed providers."""
        found = [each for known in self._catalog.providers() if known.event_ids and provider in (None, known.id)
                 for each in self._catalog.provider(known.id).events]  # fmt: skip
        return [_sample(each) for each in found if event_type in (None, each.name)]

    async def fire(self, project: Project, actor: Actor, fire: Fire) -> Fired:
        """Preview an event, or deliver it as a synthetic one. Raises `BadInput` and `NotFound`."""
        sample = await asyncio.to_thread(self._sample, fire)
        event_type = fire.event_type or (sample.event_type if sample else "")
        provider = fire.provider or (sample.provider if sample else event_type.partition(".")[0])
        _check_name(event_type, provider)
        payload = fire.payload if fire.payload is not None else sample.payload if sample else {}
        target = await self._target(project, provider, fire.integration_id)
        row = _row(project, target, provider, event_type, payload, fire)
        preview = await self._store.read(lambda session: self._events.preview(session, row))
        fired = Fired(fire, provider, event_type, payload, target.id, preview)
        return fired if fire.mode == "preview" else await self._deliver(project, actor, fired, target)

    async def replay(self, project: Project, actor: Actor, entries: Sequence[Entry], *, sandbox: bool) -> Replayed:
        """Hand events on once more, live or as a sandbox's. Each becomes a row of its own that names the first."""
        ids: list[str] = []
        skipped: dict[str, str] = {}
        for entry in entries:
            try:
                kept = await self._again(project, entry, sandbox=sandbox)
                ids += kept.received
            except Problem as problem:
                skipped[entry.row.id] = problem.message
        if ids:
            changes = {"replayed": len(ids), "sandbox": sandbox}
            first = entries[0].row.id
            await self._store.write(
                lambda session: self._audit.append(
                    session, actor, "create", "integration_event", first, project_id=project.id, changes=changes
                )
            )
        self._events.wake()
        return Replayed(tuple(ids), skipped)

    async def replay_range(self, project: Project, actor: Actor, wanted: Filter, *, sandbox: bool) -> Replayed:
        """The same for all rows that a filter finds, in the order in which they came. Raises `BadInput` for too many."""
        entries = await self._history.list(project.id, wanted, limit=MAX_REPLAY + 1)
        if len(entries) > MAX_REPLAY:
            raise BadInput(f"These are more than {MAX_REPLAY} events: give a shorter time")
        return await self.replay(project, actor, entries[::-1], sandbox=sandbox)

    def _sample(self, fire: Fire) -> Sample | None:
        if fire.sample_id is None:
            return None
        for each in self.samples():
            if each.id == fire.sample_id:
                return each
        raise NotFound("There is no sample with this id: see GET …/integrations/events/test/samples")

    async def _target(self, project: Project, provider: str, integration_id: str | None) -> Target:
        stand_in = f"synthetic:{provider}"
        if integration_id in (None, stand_in):
            return Target(stand_in[:80], mode=project.mode, real=False)
        row: Integration = await self._store.read(lambda session: scope(session, project.id).get(Integration, integration_id))
        if row.provider != provider:
            raise BadInput("The integration is of another provider")
        return Target(row.id, mode=row.mode)

    async def _deliver(self, project: Project, actor: Actor, fired: Fired, target: Target) -> Fired:
        key = fired.fire.dedup_key or new_id("syn")
        event = Understood(fired.event_type, _text(fired.payload), key[:300], "", provider_key=None)
        arrival = Arrival(
            project_id=project.id,
            channel=f"synthetic:{project.id}",
            provider=fired.provider,
            targets=[target],
            source="synthetic",
            test=True,
            occurred_at=fired.fire.occurred_at,
        )

        def keep(session: Session) -> tuple[str | None, bool]:
            kept = self._ledger.keep(session.connection(), arrival, [event])
            if kept.received:
                changes = {"event_type": fired.event_type, "source": "synthetic"}
                self._audit.append(
                    session, actor, "create", "integration_event", kept.received[0], project_id=project.id, changes=changes
                )
                return kept.received[0], False
            known = select(ProviderEvent.id).where(
                col(ProviderEvent.channel) == arrival.channel, col(ProviderEvent.dedup_key) == event.dedup_key
            )
            return session.exec(known).first(), True

        event_id, deduped = await self._store.write(keep)
        self._events.wake()
        return Fired(
            fired.fire, fired.provider, fired.event_type, fired.payload, target.id, fired.preview, event_id, not deduped, deduped
        )

    async def _again(self, project: Project, entry: Entry, *, sandbox: bool) -> Kept:
        understood = await self._what(entry)
        row = entry.row

        def keep(session: Session) -> Kept:
            wanted = [col(Integration.project_id) == project.id, col(Integration.provider) == row.provider]
            if row.integration_id is not None:
                wanted.append(col(Integration.id) == row.integration_id)
            targets = [Target.of(each) for each in session.exec(select(Integration).where(*wanted))]
            if row.source == "synthetic" and row.integration_id is None:
                targets = [Target(f"synthetic:{row.provider}"[:80], mode=project.mode, real=False)]
            arrival = Arrival(
                project_id=project.id,
                channel=f"replay:{new_id('rep')}",
                provider=row.provider,
                targets=targets,
                endpoint_id=row.endpoint_id,
                source=row.source,
                replay_of=row.id,
                test=row.source == "synthetic",
                occurred_at=row.occurred_at,
                mode="sandbox" if sandbox else None,
            )
            return self._ledger.keep(session.connection(), arrival, understood)

        return await self._store.write(keep)

    async def _what(self, entry: Entry) -> list[Understood]:
        """The event once more: as it was named, or, where it had no name, read anew from the raw delivery."""
        row = entry.row
        if row.status != "refused" and not row.event_type.endswith(".unnamed"):
            data = entry.source.data if entry.source is not None else row.data or {}
            return [Understood(row.event_type, _text(data), row.dedup_key, row.digest, row.provider_key, row.account)]
        raw = await self._store.read(lambda session: self._raw(session, row))
        adapter = await asyncio.to_thread(self._catalog.adapter, row.provider)
        try:
            understood = await self._understand(adapter, unpack(raw))
        except NotUnderstood as refusal:
            raise Unprocessable(f"The adapter still refuses it: {refusal}", code="no_event") from None
        if isinstance(understood, Reply):
            raise Unprocessable("It is a question of the provider's and no event", code="no_event")
        return understood

    def _raw(self, session: Session, row: ProviderEvent) -> bytes:
        holder: ProviderEvent | None = scope(session, row.project_id).find(ProviderEvent, id=row.raw_id or row.id)
        if holder is None or holder.raw is None:
            raise Unprocessable("The raw delivery is no longer kept", code="raw_gone")
        return self._vault.open(session, raw_place(holder.project_id, holder.id), holder.raw)


def _sample(event: EventManifest) -> Sample:
    words = event.summary.strip().splitlines()
    return Sample(
        id=f"{event.name}.sample",
        provider=event.provider,
        event_type=event.name,
        name=words[0] if words else event.name,
        description=event.summary,
        payload=event.example or {},
    )


def _check_name(event_type: str, provider: str) -> None:
    parts = event_type.split(".")
    if len(parts) < 2 or not all(parts) or len(event_type) > 200 or not event_type.replace("_", "").replace(".", "").isalnum():
        raise BadInput("event_type: name an event, such as slack.message.posted, or a sample_id")
    if not provider or parts[0] != provider:
        raise BadInput("The event_type begins with another provider than the one that is named")


def _text(payload: dict[str, Any]) -> str:
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    strict_json(text.encode())
    return text


def _row(project: Project, target: Target, provider: str, event_type: str, payload: dict[str, Any], fire: Fire) -> SourceEventRow:
    return SourceEventRow(
        seq=0,
        id="evt_preview",
        project_id=project.id,
        name=event_type,
        source_type="integration",
        source_id=target.id,
        integration_id=target.id if target.real else None,
        provider=provider,
        provider_event_id=None,
        mode="sandbox" if target.mode == "sandbox" else "live",
        test=True,
        depth=0,
        data=payload,
        occurred_at=fire.occurred_at,
        received_at=stamp(),
    )
