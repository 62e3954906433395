"""Polls: which are on, when to look, and what comes of a look."""

import asyncio
from functools import partial
from typing import Any

from sqlmodel import Session, col

from powerstrip.adapter import Adapter, AuthFailed, PowerstripError, RateLimited, Unavailable
from powerstrip.adapter import Poll as Declared
from powerstrip.catalog import Catalog
from powerstrip.clock import stamp
from powerstrip.connect import HUB, Integrations, Question, one_line
from powerstrip.events import Events
from powerstrip.inbound.ledger import Arrival, Ledger, Target
from powerstrip.inbound.polls.looking import NOTHING, Found, PollBroken, look
from powerstrip.inbound.polls.values import PollView
from powerstrip.inbound.rounds import Rounds, Taken, after, held, take_one
from powerstrip.inbound.watching import key_of, read_watch, watched
from powerstrip.logs import Log
from powerstrip.problems import BadInput, Conflict, NotFound, Problem, StoreUnavailable, Unprocessable
from powerstrip.store import Actor, AuditLog, Integration, Poll, Project, Store, connection_of, scope
from powerstrip.value import Value

MIN_SECONDS, MAX_SECONDS = 30, 7 * 86_400
MAX_PAGES = 50
"""Pages of one turn; the rest is the next turn's, which begins at once."""
LONGEST_WAIT = 3600.0
PATIENCE = 6
"""Looks in a row that the provider may reject before the poll is stopped. One that is out of order is asked for ever."""
RECHECK = 300.0
"""Seconds between looks whether an integration that may not be used may be used again."""

log = Log("powerstrip.inbound")


class Turn(Value):
    """One poll that is ours for a while."""

    taken: Taken
    row: Poll
    adapter: Adapter
    declared: Declared
    target: Target


class Polls:
    """Looks for events where a provider sends none. A sandbox polls nobody."""

    def __init__(
        self, store: Store, catalog: Catalog, integrations: Integrations, ledger: Ledger, events: Events, audit: AuditLog
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._integrations = integrations
        self._ledger = ledger
        self._events = events
        self._audit = audit
        self._rounds = Rounds(store, Poll, self._work)

    async def start(self) -> None:
        """Begin to look."""
        await self._rounds.start()

    async def close(self) -> None:
        """Stop."""
        await self._rounds.close()

    async def list(self, project_id: str, *, integration_id: str | None = None) -> "list[PollView]":
        """Every poll that the adapters of the project's integrations declare, on or off."""

        def read(session: Session) -> tuple[list[Integration], list[Poll]]:
            within = scope(session, project_id)
            where = [] if integration_id is None else [col(Integration.id) == integration_id]
            return within.all(Integration, *where), within.all(Poll)

        integrations, rows = await self._store.read(read)
        known = {(row.integration_id, row.name): row for row in rows}
        views: list[PollView] = []
        for integration in integrations:
            adapter = await self._adapter(integration.provider)
            declared = adapter.polls if adapter else {}
            views += [_view(integration, each, known.get((integration.id, each.id))) for each in declared.values()]
        return views

    async def enable(
        self,
        project: Project,
        actor: Actor,
        integration_id: str,
        name: str,
        watch: dict[str, Any],
        seconds: int | None = None,
    ) -> PollView:
        """Switch a poll on, or change what it watches and how often it looks.

        The first look finds out where "now" is and gives no events; so does the first one after a change of `watch`. Raises
        `NotFound`, `BadInput`, and `Unprocessable` in a sandbox.
        """
        integration, adapter, declared = await self._declared(project.id, integration_id, name)
        if integration.mode == "sandbox":
            raise Unprocessable("A sandbox polls nobody: set off test events with powerstrip events fire", code="sandbox")
        every = declared.seconds if seconds is None else seconds
        if not MIN_SECONDS <= every <= MAX_SECONDS:
            raise BadInput(f"seconds: give {MIN_SECONDS} to {MAX_SECONDS}")
        filled = read_watch(adapter, declared.watch, watch)

        def keep(session: Session) -> Poll:
            row = scope(session, project.id).find(Poll, integration_id=integration_id, name=name)
            if row is None:
                row = Poll(project_id=project.id, integration_id=integration_id, provider=adapter.id, name=name, seconds=every)
                row.created_by = actor.principal_id
            if key_of(row.watch) != key_of(filled):
                row.watch, row.cursor = filled, None
            row.seconds, row.stopped, row.error, row.failures = every, None, None, 0
            row.lease, row.next_at, row.updated_at = None, stamp(), stamp()
            session.add(row)
            session.flush()
            self._record(session, actor, row, {"poll": name, "enabled": True, "seconds": every})
            return row

        row = await self._store.write(keep)
        self._rounds.wake()
        return _view(integration, declared, row)

    async def disable(self, project: Project, actor: Actor, integration_id: str, name: str) -> PollView:
        """Switch it off. Where it was is kept: switched on again it goes on from there."""
        integration, _, declared = await self._declared(project.id, integration_id, name)

        def stop(session: Session) -> Poll:
            row = self._row(session, project.id, integration_id, name)
            row.stopped, row.next_at, row.lease, row.updated_at = "It was switched off", None, None, stamp()
            session.add(row)
            self._record(session, actor, row, {"poll": name, "enabled": False})
            return row

        return _view(integration, declared, await self._store.write(stop))

    async def now(self, project: Project, actor: Actor, integration_id: str, name: str) -> PollView:
        """Look at once, and wait for what comes of it. Raises `Conflict` where it is off or being looked at."""
        integration, _, declared = await self._declared(project.id, integration_id, name)
        row = await self._store.read(lambda session: self._row(session, project.id, integration_id, name))
        if row.next_at is None and row.lease is None:
            raise Conflict(f"This poll is off ({row.stopped}): switch it on first", code="poll_off")
        taken = await self._store.hot(lambda connection: take_one(connection, Poll, row.id))
        if taken is None:
            raise Conflict("This poll is being looked at: ask again in a moment", code="busy")
        await self._turn(taken, actor)
        return _view(integration, declared, await self._store.read(lambda s: scope(s, project.id).get(Poll, row.id)))

    async def leave(self, row: Integration, actor: Actor) -> None:
        """Before an integration goes: forget its polls."""

        def drop(session: Session) -> None:
            for poll in scope(session, row.project_id).all(Poll, col(Poll.integration_id) == row.id):
                scope(session, row.project_id).delete(poll)

        await self._store.write(drop)

    async def _work(self, taken: Taken) -> None:
        await self._turn(taken, HUB)

    async def _turn(self, taken: Taken, actor: Actor) -> None:
        """Look page after page, each kept before the next is asked for; how it ended is in the row."""
        for page in range(MAX_PAGES):
            turn = await self._prepare(taken)
            if turn is None:
                return
            try:
                found = await self._look(turn, actor)
            except (PowerstripError, Problem, PollBroken) as error:
                await self._store.write(partial(self._fail, taken=taken, error=error, every=turn.row.seconds))
                return
            again = found.more and page < MAX_PAGES - 1
            if not await self._store.write(partial(self._keep, turn=turn, found=found, last=not again)):
                return
            if found.events:
                self._events.wake()
            if not again:
                return

    async def _prepare(self, taken: Taken) -> Turn | None:
        """The row as it is now. None where it is not ours any more, or stands still: that is then in the row."""

        def read(session: Session) -> tuple[Poll, Integration] | None:
            row = held(session, Poll, taken)
            if not isinstance(row, Poll):
                return None
            integration = scope(session, row.project_id).find(Integration, id=row.integration_id)
            project = session.get(Project, row.project_id)
            archived = project is None or project.archived_at is not None
            if integration is None or archived or integration.status != "active" or integration.mode == "sandbox":
                self._pause(session, row, _why_not(integration, archived=archived))
                return None
            return row, integration

        found = await self._store.write(read)
        if found is None:
            return None
        row, integration = found
        adapter = await self._adapter(row.provider)
        declared = adapter.polls.get(row.name) if adapter else None
        if adapter is None or declared is None:
            await self._store.write(partial(self._wait, taken=taken, words="The adapter with this poll is not installed"))
            return None
        return Turn(taken, row, adapter, declared, Target.of(integration))

    async def _look(self, turn: Turn, actor: Actor) -> Found:
        row, declared = turn.row, turn.declared
        watch = watched(turn.adapter, declared.watch, row.watch)
        work = partial(look, adapter=turn.adapter, poll=declared, watch=watch, cursor=row.cursor)
        return await self._integrations.ask(
            row.project_id, row.integration_id, actor, Question(f"poll.{row.name}", work, NOTHING)
        )

    def _keep(self, session: Session, *, turn: Turn, found: Found, last: bool) -> bool:
        """The events and the cursor after them, in one transaction. False where the row is not ours any more."""
        row = held(session, Poll, turn.taken)
        if not isinstance(row, Poll):
            return False
        arrival = Arrival(
            project_id=row.project_id,
            channel=f"poll:{row.integration_id}",
            provider=row.provider,
            targets=(turn.target,),
            source="sync",
        )
        kept = self._ledger.keep(connection_of(session), arrival, found.events)
        row.cursor, row.error, row.stopped, row.failures = found.cursor, None, None, 0
        row.found += len(kept.received)
        row.looked_at = stamp()
        if last:
            row.lease, row.next_at = None, stamp() if found.more else after(row.seconds)
        session.add(row)
        return True

    def _fail(self, session: Session, *, taken: Taken, error: Exception, every: int) -> None:
        """Wait longer each time. One that is not out of order but says no is not asked for ever."""
        row = held(session, Poll, taken)
        if not isinstance(row, Poll):
            return
        row.failures += 1
        row.error, row.looked_at, row.lease = _words(error), stamp(), None
        passing = isinstance(error, (Unavailable, RateLimited, AuthFailed, StoreUnavailable))
        if not passing and row.failures >= PATIENCE:
            row.stopped, row.next_at = f"It failed {row.failures} times in a row: {row.error}", None
        else:
            wait = min(max(every, MIN_SECONDS) * 2.0 ** min(row.failures - 1, 10), max(LONGEST_WAIT, every))
            row.next_at = after(max(wait, getattr(error, "retry_after", None) or 0.0))
        log.info("inbound.poll_failed", poll_id=row.id, error=type(error).__name__)
        session.add(row)

    def _wait(self, session: Session, *, taken: Taken, words: str) -> None:
        row = held(session, Poll, taken)
        if isinstance(row, Poll):
            self._pause(session, row, words)

    def _pause(self, session: Session, row: Poll, words: str) -> None:
        """Stand still, and see now and then whether that is over."""
        row.stopped, row.lease, row.next_at = words, None, after(RECHECK)
        session.add(row)

    async def _declared(self, project_id: str, integration_id: str, name: str) -> tuple[Integration, Adapter, Declared]:
        integration = await self._integrations.get(project_id, integration_id)
        adapter = await self._adapter(integration.provider)
        if adapter is None or name not in adapter.polls:
            known = ", ".join(adapter.polls) if adapter and adapter.polls else "none"
            raise NotFound(f"There is no such poll of this integration. There are: {known}")
        return integration, adapter, adapter.polls[name]

    async def _adapter(self, provider: str) -> Adapter | None:
        try:
            return await asyncio.to_thread(self._catalog.adapter, provider)
        except Problem:
            return None

    def _row(self, session: Session, project_id: str, integration_id: str, name: str) -> Poll:
        row = scope(session, project_id).find(Poll, integration_id=integration_id, name=name)
        if row is None:
            raise Conflict("This poll is off: switch it on first", code="poll_off")
        return row

    def _record(self, session: Session, actor: Actor, row: Poll, changes: dict[str, object]) -> None:
        self._audit.append(
            session, actor, "update", "integration", row.integration_id, project_id=row.project_id, changes=changes
        )


def _view(integration: Integration, declared: Declared, row: Poll | None) -> PollView:
    return PollView(
        integration_id=integration.id,
        provider=integration.provider,
        name=declared.id,
        summary=declared.summary.partition("\n\n")[0],
        seconds=row.seconds if row else declared.seconds,
        watch_schema=declared.watch.model_json_schema(),
        row=row,
    )


def _why_not(integration: Integration | None, *, archived: bool) -> str:
    if integration is None:
        return "The integration is gone"
    if archived:
        return "The project is archived"
    if integration.mode == "sandbox":
        return "A sandbox polls nobody"
    return f"The integration is {integration.status}: {integration.status_reason or 'mend it, and the poll goes on'}"


def _words(error: Exception) -> str:
    if isinstance(error, PollBroken):
        return f"The provider's adapter is at fault: {error}"
    assert isinstance(error, (PowerstripError, Problem))
    return one_line(error.message)
