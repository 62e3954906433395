"""Integrations: from nothing to a connection, and what becomes of it."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from sqlmodel import Session, col, or_

from powerstrip.adapter import Account, Adapter, AuthFailed, PowerstripError, Query, RateLimited, Rejected
from powerstrip.catalog import Catalog, Connection
from powerstrip.clock import new_id, stamp
from powerstrip.connect.asking import Asker, Question
from powerstrip.connect.drafts import Draft, Drafter
from powerstrip.connect.pickers import Pickers
from powerstrip.connect.running import AdapterBroken, one_line
from powerstrip.connect.values import ErrorType, IntegrationChanges, Mode, NewIntegration, Picked, Probe
from powerstrip.edge import Edge
from powerstrip.names import clean_name, name_key
from powerstrip.problems import Conflict, NotFound, Unprocessable
from powerstrip.settings import Settings
from powerstrip.store import Actor, AuditLog, Integration, Project, Store, scope
from powerstrip.vault import Vault

T = TypeVar("T")
MAX_ACCOUNT = 200
"""Characters of an account's id or name that are kept."""


class Integrations:
    """Makes and keeps integrations. What it returns are rows, which hold no secret."""

    def __init__(self, store: Store, vault: Vault, catalog: Catalog, edge: Edge, audit: AuditLog, settings: Settings) -> None:
        self._store = store
        self._vault = vault
        self._audit = audit
        self._drafter = Drafter(catalog, settings)
        self._asker = Asker(store, vault, edge, audit, settings)
        self._pickers = Pickers(self._asker)

    async def create(self, project: Project, actor: Actor, new: NewIntegration, *, probe: bool = False) -> Integration:
        """Make an integration. With `probe` the provider is asked first, and a refused credential is not kept.

        Raises `BadInput`, `Unprocessable`, and `Conflict` where the provider has an integration of this name, or one that
        looks the same.
        """
        draft, mode = await asyncio.to_thread(self._drafter.new, project, new)
        new_row, account = partial(_new_row, new_id("int"), project, actor, new, mode, draft), None
        await self._store.read(lambda session: _refuse_twin(session, project.id, new.provider, draft.name))

        if probe:
            account = await self._try(new_row(), actor, draft.credentials)

        def add(session: Session) -> Integration:
            _refuse_twin(session, project.id, new.provider, draft.name)
            row = new_row()
            _note_account(row, account)
            scope(session, project.id).add(row)
            if draft.credentials is not None:
                self._vault.store_credential(session, row, draft.credentials, actor)
            fields = ["name", "config"] + (["credentials"] if draft.credentials is not None else [])
            self._record(session, actor, "create", row, {"fields": fields, "provider": row.provider, "mode": row.mode})
            return row

        return await self._store.write(add)

    async def get(self, project_id: str, id: str) -> Integration:
        """One integration. Raises `NotFound`."""
        return await self._store.read(lambda session: scope(session, project_id).get(Integration, id))

    async def resolve(self, project_id: str, reference: str, provider: str | None = None) -> Integration:
        """One integration by id or name. Raises `NotFound`, and `Unprocessable` where two providers have one of this name."""
        named = or_(col(Integration.id) == reference, col(Integration.name_key) == name_key(reference))
        where = [named] if provider is None else [named, col(Integration.provider) == provider]
        rows: list[Integration] = await self._store.read(lambda session: scope(session, project_id).all(Integration, *where))
        rows = [row for row in rows if row.id == reference] or rows
        if not rows:
            raise NotFound("There is no integration of this id or name in this project")
        if len(rows) > 1:
            providers = ", ".join(row.provider for row in rows)
            raise Unprocessable(f"Integrations of {providers} have this name: give the id", code="ambiguous_integration")
        return rows[0]

    async def list(
        self,
        project_id: str,
        *,
        provider: str | None = None,
        status: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 50,
    ) -> "list[Integration]":
        """The project's integrations, newest first, after the given (created_at, id)."""
        wanted = {"provider": provider, "status": status}
        where = [col(getattr(Integration, name)) == value for name, value in wanted.items() if value is not None]
        return await self._store.read(
            lambda session: scope(session, project_id).page(Integration, *where, after=after, limit=limit)
        )

    async def update(self, project: Project, actor: Actor, id: str, changes: IntegrationChanges) -> Integration:
        """Change what is given. Where the destination changes, a credential that is not given anew is dropped."""
        before = await self.get(project.id, id)
        draft = await asyncio.to_thread(self._drafter.changed, before, changes)

        def change(session: Session, row: Integration) -> None:
            if name_key(draft.name) != row.name_key:
                _refuse_twin(session, project.id, row.provider, draft.name)
            facts: dict[str, Any] = {"fields": changes.fields}
            if draft.status != row.status:
                facts["status"] = {"before": row.status, "after": draft.status}
            if draft.drops:
                self._vault.delete_credential(session, row)
                facts["credentials"] = "dropped: the destination changed"
            self._apply(session, actor, row, draft)
            self._record(session, actor, "update", row, facts)

        return await self._change(before, change)

    async def delete(self, project: Project, actor: Actor, id: str) -> None:
        """Remove an integration and every version of its credential, for good. Raises `NotFound`."""

        def remove(session: Session) -> None:
            row: Integration = scope(session, project.id).get(Integration, id)
            self._vault.delete_credential(session, row)
            scope(session, project.id).delete(row)
            self._record(session, actor, "delete", row, {"provider": row.provider})

        await self._store.write(remove)

    async def copy(
        self, target: Project, actor: Actor, source_project_id: str, source_id: str, name: str | None = None
    ) -> Integration:
        """Copy an integration into a project, its credential sealed anew there.

        A copy into a sandbox project is a sandbox. A sandbox is not copied into a live project: nothing ever proved its
        credential. What had expired or was switched off arrives so. Raises `NotFound`, `Unprocessable` and `Conflict`.
        """
        label = None if name is None else clean_name(name)

        def copy(session: Session) -> Integration:
            source: Integration = scope(session, source_project_id).get(Integration, source_id)
            if source.mode == "sandbox" and target.mode != "sandbox":
                raise Unprocessable(
                    "This is a sandbox's integration, whose credential was never used: make a live one and enter the credential",
                    code="sandbox_credential",
                )
            row = _copy_of(source, target, actor, label or source.name)
            _refuse_twin(session, target.id, row.provider, row.name)
            scope(session, target.id).add(row)
            self._vault.copy_credential(session, source, row, actor)
            origin = {"integration_id": source.id, "project_id": source.project_id}
            self._record(session, actor, "use", source, {"action": "copy", "copied_to": {"project_id": target.id}})
            self._record(session, actor, "create", row, {"provider": row.provider, "mode": row.mode, "copied_from": origin})
            return row

        return await self._store.write(copy)

    async def rotate(
        self,
        project: Project,
        actor: Actor,
        id: str,
        credentials: Mapping[str, Any],
        *,
        probe: bool | None = None,
        accept_other_account: bool = False,
    ) -> Integration:
        """Replace the credential. The provider is asked with the new one before it becomes the current one: always with `probe`
        true, never with false, and where there is a call for it with None.

        The one before is kept sealed as a way back. Nothing changes where the provider refuses the new one, or where it
        belongs to another account and `accept_other_account` is false. An expired integration is active afterwards.
        """
        before = await self.get(project.id, id)
        draft = await asyncio.to_thread(self._drafter.changed, before, IntegrationChanges(credentials=credentials))
        account = None
        if probe is not False:
            account = await self._try(_as(before, draft), actor, draft.credentials, must=probe is True)
        if account and before.account_id and account.id != before.account_id and not accept_other_account:
            raise Conflict(
                f"The new credential belongs to another account ({account.name}), this integration to {before.account_name}: "
                "connect that account as an integration of its own, or say that the change is meant",
                code="other_account",
            )

        def change(session: Session, row: Integration) -> None:
            facts: dict[str, Any] = {"fields": ["credentials"], "probed": account is not None}
            if draft.status != row.status:
                facts["status"] = {"before": row.status, "after": draft.status}
            _note_account(row, account)
            self._apply(session, actor, row, draft)
            self._record(session, actor, "update", row, facts)

        return await self._change(before, change)

    async def test(self, project: Project, actor: Actor, id: str) -> Probe:
        """Ask the provider whose credential it is.

        A refused credential expires; one that had expired and is accepted again is active again, and both are on record.
        A sandbox asks nobody and says so. Raises `Unprocessable` where the provider has no such question.
        """
        row = await self.get(project.id, id)
        adapter = await asyncio.to_thread(self._with_adapter, row)
        question = _account_question(adapter)
        if question is None:
            raise Unprocessable(f"{adapter.title} has no call to test a connection with", code="not_testable")
        try:
            account = await self._asker.ask(row, adapter, actor, question)
        except PowerstripError as error:
            return Probe(ok=False, error=one_line(error.message), error_type=error_type_of(error), simulated=row.mode != "live")
        if row.mode == "live":
            await self._store.write(lambda session: self._passed(session, actor, row, account))
        return Probe(ok=True, account_id=account.id, account_name=account.name, simulated=row.mode != "live")

    async def pick(self, project: Project, actor: Actor, id: str, picker: str, query: Query) -> Picked:
        """Values of the provider to choose from. Raises `NotFound`, `BadInput`, `Conflict` and the adapter's four errors."""
        row = await self.get(project.id, id)
        adapter = await asyncio.to_thread(self._with_adapter, row)
        return await self._pickers.pick(row, adapter, actor, picker, query)

    async def connections(self, project_id: str) -> dict[str, "list[Connection]"]:
        """The project's integrations by provider, as the catalog's readiness asks for them."""
        rows: list[Integration] = await self._store.read(lambda session: scope(session, project_id).all(Integration))
        found: dict[str, list[Connection]] = {}
        for row in rows:
            found.setdefault(row.provider, []).append(Connection(row.id, row.name, row.status, row.mode))
        return found

    def _with_adapter(self, row: Integration) -> Adapter:
        adapter = self._drafter.adapter(row.provider)
        if adapter is None:
            raise Unprocessable(
                f"No adapter for {row.provider} is installed: the integration is kept, and cannot be used until one is",
                code="no_adapter",
            )
        return adapter

    async def _try(
        self, row: Integration, actor: Actor, credentials: Mapping[str, str] | None, *, must: bool = True
    ) -> Account | None:
        """Whose credential this is, asked before it is kept. Raises `Unprocessable`.

        None for a sandbox, which asks nobody, and unless it `must` be known, where there is nobody to ask.
        """
        adapter = await asyncio.to_thread(self._drafter.adapter, row.provider)
        question = _account_question(adapter) if adapter else None
        if row.mode != "live":
            return None
        if adapter is None or question is None:
            if not must:
                return None
            raise Unprocessable(
                f"There is no call to test a credential of {row.provider} with: with `probe` false it is kept untested",
                code="not_testable",
            )
        try:
            return await self._asker.offer(row, adapter, actor, credentials or {}, question)
        except PowerstripError as error:
            details = {"error_type": error_type_of(error)}
            message = f"The credential was not kept, for the test call failed: {one_line(error.message)}"
            raise Unprocessable(message, code="probe_failed", details=details) from None

    async def _change(self, before: Integration, change: Callable[[Session, Integration], None]) -> Integration:
        """Change a row that is still as it was read. Raises `Conflict` where somebody else changed it meanwhile."""

        def work(session: Session) -> Integration:
            row: Integration = scope(session, before.project_id).get(Integration, before.id)
            if row.updated_at != before.updated_at:
                raise Conflict("The integration was changed meanwhile: look at it and try again", code="changed_meanwhile")
            change(session, row)
            return row

        return await self._store.write(work)

    def _apply(self, session: Session, actor: Actor, row: Integration, draft: Draft) -> None:
        draft.onto(row)
        row.updated_at = stamp()
        session.add(row)
        session.flush()
        if draft.credentials is not None:
            self._vault.store_credential(session, row, draft.credentials, actor)

    def _passed(self, session: Session, actor: Actor, tested: Integration, account: Account) -> None:
        """Keep what a passed test found out, if the credential is still the one that was tested."""
        row: Integration | None = scope(session, tested.project_id).find(Integration, id=tested.id)
        if row is None or (row.credential_version, row.origin) != (tested.credential_version, tested.origin):
            return
        _note_account(row, account)
        if row.status == "expired":
            row.status, row.status_reason, row.updated_at = "active", "", stamp()
            changes = {"fields": ["status"], "status": {"before": "expired", "after": "active"}}
            self._record(session, actor, "update", row, changes)
        session.add(row)

    def _record(self, session: Session, actor: Actor, action: str, row: Integration, changes: dict[str, Any]) -> None:
        self._audit.append(
            session, actor, action, "integration", row.id, project_id=row.project_id, resource_name=row.name, changes=changes
        )


def error_type_of(error: PowerstripError) -> ErrorType:
    """The word for a failure at a provider."""
    if isinstance(error, AuthFailed):
        return "auth_failed"
    if isinstance(error, RateLimited):
        return "rate_limited"
    return "rejected" if isinstance(error, Rejected) else "unavailable"


def _refuse_twin(session: Session, project_id: str, provider: str, name: str) -> None:
    if scope(session, project_id).find(Integration, provider=provider, name_key=name_key(name)) is not None:
        raise Conflict(
            f"{provider} has an integration of this name, or one that looks the same, in this project: choose another name",
            code="name_taken",
        )


def _account_question(adapter: Adapter) -> Question[Account] | None:
    whoami = adapter.whoami
    if whoami is None:
        return None

    async def ask(http: Any) -> Account:
        account: object = await whoami(http)
        if not isinstance(account, Account) or not isinstance(account.id, str) or not account.id:  # pyright: ignore[reportUnnecessaryIsInstance] - a plugin may give anything
            raise AdapterBroken("its account call gave no account")
        return Account(one_line(account.id)[:MAX_ACCOUNT], one_line(str(account.name))[:MAX_ACCOUNT])

    return Question("account", ask, Account("sample-account", f"Sample {adapter.title} account"), probe=True)


def _new_row(id: str, project: Project, actor: Actor, new: NewIntegration, mode: Mode, draft: Draft) -> Integration:
    row = Integration(id=id, project_id=project.id, provider=new.provider, name=draft.name, name_key="", mode=mode)
    row.created_by = actor.principal_id
    draft.onto(row)
    return row


def _note_account(row: Integration, account: Account | None) -> None:
    if account is not None:
        row.account_id, row.account_name, row.tested_at = account.id, account.name, stamp()


def _as(before: Integration, draft: Draft) -> Integration:
    """The integration as it would be, for a trial. It belongs to no session."""
    row = Integration(**before.model_dump())
    draft.onto(row)
    row.credential_fields = sorted(draft.credentials or {})
    return row


def _copy_of(source: Integration, target: Project, actor: Actor, name: str) -> Integration:
    return Integration(
        project_id=target.id,
        provider=source.provider,
        name=name,
        name_key=name_key(name),
        status=source.status,
        status_reason=source.status_reason,
        mode="sandbox" if "sandbox" in (target.mode, source.mode) else "live",
        auth_kind=source.auth_kind,
        origin=source.origin,
        config=dict(source.config),
        account_id=source.account_id,
        account_name=source.account_name,
        expires_at=source.expires_at,
        created_by=actor.principal_id,
    )
