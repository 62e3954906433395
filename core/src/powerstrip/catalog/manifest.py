"""What the catalog says of a provider: plain values that go to JSON and back, made without calling the provider."""

from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict

from powerstrip.adapter.auth import ConnectMode

Schema: TypeAlias = dict[str, Any]


class Value(BaseModel):
    """The base: it does not change once made."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class AuthSummary(Value):
    """One way to sign in. `needs_token`: the hub fetches an access token before it can sign."""

    kind: str
    connect: ConnectMode
    needs_token: bool = False


class AuthManifest(AuthSummary):
    """The same with its form. `form` is a JSON Schema; the fields in `secret_fields` are masked and never given back."""

    help: str = ""
    form: Schema
    secret_fields: tuple[str, ...] = ()


class Hints(Value):
    """Safe-use hints of an action, as `powerstrip.adapter.Annotations` has them."""

    read_only: bool = False
    idempotent: bool = False
    destructive: bool = False


class ActionManifest(Value):
    """One action. `name` is the provider's id and the action's, joined by a dot. Schemas speak our field names."""

    name: str
    provider: str
    id: str
    title: str
    summary: str
    input_schema: Schema
    output_schema: Schema
    examples: tuple[dict[str, Any], ...] = ()
    """Inputs that validate."""
    annotations: Hints = Hints()
    aliases: tuple[str, ...] = ()
    deprecated: str = ""
    integration: str = ""
    """The id of the one integration that it belongs to, where it was made of that integration's definition."""


class EventManifest(Value):
    """One event. A data-change event names the `entity` that changes and the field that is its `key`."""

    name: str
    provider: str
    id: str
    summary: str
    data_schema: Schema
    example: dict[str, Any] | None = None
    entity: str = ""
    key: str = ""
    change: str = ""


class PickerManifest(Value):
    """One reference type. `searches`: the provider searches itself. `depends`: fields to be filled first."""

    id: str
    summary: str
    searches: bool = False
    depends: tuple[str, ...] = ()


class WebhookManifest(Value):
    """How deliveries are verified. A scheme `none` has its reason; others need a secret, and `made_by` says who makes it."""

    scheme: str
    reason: str = ""
    made_by: str = "none"
    """hub, provider, handover (in its first delivery) or none."""
    label: str = ""
    help: str = ""


class ProviderSummary(Value):
    """What a list of providers needs. `problem` is set once an adapter that was fine in the index fails to be imported."""

    id: str
    title: str
    description: str = ""
    category: str = ""
    icon: str = ""
    docs_url: str = ""
    aka: tuple[str, ...] = ()
    built_in: bool = False
    planned: bool = False
    dynamic: bool = False
    """Its integrations can have actions of their own."""
    auth: tuple[AuthSummary, ...] = ()
    action_ids: tuple[str, ...] = ()
    aliases: dict[str, str] = {}
    """Full alias → action id."""
    event_ids: tuple[str, ...] = ()
    picker_ids: tuple[str, ...] = ()
    distribution: str = ""
    version: str = ""
    problem: str = ""
    tier: str = ""
    """bronze, silver, gold or platinum, as the package says of this very code; empty where it says nothing."""
    tier_computed_at: str = ""


class ProviderManifest(ProviderSummary):
    """Everything the catalog knows of a provider."""

    base_url: str = ""
    base_url_field: str = ""
    hosts: tuple[str, ...] = ()
    config_schema: Schema
    auths: tuple[AuthManifest, ...] = ()
    actions: tuple[ActionManifest, ...] = ()
    events: tuple[EventManifest, ...] = ()
    pickers: tuple[PickerManifest, ...] = ()
    webhook: WebhookManifest | None = None
    account_check: bool = False
    """There is a call that tells whose credential it is; it doubles as the connection test."""


class BrokenPlugin(Value):
    """An installed plugin that is not in the catalog, and why. `name` is its entry point's; `blocked` by the operator."""

    name: str
    distribution: str = ""
    version: str = ""
    reason: str
    blocked: bool = False
