"""Questions that the hub itself puts to a provider: whose credential is this, which values are there to choose from."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from powerstrip.adapter import Adapter, AuthFailed, Unavailable
from powerstrip.clock import monotonic, new_id
from powerstrip.connect.binding import Link, check_destination, find_link, link_of
from powerstrip.connect.expiry import expire
from powerstrip.connect.ledger import keep_ledger
from powerstrip.connect.running import AdapterBroken, OutOfTime, run_adapter
from powerstrip.edge import Call, Edge, Lift, SandboxAnswer
from powerstrip.problems import Unprocessable
from powerstrip.settings import Settings
from powerstrip.store import Actor, AuditLog, Integration, Store
from powerstrip.value import Hidden, Value, field
from powerstrip.vault import Purpose, SealedCredential, Vault

T = TypeVar("T")
SECONDS = 30.0
"""How long a question may take, with all its pages."""


class Question(Value, Generic[T]):
    """What to ask; `work` is given the adapter's door. `stand_in` answers in a sandbox where the adapter reads a raw reply.

    `probe`: it is about the credential itself, so an expired or switched-off integration may be asked.
    `writes`: it changes something at the provider, and is repeated only where that is safe. `handles` and `lift` are the edge's.
    """

    name: str
    work: Callable[[Any], Awaitable[T]]
    stand_in: T
    probe: bool = False
    writes: bool = False
    handles: Hidden[Mapping[str, SealedCredential]] = field(default_factory=dict[str, SealedCredential])
    lift: Hidden[Lift | None] = None


class Asker:
    """Puts questions through the edge. Each is on record as a use of the credential, as every call is."""

    def __init__(self, store: Store, vault: Vault, edge: Edge, audit: AuditLog, settings: Settings) -> None:
        self._store = store
        self._vault = vault
        self._edge = edge
        self._audit = audit
        self._settings = settings

    async def ask(self, row: Integration, adapter: Adapter, actor: Actor, question: Question[T]) -> T:
        """Ask with the stored credential; one that the provider refuses expires.

        Raises the adapter's four errors, and `Unprocessable` for an adapter at fault.
        """
        purpose = Purpose(f"{adapter.id}:{question.name}", new_id("ask"), row.mode, question.probe)

        def take(connection: Connection) -> tuple[Link, SealedCredential | None]:
            link = find_link(connection, row.project_id, adapter, row.id)
            check_destination(link, adapter, self._settings)
            return link, self._vault.use(connection, row.project_id, row.id, actor, purpose)

        link, credential = await self._store.hot(take)
        try:
            return await self._put(link, adapter, credential, purpose, question)
        except AuthFailed as error:
            reason = error.message
            await self._store.hot(lambda connection: expire(connection, self._audit, link, reason))
            raise

    async def offer(
        self, row: Integration, adapter: Adapter, actor: Actor, credentials: Mapping[str, str], question: Question[T]
    ) -> T:
        """Ask with a credential that is not kept yet. `row` is the integration as it would be; nothing of it changes."""
        purpose = Purpose(f"{adapter.id}:{question.name}", new_id("ask"), row.mode, probe=True)
        credential = await self._store.hot(
            lambda connection: self._vault.offer(connection, row, dict(credentials), actor, purpose)
        )
        return await self._put(link_of(row), adapter, credential, purpose, question)

    async def _put(
        self, link: Link, adapter: Adapter, credential: SealedCredential | None, purpose: Purpose, question: Question[T]
    ) -> T:
        call = Call(
            invocation_id=purpose.invocation_id,
            action_name=purpose.action_name,
            deadline=monotonic() + SECONDS,
            probe=question.probe,
            read_only=not question.writes,
            handles=question.handles,
            lift=question.lift,
            seed=f"{purpose.action_name} {link.id}",
        )
        door, trace = self._edge.door(link.bound(adapter, link.mode, credential), call)
        try:
            return await run_adapter(partial(question.work, door), call.deadline, purpose.action_name)
        except SandboxAnswer:
            return question.stand_in
        except OutOfTime:
            raise Unavailable(f"The provider did not answer within {SECONDS:.0f} seconds") from None
        except AdapterBroken as error:
            raise Unprocessable(error.message, code="adapter_broken") from None
        finally:
            trace.discard()
            if trace.would_send:
                await self._store.hot(lambda connection: keep_ledger(connection, trace.would_send, invoked=False))
