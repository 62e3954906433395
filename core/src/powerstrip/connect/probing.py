"""Whose credential is this: asked before a new one is kept, and whenever somebody wants to know."""

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from powerstrip.adapter import Account, Adapter, AuthFailed, PowerstripError, RateLimited, Rejected
from powerstrip.connect.asking import Asker, Question
from powerstrip.connect.drafts import Drafter
from powerstrip.connect.keeping import Keeper
from powerstrip.connect.rows import note_account
from powerstrip.connect.running import AdapterBroken, one_line
from powerstrip.connect.values import ErrorType, Probe
from powerstrip.problems import Unprocessable
from powerstrip.store import Actor, Integration, scope

MAX_ACCOUNT = 200
"""Characters of an account's id or name that are kept."""


class Prober:
    """Puts the one question about a credential itself."""

    def __init__(self, keeper: Keeper, drafter: Drafter, asker: Asker) -> None:
        self._keeper = keeper
        self._drafter = drafter
        self._asker = asker

    async def adapter(self, row: Integration) -> Adapter:
        """The integration's adapter. Raises `Unprocessable` where none is installed."""
        adapter = await asyncio.to_thread(self._drafter.adapter, row.provider)
        if adapter is None:
            raise Unprocessable(
                f"No adapter for {row.provider} is installed: the integration is kept, and cannot be used until one is",
                code="no_adapter",
            )
        return adapter

    async def offer(
        self, row: Integration, actor: Actor, credentials: Mapping[str, str] | None, *, must: bool = True
    ) -> Account | None:
        """Whose credential this is, asked before it is kept. Raises `Unprocessable`.

        None for a sandbox, which asks nobody, and unless it `must` be known, where there is nobody to ask.
        """
        adapter = await asyncio.to_thread(self._drafter.adapter, row.provider)
        question = account_question(adapter) if adapter else None
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

    async def test(self, row: Integration, actor: Actor) -> Probe:
        """Ask with the stored credential. See `Integrations.test`."""
        adapter = await self.adapter(row)
        question = account_question(adapter)
        if question is None:
            raise Unprocessable(f"{adapter.title} has no call to test a connection with", code="not_testable")
        try:
            account = await self._asker.ask(row, adapter, actor, question)
        except PowerstripError as error:
            return Probe(ok=False, error=one_line(error.message), error_type=error_type_of(error), simulated=row.mode != "live")
        if row.mode == "live":
            await self._keeper.store.write(lambda session: self._passed(session, actor, row, account))
        return Probe(ok=True, account_id=account.id, account_name=account.name, simulated=row.mode != "live")

    def _passed(self, session: Session, actor: Actor, tested: Integration, account: Account) -> None:
        """Keep what a passed test found out, if the credential is still the one that was tested."""
        row: Integration | None = scope(session, tested.project_id).find(Integration, id=tested.id)
        if row is None or (row.credential_version, row.origin) != (tested.credential_version, tested.origin):
            return
        note_account(row, account)
        if row.status == "expired":
            row.status, row.status_reason = "active", ""
            self._keeper.touch(session, row)
            changes = {"fields": ["status"], "status": {"before": "expired", "after": "active"}}
            self._keeper.record(session, actor, "update", row, changes)
        session.add(row)


def error_type_of(error: PowerstripError) -> ErrorType:
    """The word for a failure at a provider."""
    if isinstance(error, AuthFailed):
        return "auth_failed"
    if isinstance(error, RateLimited):
        return "rate_limited"
    return "rejected" if isinstance(error, Rejected) else "unavailable"


def account_question(adapter: Adapter) -> Question[Account] | None:
    """Whose credential is this? None where the adapter has no call for it."""
    whoami = adapter.whoami
    if whoami is None:
        return None

    async def ask(http: Any) -> Account:
        account: object = await whoami(http)
        if not isinstance(account, Account) or not isinstance(account.id, str) or not account.id:  # pyright: ignore[reportUnnecessaryIsInstance] - a plugin may give anything
            raise AdapterBroken("its account call gave no account")
        if not set(account.unsupported) <= set(adapter.actions):
            raise AdapterBroken("its account call tells of an action that it does not have")
        lacks = {action: one_line(str(why)) for action, why in account.unsupported.items()}
        return Account(one_line(account.id)[:MAX_ACCOUNT], one_line(str(account.name))[:MAX_ACCOUNT], unsupported=lacks)

    return Question("account", ask, Account("sample-account", f"Sample {adapter.title} account"), probe=True)
