"""The client: one object, its resources as attributes."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from powerstrip.client import calls
from powerstrip.client.access import AuditTrail, Keys, Principals, Projects, RoleAssignments, Roles
from powerstrip.client.actions import OwnActions, Workers
from powerstrip.client.automations import Automations
from powerstrip.client.calls import Files, Invocations, Sandbox
from powerstrip.client.catalog import Catalog, Providers
from powerstrip.client.chat import Chats
from powerstrip.client.connecting import ConnectSessions, Consents, PlatformApps
from powerstrip.client.definitions import Definitions
from powerstrip.client.entities import Entities
from powerstrip.client.errors import BadAddress
from powerstrip.client.events import Endpoints, Events
from powerstrip.client.integrations import Integrations
from powerstrip.client.runs import Runs
from powerstrip.client.secrets import CredentialRotation, HubFindings, HubState, SealingKeys, Secrets
from powerstrip.client.session import Session, Sleep, path
from powerstrip.client.shapes import CallResult, Json, Trouble
from powerstrip.client.watching import Polls, Subscriptions
from powerstrip.client.webhooks import Webhooks

if TYPE_CHECKING:
    from httpx2 import AsyncBaseTransport


class Client:
    """Speaks to one project of one hub.

        async with Client("http://127.0.0.1:8000", key, "default") as hub:
            result = await hub.call("slack.message.post", {"channel": "C0", "text": "hi"})

    `transport` replaces the network (tests, an embedded hub). Methods raise `HubError` and `HubUnreachable`. `project` may be
    None for what stands above projects; project resources then raise `BadAddress`.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        project: str | None = None,
        *,
        transport: "AsyncBaseTransport | None" = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._session = Session(base_url, api_key, transport=transport, sleep=sleep)
        self.project = project

    def within(self, project: str) -> "Client":
        """The same connection, another project. Closing either closes both."""
        other = object.__new__(Client)
        other._session, other.project = self._session, project
        return other

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    @property
    def base_url(self) -> str:
        """Where the hub is."""
        return self._session.base_url

    @property
    def _root(self) -> str:
        if not self.project:
            raise BadAddress("Name a project: Client(…, project=…) or client.within(…)")
        return path("v1", "projects", self.project)

    async def state(self) -> HubState:
        """The hub's own state. For its operator."""
        return await self._session.get(path("v1", "platform"))

    async def findings(self) -> HubFindings:
        """What is sound about the hub and what is not. For its operator."""
        return await self._session.get(path("v1", "platform", "findings"))

    @property
    def projects(self) -> Projects:
        """Projects that the key may see."""
        return Projects(self._session)

    @property
    def providers(self) -> Providers:
        """The provider catalog."""
        return Providers(self._session, self._root)

    @property
    def catalog(self) -> Catalog:
        """The action and event catalogs."""
        return Catalog(self._session, self._root)

    @property
    def integrations(self) -> Integrations:
        """Connections to providers, and their pickers."""
        return Integrations(self._session, self._root)

    @property
    def definitions(self) -> Definitions:
        """Descriptions that are imported, and the actions that they make."""
        return Definitions(self._session, self._root)

    @property
    def secrets(self) -> Secrets:
        """The project's secrets."""
        return Secrets(self._session, self._root)

    @property
    def credential_rotation(self) -> CredentialRotation:
        """What follows the rotation of an integration's credential."""
        return CredentialRotation(self._session, self._root)

    @property
    def sealing_keys(self) -> SealingKeys:
        """The keys that seal. They stand above projects."""
        return SealingKeys(self._session)

    @property
    def automations(self) -> Automations:
        """Automations: specs, versions, publication."""
        return Automations(self._session, self._root)

    @property
    def runs(self) -> Runs:
        """Runs of automations."""
        return Runs(self._session, self._root)

    @property
    def chats(self) -> Chats:
        """Set-up in sentences."""
        return Chats(self._session, self._root)

    @property
    def consents(self) -> Consents:
        """Providers that are connected by a consent in a browser."""
        return Consents(self._session, self._root)

    @property
    def connect_sessions(self) -> ConnectSessions:
        """Links for people without an account."""
        return ConnectSessions(self._session, self._root)

    @property
    def platform_apps(self) -> PlatformApps:
        """This hub as an OAuth client of its providers."""
        return PlatformApps(self._session)

    @property
    def actions(self) -> OwnActions:
        """The project's own actions."""
        return OwnActions(self._session, self._root)

    @property
    def workers(self) -> Workers:
        """Who does worker actions, and their jobs."""
        return Workers(self._session, self._root)

    @property
    def invocations(self) -> Invocations:
        """The invocation log."""
        return Invocations(self._session, self._root)

    @property
    def events(self) -> Events:
        """What providers sent, and what became of it."""
        return Events(self._session, self._root)

    @property
    def endpoints(self) -> Endpoints:
        """Addresses that providers send to."""
        return Endpoints(self._session, self._root)

    def subscriptions(self, endpoint: str) -> Subscriptions:
        """Registrations at the provider of the endpoint with this id."""
        return Subscriptions(self._session, self._root, endpoint)

    @property
    def polls(self) -> Polls:
        """Looking for events where a provider sends none."""
        return Polls(self._session, self._root)

    @property
    def sandbox(self) -> Sandbox:
        """The ledger of what would have been sent."""
        return Sandbox(self._session, self._root)

    @property
    def files(self) -> Files:
        """Files for calls."""
        return Files(self._session, self._root)

    @property
    def webhooks(self) -> Webhooks:
        """Webhooks to others."""
        return Webhooks(self._session, self._root)

    @property
    def entities(self) -> Entities:
        """Entities and their records."""
        return Entities(self._session, self._root)

    @property
    def keys(self) -> Keys:
        """API keys."""
        return Keys(self._session, self._root)

    @property
    def principals(self) -> Principals:
        """Who acts."""
        return Principals(self._session, self._root)

    @property
    def roles(self) -> Roles:
        """Roles and permissions."""
        return Roles(self._session, self._root)

    @property
    def role_assignments(self) -> RoleAssignments:
        """Who holds which role."""
        return RoleAssignments(self._session, self._root)

    @property
    def audit(self) -> AuditTrail:
        """The audit log."""
        return AuditTrail(self._session, self._root)

    async def health(self) -> Json:
        """How the hub is. Needs no key."""
        return await self._session.get(path("health"))

    async def call(
        self,
        action: str,
        input: Mapping[str, Any],
        *,
        integration: str | None = None,
        dry_run: bool = False,
        sandbox: bool = False,
        simulate: Trouble | None = None,
        timeout_seconds: int | None = None,
        idempotency_key: str | None = None,
    ) -> CallResult:
        """Invoke an action by its name.

        `integration` is an id or a name, needed where the project has several of the provider. With an `idempotency_key` the
        call is safe to repeat, and is repeated when the hub is busy. A refusal by the provider is a result with status
        `failed`, not an exception.
        """
        return await calls.call(
            self._session,
            self._root,
            action,
            input,
            integration=integration,
            dry_run=dry_run,
            sandbox=sandbox,
            simulate=simulate,
            timeout_seconds=timeout_seconds,
            idempotency_key=idempotency_key,
        )
