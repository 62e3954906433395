"""The catalog as the API tells it: manifests, and how ready each is for a project."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, TypeAlias, cast

from powerstrip.actions import PROVIDER
from powerstrip.api.shapes.actions import annotations_of
from powerstrip.api.shapes.calls import (
    ActionAnnotationsResponse,
    ActionCatalogEntry,
    ActionCatalogListResponse,
    ActionExecutionMetadata,
    EventCatalogEventType,
    EventCatalogReservedPrefix,
    EventCatalogResponse,
    EventCatalogSource,
)
from powerstrip.api.shapes.integrations import (
    AuthForm,
    IntegrationProvider,
    IntegrationProviderAction,
    IntegrationProviderConnection,
    IntegrationProviderEventType,
    IntegrationProviderForms,
    IntegrationProvidersResponse,
    ReferenceType,
)
from powerstrip.catalog import (
    ActionManifest,
    BrokenPlugin,
    Catalog,
    Connection,
    EventManifest,
    Hints,
    PickerManifest,
    ProviderManifest,
    Readiness,
    readiness,
)
from powerstrip.store import OwnAction, WorkerSession

Connections: TypeAlias = Mapping[str, list[Connection]]
Permitted: TypeAlias = Callable[[str], bool]
Platform: TypeAlias = Collection[str]
"""Ids of the providers whose OAuth client is configured."""
Risk: TypeAlias = Literal["low", "medium", "high", "critical"]

RESERVED = (
    EventCatalogReservedPrefix(prefix="schedule", kind="capability"),
    EventCatalogReservedPrefix(prefix="signal", kind="utility"),
)
HERE = ActionExecutionMetadata(supported_locations=["managed"], default_location="managed")


def providers(catalog: Catalog, connections: Connections, platform: Platform) -> IntegrationProvidersResponse:
    """Every installed provider; those that cannot be used come last, with the reason."""
    usable = [_provider(catalog.provider(each.id), connections, platform) for each in catalog.providers()]
    return IntegrationProvidersResponse(providers=[*usable, *(_broken(each) for each in catalog.broken())])


def provider(catalog: Catalog, id: str, connections: Connections, platform: Platform) -> IntegrationProviderForms:
    """One provider with its forms. Raises `NotFound`."""
    manifest = catalog.provider(id)
    return IntegrationProviderForms(
        **_provider(manifest, connections, platform).model_dump(),
        auth=[
            AuthForm(
                kind=each.kind,
                connect_mode=each.connect,
                help=each.help,
                form=each.form,
                secret_fields=list(each.secret_fields),
            )
            for each in manifest.auths
        ],
        config_schema=manifest.config_schema,
        base_url=manifest.base_url,
        hosts=list(manifest.hosts),
        webhook=manifest.webhook.model_dump() if manifest.webhook else None,
    )


def actions(catalog: Catalog, connections: Connections, permitted: Permitted, platform: Platform) -> ActionCatalogListResponse:
    """Every action of every provider."""
    entries = [_action(catalog, each, connections, permitted, platform) for each in catalog.actions()]
    return ActionCatalogListResponse(items=entries)


def action(catalog: Catalog, name: str, connections: Connections, permitted: Permitted, platform: Platform) -> ActionCatalogEntry:
    """One action, by name or alias. Raises `NotFound`."""
    return _action(catalog, catalog.action(name), connections, permitted, platform)


def events(catalog: Catalog, connections: Connections) -> EventCatalogResponse:
    """Every provider that sends events: ready where the hub can take them and the project is connected."""
    sources = [catalog.provider(each.id) for each in catalog.providers() if each.event_ids]
    items = [_source(each, readiness(each, connections.get(each.id, ()))) for each in sources]
    return EventCatalogResponse(items=items, reserved_prefixes=list(RESERVED))


def _provider(manifest: ProviderManifest, connections: Connections, platform: Platform) -> IntegrationProvider:
    ready = readiness(manifest, connections.get(manifest.id, ()), platform=platform)
    first = manifest.auths[0] if manifest.auths else None
    return IntegrationProvider(
        name=manifest.id,
        display_name=manifest.title,
        description=manifest.description,
        category=manifest.category,
        icon=manifest.icon,
        auth_kind=first.kind if first else "none",
        auth_kinds=[each.kind for each in manifest.auths],
        connect_mode="built_in" if manifest.built_in or first is None else first.connect,
        docs_url=manifest.docs_url or None,
        tier=cast(Any, manifest.tier) or None,
        tier_computed_at=manifest.tier_computed_at or None,
        capabilities=_capabilities(manifest),
        connection=_connection(ready),
        readiness=ready.state,
        readiness_reason=ready.reason,
        message=ready.message,
        events=[_event(manifest, each) for each in manifest.events],
        actions=[_provider_action(each) for each in manifest.actions],
        reference_types=[_picker(each) for each in manifest.pickers],
        trigger_patterns=[],
        webhook_endpoints=[],
    )


def _capabilities(manifest: ProviderManifest) -> dict[str, bool]:
    return {
        "connect": bool(manifest.auths) and not manifest.built_in,
        "actions": bool(manifest.actions),
        "events": bool(manifest.events),
        "pickers": bool(manifest.pickers),
        "webhook": manifest.webhook is not None,
        "test": manifest.account_check,
    }


def _connection(ready: Readiness) -> IntegrationProviderConnection:
    known = ready.connection
    if known is None:
        return IntegrationProviderConnection(connected=False)
    status = known.status if known.status in ("active", "inactive", "expired") else None
    return IntegrationProviderConnection(
        connected=known.status == "active", integration_id=known.id, integration_name=known.name, status=status
    )


def _event(provider: ProviderManifest, manifest: EventManifest) -> IntegrationProviderEventType:
    return IntegrationProviderEventType(
        name=manifest.name,
        schema_version=1,
        runtime_state="active" if _heard(provider) else "planned",
        description=manifest.summary,
        payload_schema=manifest.data_schema,
    )


def _heard(provider: ProviderManifest) -> bool:
    """Whether the hub has a way to hear of this provider's events."""
    return provider.webhook is not None or provider.built_in


def _provider_action(manifest: ActionManifest) -> IntegrationProviderAction:
    return IntegrationProviderAction(
        name=manifest.name,
        title=manifest.title,
        description=manifest.summary,
        input_schema=manifest.input_schema,
        output_schema=manifest.output_schema,
    )


def _picker(manifest: PickerManifest) -> ReferenceType:
    return ReferenceType(id=manifest.id, description=manifest.summary, searches=manifest.searches, depends=list(manifest.depends))


def _broken(plugin: BrokenPlugin) -> IntegrationProvider:
    return IntegrationProvider(
        name=plugin.name,
        display_name=plugin.name,
        description="",
        category="",
        icon="",
        auth_kind="none",
        auth_kinds=[],
        connect_mode="",
        capabilities={},
        connection=IntegrationProviderConnection(connected=False),
        readiness="unavailable",
        readiness_reason="provider_unavailable",
        message=f"The plugin {plugin.name} is installed and cannot be used: {plugin.reason}",
        events=[],
        actions=[],
        reference_types=[],
        trigger_patterns=[],
        webhook_endpoints=[],
    )


def _action(
    catalog: Catalog, manifest: ActionManifest, connections: Connections, permitted: Permitted, platform: Platform
) -> ActionCatalogEntry:
    known = [each for each in connections.get(manifest.provider, ()) if manifest.integration in ("", each.id)]
    summary, allowed = catalog.summary(manifest.provider), permitted(manifest.name)
    ready = readiness(summary, known, manifest.id, platform=platform, permitted=allowed)
    return ActionCatalogEntry(
        name=manifest.name,
        title=manifest.title,
        description=manifest.summary,
        endpoint_kind="builtin",
        integration=manifest.provider,
        source="platform",
        readiness="ready" if ready.ready else "needs_setup",
        readiness_reason=ready.reason,
        message=ready.message or None,
        risk=_risk(manifest.annotations),
        annotations=ActionAnnotationsResponse(**manifest.annotations.model_dump()),
        input_schema=manifest.input_schema,
        output_schema=manifest.output_schema,
        examples=list(manifest.examples),
        aliases=list(manifest.aliases),
        deprecated=manifest.deprecated or None,
        execution=HERE,
    )


def own_action(row: OwnAction, workers: Sequence[WorkerSession], permitted: Permitted) -> ActionCatalogEntry:
    """An action of the project's own. A worker action is ready while a connected worker offers it."""
    http = row.endpoint_kind == "http"
    offered = http or any(not each.action_names or row.name in each.action_names for each in workers)
    allowed = permitted(f"{PROVIDER}.{row.name}")
    reason = None if offered and allowed else "permission_missing" if not allowed else "provider_unavailable"
    hints = annotations_of(row)
    return ActionCatalogEntry(
        name=row.name,
        title=row.title or row.name,
        description=row.description,
        endpoint_kind="http" if http else "worker",
        source="custom",
        readiness="ready" if reason is None else "needs_setup",
        readiness_reason=reason,
        message="No connected worker offers this action" if reason == "provider_unavailable" else None,
        risk="high" if hints.destructive else "low" if hints.read_only else "medium",
        annotations=hints,
        input_schema=row.input_schema or {"type": "object"},
        output_schema=row.output_schema or {"type": "object"},
        endpoint_url=row.endpoint_url,
        examples=[],
        aliases=[],
        execution=HERE if http else by_workers(row.queue),
    )


def by_workers(queue: str) -> ActionExecutionMetadata:
    """Where a worker action runs."""
    return ActionExecutionMetadata(supported_locations=["worker"], default_location="worker", queue=queue)


def _risk(hints: Hints) -> Risk:
    if hints.destructive:
        return "high"
    return "low" if hints.read_only else "medium"


def _source(manifest: ProviderManifest, ready: Readiness) -> EventCatalogSource:
    heard = _heard(manifest)
    reason = ready.reason if heard else "not_implemented"
    return EventCatalogSource(
        prefix=manifest.id,
        kind="capability" if manifest.built_in else "integration",
        display_name=manifest.title,
        description=manifest.description or None,
        readiness="ready" if heard and ready.ready else "needs_setup",
        readiness_reason=None if heard and ready.ready else reason,
        event_types=[EventCatalogEventType(name=each.name, description=each.summary) for each in manifest.events],
    )
