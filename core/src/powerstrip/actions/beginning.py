"""The first transaction of a call: claim the key, choose the integration, authorise, put the use on record."""

import hashlib
from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam
from sqlmodel import col, select

from powerstrip.actions import records
from powerstrip.actions.calls import Invoke, Mode
from powerstrip.actions.inputs import parameters_of
from powerstrip.actions.own.keys import OwnKeys, keys_of
from powerstrip.actions.own.targets import OwnTarget
from powerstrip.actions.targets import Target
from powerstrip.clock import row_id, stamp
from powerstrip.connect import Link, Links, check_destination, keep_ledger
from powerstrip.edge import LedgerRow
from powerstrip.problems import BadInput, Conflict, NotFound, Problem, Unprocessable
from powerstrip.settings import Settings
from powerstrip.store import Actor, AuditLog, Idempotency, Invocation, OwnAction, Prepared, Project, insert_row, insert_rows
from powerstrip.value import Hidden, Value, replace
from powerstrip.vault import Purpose, SealedCredential, Use, Vault

own_action = Prepared(
    select(OwnAction).where(
        col(OwnAction.project_id) == bindparam("project_id"),
        col(OwnAction.id) == bindparam("id"),
        col(OwnAction.status) == "active",
    )
)
IN_FLIGHT_SECONDS = 1.0
"""When to ask again for a call that is still running."""


class Wanted(Value):
    """A call that was judged: who wants what, with the input as canonical text."""

    project: Project
    actor: Actor
    target: Target
    call: Invoke
    text: str

    @property
    def sandboxed(self) -> bool:
        """Whether the call is a sandbox's whatever its integration is."""
        return self.project.mode == "sandbox" or self.call.sandbox or self.call.dry_run


class Begun(Value):
    """A call on record: from here on it has an end. `link` is None for a built-in provider."""

    id: str
    mode: Mode
    link: Link | None
    credential: Hidden[SealedCredential | OwnKeys | None] = None
    secret_version: int = 0
    """Of an own action's signing key."""


class Ended(Value):
    """A sandboxed call that was run before it is on record: it opened no credential and sent nothing.

    `begun` holds the integration that it went by, `end` the columns that tell how it ended.
    """

    begun: Begun
    wanted: Wanted
    started_at: str
    end: dict[str, Any]
    would_send: Sequence[LedgerRow]


class NotTogether(Exception):
    """A key among those of a group was seen before, or twice: each call begins alone then."""


class Earlier(Value):
    """What the same idempotency key led to before: the invocation's row."""

    row: Any


class Claims:
    """The ids of calls that this caller is running. They count as running before any other caller can see their rows."""

    def __init__(self, running: set[str]) -> None:
        self.fresh = row_id("inv")
        self._running = running
        self._mine: set[str] = set()
        self.take(self.fresh)

    def take(self, id: str) -> None:
        """Count this call as running here."""
        self._mine.add(id)
        self._running.add(id)

    def release(self) -> None:
        """The caller is done with all of them."""
        self._running.difference_update(self._mine)


class Beginning:
    """Begins calls, in `store.hot`. `hub` names this process; `alone` tells that no other works on this database."""

    def __init__(self, vault: Vault, audit: AuditLog, settings: Settings, hub: str, *, alone: bool) -> None:
        self._vault = vault
        self._audit = audit
        self._settings = settings
        self._hub = hub
        self._alone = alone
        self._secret = vault.derive("idempotency")
        self._running: set[str] = set()

    @property
    def running(self) -> frozenset[str]:
        """The ids of the calls that this process is at. Ask in `store.hot`: there no row is ahead of its id."""
        return frozenset(self._running)

    def claims(self) -> Claims:
        """A new caller's."""
        return Claims(self._running)

    def _fingerprint(self, wanted: Wanted) -> str:
        """Of everything that makes two calls the same but for the time they may take. Keyed: it tells nothing of the input."""
        call = wanted.call
        parts = (wanted.target.name, call.integration, call.dry_run, call.sandbox, call.simulate, wanted.text)
        return hashlib.blake2b(repr(parts).encode(), key=self._secret, digest_size=32).hexdigest()

    def begin(self, connection: Connection, wanted: Wanted, claims: Claims) -> Begun | Earlier:
        """Put a call on record, or find what its key led to before. Whatever is raised here leaves no trace of the call."""
        earlier = self._claim(connection, claims.fresh, wanted)
        if earlier is None:
            return self._open(connection, claims.fresh, wanted)
        if earlier.job_id is not None:  # its job decides, wherever it runs
            return Earlier(earlier)
        if earlier.status == "active" and not records.is_lost(connection, earlier, self._hub, self._running, alone=self._alone):
            raise Conflict("The call with this key is still running", code="in_flight", retry_after=IN_FLIGHT_SECONDS)
        unknown = earlier.status == "active" or earlier.error_type == "unknown"
        if not (unknown and wanted.target.repeatable):
            return Earlier(self._closed(connection, earlier))
        claims.take(earlier.id)
        return self._resume(connection, wanted, earlier)

    def begin_all(self, connection: Connection, items: list[tuple[Wanted, Claims]]) -> Sequence[Begun | Earlier | Exception]:
        """`begin` for many calls of providers' actions at once, in a few statements for all. A refused call leaves no trace."""
        if len(items) == 1:
            return [self.begin(connection, *items[0])]
        keys = self._claim_all(connection, items)
        opened = self._open_all(connection, [(claims.fresh, wanted) for wanted, claims in items])
        taken = [row for row, begun in zip(keys, opened, strict=True) if row is not None and isinstance(begun, Begun)]
        insert_rows(connection, Idempotency, taken)
        return opened

    def end_all(self, connection: Connection, items: list[Ended]) -> Sequence[bool | Exception]:
        """Put sandboxed calls that were run on record as a whole. False where the integration is another one by now."""
        links, told = Links(connection), list[bool | Exception]()
        for item in items:
            try:
                told.append(self._link(links, item.wanted, item.wanted.call.integration)[0] == item.begun.link)
            except Problem as refusal:
                told.append(refusal)
        found = [at for at, fits in enumerate(told) if fits is True]
        uses = [_use(items[at].begun.id, items[at].wanted, items[at].begun.link, "sandbox") for at in found]
        kept: list[Ended] = []
        for at, given in zip(found, self._vault.use_all(connection, uses), strict=True):
            if isinstance(given, Problem):
                told[at] = given
            else:
                kept.append(items[at])
        rows = [self._row(each.begun, each.wanted) | each.end | {"started_at": each.started_at} for each in kept]
        insert_rows(connection, Invocation, rows)
        keep_ledger(connection, [row for each in kept for row in each.would_send], invoked=True)
        return told

    def _claim_all(self, connection: Connection, items: list[tuple[Wanted, Claims]]) -> list[dict[str, str] | None]:
        """The rows that take the calls' keys; None for a call without. Raises `NotTogether`."""
        rows = [
            None
            if (key := wanted.call.idempotency_key) is None
            else _key_row(wanted, key, self._fingerprint(wanted), claims.fresh)
            for wanted, claims in items
        ]
        keyed = [row for row in rows if row is not None]
        distinct = {(row["project_id"], row["key"]) for row in keyed}
        if len(distinct) < len(keyed) or records.known_keys.all(connection, keyed):
            raise NotTogether
        return rows

    def _claim(self, connection: Connection, id: str, wanted: Wanted) -> Row[Any] | None:
        """Take the key for this call; the earlier call where it is taken. Raises `Unprocessable` for a key of something else."""
        key, project_id = wanted.call.idempotency_key, wanted.project.id
        if key is None:
            return None
        fingerprint = self._fingerprint(wanted)
        known = records.known_key.first(connection, project_id=project_id, key=key)
        if known is not None and not records.is_forgotten(known.created_at):
            if (known.route, known.body_hash) != (wanted.target.name, fingerprint):
                raise Unprocessable(
                    "This idempotency key was used for another call: use a new key for a new call", code="idempotency_key_reused"
                )
            return records.earlier_call.first(connection, project_id=project_id, id=known.invocation_id)
        if known is not None:
            records.forget_key.run(connection, project_id=project_id, key=key)
            records.drop_output.run(connection, of_project=project_id, of_id=known.invocation_id)
        insert_row(connection, Idempotency, _key_row(wanted, key, fingerprint, id))
        return None

    def _open(self, connection: Connection, id: str, wanted: Wanted) -> Begun:
        begun = self._authorise(connection, id, wanted, wanted.call.integration)
        insert_row(connection, Invocation, self._row(begun, wanted))
        return begun

    def _open_all(self, connection: Connection, wants: Sequence[tuple[str, Wanted]]) -> list[Begun | Exception]:
        """`_open` for many calls of providers' actions. For a refused one its reason, and nothing is written."""
        links = Links(connection)
        opened: list[Begun | Exception] = []
        for call_id, wanted in wants:
            try:
                link, mode = self._link(links, wanted, wanted.call.integration)
                opened.append(Begun(call_id, mode, link))
            except Problem as refusal:
                opened.append(refusal)
        places = [at for at, each in enumerate(opened) if isinstance(each, Begun)]
        uses = [_use(begun.id, wants[at][1], begun.link, begun.mode) for at in places if isinstance(begun := opened[at], Begun)]
        for at, given in zip(places, self._vault.use_all(connection, uses), strict=True):
            begun = opened[at]
            assert isinstance(begun, Begun)
            opened[at] = given if isinstance(given, Problem) else replace(begun, credential=given)
        rows = [self._row(begun, wanted) for begun, (_, wanted) in zip(opened, wants, strict=True) if isinstance(begun, Begun)]
        insert_rows(connection, Invocation, rows)
        return opened

    def _resume(self, connection: Connection, wanted: Wanted, earlier: Row[Any]) -> Begun:
        """Take an earlier call up again, with its integration and so with the same key for the provider."""
        begun = self._authorise(connection, earlier.id, wanted, earlier.integration_id)
        records.resume.run(
            connection,
            of_project=wanted.project.id,
            of_id=earlier.id,
            to_status="active",
            to_hub=self._hub,
            to_time=stamp(),
        )
        return begun

    def _closed(self, connection: Connection, earlier: Row[Any]) -> Row[Any]:
        """The earlier call; one that nobody will finish is closed as unknown first."""
        if earlier.status != "active":
            return earlier
        end: dict[str, Any] = {"project_id": earlier.project_id, "id": earlier.id, "hub": earlier.hub, "status": "failed"}
        end |= {"output": None, "output_summary": "{}", "error_type": "unknown", "error_message": records.STOPPED}
        records.finish.run(connection, [end | {"finished_at": stamp(), "retry_count": 0}])
        closed = records.earlier_call.first(connection, project_id=earlier.project_id, id=earlier.id)
        assert closed is not None
        return closed

    def _authorise(self, connection: Connection, id: str, wanted: Wanted, reference: str | None) -> Begun:
        """Choose the integration and use its credential, or put the call itself on record where no credential is needed."""
        adapter, project_id = wanted.target.adapter, wanted.project.id
        if isinstance(wanted.target, OwnTarget):
            return self._own(connection, id, wanted, wanted.target)
        if adapter.built_in:
            return self._built_in(connection, id, wanted)
        link, mode = self._link(Links(connection), wanted, reference)
        use = _use(id, wanted, link, mode)
        return Begun(id, mode, link, self._vault.use(connection, project_id, link.id, use.actor, use.purpose))

    def _link(self, links: Links, wanted: Wanted, reference: str | None) -> tuple[Link, Mode]:
        """The integration that the call goes by, and the mode it has then. Raises what stands in the way."""
        adapter, own = wanted.target.adapter, wanted.target.action.integration
        link = links.find(wanted.project.id, adapter, (own or None) if reference is None else reference)
        if own and link.id != own:
            raise Unprocessable("This action belongs to another integration: leave `integration` out", code="other_integration")
        mode: Mode = "sandbox" if wanted.sandboxed or link.mode == "sandbox" else "live"
        _check_simulation(wanted.call.simulate, mode)
        if mode == "live":
            check_destination(link, adapter, self._settings)
        return link, mode

    def _built_in(self, connection: Connection, id: str, wanted: Wanted) -> Begun:
        mode: Mode = "sandbox" if wanted.sandboxed else "live"
        _check_simulation(wanted.call.simulate, mode)
        facts = {"invocation_id": id, "mode": mode}
        name = wanted.target.name
        self._audit.append(
            connection, wanted.actor, "invoke", "action", name, project_id=wanted.project.id, resource_name=name, changes=facts
        )
        return Begun(id, mode, None)

    def _own(self, connection: Connection, id: str, wanted: Wanted, target: OwnTarget) -> Begun:
        """An action of the project's own: the call goes on record before its signing key is used."""
        mode: Mode = "sandbox" if wanted.sandboxed else "live"
        _check_simulation(wanted.call.simulate, mode)
        row = own_action.first(connection, project_id=wanted.project.id, id=target.row_id) if target.row_id else None
        if target.row_id and row is None:
            raise NotFound("There is no action of this name in this project")
        facts: dict[str, Any] = {"invocation_id": id, "mode": mode}
        if target.kind == "http":
            assert row is not None
            facts["secret_version"] = row.secret_version
        name, project_id = target.name, wanted.project.id
        resource = target.row_id or name
        self._audit.append(
            connection, wanted.actor, "invoke", "action", resource, project_id=project_id, resource_name=name, changes=facts
        )
        keys = keys_of(self._vault, connection, row) if target.kind == "http" and mode == "live" else None
        return Begun(id, mode, None, keys, facts.get("secret_version", 0))

    def _row(self, begun: Begun, wanted: Wanted) -> dict[str, Any]:
        call = wanted.call
        return {
            "id": begun.id,
            "project_id": wanted.project.id,
            "action_name": wanted.target.name,
            "provider": wanted.target.adapter.id,
            "integration_id": begun.link.id if begun.link else None,
            "principal_id": wanted.actor.principal_id,
            "source": call.source,
            "mode": begun.mode,
            "dry_run": call.dry_run,
            "status": "active",
            "parameters": parameters_of(call, wanted.text),
            "output_summary": "{}",
            "retry_count": 0,
            "run_id": call.run_id,
            "job_id": call.job_id,
            "step_name": call.step_name,
            "hub": self._hub,
            "started_at": stamp(),
        }


def _use(id: str, wanted: Wanted, link: Link | None, mode: Mode) -> Use:
    assert link is not None
    return Use(wanted.project.id, link.id, wanted.actor, Purpose(wanted.target.name, id, mode))


def _key_row(wanted: Wanted, key: str, fingerprint: str, id: str) -> dict[str, str]:
    return {
        "project_id": wanted.project.id,
        "key": key,
        "route": wanted.target.name,
        "body_hash": fingerprint,
        "invocation_id": id,
        "created_at": stamp(),
    }


def _check_simulation(simulate: str | None, mode: Literal["live", "sandbox"]) -> None:
    if simulate is not None and mode == "live":
        errors = [{"path": "simulate", "message": "Only a sandbox simulates failures: add `sandbox`"}]
        raise BadInput("simulate: Only a sandbox simulates failures: add `sandbox`", details={"errors": errors})
