"""Integrations and the providers they connect to."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from powerstrip import connect, store
from powerstrip.api.shapes.access import Mode
from powerstrip.api.shapes.base import Asked, Id, Name, Object, Told
from powerstrip.connect.tokens import TokenState

IntegrationStatus = Literal["active", "inactive", "expired"]
ReadinessState = Literal["connected", "built_in", "needs_setup", "catalog_only", "unavailable"]
CapabilityReadiness = Literal["ready", "needs_setup"]
CapabilityReadinessReason = Literal[
    "not_configured", "inactive", "expired", "provider_unavailable", "permission_missing", "not_implemented"
]


class CreateIntegrationRequest(Asked):
    """A new connection to a provider."""

    name: Name
    provider: str = Field(max_length=200)
    credentials: Object | None = Field(default=None, repr=False)
    """Sealed, and never given back."""
    config: Object = Field(default_factory=dict[str, Any])
    auth_kind: str | None = Field(default=None, max_length=80)
    """The way to sign in, where the provider has several."""
    mode: Mode | None = None
    """A sandbox sends nothing, for good. The project's mode where it is left out."""
    probe: bool = False
    """Ask the provider first; a refused credential is not kept."""


class UpdateIntegrationRequest(Asked):
    """What is left out stays as it is; `config` and `credentials` are replaced as a whole."""

    name: Name | None = None
    credentials: Object | None = Field(default=None, repr=False)
    config: Object | None = None
    status: IntegrationStatus | None = None
    accept_impact: bool = False
    """Do it although it stops what others do."""


class CopyIntegrationRequest(Asked):
    """Which integration to copy into this project."""

    source_project_id: Id
    source_integration_id: Id
    name: Name | None = None
    replace: bool = False
    """Write it over one that has the name already; that one keeps its id and its mode."""
    accept_impact: bool = False
    """Do it although it stops what others do."""


class RotateIntegrationRequest(Asked):
    """A new credential."""

    credentials: Object = Field(repr=False)
    probe: bool | None = None
    """Ask the provider with the new one before it takes the old one's place. Unsaid: where there is a call for it."""
    accept_other_account: bool = False
    """Take a credential that belongs to another account."""


class Account(Told):
    """Whose credential it is, at the provider."""

    id: str
    name: str | None = None


class DayOfCalls(Told):
    """Calls of the last 24 hours."""

    calls: int
    failures: int


class AccessToken(Told):
    """What may be told of an access token that the hub fetched. The token itself is never given out."""

    expires_at: datetime | None = None
    fetched_at: datetime | None = None
    renewable: bool
    """Whether the hub can renew it without asking anybody."""
    granted_scopes: list[str] | None = None
    """Left out where the provider never said what it granted."""
    missing_scopes: list[str]
    """What the provider's adapter asks for and was not granted."""
    problem: str | None = None
    """Why the last renewal brought nothing."""

    @classmethod
    def of(cls, state: TokenState) -> "AccessToken":
        """From what the hub knows of it."""
        return cls(
            expires_at=None if state.expires_at is None else datetime.fromisoformat(state.expires_at),
            fetched_at=None if state.fetched_at is None else datetime.fromisoformat(state.fetched_at),
            renewable=state.renewable,
            granted_scopes=None if state.granted is None else list(state.granted),
            missing_scopes=list(state.missing),
            problem=state.problem or None,
        )


class Integration(Told):
    """A connection to one provider. It never holds a credential."""

    id: str
    name: str
    provider: str
    config: Object
    status: IntegrationStatus
    status_reason: str | None = None
    mode: Mode
    auth_kind: str
    has_credentials: bool
    account: Account | None = None
    created_by: str | None = None
    expires_at: datetime | None = None
    tested_at: datetime | None = None
    last_used_at: datetime | None = None
    """When an action was last called with it. Left out in the answer to a change."""
    last_day: DayOfCalls | None = None
    """In the answer for one integration alone."""
    token: AccessToken | None = None
    """In the answer for one integration alone, where the hub fetches its access token."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(
        cls,
        row: store.Integration,
        used: str | None = None,
        last_day: DayOfCalls | None = None,
        token: AccessToken | None = None,
    ) -> "Integration":
        """From the row, and what is known of its use."""
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        account = Account(id=row.account_id, name=row.account_name) if row.account_id else None
        more = {"status_reason": row.status_reason or None, "has_credentials": row.credential_version > 0, "account": account}
        more |= {"last_used_at": used, "last_day": last_day, "token": token}
        return cls.model_validate(facts | more)


class IntegrationListResponse(Told):
    """A page of integrations. `data` is the same list under its older name."""

    items: list[Integration]
    data: list[Integration]
    next_cursor: str | None = None
    has_more: bool


class IntegrationTest(Told):
    """What a connection test found. `simulated`: a sandbox asks nobody."""

    ok: bool
    account: Account | None = None
    error: str | None = None
    error_type: str | None = None
    simulated: bool

    @classmethod
    def of(cls, probe: connect.Probe) -> "IntegrationTest":
        """From what the test found."""
        account = Account(id=probe.account_id, name=probe.account_name) if probe.account_id else None
        return cls(ok=probe.ok, account=account, error=probe.error, error_type=probe.error_type, simulated=probe.simulated)


class Choice(Told):
    """One value to choose, with the words a person knows it by."""

    value: str
    label: str
    detail: str


class PickerResponse(Told):
    """A page of choices. `complete` is false where the hub stopped looking; `cached_age` is in seconds."""

    choices: list[Choice]
    next_cursor: str | None = None
    has_more: bool
    complete: bool
    cached_age: float


class IntegrationProviderConnection(Told):
    """The project's connection to a provider."""

    connected: bool
    integration_id: str | None = None
    integration_name: str | None = None
    status: IntegrationStatus | None = None


class IntegrationProviderEventType(Told):
    """An event of a provider."""

    name: str
    schema_version: int
    runtime_state: Literal["active", "planned", "deprecated"]
    description: str | None = None
    payload_schema: Object | None = None


class IntegrationProviderAction(Told):
    """An action of a provider."""

    name: str
    title: str
    description: str
    input_schema: Object
    output_schema: Object


class ReferenceType(Told):
    """A picker: a list of the provider's values to choose from."""

    id: str
    description: str
    searches: bool
    depends: list[str]


class IntegrationProvider(Told):
    """One installed provider and what it can do."""

    name: str
    display_name: str
    description: str
    category: str
    icon: str
    auth_kind: str
    auth_kinds: list[str]
    connect_mode: str
    docs_url: str | None = None
    tier: Literal["bronze", "silver", "gold", "platinum"] | None = None
    """What the adapter's package shows of its quality; null where it shows nothing of this code."""
    tier_computed_at: str | None = None
    capabilities: dict[str, bool]
    connection: IntegrationProviderConnection
    readiness: ReadinessState
    readiness_reason: CapabilityReadinessReason | None = None
    message: str
    events: list[IntegrationProviderEventType]
    actions: list[IntegrationProviderAction]
    reference_types: list[ReferenceType]
    trigger_patterns: list[Object]
    webhook_endpoints: list[Object]


class IntegrationProvidersResponse(Told):
    """Every installed provider, those that are not usable with the reason."""

    providers: list[IntegrationProvider]


class AuthForm(Told):
    """One way to sign in. `form` is a JSON Schema; the fields in `secret_fields` are to be masked."""

    kind: str
    connect_mode: str
    help: str
    form: Object
    secret_fields: list[str]


class IntegrationProviderForms(IntegrationProvider):
    """One provider with the forms to connect it."""

    auth: list[AuthForm]
    config_schema: Object
    base_url: str
    hosts: list[str]
    webhook: Object | None = None
