"""Another credential behind the same integration."""

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from powerstrip.adapter import Account, Adapter
from powerstrip.connect.drafts import Drafter
from powerstrip.connect.forms import choose_auth
from powerstrip.connect.keeping import Keeper
from powerstrip.connect.probing import Prober
from powerstrip.connect.rows import as_drafted, note_account
from powerstrip.connect.tokens.rows import is_consent
from powerstrip.connect.values import IntegrationChanges
from powerstrip.problems import Conflict
from powerstrip.store import Actor, Credential, Integration, Project


class Rotations:
    """Replaces credentials that are filled in by hand."""

    def __init__(self, keeper: Keeper, drafter: Drafter, prober: Prober) -> None:
        self._keeper = keeper
        self._drafter = drafter
        self._prober = prober

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
        """Replace the credential. See `Integrations.rotate`."""
        before = await self._keeper.get(project.id, id)
        draft = await asyncio.to_thread(self._drafter.changed, before, IntegrationChanges(credentials=credentials))
        account = None
        if probe is not False:
            account = await self._prober.offer(as_drafted(before, draft), actor, draft.credentials, must=probe is True)
        if not accept_other_account:
            refuse_other_account(before, account)

        def change(session: Session, row: Integration) -> None:
            facts: dict[str, Any] = {"fields": ["credentials"], "probed": account is not None}
            if draft.status != row.status:
                facts["status"] = {"before": row.status, "after": draft.status}
            self._keeper.apply(session, actor, row, draft)
            note_account(row, account)
            session.add(row)
            self._keeper.record(session, actor, "update", row, facts)

        return await self._keeper.change(before, change)

    async def versions(self, project_id: str, id: str) -> list[Credential]:
        """The versions that are kept. See `Integrations.versions`."""
        row = await self._keeper.get(project_id, id)
        return await self._keeper.store.read(lambda session: self._keeper.vault.credential_versions(session, row))

    async def confirm(self, project: Project, actor: Actor, id: str) -> Integration:
        """Destroy the previous version. See `Integrations.confirm_rotation`."""

        def change(session: Session, row: Integration) -> None:
            self._keeper.vault.confirm_credential(session, row)
            self._keeper.touch(session, row)
            self._keeper.record(session, actor, "update", row, {"fields": ["credentials"], "rotation": "confirmed"})

        return await self._keeper.change(await self._keeper.get(project.id, id), change)

    async def roll_back(self, project: Project, actor: Actor, id: str) -> Integration:
        """Make the previous version current again. See `Integrations.roll_back_rotation`."""

        before = await self._keeper.get(project.id, id)
        adapter = await asyncio.to_thread(self._drafter.adapter, before.provider)

        def change(session: Session, row: Integration) -> None:
            facts: dict[str, Any] = {"fields": ["credentials"], "rotation": "rolled_back"}
            self._keeper.vault.roll_back_credential(session, row, actor)
            if adapter is not None:
                row.auth_kind = _kind_of(adapter, row, by_consent=is_consent(session, row))
            if row.status == "expired":
                facts["status"] = {"before": "expired", "after": "active"}
                row.status, row.status_reason = "active", ""
            self._keeper.touch(session, row)
            self._keeper.record(session, actor, "update", row, facts)

        return await self._keeper.change(before, change)


def _kind_of(adapter: Adapter, row: Integration, *, by_consent: bool) -> str:
    """The way to sign in that the credential which is back belongs to: it may be another than that of the one it replaces."""
    if by_consent:
        kinds = [auth.kind for auth in adapter.auths if auth.needs_consent]
        return row.auth_kind if row.auth_kind in kinds or not kinds else kinds[0]
    return choose_auth(adapter, dict.fromkeys(row.credential_fields, ""), None, row.auth_kind).kind


def refuse_other_account(before: Integration, account: Account | None) -> None:
    """Raise `Conflict` where a new credential belongs to another account than the one it replaces."""
    if account and before.account_id and account.id != before.account_id:
        raise Conflict(
            f"The new credential belongs to another account ({account.name}), this integration to {before.account_name}: "
            "connect that account as an integration of its own, or say that the change is meant",
            code="other_account",
        )
