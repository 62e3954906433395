"""Endpoints: the addresses that providers send to, and what the door needs to know of each."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from sqlmodel import Session, col, select

from powerstrip.adapter import Adapter, BasicPassword, StaticToken, Verify
from powerstrip.catalog import Catalog
from powerstrip.clock import monotonic, new_id, now, rfc3339, stamp
from powerstrip.inbound.ledger import Target
from powerstrip.inbound.rounds import make_due
from powerstrip.inbound.secrets import current_secret, drop_secrets, keep_secret, kept_since, new_secret, open_secrets
from powerstrip.problems import BadInput, Conflict, NotFound, StoreUnavailable, Unprocessable
from powerstrip.settings import Settings
from powerstrip.store import Actor, AuditLog, Endpoint, Integration, Project, Store, Subscription, scope
from powerstrip.value import Value, replace
from powerstrip.vault import Vault

HOOKS = "/v1/hooks/"
OVERLAP = 86_400
"""Seconds that an older secret is taken after a rotation, where nothing else is said."""
MAX_OVERLAP = 7 * 86_400
FRESH = 5.0
"""Seconds that what is known of an endpoint is used: another process may have changed it."""
CONFIRM = 86_400
"""Seconds in which a secret that a provider handed over is shown, for confirming it there."""
MAX_KNOWN = 10_000
Farewell: TypeAlias = Callable[[str, Actor, str], Awaitable[None]]
"""Is given the project, who acts, and the endpoint's id."""


class EndpointView(Value):
    """An endpoint as people see it. `secret` and the address with it are there once: when it was made or rotated."""

    row: Endpoint
    url: str
    scheme: str
    made_by: str
    waiting: bool
    """It has no secret yet, and takes nothing until it has."""
    steps: tuple[str, ...]
    reason: str = ""
    """Why deliveries prove nothing, where they do not."""
    secret: str | None = None


class Known(Value):
    """What the door needs of an endpoint, read at once."""

    endpoint: Endpoint
    adapter: Adapter
    scheme: Verify
    secrets: Sequence[str]
    targets: Sequence[Target]


class Endpoints:
    """Makes and keeps endpoints."""

    def __init__(self, store: Store, vault: Vault, catalog: Catalog, audit: AuditLog, settings: Settings) -> None:
        self._store = store
        self._vault = vault
        self._catalog = catalog
        self._audit = audit
        self._public_url = settings.public_url
        self._known: dict[str, tuple[float, Known]] = {}
        self._changes = 0
        self._farewells: list[Farewell] = []

    def add_farewell(self, farewell: Farewell) -> None:
        """Who takes leave of the provider before an endpoint is deleted. At composition; it may not fail."""
        self._farewells.append(farewell)

    async def create(
        self,
        project: Project,
        actor: Actor,
        *,
        integration_id: str | None = None,
        provider: str | None = None,
        secret: str | None = None,
    ) -> EndpointView:
        """An address for one integration, or with `provider` for every account of it in the project.

        Raises `NotFound`, `Unprocessable` for a provider without webhooks, `BadInput` for a secret that cannot be, and
        `Conflict` where there is an endpoint already.
        """
        if (integration_id is None) == (provider is None):
            raise BadInput("Name an integration, or a provider for all its accounts: one of the two")
        name = provider or await self._provider_of(project.id, integration_id or "")
        adapter, scheme = await self._proof(project.id, name, integration_id)
        kept = new_secret(scheme, secret)
        facts = {"id": new_id("hook"), "project_id": project.id, "provider": name, "integration_id": integration_id}

        def add(session: Session) -> Endpoint:
            self._refuse_twin(session, project.id, name, integration_id)
            row = Endpoint.model_validate(facts | {"created_by": actor.principal_id})
            scope(session, project.id).add(row)
            if kept is not None:
                keep_secret(session, self._vault, row, kept)
            self._record(session, actor, "create", row, {"provider": name, "integration_id": integration_id})
            return row

        row = await self._store.write(add)
        return self._view(row, adapter, scheme, waiting=kept is None, secret=kept)

    async def _provider_of(self, project_id: str, integration_id: str) -> str:
        found: Integration = await self._store.read(lambda session: scope(session, project_id).get(Integration, integration_id))
        return found.provider

    async def list(self, project_id: str, *, integration_id: str | None = None) -> "list[EndpointView]":
        """Every endpoint of the project, oldest first."""
        where = [] if integration_id is None else [col(Endpoint.integration_id) == integration_id]

        def read(session: Session) -> list[tuple[Endpoint, str | None]]:
            rows: list[Endpoint] = scope(session, project_id).all(Endpoint, *where)
            return [(row, kept_since(session, row.id)) for row in rows]

        return [await self._shown(row, since) for row, since in await self._store.read(read)]

    async def get(self, project_id: str, id: str) -> EndpointView:
        """One endpoint. Raises `NotFound`."""

        def read(session: Session) -> tuple[Endpoint, str | None]:
            row: Endpoint = scope(session, project_id).get(Endpoint, id)
            return row, kept_since(session, row.id)

        return await self._shown(*await self._store.read(read))

    async def rotate(
        self, project: Project, actor: Actor, id: str, *, secret: str | None = None, overlap_seconds: int = OVERLAP
    ) -> EndpointView:
        """A new secret, made here or given. The one before is taken `overlap_seconds` more. Raises as `create`."""
        if not 0 <= overlap_seconds <= MAX_OVERLAP:
            raise BadInput(f"overlap_seconds: give 0 to {MAX_OVERLAP}")
        before: Endpoint = await self._store.read(lambda session: scope(session, project.id).get(Endpoint, id))
        adapter, scheme = await self._proof(project.id, before.provider, before.integration_id)
        kept = new_secret(scheme, secret)
        if kept is None:
            raise BadInput(f"Give the new secret ({scheme.label or 'none is taken'}): {scheme.help or 'the provider makes it'}")

        def change(session: Session) -> Endpoint:
            row: Endpoint = scope(session, project.id).get(Endpoint, id)
            keep_secret(session, self._vault, row, kept, overlap_seconds)
            make_due(session, Subscription, col(Subscription.endpoint_id) == id)
            row.updated_at = stamp()
            session.add(row)
            self._record(session, actor, "update", row, {"fields": ["secret"], "overlap_seconds": overlap_seconds})
            return row

        row = await self._store.write(change)
        self.forget(id)
        return self._view(row, adapter, scheme, waiting=False, secret=kept)

    async def enable(self, project: Project, actor: Actor, id: str, enabled: bool) -> EndpointView:
        """Switch an endpoint on or off. Off, it answers as one that never was."""

        def change(session: Session) -> None:
            row: Endpoint = scope(session, project.id).get(Endpoint, id)
            if row.enabled != enabled:
                row.enabled, row.updated_at = enabled, stamp()
                session.add(row)
                self._record(session, actor, "update", row, {"fields": ["enabled"], "enabled": enabled})

        await self._store.write(change)
        self.forget(id)
        return await self.get(project.id, id)

    async def delete(self, project: Project, actor: Actor, id: str) -> None:
        """Remove an endpoint with its secrets. What came to it stays. Raises `NotFound`."""
        await self.get(project.id, id)
        for farewell in self._farewells:
            await farewell(project.id, actor, id)

        def remove(session: Session) -> None:
            row: Endpoint = scope(session, project.id).get(Endpoint, id)
            drop_secrets(session, row)
            scope(session, project.id).delete(row)
            self._record(session, actor, "delete", row, {"provider": row.provider})

        await self._store.write(remove)
        self.forget(id)

    async def take_secret(self, known: Known, secret: str) -> None:
        """Keep the secret that a provider hands over in its first delivery, if the endpoint still waits for one."""
        endpoint = known.endpoint

        def keep(session: Session) -> None:
            row: Endpoint = scope(session, endpoint.project_id).get(Endpoint, endpoint.id)
            if kept_since(session, row.id) is None:
                keep_secret(session, self._vault, row, secret)
                by = Actor(None, f"{endpoint.provider} (handed over)")
                self._record(session, by, "update", row, {"fields": ["secret"], "handed_over": True})

        await self._store.write(keep)
        self.forget(endpoint.id)

    async def confirm(self, project: Project, actor: Actor, id: str) -> EndpointView:
        """The endpoint with the secret that its provider handed over, for entering it there: nothing else proves who sent it.

        It is shown for a day, and each time is on record. Raises `NotFound`, and `Unprocessable` where there is none to show.
        """
        view = await self.get(project.id, id)
        if view.made_by != "handover":
            raise Unprocessable("This provider hands over no secret", code="no_handover")

        def show(session: Session) -> str | None:
            row: Endpoint = scope(session, project.id).get(Endpoint, id)
            current = current_secret(session, self._vault, row)
            if current is None or not _is_fresh(kept_since(session, id)):
                return None
            self._record(session, actor, "update", row, {"shown": ["secret"]})
            return current[1]

        secret = await self._store.write(show)
        if secret is None:
            when = (
                "yet: make the webhook at the provider first"
                if view.waiting
                else "within the last day: rotate, or make a new one"
            )
            raise Unprocessable(f"No secret was handed over {when}", code="no_handover")
        return replace(view, secret=secret)

    async def known(self, id: str) -> Known | None:
        """What the door needs; None where nobody is to learn whether there ever was such an endpoint."""
        at, found = self._known.get(id, (0.0, None))
        if found is not None and monotonic() - at < FRESH:
            return found
        changes = self._changes
        read = await self._store.read(lambda session: self._read(session, id))
        if read is None:
            self._known.pop(id, None)
            return None
        endpoint, secrets, targets = read
        try:
            adapter, scheme = await self._proof(endpoint.project_id, endpoint.provider, endpoint.integration_id)
        except (Unprocessable, NotFound):
            raise StoreUnavailable("The adapter of this endpoint is not installed now", retry_after=60) from None
        shared = adapter.subscribes is not None and adapter.subscribes.shared
        own = [each for each in targets if endpoint.integration_id in (None, each.id)]
        known = Known(endpoint, adapter, scheme, secrets, targets if shared else own)
        if changes == self._changes:
            self._remember(id, known)
        return known

    def _remember(self, id: str, known: Known) -> None:
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[id] = (monotonic(), known)

    def forget(self, id: str) -> None:
        """After a change: neither what is known, nor what is being read, is to be used."""
        self._changes += 1
        self._known.pop(id, None)

    def url(self, id: str) -> str:
        """The public address; below the hub's own one, where the operator has not told the public one."""
        return f"{self._public_url}{HOOKS}{id}"

    def _read(self, session: Session, id: str) -> tuple[Endpoint, Sequence[str], Sequence[Target]] | None:
        endpoint = session.get(Endpoint, id)
        if endpoint is None or not endpoint.enabled:
            return None
        project = session.get(Project, endpoint.project_id)
        if project is None or project.archived_at is not None:
            return None
        query = select(Integration).where(
            col(Integration.project_id) == endpoint.project_id, col(Integration.provider) == endpoint.provider
        )
        targets = [Target.of(row) for row in session.exec(query)]
        if endpoint.integration_id is not None and all(each.id != endpoint.integration_id for each in targets):
            return None
        return endpoint, open_secrets(session, self._vault, endpoint), targets

    async def _shown(self, row: Endpoint, since: str | None) -> EndpointView:
        try:
            adapter, scheme = await self._proof(row.project_id, row.provider, row.integration_id)
        except (Unprocessable, NotFound):
            words = (f"Install the adapter of {row.provider}: until then nothing is taken",)
            return EndpointView(row, self.url(row.id), "unknown", "none", waiting=since is None, steps=words)
        return self._view(row, adapter, scheme, waiting=since is None, fresh=_is_fresh(since))

    def _view(
        self,
        row: Endpoint,
        adapter: Adapter,
        scheme: Verify,
        *,
        waiting: bool,
        secret: str | None = None,
        fresh: bool = False,
    ) -> EndpointView:
        waits = waiting and scheme.made_by != "none"
        return EndpointView(
            row=row,
            url=_with_secret(self.url(row.id), scheme, secret),
            scheme=scheme.scheme,
            made_by=scheme.made_by,
            waiting=waits,
            steps=_steps(row, adapter, scheme, waits=waits, fresh=fresh, where=_reachable(self._public_url)),
            reason=getattr(scheme, "reason", ""),
            secret=secret if scheme.made_by == "hub" else None,
        )

    async def _proof(self, project_id: str, provider: str, integration_id: str | None) -> tuple[Adapter, Verify]:
        """The adapter, and how deliveries prove themselves: by the integration's settings where those choose it."""
        adapter, usual = await asyncio.to_thread(self._webhook, provider)
        if adapter.verify_by is None:
            return adapter, usual
        if integration_id is None:
            message = "Its integrations' settings say how deliveries prove themselves: name the integration"
            raise Unprocessable(message, code="integration_needed")
        row: Integration = await self._store.read(lambda session: scope(session, project_id).get(Integration, integration_id))
        try:
            return adapter, adapter.scheme(row.config) or usual
        except ValueError as error:
            raise Unprocessable(
                f"The settings of {row.name} choose no webhook scheme: {error}", code="webhook_settings"
            ) from None

    def _webhook(self, provider: str) -> tuple[Adapter, Verify]:
        adapter = self._catalog.adapter(provider)
        if adapter.receive is None or adapter.verify is None:
            raise Unprocessable(f"{adapter.title} sends no webhooks to this hub", code="no_webhook")
        return adapter, adapter.verify

    def _refuse_twin(self, session: Session, project_id: str, provider: str, integration_id: str | None) -> None:
        twin = scope(session, project_id).find(Endpoint, provider=provider, integration_id=integration_id)
        if twin is not None:
            message = "There is an endpoint already: rotate its secret, or delete it first"
            raise Conflict(message, code="endpoint_exists", details={"id": twin.id})

    def _record(self, session: Session, actor: Actor, action: str, row: Endpoint, changes: dict[str, object]) -> None:
        self._audit.append(session, actor, action, "endpoint", row.id, project_id=row.project_id, changes=changes)


def _with_secret(url: str, scheme: Verify, secret: str | None) -> str:
    """The address to enter at the provider: with the secret where it travels in the address itself."""
    if secret is None or scheme.made_by != "hub":
        return url
    if isinstance(scheme, BasicPassword) and "://" in url:
        user, _, password = secret.partition(":")
        before, _, after = url.partition("://")
        return f"{before}://{quote(user, safe='')}:{quote(password, safe='')}@{after}"
    if isinstance(scheme, StaticToken) and scheme.query:
        return f"{url}?{quote(scheme.query, safe='')}={quote(secret, safe='')}"
    return url


def _is_fresh(since: str | None) -> bool:
    """Whether a secret was kept so lately that it may still be shown."""
    return since is not None and since > rfc3339(now() - timedelta(seconds=CONFIRM))


def _reachable(public_url: str) -> list[str]:
    """What is to be done first, where a provider cannot reach the address."""
    if not public_url:
        return ["Set POWERSTRIP_PUBLIC_URL to the hub's public https:// address, and put it before this path"]
    if urlsplit(public_url).hostname in ("localhost", "127.0.0.1", "::1"):
        words = "This address is on the hub's own machine, where no provider reaches it: start the hub with POWERSTRIP_PUBLIC_URL"
        return [f"{words} set to its public https:// address, and the address begins with that"]
    return []


def _steps(row: Endpoint, adapter: Adapter, scheme: Verify, *, waits: bool, fresh: bool, where: list[str]) -> tuple[str, ...]:
    """What a person does at the provider, in order."""
    steps = list(where)
    if adapter.subscribes is not None and row.integration_id is not None:
        steps.append(f"Let the hub do it: powerstrip endpoints subscribe {row.id}. Or by hand, as follows")
    steps.append(f"Enter the address as webhook address at {adapter.title}")
    if scheme.made_by == "hub" and not isinstance(scheme, BasicPassword):
        steps.append(f"Enter the secret there ({scheme.label}). It is shown once. {scheme.help}".strip())
    if scheme.made_by == "provider" and waits:
        copying = f"powerstrip endpoints rotate {row.id} --secret @FILE"
        steps.append(f"Copy the provider's secret ({scheme.label}) to here: {copying}. {scheme.help}".strip())
    if scheme.made_by == "handover" and (waits or fresh):
        hands = "hands over its secret with the first delivery" if waits else "has handed over its secret"
        showing = f"powerstrip endpoints confirm {row.id} shows it"
        steps.append(f"{adapter.title} {hands}: {showing}, and you enter it there. {scheme.help}".strip())
    return tuple(steps)
