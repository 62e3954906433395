"""One call of an action, from its name to its result."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, cast

from sqlalchemy import Connection
from sqlmodel import Session, col

from powerstrip.actions import records
from powerstrip.actions.beginning import Beginning, Begun, Claims, Earlier, Ended, Wanted
from powerstrip.actions.built_in import BuiltIns
from powerstrip.actions.calls import CallErrorType, Invoke, Mode, Result, Unsent
from powerstrip.actions.familiar import Familiar
from powerstrip.actions.files import Files
from powerstrip.actions.inputs import check_options, read_input, resolve_files
from powerstrip.actions.outputs import summary_of
from powerstrip.actions.own.jobs import WorkerCalls, error_type_of, fits
from powerstrip.actions.own.targets import OwnTarget, OwnTargets, unregistered
from powerstrip.actions.own.work import StepRef
from powerstrip.actions.running import Outcome, Runner, cut_off, told_of_own
from powerstrip.actions.targets import Target, Targets
from powerstrip.catalog import BuiltIn, Catalog, ProjectCatalogs
from powerstrip.clock import new_id, row_id, stamp
from powerstrip.connect import Link, expire, keep_ledger
from powerstrip.edge import Edge, LedgerRow
from powerstrip.problems import NotFound, StoreUnavailable
from powerstrip.settings import Settings
from powerstrip.store import Actor, AuditLog, Hours, Invocation, OwnAction, Project, Store, WouldSend, by_hour, scope
from powerstrip.value import Hidden, Value, replace
from powerstrip.vault import Place, SealedColumn, Vault, register

RECORD_ATTEMPTS = 3
RECORD_PAUSE = 0.5
"""Tries to write an end down, and seconds between them."""


class Actions:
    """Calls actions and keeps the log of calls. One object for each hub process."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        catalog: Catalog,
        edge: Edge,
        audit: AuditLog,
        settings: Settings,
        files: Files,
        catalogs: ProjectCatalogs | None = None,
        *,
        hub: str = "",
    ) -> None:
        self._store = store
        self._vault = vault
        self._audit = audit
        self._files = files
        self._hub = hub or new_id("hub")
        self._targets = Targets(catalogs or ProjectCatalogs(store, catalog))
        self._own = OwnTargets()
        self._links = Familiar()
        self._beginning = Beginning(vault, audit, settings, self._hub, alone=store.sqlite)
        self.worker_calls = WorkerCalls(store, vault, self._beginning, self._hub)
        self._built_ins = BuiltIns()
        self._runner = Runner(edge, files, vault.derive("provider-idempotency"), self._built_ins)

    def add_built_in(self, provider: BuiltIn) -> None:
        """Hand in one of the hub's own providers, whose handlers do its actions. At composition."""
        self._built_ins.add(provider)

    async def invoke(self, project: Project, actor: Actor, name: str, call: Invoke) -> Result:
        """Call an action by its name or an alias, and wait for its end.

        What the provider refuses or fails at is a `Result` with status `failed`. Raises `NotFound`, `BadInput` (with paths),
        `Unprocessable` and `Conflict` for calls that cannot be made, and leaves no trace of those.
        """
        target = await self._find(project.id, name)
        check_options(target, call)
        model, text = read_input(target, call)
        if isinstance(target, OwnTarget) and target.kind == "worker":
            return await self._by_worker(Wanted(project, actor, target, call, text), model)
        if target.takes_files:
            await resolve_files(self._files, project.id, model)
        wanted = Wanted(project, actor, target, call, text)
        if (link := self._links.recall(wanted)) is not None:
            result = await self._at_once(wanted, model, link)
            if result is not None:
                return result
        claims = self._beginning.claims()
        try:
            begun = await self._begin(wanted, claims)
            if isinstance(begun, Earlier):
                return await self._replay(begun)
            return await self._finish(begun, wanted, await self._run(begun, wanted, model))
        finally:
            claims.release()

    async def start_job(
        self, project: Project, actor: Actor, name: str, call: Invoke, step: StepRef, *, queue: str, seconds: int | None = None
    ) -> Result:
        """Begin a run's step that workers do, and do not wait for its end. A name that nobody registered is a worker's own.

        Called again for the same attempt it gives that one's state. Raises as `invoke` does.
        """
        row = await self._store.read(lambda session: scope(session, project.id).find(OwnAction, name=name))
        made = unregistered(name, queue) if row is None or row.endpoint_kind != "worker" else self._own.of(row)
        target = replace(made, queue=queue if queue != "default" else made.queue, attempt_seconds=seconds or made.attempt_seconds)
        model, text = read_input(target, call)
        return await self._by_worker(Wanted(project, actor, target, call, text), model, step)

    async def misfit(self, project_id: str, name: str, result: dict[str, Any]) -> str | None:
        """What keeps a worker's result from being the action's output; None where it fits, or no schema is known."""
        row = await self._store.read(lambda session: scope(session, project_id).find(OwnAction, name=name))
        return fits(self._own.of(row), result) if row is not None and row.output_schema else None

    async def get(self, project_id: str, id: str) -> Invocation:
        """One call of the log. Raises `NotFound`."""
        return await self._store.read(lambda session: scope(session, project_id).get(Invocation, id))

    async def hours(self, project_id: str, since: str) -> Hours:
        """Calls and failures by the hour, since a time."""
        where = (col(Invocation.project_id) == project_id, col(Invocation.started_at) >= since)
        failed = col(Invocation.status) == "failed"
        return await self._store.read(lambda session: by_hour(session, col(Invocation.started_at), *where, failed=failed))

    async def list(
        self,
        project_id: str,
        *,
        run_id: str | None = None,
        job_id: str | None = None,
        action_name: str | None = None,
        provider: str | None = None,
        integration_id: str | None = None,
        mode: str | None = None,
        status: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 50,
    ) -> "list[Invocation]":
        """The log of calls, newest first, after the given (started_at, id)."""
        wanted = {
            "run_id": run_id,
            "job_id": job_id,
            "action_name": action_name,
            "provider": provider,
            "integration_id": integration_id,
            "mode": mode,
            "status": status,
        }
        where = [col(getattr(Invocation, name)) == value for name, value in wanted.items() if value is not None]
        return await self._store.read(
            lambda session: scope(session, project_id).page(Invocation, *where, after=after, limit=limit, order="started_at")
        )

    async def would_send(
        self,
        project_id: str,
        *,
        invocation_id: str | None = None,
        integration_id: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 50,
    ) -> "list[WouldSend]":
        """The ledger of what sandboxes would have sent, newest first, after the given (created_at, id)."""
        wanted = {"invocation_id": invocation_id, "integration_id": integration_id}
        where = [col(getattr(WouldSend, name)) == value for name, value in wanted.items() if value is not None]
        return await self._store.read(
            lambda session: scope(session, project_id).page(WouldSend, *where, after=after, limit=limit)
        )

    async def recover(self) -> int:
        """At the start: close as unknown what a hub that is gone left open; returns how many calls that were.

        So is what this hub itself left open when it was killed. On SQLite every open call of another is lost too, for one hub
        works on one file. On PostgreSQL other hubs may be at work: there a hub's silence tells, or a call's age.
        """
        alone = self._store.sqlite

        def give_up(connection: Connection) -> int:
            lost = records.give_up_lost(connection, self._hub, alone=alone)
            return lost + records.give_up_own(connection, self._hub, self._beginning.running)

        return await self._store.hot(give_up)

    async def sweep(self) -> None:
        """Now and then: forget old idempotency keys with their outputs, lost calls and expired files."""
        await self.recover()
        await self._store.hot(records.forget_old_keys)
        await self._files.sweep()

    async def _find(self, project_id: str, name: str) -> Target:
        """A provider's action, or the project's own. Raises `NotFound`."""
        try:
            return await self._targets.find(project_id, name)
        except NotFound:
            row = await self._store.read(lambda session: scope(session, project_id).find(OwnAction, name=name))
            if row is None:
                raise
        return self._own.of(row)

    async def _by_worker(self, wanted: Wanted, model: Any, step: StepRef | None = None) -> Result:
        """Give the call to the workers and wait as long as the caller does; a step's call is not waited for."""
        claims = self._beginning.claims()
        try:
            begun = await self.worker_calls.begin(wanted, claims, step)
            if begun.job_id is None:
                if begun.begun is None:
                    return await self._replay(Earlier(begun.earlier))
                return await self._finish(begun.begun, wanted, await self._run(begun.begun, wanted, model))
        finally:
            claims.release()
        seconds = 0.0 if step is not None else wanted.call.timeout_seconds
        state = await self.worker_calls.work.wait(begun.job_id, seconds)
        told: dict[str, Any] = {"invocation_id": begun.invocation_id, "mode": "live", "job_id": state.id}
        told["replayed"] = begun.begun is None
        if not state.ended:
            return Result(status="active", **told)
        if state.status == "completed":
            return Result(status="completed", output=state.result or {}, **told)
        return Result(status="failed", error=state.error, error_type=error_type_of(state), **told)

    async def _begin(self, wanted: Wanted, claims: Claims) -> Begun | Earlier:
        """The first transaction. Calls of providers' actions begin together; others write more than one can undo for another."""
        if isinstance(wanted.target, OwnTarget) or wanted.target.adapter.built_in:
            return await self._store.hot(partial(self._beginning.begin, wanted=wanted, claims=claims))
        begun = await self._store.bulk(self._beginning.begin_all, (wanted, claims))
        if isinstance(begun, Begun):
            self._links.keep(wanted, begun)
        return begun

    async def _at_once(self, wanted: Wanted, model: Any, link: Link) -> Result | None:
        """A sandboxed call in one transaction: it opens no credential and sends nothing, so it may run before it is on record.

        None where the integration is not what it was a moment ago: nothing is on record then, and the call begins anew.
        """
        begun, started_at = Begun(row_id("inv"), "sandbox", link), stamp()

        def ended(outcome: Outcome, output: dict[str, Any] | None = None) -> Ended:
            return Ended(begun, wanted, started_at, _end_of(outcome, summary_of(output or {})), outcome.would_send)

        try:
            outcome = await self._runner.run(begun, wanted, model)
        except BaseException:
            await self._store.bulk(self._beginning.end_all, ended(cut_off("sandbox", wanted.target)))
            raise
        output = outcome.fields
        if not await self._store.bulk(self._beginning.end_all, ended(outcome, output)):
            self._links.forget(wanted)
            return None
        return _result(begun, outcome, output)

    async def _run(self, begun: Begun, wanted: Wanted, model: Any) -> Outcome:
        try:
            return told_of_own(await self._runner.run(begun, wanted, model), wanted.target)
        except BaseException:  # a cancellation or a defect of ours: either way the call has an end on record
            await self._finish(begun, wanted, cut_off(begun.mode, wanted.target))
            raise

    async def _finish(self, begun: Begun, wanted: Wanted, outcome: Outcome) -> Result:
        """The second transaction, and the result once it is committed."""
        output = outcome.fields
        end = _end_of(outcome, summary_of(output or {}))
        end |= {"project_id": wanted.project.id, "id": begun.id, "hub": self._hub}
        written = _Written(
            end, begun.mode, outcome.would_send, outcome.output if wanted.call.idempotency_key is not None else None
        )
        if outcome.error_type == "auth_failed" and begun.mode == "live" and begun.link is not None:
            refused = partial(self._record_refused, written=written, link=begun.link, reason=outcome.error or "")
            await self._recorded(lambda: self._store.hot(refused), begun)
        else:
            await self._recorded(lambda: self._store.bulk(self._record_all, written), begun)
        return _result(begun, outcome, output)

    async def _recorded(self, work: Callable[[], Awaitable[None]], begun: Begun) -> None:
        """Write the end down, if need be after a moment: by now the call was made."""
        for attempt in range(1, RECORD_ATTEMPTS + 1):
            try:
                return await work()
            except StoreUnavailable:
                if attempt == RECORD_ATTEMPTS:
                    message = f"The call {begun.id} was made and its end not written down: look at the provider before a repeat"
                    raise StoreUnavailable(message, code="end_not_recorded") from None
                await asyncio.sleep(RECORD_PAUSE)

    def _record_all(self, connection: Connection, ends: Sequence["_Written"]) -> Sequence[None]:
        """Write the ends of calls down, each with what a sandbox would have sent, and its output where that is kept."""
        kept = [each for each in ends if each.output is not None]
        places = [(_output_place(each.end["project_id"], each.end["id"], each.mode), each.output or b"") for each in kept]
        sealed = {each.end["id"]: box.blob for each, box in zip(kept, self._vault.seal_all(connection, places), strict=True)}
        records.finish.run(connection, [each.end | {"output": sealed.get(each.end["id"])} for each in ends])
        keep_ledger(connection, [row for each in ends for row in each.would_send], invoked=True)
        return [None] * len(ends)

    def _record_refused(self, connection: Connection, written: "_Written", link: Link, reason: str) -> None:
        """The end of a call whose credential was refused."""
        self._record_all(connection, [written])
        expire(connection, self._audit, link, reason)

    async def _replay(self, earlier: Earlier) -> Result:
        """The stored result of a call that was made before."""
        row = earlier.row

        def read(session: Session) -> tuple[bytes | None, "list[WouldSend]"]:
            plain = None
            if row.output is not None:
                plain = self._vault.open(session, _output_place(row.project_id, row.id, row.mode), bytes(row.output))
            sent = scope(session, row.project_id).all(WouldSend, col(WouldSend.invocation_id) == row.id)
            return plain, sent

        plain, sent = await self._store.read(read)
        return Result(
            status=row.status,
            invocation_id=row.id,
            mode=row.mode,
            output=None if plain is None else cast(dict[str, Any], json.loads(plain)),
            error=row.error_message,
            error_type=cast(CallErrorType | None, row.error_type),
            would_send=[Unsent(**row.model_dump(exclude={"project_id"})) for row in sent],
            replayed=True,
        )


class _Written(Value):
    """How a call ended, as it is written down. `output` is there where it is kept under a key."""

    end: dict[str, Any]
    mode: Mode
    would_send: Sequence[LedgerRow]
    output: Hidden[bytes | None]


def _end_of(outcome: Outcome, summary: str) -> dict[str, Any]:
    """The columns of an invocation that tell how it ended."""
    return {
        "status": "failed" if outcome.error_type else "completed",
        "output": None,
        "output_summary": summary,
        "error_type": outcome.error_type,
        "error_message": outcome.error,
        "retry_count": outcome.retries,
        "finished_at": stamp(),
    }


def _result(begun: Begun, outcome: Outcome, output: dict[str, Any] | None) -> Result:
    return Result(
        status="failed" if outcome.error_type else "completed",
        invocation_id=begun.id,
        mode=begun.mode,
        output=output,
        error=outcome.error,
        error_type=outcome.error_type,
        retry_after=outcome.retry_after,
        would_send=[records.unsent_of(row) for row in outcome.would_send],
    )


def _output_place(project_id: str, invocation_id: str, mode: Mode) -> Place:
    return Place(project_id, invocation_id, "output", mode)


register(SealedColumn(Invocation, "output", lambda _, row: _output_place(row.project_id, row.id, row.mode)))
