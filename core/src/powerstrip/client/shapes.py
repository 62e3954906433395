"""The hub's answers as typed dictionaries: what is always there, and what may be. A value that is null is left out.

They cost nothing at run time, and a newer hub may send more fields than are named here.
"""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

Json: TypeAlias = dict[str, Any]
Mode: TypeAlias = Literal["live", "sandbox"]
Status: TypeAlias = Literal["active", "inactive", "expired"]
Trouble: TypeAlias = Literal["unauthorized", "rate_limited", "server_error", "timeout"]
"""What a sandbox can be asked to answer instead of a mock."""


class Project(TypedDict):
    """A workspace."""

    id: str
    name: str
    handle: str
    access_mode: str
    created_at: str
    updated_at: str
    mode: NotRequired[Mode]
    description: NotRequired[str]
    archived_at: NotRequired[str]
    tags: NotRequired[dict[str, str]]


class HourOfActivity(TypedDict):
    """The figures of one hour."""

    at: str
    calls: int
    call_failures: int
    events: int
    event_failures: int
    runs: int
    run_failures: int


class Integration(TypedDict):
    """A connection to one provider, without its credentials."""

    id: str
    name: str
    provider: str
    status: Status
    created_at: str
    updated_at: str
    config: NotRequired[Json]
    mode: NotRequired[Mode]
    auth_kind: NotRequired[str]
    has_credentials: NotRequired[bool]
    account: NotRequired["Account"]
    status_reason: NotRequired[str]
    last_used_at: NotRequired[str]
    last_day: NotRequired["DayOfCalls"]
    token: NotRequired["AccessToken"]


class AccessToken(TypedDict):
    """What may be told of an access token that the hub fetched. The token itself is never given out."""

    renewable: bool
    missing_scopes: list[str]
    expires_at: NotRequired[str]
    fetched_at: NotRequired[str]
    granted_scopes: NotRequired[list[str]]
    problem: NotRequired[str]


class DayOfCalls(TypedDict):
    """Calls of the last 24 hours."""

    calls: int
    failures: int


class PlannedChange(TypedDict):
    """One thing that a change would make different."""

    field: str
    before: NotRequired[Any]
    after: NotRequired[Any]


class Breakage(TypedDict):
    """One thing that would stop working."""

    kind: str
    why: str
    id: NotRequired[str]
    name: NotRequired[str]


class Use(TypedDict):
    """Uses of an integration by one principal, by one API key (`uses`), or of one action."""

    last_used_at: str
    id: NotRequired[str]
    name: NotRequired[str]
    calls: NotRequired[int]
    uses: NotRequired[int]
    failures: NotRequired[int]
    scopes: NotRequired[list[str]]


class Dependent(TypedDict):
    """A thing that is built on an integration; `parts` are the places in it."""

    kind: str
    id: str
    name: str
    parts: list[str]
    actions: list[str]
    version: NotRequired[str]


class Impact(TypedDict):
    """Who and what uses an integration. Where `complete` is false, counts are lower bounds."""

    since: str
    principals: list[Use]
    keys: list[Use]
    actions: list[Use]
    kept_calls: int
    copies: Json
    dependents: list[Dependent]
    scopes: list[str]
    complete: bool


class Plan(TypedDict):
    """What a change would do. Where `breaks` is not empty, it needs `accept_impact`."""

    operation: str
    integration_name: str
    provider: str
    changes: list[PlannedChange]
    breaks: list[Breakage]
    integration_id: NotRequired[str]
    impact: NotRequired[Impact]


class ImportEntry(TypedDict):
    """What an import does with one integration of a bundle."""

    provider: str
    name: str
    state: Literal["new", "changed", "same", "conflict", "missing_provider"]
    changes: list[PlannedChange]
    breaks: list[Breakage]
    reason: NotRequired[str]
    integration_id: NotRequired[str]


class ImportResult(TypedDict):
    """A bundle beside a project. `applied` says whether it was imported."""

    applied: bool
    sealed: bool
    entries: list[ImportEntry]


class HistoryStep(TypedDict):
    """One change of an integration."""

    at: str
    action: str
    fields: list[str]
    by: NotRequired[str]
    status_before: NotRequired[str]
    status: NotRequired[str]
    reason: NotRequired[str]


class Connection(TypedDict):
    """The project's connection to a provider, where there is one."""

    connected: bool
    integration_id: NotRequired[str]
    integration_name: NotRequired[str]
    status: NotRequired[Status]


class ProviderAction(TypedDict):
    """An action as the provider catalog lists it."""

    name: str
    title: NotRequired[str]
    description: NotRequired[str]


class ReferenceType(TypedDict):
    """A picker: a list of the provider's values to choose from."""

    id: str
    description: str
    searches: bool
    depends: list[str]


class AuthForm(TypedDict):
    """One way to sign in; `form` is a JSON Schema of the fields to fill."""

    kind: str
    connect_mode: str
    help: str
    form: Json
    secret_fields: list[str]


class ProviderEvent(TypedDict):
    """An event as the provider catalog lists it."""

    name: str
    description: NotRequired[str]


class Provider(TypedDict):
    """One entry of the provider catalog."""

    name: str
    display_name: str
    auth_kind: str
    connection: Connection
    actions: list[ProviderAction]
    events: list[ProviderEvent]
    description: NotRequired[str]
    category: NotRequired[str]
    docs_url: NotRequired[str]
    tier: NotRequired[str]
    tier_computed_at: NotRequired[str]
    connect_mode: NotRequired[str]
    auth_kinds: NotRequired[list[str]]
    readiness: NotRequired[str]
    readiness_reason: NotRequired[str]
    message: NotRequired[str]
    reference_types: NotRequired[list[ReferenceType]]


class ProviderForms(Provider):
    """The same with the forms to connect it."""

    auth: list[AuthForm]
    config_schema: Json
    base_url: NotRequired[str]
    hosts: NotRequired[list[str]]


class ActionEntry(TypedDict):
    """One entry of the action catalog."""

    name: str
    source: str
    readiness: str
    endpoint_kind: str
    risk: str
    annotations: dict[str, bool]
    title: NotRequired[str]
    description: NotRequired[str]
    integration: NotRequired[str]
    readiness_reason: NotRequired[str]
    input_schema: NotRequired[Json]
    output_schema: NotRequired[Json]
    message: NotRequired[str]
    examples: NotRequired[list[Json]]
    aliases: NotRequired[list[str]]
    deprecated: NotRequired[str]


class EventSource(TypedDict):
    """One source of the event catalog, with its event types."""

    prefix: str
    kind: str
    readiness: str
    display_name: str
    event_types: list[ProviderEvent]


class SandboxRequest(TypedDict):
    """A request that a sandbox recorded instead of sending it."""

    id: str
    method: str
    url: str
    headers: list[list[str]]
    body: str
    body_encoding: NotRequired[str]
    body_size: NotRequired[int]
    provider: NotRequired[str]
    action_name: NotRequired[str]
    integration_id: NotRequired[str]
    invocation_id: NotRequired[str]
    idempotency_key: NotRequired[str]
    created_at: NotRequired[str]


class CallResult(TypedDict):
    """What came of a call. `failed` carries the provider's words in `error`.

    `replayed` is there and true where the idempotency key was used before: nothing was called again.
    """

    status: Literal["active", "completed", "failed"]
    invocation_id: NotRequired[str]
    job_id: NotRequired[str]
    mode: NotRequired[Mode]
    output: NotRequired[Json]
    error: NotRequired[str]
    error_type: NotRequired[str]
    retry_after: NotRequired[float]
    would_have_sent: NotRequired[list[SandboxRequest]]
    replayed: NotRequired[bool]


class Invocation(TypedDict):
    """One row of the invocation log."""

    id: str
    action_name: str
    source: str
    status: str
    retry_count: int
    started_at: str
    finished_at: NotRequired[str]
    mode: NotRequired[Mode]
    provider: NotRequired[str]
    integration_id: NotRequired[str]
    run_id: NotRequired[str]
    job_id: NotRequired[str]
    step_name: NotRequired[str]
    dry_run: NotRequired[bool]
    parameters: NotRequired[Json]
    output_summary: NotRequired[Json]
    error_type: NotRequired[str]
    error_message: NotRequired[str]


class Account(TypedDict):
    """Whose credential it is, at the provider."""

    id: str
    name: NotRequired[str]


class Probe(TypedDict):
    """What a connection test found. `simulated`: a sandbox asks nobody."""

    ok: bool
    simulated: bool
    account: NotRequired[Account]
    error: NotRequired[str]
    error_type: NotRequired[str]


class StoredFile(TypedDict):
    """A file kept in the hub for a call."""

    id: str
    size: int
    name: NotRequired[str]
    media_type: NotRequired[str]
    sha256: NotRequired[str]
    expires_at: NotRequired[str]


class ApiKey(TypedDict):
    """An API key without its secret part."""

    id: str
    name: str
    key_prefix: str
    project_id: str
    principal_id: str
    created_at: str
    updated_at: str
    expires_at: NotRequired[str]
    last_used_at: NotRequired[str]
    revoked_at: NotRequired[str]


class NewApiKey(ApiKey):
    """A key as it is shown once, when it is made."""

    key: str


class Principal(TypedDict):
    """Who acts in a project."""

    id: str
    kind: str
    state: str
    name: str
    created_at: str
    updated_at: str
    role_ids: NotRequired[list[str]]


class Role(TypedDict):
    """A named bundle of permissions."""

    id: str
    name: str
    permissions: list[str]
    system_defined: bool
    created_at: str
    updated_at: str
    description: NotRequired[str]


class RoleAssignment(TypedDict):
    """A role that a principal holds."""

    id: str
    user_id: str
    role_id: str
    role_name: str
    project_id: str
    created_at: str


class AuditEntry(TypedDict):
    """One link of the audit chain."""

    id: str
    action: str
    resource_type: str
    resource_id: str
    created_at: str
    resource_name: NotRequired[str]
    actor_name: NotRequired[str]
    credential_name: NotRequired[str]
    changes: NotRequired[Json]


class AuditReport(TypedDict):
    """Whether every link of the audit chain holds, and the first that does not."""

    intact: bool
    rows: int
    reason: NotRequired[str]
    broken_seq: NotRequired[int]


class Choice(TypedDict):
    """One value that a picker offers."""

    value: str
    label: str
    detail: NotRequired[str]


class PlatformApp(TypedDict):
    """This hub as an OAuth client of a provider. The secret is never in it."""

    provider: str
    client_id: str
    method: Literal["basic", "post", "none"]
    has_secret: bool
    created_at: str
    updated_at: str
    redirect_uri: NotRequired[str]


class Consent(TypedDict):
    """A person's way over a provider's consent page, or its end."""

    id: str
    status: Literal["pending", "connected", "failed"]
    provider: str
    name: str
    way: str
    scopes: list[str]
    created_at: str
    expires_at: str
    authorize_url: NotRequired[str]
    user_code: NotRequired[str]
    redirect_uri: NotRequired[str]
    interval_seconds: NotRequired[int]
    integration_id: NotRequired[str]
    granted_scopes: NotRequired[list[str]]
    missing_scopes: NotRequired[list[str]]
    reason: NotRequired[str]
    reason_code: NotRequired[str]


class ConnectSession(TypedDict):
    """A link for somebody without an account. `url` is there when it is made, and not again."""

    id: str
    provider: str
    name: str
    status: Literal["open", "used", "revoked", "expired"]
    auth_kinds: list[str]
    created_at: str
    expires_at: str
    url: NotRequired[str]
    integration_id: NotRequired[str]
    finished_at: NotRequired[str]


class EventStatus(TypedDict):
    """How far the processing of an event is; `missing` where it was not handed on."""

    status: Literal["pending", "processing", "succeeded", "retrying", "failed", "dead", "missing"]
    id: NotRequired[str]
    attempts: NotRequired[int]
    last_error: NotRequired[str]
    processed_at: NotRequired[str]


class ReceivedEvent(TypedDict):
    """A row of the ledger of events."""

    id: str
    provider: str
    integration_id: str
    event_type: str
    schema_version: int
    source: Literal["webhook", "sync", "synthetic"]
    dedup_key: str
    received_at: str
    raw_payload_truncated: bool
    source_event: EventStatus
    status: Literal["received", "refused", "conflict"]
    duplicates: int
    reason: NotRequired[str]
    endpoint_id: NotRequired[str]
    occurred_at: NotRequired[str]
    payload: NotRequired[Json]
    payload_summary: NotRequired[Json]
    raw_kept_until: NotRequired[str]
    replay_of: NotRequired[str]


class EventStage(TypedDict):
    """One stage of an event's way."""

    name: str
    state: Literal["done", "stopped", "waiting", "skipped"]
    detail: str
    at: NotRequired[str]
    more: NotRequired[Json]


class Endpoint(TypedDict):
    """An address that a provider sends to. `secret` is there when it is made or rotated, and not again."""

    id: str
    provider: str
    url: str
    enabled: bool
    scheme: str
    secret_made_by: Literal["hub", "provider", "handover", "none"]
    waits_for_secret: bool
    steps: list[str]
    created_at: str
    updated_at: str
    integration_id: NotRequired[str]
    reason: NotRequired[str]
    secret: NotRequired[str]
    created_by: NotRequired[str]


class Subscription(TypedDict):
    """A webhook registration at the provider, as it is wanted and as it was found last."""

    id: str
    endpoint_id: str
    integration_id: str
    watch: Json
    events: list[str]
    state: Literal["pending", "active", "failed", "removing"]
    registration: Json
    created_at: str
    updated_at: str
    drift: NotRequired[str]
    drift_at: NotRequired[str]
    error: NotRequired[str]
    checked_at: NotRequired[str]
    next_check_at: NotRequired[str]


class SubscriptionStatus(TypedDict):
    """Subscriptions of an endpoint, and what it can be subscribed to."""

    items: list[Subscription]
    supported: bool
    steps: list[str]
    events: list[str]
    watch_schema: Json
    reason: NotRequired[str]


class SubscriptionPlan(TypedDict):
    """What publishing would do at the provider."""

    url: str
    events: list[str]
    watch: Json
    steps: list[str]
    simulated: bool
    drift: NotRequired[str]


class Poll(TypedDict):
    """A poll that an integration's adapter has."""

    integration_id: str
    provider: str
    poll: str
    summary: str
    enabled: bool
    seconds: int
    watch: Json
    watch_schema: Json
    failures: int
    found: int
    stopped: NotRequired[str]
    error: NotRequired[str]
    looked_at: NotRequired[str]
    next_look_at: NotRequired[str]
