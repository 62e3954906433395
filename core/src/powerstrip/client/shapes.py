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
    mode: NotRequired[Mode]
    output: NotRequired[Json]
    error: NotRequired[str]
    error_type: NotRequired[str]
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
