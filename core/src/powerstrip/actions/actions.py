"""One call of an action, from its name to its result."""

import asyncio
import json
from functools import partial
from typing import Any, cast

from sqlalchemy import Connection
from sqlmodel import Session, col

from powerstrip.actions import records
from powerstrip.actions.beginning import Beginning, Begun, Earlier, Wanted
from powerstrip.actions.calls import CallErrorType, Invoke, Mode, Result, Unsent
from powerstrip.actions.files import Files
from powerstrip.actions.inputs import check_options, read_input, resolve_files
from powerstrip.actions.outputs import summary_of
from powerstrip.actions.running import Outcome, Runner, cut_off
from powerstrip.actions.targets import Targets
from powerstrip.catalog import Catalog
from powerstrip.clock import new_id, stamp
from powerstrip.connect import expire, keep_ledger
from powerstrip.edge import Edge
from powerstrip.problems import StoreUnavailable
from powerstrip.settings import Settings
from powerstrip.store import Actor, AuditLog, Invocation, Project, Store, WouldSend, scope
from powerstrip.vault import Place, Vault

RECORD_ATTEMPTS = 3
RECORD_PAUSE = 0.5
"""Tries to write an end down, and seconds between them."""


class Actions:
    """Calls actions and keeps the log of calls. One object for each hub process."""

    def __init__(
        self, store: Store, vault: Vault, catalog: Catalog, edge: Edge, audit: AuditLog, settings: Settings, files: Files
    ) -> None:
        self._store = store
        self._vault = vault
        self._audit = audit
        self._files = files
        self._hub = new_id("hub")
        self._targets = Targets(catalog)
        self._beginning = Beginning(vault, audit, settings, self._hub, alone=store.sqlite)
        self._runner = Runner(edge, files, vault.derive("provider-idempotency"))

    async def invoke(self, project: Project, actor: Actor, name: str, call: Invoke) -> Result:
        """Call an action by its name or an alias, and wait for its end.

        What the provider refuses or fails at is a `Result` with status `failed`. Raises `NotFound`, `BadInput` (with paths),
        `Unprocessable` and `Conflict` for calls that cannot be made, and leaves no trace of those.
        """
        target = await self._targets.find(name)
        check_options(target, call)
        model, text = read_input(target, call)
        if target.takes_files:
            await resolve_files(self._files, project.id, model)
        wanted = Wanted(project, actor, target, call, text)
        claims = self._beginning.claims()
        try:
            begun = await self._store.hot(partial(self._beginning.begin, wanted=wanted, claims=claims))
            if isinstance(begun, Earlier):
                return await self._replay(begun)
            return await self._finish(begun, wanted, await self._run(begun, wanted, model))
        finally:
            claims.release()

    async def get(self, project_id: str, id: str) -> Invocation:
        """One call of the log. Raises `NotFound`."""
        return await self._store.read(lambda session: scope(session, project_id).get(Invocation, id))

    async def list(
        self,
        project_id: str,
        *,
        run_id: str | None = None,
        job_id: str | None = None,
        action_name: str | None = None,
        status: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 50,
    ) -> "list[Invocation]":
        """The log of calls, newest first, after the given (started_at, id)."""
        wanted = {"run_id": run_id, "job_id": job_id, "action_name": action_name, "status": status}
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

        On SQLite every open call is lost, for one hub works on one file. On PostgreSQL other hubs may be at work, so a call
        counts as lost when it is older than any call can be.
        """
        alone = self._store.sqlite
        return await self._store.hot(lambda connection: records.give_up_lost(connection, self._hub, alone=alone))

    async def sweep(self) -> None:
        """Now and then: forget old idempotency keys with their outputs, lost calls and expired files."""
        await self.recover()
        await self._store.hot(lambda connection: records.give_up_own(connection, self._hub, self._beginning.running))
        await self._store.hot(records.forget_old_keys)
        await self._files.sweep()

    async def _run(self, begun: Begun, wanted: Wanted, model: Any) -> Outcome:
        try:
            return await self._runner.run(begun, wanted, model)
        except BaseException:  # a cancellation or a defect of ours: either way the call has an end on record
            await self._finish(begun, wanted, cut_off(begun.mode, wanted.target))
            raise

    async def _finish(self, begun: Begun, wanted: Wanted, outcome: Outcome) -> Result:
        """The second transaction, and the result once it is committed."""
        output = outcome.fields
        work = partial(self._record, begun=begun, wanted=wanted, outcome=outcome, summary=summary_of(output or {}))
        await self._recorded(work, begun)
        return Result(
            status="failed" if outcome.error_type else "completed",
            invocation_id=begun.id,
            mode=begun.mode,
            output=output,
            error=outcome.error,
            error_type=outcome.error_type,
            would_send=[records.unsent_of(row) for row in outcome.would_send],
        )

    async def _recorded(self, work: Any, begun: Begun) -> None:
        """Write the end down, if need be after a moment: by now the call was made."""
        for attempt in range(1, RECORD_ATTEMPTS + 1):
            try:
                return await self._store.hot(work)
            except StoreUnavailable:
                if attempt == RECORD_ATTEMPTS:
                    message = f"The call {begun.id} was made and its end not written down: look at the provider before a repeat"
                    raise StoreUnavailable(message, code="end_not_recorded") from None
                await asyncio.sleep(RECORD_PAUSE)

    def _record(self, connection: Connection, begun: Begun, wanted: Wanted, outcome: Outcome, summary: str) -> None:
        project_id = wanted.project.id
        sealed = None
        if outcome.output is not None and wanted.call.idempotency_key is not None:
            place = _output_place(project_id, begun.id, begun.mode)
            sealed = self._vault.seal(connection, place, outcome.output).blob
        records.finish.run(
            connection,
            of_project=project_id,
            of_id=begun.id,
            of_hub=self._hub,
            to_status="failed" if outcome.error_type else "completed",
            to_output=sealed,
            to_summary=summary,
            to_type=outcome.error_type,
            to_message=outcome.error,
            more_retries=outcome.retries,
            to_time=stamp(),
        )
        keep_ledger(connection, outcome.would_send, invoked=True)
        if outcome.error_type == "auth_failed" and begun.mode == "live" and begun.link is not None:
            expire(connection, self._audit, begun.link, outcome.error or "")

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


def _output_place(project_id: str, invocation_id: str, mode: Mode) -> Place:
    return Place(project_id, invocation_id, "output", mode)
