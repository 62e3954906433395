"""From an adapter to its manifest."""

from typing import Any

from pydantic import BaseModel

from powerstrip.adapter import Action, Adapter, Auth, Event, Unverified
from powerstrip.adapter.mock import mock
from powerstrip.adapter.model import by_name
from powerstrip.adapter.rules import full_alias
from powerstrip.adapter.schemas import compile_schema, input_schema, output_schema, secrets
from powerstrip.catalog.manifest import (
    ActionManifest,
    AuthManifest,
    AuthSummary,
    EventManifest,
    Hints,
    PickerManifest,
    ProviderManifest,
    ProviderSummary,
    Schema,
    WebhookManifest,
)


def describe(adapter: Adapter, distribution: str = "", version: str = "") -> ProviderManifest:
    """The manifest of an adapter that keeps the rules of `powerstrip.adapter.rules`."""
    actions = tuple(describe_action(adapter, action) for action in adapter.actions.values())
    auths = tuple(_auth(auth) for auth in adapter.auths)
    return ProviderManifest(
        id=adapter.id,
        title=adapter.title,
        description=adapter.description,
        category=adapter.category,
        icon=adapter.icon,
        docs_url=adapter.docs_url,
        aka=adapter.aka,
        built_in=adapter.built_in,
        planned=adapter.planned,
        dynamic=adapter.dynamic is not None,
        auth=tuple(AuthSummary(kind=auth.kind, connect=auth.connect, needs_token=auth.needs_token) for auth in auths),
        action_ids=tuple(adapter.actions),
        aliases={alias: action.id for action in actions for alias in action.aliases},
        event_ids=tuple(adapter.events),
        picker_ids=tuple(adapter.pickers),
        distribution=distribution,
        version=version,
        base_url=adapter.base_url,
        base_url_field=adapter.base_url_field,
        hosts=adapter.hosts,
        config_schema=input_schema(adapter.config),
        auths=auths,
        actions=actions,
        events=tuple(_event(adapter, event) for event in adapter.events.values()),
        pickers=tuple(
            PickerManifest(id=each.id, summary=each.summary, searches=each.searches, depends=each.depends)
            for each in adapter.pickers.values()
        ),
        webhook=_webhook(adapter),
        account_check=adapter.whoami is not None,
    )


def summary_of(manifest: ProviderManifest) -> ProviderSummary:
    """The part of a manifest that the index keeps."""
    return ProviderSummary(**{name: getattr(manifest, name) for name in ProviderSummary.model_fields})


def _auth(auth: Auth) -> AuthManifest:
    form = input_schema(auth.form())
    return AuthManifest(
        kind=auth.kind,
        connect=auth.connect,
        needs_token=auth.needs_token,
        help=auth.help,
        form=form,
        secret_fields=tuple(dict.fromkeys(secrets(form))),
    )


def describe_action(adapter: Adapter, action: Action[Any, Any]) -> ActionManifest:
    """The manifest of one action."""
    hints = action.annotations
    schema = input_schema(action.input)
    return ActionManifest(
        name=f"{adapter.id}.{action.id}",
        provider=adapter.id,
        id=action.id,
        title=action.title,
        summary=action.summary,
        input_schema=schema,
        output_schema=output_schema(action.output),
        examples=_examples(action.input, schema, action.id),
        annotations=Hints(read_only=hints.read_only, idempotent=hints.idempotent, destructive=hints.destructive),
        aliases=tuple(full_alias(adapter.id, alias) for alias in action.aliases),
        deprecated=action.deprecated,
        integration=action.integration,
    )


def _examples(model: type[BaseModel], schema: Schema, seed: str) -> tuple[dict[str, Any], ...]:
    """The model's own examples that validate, or else one made up; none where nothing can be made up."""
    valid = compile_schema(schema).is_valid
    if own := tuple(example for example in schema.get("examples", ()) if valid(example)):
        return own
    made = _made_up(model, seed)
    return (made,) if made is not None and valid(made) else ()


def _event(adapter: Adapter, event: Event) -> EventManifest:
    return EventManifest(
        name=f"{adapter.id}.{event.id}",
        provider=adapter.id,
        id=event.id,
        summary=event.summary,
        data_schema=output_schema(event.model),
        example=_made_up(event.model, event.id),
        entity=event.entity,
        key=event.key,
        change=event.change,
    )


def _made_up(model: type[BaseModel], seed: str) -> dict[str, Any] | None:
    try:
        return by_name(mock(model, seed))
    except ValueError:
        return None


def _webhook(adapter: Adapter) -> WebhookManifest | None:
    if adapter.verify is None:
        return None
    reason = adapter.verify.reason if isinstance(adapter.verify, Unverified) else ""
    scheme = adapter.verify
    return WebhookManifest(scheme=scheme.scheme, reason=reason, made_by=scheme.made_by, label=scheme.label, help=scheme.help)
