"""What uses an integration: who called with it, what was called, and what is built on it.

Other rooms know what is built on an integration. Each hands in an `ImpactSource` at composition; this room asks them all.
"""

import asyncio
from collections.abc import Callable, Iterable

from sqlmodel import Session

from powerstrip.adapter import Adapter
from powerstrip.connect.drafts import Drafter
from powerstrip.connect.uses import ActionUse, Copies, KeyUse, PrincipalUse, copies_of, count_kept, days_ago, keys_of, uses_of
from powerstrip.problems import Problem
from powerstrip.store import Integration, Store
from powerstrip.value import Value, replace

DAYS = 30
"""How far back uses are looked for."""
MAX_DEPENDENTS = 1000
"""Things listed that are built on one integration; more than that make the list incomplete."""


class Dependent(Value):
    """A thing that is built on an integration, such as an automation.

    `kind` is a word such as `automation`, `inbound_endpoint` or `webhook`; `parts` names the places in it (`step notify`,
    `trigger on_message`); `actions` are the names of actions it calls there. It stops working when the integration does.
    """

    kind: str
    id: str
    name: str
    version: str | None = None
    parts: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


ImpactSource = Callable[[Session, Integration], Iterable[Dependent]]
"""Gives what is built on an integration, of its own project alone. It runs in a `store.read` and changes nothing."""


class Impact(Value):
    """Who and what uses an integration. Calls are counted since `since`; nothing of another project is named.

    `kept_calls` have an answer kept under an idempotency key. `scopes` are those that the calls and the dependents need, where
    the adapter declares them. `complete` is false where there was more than is looked at: counts are then lower bounds.
    """

    since: str
    principals: tuple[PrincipalUse, ...]
    keys: tuple[KeyUse, ...]
    actions: tuple[ActionUse, ...]
    kept_calls: int
    copies: Copies
    dependents: tuple[Dependent, ...]
    scopes: tuple[str, ...]
    complete: bool = True


class Impacts:
    """Finds out what uses an integration."""

    def __init__(self, store: Store, drafter: Drafter) -> None:
        self._store = store
        self._drafter = drafter
        self._sources: list[ImpactSource] = []

    def add(self, source: ImpactSource) -> None:
        """Ask this source too, from now on. At composition."""
        self._sources.append(source)

    async def of(self, row: Integration) -> Impact:
        """The uses of one integration, which was read within its project."""
        adapter = await asyncio.to_thread(self._adapter, row)
        found = await self._store.read(lambda session: self._look(session, row))
        actions = tuple(replace(use, scopes=_scopes(adapter, use.name)) for use in found.actions)
        called = {use.name for use in actions} | {name for each in found.dependents for name in each.actions}
        needed = sorted({scope for name in called for scope in _scopes(adapter, name)})
        return replace(found, actions=actions, scopes=tuple(needed))

    def _look(self, session: Session, row: Integration) -> Impact:
        since = days_ago(DAYS)
        uses = uses_of(session, row, since)
        dependents = [each for source in self._sources for each in source(session, row)]
        keys = keys_of(session, row, since)
        return Impact(
            since=since,
            principals=uses.principals,
            keys=keys,
            actions=uses.actions,
            kept_calls=count_kept(session, row),
            copies=copies_of(session, row),
            dependents=tuple(dependents[:MAX_DEPENDENTS]),
            scopes=(),
            complete=uses.complete and len(dependents) <= MAX_DEPENDENTS,
        )

    def _adapter(self, row: Integration) -> Adapter | None:
        """None for a broken adapter too: what uses the integration is known without it."""
        try:
            return self._drafter.adapter(row.provider)
        except Problem:
            return None


def _scopes(adapter: Adapter | None, name: str) -> tuple[str, ...]:
    """The scopes that an action, named with its provider, is declared to need."""
    if adapter is None:
        return ()
    action = adapter.actions.get(name.removeprefix(f"{adapter.id}."))
    return action.scopes if action else ()
