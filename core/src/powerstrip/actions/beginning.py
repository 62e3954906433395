"""The first transaction of a call: claim the key, choose the integration, authorise, put the use on record."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Row

from powerstrip.actions import records
from powerstrip.actions.calls import Invoke, Mode
from powerstrip.actions.inputs import parameters_of
from powerstrip.actions.targets import Target
from powerstrip.clock import new_id, stamp
from powerstrip.connect import Link, check_destination, find_link
from powerstrip.problems import BadInput, Conflict, Unprocessable
from powerstrip.settings import Settings
from powerstrip.store import Actor, AuditLog, Idempotency, Invocation, Project, insert_row
from powerstrip.vault import Purpose, SealedCredential, Vault

IN_FLIGHT_SECONDS = 1.0
"""When to ask again for a call that is still running."""


@dataclass(frozen=True, slots=True)
class Wanted:
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


@dataclass(frozen=True, slots=True)
class Begun:
    """A call on record: from here on it has an end. `link` is None for a built-in provider."""

    id: str
    mode: Mode
    link: Link | None
    credential: SealedCredential | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the same idempotency key led to before: the invocation's row."""

    row: Any


class Claims:
    """The ids of calls that this caller is running. They count as running before any other caller can see their rows."""

    def __init__(self, running: set[str]) -> None:
        self.fresh = new_id("inv")
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
        if earlier.status == "active" and not records.is_lost(earlier, self._hub, self._running, alone=self._alone):
            raise Conflict("The call with this key is still running", code="in_flight", retry_after=IN_FLIGHT_SECONDS)
        unknown = earlier.status == "active" or earlier.error_type == "unknown"
        if not (unknown and wanted.target.repeatable):
            return Earlier(self._closed(connection, earlier))
        claims.take(earlier.id)
        return self._resume(connection, wanted, earlier)

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
        row = {
            "project_id": project_id,
            "key": key,
            "route": wanted.target.name,
            "body_hash": fingerprint,
            "invocation_id": id,
            "created_at": stamp(),
        }
        insert_row(connection, Idempotency, row)
        return None

    def _open(self, connection: Connection, id: str, wanted: Wanted) -> Begun:
        begun = self._authorise(connection, id, wanted, wanted.call.integration)
        insert_row(connection, Invocation, self._row(begun, wanted))
        return begun

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
        records.finish.run(
            connection,
            of_project=earlier.project_id,
            of_id=earlier.id,
            of_hub=earlier.hub,
            to_status="failed",
            to_output=None,
            to_summary="{}",
            to_type="unknown",
            to_message=records.STOPPED,
            more_retries=0,
            to_time=stamp(),
        )
        closed = records.earlier_call.first(connection, project_id=earlier.project_id, id=earlier.id)
        assert closed is not None
        return closed

    def _authorise(self, connection: Connection, id: str, wanted: Wanted, reference: str | None) -> Begun:
        """Choose the integration and use its credential, or put the call itself on record where no credential is needed."""
        adapter, project_id = wanted.target.adapter, wanted.project.id
        if adapter.built_in:
            return self._built_in(connection, id, wanted)
        link = find_link(connection, project_id, adapter, reference)
        mode: Mode = "sandbox" if wanted.sandboxed or link.mode == "sandbox" else "live"
        _check_simulation(wanted.call.simulate, mode)
        if mode == "live":
            check_destination(link, adapter, self._settings)
        purpose = Purpose(wanted.target.name, id, mode)
        return Begun(id, mode, link, self._vault.use(connection, project_id, link.id, wanted.actor, purpose))

    def _built_in(self, connection: Connection, id: str, wanted: Wanted) -> Begun:
        mode: Mode = "sandbox" if wanted.sandboxed else "live"
        _check_simulation(wanted.call.simulate, mode)
        facts = {"invocation_id": id, "mode": mode}
        name = wanted.target.name
        self._audit.append(
            connection, wanted.actor, "invoke", "action", name, project_id=wanted.project.id, resource_name=name, changes=facts
        )
        return Begun(id, mode, None)

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


def _check_simulation(simulate: str | None, mode: Literal["live", "sandbox"]) -> None:
    if simulate is not None and mode == "live":
        errors = [{"path": "simulate", "message": "Only a sandbox simulates failures: add `sandbox`"}]
        raise BadInput("simulate: Only a sandbox simulates failures: add `sandbox`", details={"errors": errors})
