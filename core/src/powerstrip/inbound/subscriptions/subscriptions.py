"""Subscriptions as desired state: what is wanted is kept, and the provider's side is made so, again and again."""

import asyncio
from functools import partial
from typing import Any

from sqlmodel import Session, col

from powerstrip.adapter import Adapter, BasicPassword, Http, PowerstripError, StaticToken, Verify
from powerstrip.adapter import Subscription as Kind
from powerstrip.catalog import Catalog
from powerstrip.connect import HUB, Integrations, Question
from powerstrip.edge import Lift
from powerstrip.inbound.endpoints import Endpoints
from powerstrip.inbound.rounds import Rounds, Taken, held, take_one
from powerstrip.inbound.subscriptions import keeping
from powerstrip.inbound.subscriptions.keeping import Errand
from powerstrip.inbound.subscriptions.mending import Mended, mend, remove
from powerstrip.inbound.subscriptions.values import Offer, Plan, Status, Wishes
from powerstrip.inbound.watching import key_of, read_watch
from powerstrip.logs import Log
from powerstrip.problems import BadInput, Conflict, NotFound, Problem, Unprocessable
from powerstrip.store import Actor, AuditLog, Endpoint, Integration, Store, Subscription, scope
from powerstrip.value import Value
from powerstrip.vault import Vault

PATIENCE, PAUSE = 10, 0.2
"""Attempts and seconds between them to get a registration that is being worked on."""

log = Log("powerstrip.inbound")


class Turn(Value):
    """One row that is ours for a while, with all that is needed to work on it."""

    taken: Taken
    integration_id: str
    sandbox: bool
    removing: bool
    errand: Errand


class Subscriptions:
    """Keeps webhook registrations at providers."""

    def __init__(
        self, store: Store, vault: Vault, catalog: Catalog, integrations: Integrations, endpoints: Endpoints, audit: AuditLog
    ) -> None:
        self._store = store
        self._vault = vault
        self._catalog = catalog
        self._integrations = integrations
        self._endpoints = endpoints
        self._audit = audit
        self._wishes: list[Wishes] = []
        self._rounds = Rounds(store, Subscription, self._work)

    def add_wishes(self, wishes: Wishes) -> None:
        """Let another room ask for events beside those that the admin chose. At composition."""
        self._wishes.append(wishes)

    def wake(self) -> None:
        """Look at once: what somebody wants may have changed."""
        self._rounds.wake()

    async def start(self) -> None:
        """Begin to keep registrations."""
        await self._rounds.start()

    async def close(self) -> None:
        """Stop."""
        await self._rounds.close()

    async def status(self, project_id: str, endpoint_id: str) -> Status:
        """The subscriptions of an endpoint, and what it can be subscribed to. Raises `NotFound`."""
        view = await self._endpoints.get(project_id, endpoint_id)
        rows: list[Subscription] = await self._store.read(
            lambda session: scope(session, project_id).all(Subscription, col(Subscription.endpoint_id) == endpoint_id)
        )
        adapter, why_not = await self._judge(view.row)
        form = adapter.subscribes.watch.model_json_schema() if adapter and adapter.subscribes else {}
        return Status(rows, Offer(why_not, view.steps, tuple(adapter.events) if adapter else (), form))

    async def plan(self, project_id: str, actor: Actor, endpoint_id: str, watch: dict[str, Any], events: list[str]) -> Plan:
        """What `publish` would do. The provider is asked what it has; nothing is changed. Raises as `publish`."""
        endpoint, adapter, kind, scheme = await self._usable(project_id, endpoint_id)
        row = self._row(endpoint, adapter, kind, watch, events, actor)

        def prepare(session: Session) -> tuple[Errand, bool]:
            known = scope(session, project_id).find(Subscription, endpoint_id=endpoint_id, watch_key=row.watch_key)
            if known is not None:
                row.registration, row.wish, row.renew_at = known.registration, known.wish, known.renew_at
            errand = self._errand(session, row, endpoint, adapter, kind, scheme)
            return errand, self._sandbox(session, endpoint)

        errand, sandbox = await self._store.write(prepare)
        mended = Mended(("created",), None) if sandbox and not row.wish else Mended((), None)
        if not sandbox:
            question = Question("subscription.plan", partial(_mend, kind=kind, errand=errand, dry=True), mended)
            mended = await self._integrations.ask(project_id, _id(endpoint), actor, question)
        wish = errand.desired.wish
        return Plan(wish.url, wish.events, row.watch, mended.did, mended.drift, sandbox)

    async def publish(
        self, project_id: str, actor: Actor, endpoint_id: str, watch: dict[str, Any], events: list[str]
    ) -> Subscription:
        """Want these events of what is watched, and make the provider's side so. Again and again it stays one registration.

        `events` are the adapter's ids; none means all. Raises `NotFound`, `BadInput`, `Unprocessable` where the provider has no
        such API, `Conflict` where somebody is at it, and the adapter's four errors: it is then tried again later.
        """
        endpoint, adapter, kind, _ = await self._usable(project_id, endpoint_id)
        wanted = self._row(endpoint, adapter, kind, watch, events, actor)

        def keep(session: Session) -> str:
            within = scope(session, project_id)
            row = within.find(Subscription, endpoint_id=endpoint_id, watch_key=wanted.watch_key)
            if row is None:
                if kind.secret_at and within.all(Subscription, col(Subscription.endpoint_id) == endpoint_id):
                    raise Conflict("This provider makes a secret for each registration: an endpoint has one", code="one_only")
                row = within.add(wanted)
            row.events, row.state = wanted.events, "pending" if row.state == "removing" else row.state
            session.add(row)
            return row.id

        return await self._at_once(project_id, await self._store.write(keep), actor)

    async def check(self, project_id: str, actor: Actor, endpoint_id: str, id: str) -> Subscription:
        """Compare with the provider now, and mend. Raises as `publish`."""
        await self._get(project_id, endpoint_id, id)
        return await self._at_once(project_id, id, actor)

    async def remove(self, project_id: str, actor: Actor, endpoint_id: str, id: str) -> None:
        """Delete it at the provider and here. Where the provider does not do it now, the hub goes on trying, and this raises."""
        await self._get(project_id, endpoint_id, id)

        def mark(session: Session) -> None:
            row: Subscription = scope(session, project_id).get(Subscription, id)
            row.state = "removing"
            session.add(row)

        await self._store.write(mark)
        await self._turn(await self._take(id), actor)

    async def leave(self, project_id: str, actor: Actor, *, endpoint_id: str = "", integration_id: str = "") -> None:
        """Before an endpoint or an integration goes: delete its registrations, as far as the provider lets us."""
        column, value = (col(Subscription.endpoint_id), endpoint_id) if endpoint_id else (
            col(Subscription.integration_id), integration_id,
        )  # fmt: skip
        rows: list[Subscription] = await self._store.read(
            lambda session: scope(session, project_id).all(Subscription, column == value)
        )
        for row in rows:
            try:
                await self.remove(project_id, actor, row.endpoint_id, row.id)
            except (PowerstripError, Problem) as error:
                log.warning("inbound.registration_left", subscription_id=row.id, error=type(error).__name__)
                await self._store.write(partial(self._abandon, project_id=project_id, id=row.id, actor=actor))

    def _abandon(self, session: Session, *, project_id: str, id: str, actor: Actor) -> None:
        row = scope(session, project_id).find(Subscription, id=id)
        if row is not None:
            left = {"subscription": row.id, "provider_side": ["left behind"], "registration": row.registration.get("id")}
            self._record(session, actor, row, left)
            scope(session, project_id).delete(row)

    async def _at_once(self, project_id: str, id: str, actor: Actor) -> Subscription:
        await self._turn(await self._take(id), actor)
        return await self._store.read(lambda session: scope(session, project_id).get(Subscription, id))

    async def _take(self, id: str) -> Taken:
        for _ in range(PATIENCE):
            taken = await self._store.hot(lambda connection: take_one(connection, Subscription, id))
            if taken is not None:
                return taken
            await asyncio.sleep(PAUSE)
        raise Conflict("This registration is being worked on: ask again in a moment", code="busy")

    async def _work(self, taken: Taken) -> None:
        """A turn that nobody waits for: how it ended is in the row."""
        try:
            await self._turn(taken, HUB)
        except (PowerstripError, Problem) as error:
            log.info("inbound.subscription_failed", subscription_id=taken.id, error=type(error).__name__)

    async def _turn(self, taken: Taken, actor: Actor) -> None:
        """Do what a row wants, and write down how it went. Raises what went wrong, once that is written down."""
        try:
            found = await self._prepare(taken)
            if found is None:
                return
            turn, kind = found
            await (self._remove if turn.removing else self._mend)(turn, kind, actor)
        except (PowerstripError, Problem) as error:
            await self._store.write(partial(self._fail, taken=taken, words=error.message))
            raise

    async def _prepare(self, taken: Taken) -> tuple[Turn, Kind[Any]] | None:
        row = await self._store.read(lambda session: session.get(Subscription, taken.id))
        if row is None:
            return None
        endpoint, adapter, kind, scheme = await self._usable(taken.project_id, row.endpoint_id)

        def prepare(session: Session) -> Turn | None:
            mine = held(session, Subscription, taken)
            if not isinstance(mine, Subscription):
                return None
            errand = self._errand(session, mine, endpoint, adapter, kind, scheme)
            return Turn(taken, mine.integration_id, self._sandbox(session, endpoint), mine.state == "removing", errand)

        turn = await self._store.write(prepare)
        return None if turn is None else (turn, kind)

    async def _mend(self, turn: Turn, kind: Kind[Any], actor: Actor) -> None:
        errand = turn.errand
        if turn.sandbox and errand.desired.same:
            mended = Mended((), None)
        else:
            stand_in = Mended(("created",), None)
            lift = Lift(kind.secret_at, errand.take) if kind.secret_at else None
            question = Question(
                "subscription.keep", partial(_mend, kind=kind, errand=errand), stand_in,
                writes=True, handles=errand.handles, lift=lift,
            )  # fmt: skip
            mended = await self._integrations.ask(turn.taken.project_id, turn.integration_id, actor, question)

        def note(session: Session) -> None:
            row = held(session, Subscription, turn.taken)
            if not isinstance(row, Subscription):
                return
            endpoint: Endpoint = scope(session, row.project_id).get(Endpoint, row.endpoint_id)
            keeping.note_mended(session, self._vault, row, endpoint, errand, mended, sandbox=turn.sandbox)
            if mended.did:
                self._record(session, actor, row, keeping.words_of_change(row, mended))

        await self._store.write(note)
        if errand.candidate or errand.lifted:
            self._endpoints.forget(errand.desired.address[1:])

    async def _remove(self, turn: Turn, kind: Kind[Any], actor: Actor) -> None:
        gone = Mended(("deleted",), None)
        if errand_told := turn.errand.desired.told:
            question = Question("subscription.remove", partial(_remove, kind=kind, errand=turn.errand), gone, writes=True)
            gone = await self._integrations.ask(turn.taken.project_id, turn.integration_id, actor, question)

        def note(session: Session) -> None:
            row = held(session, Subscription, turn.taken)
            if isinstance(row, Subscription):
                self._record(session, actor, row, keeping.words_of_change(row, gone if errand_told else Mended((), None)))
                scope(session, row.project_id).delete(row)

        await self._store.write(note)

    def _fail(self, session: Session, *, taken: Taken, words: str) -> None:
        row = held(session, Subscription, taken)
        if isinstance(row, Subscription):
            integration = session.get(Integration, row.integration_id)
            keeping.note_failure(session, row, words, sandbox=integration is not None and integration.mode == "sandbox")

    def _errand(
        self, session: Session, row: Subscription, endpoint: Endpoint, adapter: Adapter, kind: Kind[Any], scheme: Verify
    ) -> Errand:
        more = [event for wishes in self._wishes for event in wishes(session, endpoint)]
        url = self._endpoints.url(endpoint.id)
        return keeping.errand_for(session, self._vault, row, endpoint, url, adapter, kind, scheme, more)

    def _sandbox(self, session: Session, endpoint: Endpoint) -> bool:
        row: Integration = scope(session, endpoint.project_id).get(Integration, _id(endpoint))
        return row.mode == "sandbox"

    def _row(
        self, endpoint: Endpoint, adapter: Adapter, kind: Kind[Any], watch: dict[str, Any], events: list[str], actor: Actor
    ) -> Subscription:
        if unknown := [each for each in events if each not in adapter.events]:
            known = ", ".join(list(adapter.events)[:30])
            errors = [{"path": "events", "message": f"{len(unknown)} of them are not events of {adapter.title}"}]
            raise BadInput(f"{adapter.title} has these events: {known}", details={"errors": errors})
        filled = read_watch(adapter, kind.watch, watch)
        return Subscription(
            project_id=endpoint.project_id,
            endpoint_id=endpoint.id,
            integration_id=_id(endpoint),
            watch=filled,
            watch_key=key_of(filled),
            events=sorted(set(events)),
            created_by=actor.principal_id,
        )

    async def _get(self, project_id: str, endpoint_id: str, id: str) -> Subscription:
        row = await self._store.read(
            lambda session: scope(session, project_id).find(Subscription, id=id, endpoint_id=endpoint_id)
        )
        if row is None:
            raise NotFound("There is no subscription with this id at this endpoint")
        return row

    async def _usable(self, project_id: str, endpoint_id: str) -> tuple[Endpoint, Adapter, Kind[Any], Verify]:
        """The endpoint with what makes registrations for it. Raises `NotFound`, and `Unprocessable` where nothing does."""
        view = await self._endpoints.get(project_id, endpoint_id)
        adapter, why_not = await self._judge(view.row)
        if adapter is None or adapter.subscribes is None or adapter.verify is None:
            steps = " ".join(f"{number}. {step}." for number, step in enumerate(view.steps, 1))
            raise Unprocessable(f"{why_not}. By hand: {steps}", code="no_subscription")
        if why_not:
            raise Unprocessable(why_not, code="no_subscription")
        return view.row, adapter, adapter.subscribes, adapter.verify

    async def _judge(self, endpoint: Endpoint) -> tuple[Adapter | None, str]:
        """The adapter, and why the hub cannot make registrations for this endpoint; empty where it can."""
        try:
            adapter = await asyncio.to_thread(self._catalog.adapter, endpoint.provider)
        except Problem:
            return None, "The adapter of this endpoint is not installed"
        if adapter.subscribes is None:
            return adapter, f"{adapter.title} has no API for webhooks that its adapter knows"
        if endpoint.integration_id is None:
            return adapter, "This endpoint serves every account: registrations are made with the credential of one integration"
        in_address = isinstance(adapter.verify, BasicPassword) or (
            isinstance(adapter.verify, StaticToken) and adapter.verify.query
        )
        if in_address:
            return adapter, "The secret is a part of the address: enter the address by hand"
        if "://" not in self._endpoints.url(endpoint.id):
            return adapter, "Set POWERSTRIP_PUBLIC_URL to the hub's public https:// address: the provider has to know it"
        return adapter, ""

    def _record(self, session: Session, actor: Actor, row: Subscription, changes: Any) -> None:
        self._audit.append(session, actor, "update", "endpoint", row.endpoint_id, project_id=row.project_id, changes=changes)


def _id(endpoint: Endpoint) -> str:
    assert endpoint.integration_id is not None
    return endpoint.integration_id


async def _mend(http: Http, *, kind: Kind[Any], errand: Errand, dry: bool = False) -> Mended:
    return await mend(http, kind, errand.desired, dry=dry)


async def _remove(http: Http, *, kind: Kind[Any], errand: Errand) -> Mended:
    return await remove(http, kind, errand.desired)
