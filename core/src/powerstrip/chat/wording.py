"""How a provider's manifest is put into questions, plans and forms."""

from collections.abc import Mapping
from typing import Any

from powerstrip.catalog import AuthManifest, ProviderManifest
from powerstrip.chat.state import Field, Form, State


def fields_of(auth: AuthManifest) -> list[str]:
    """The names of a form's fields."""
    return list(auth.form.get("properties", {}))


def form_of(manifest: ProviderManifest, auth: AuthManifest, filled: set[str]) -> Form:
    """The form of a way to sign in, without what is filled already."""
    required = set(auth.form.get("required", ()))
    shown = tuple(
        Field(
            name, schema.get("title") or plain(name), schema.get("description", ""), name in auth.secret_fields, name in required
        )
        for name, schema in auth.form.get("properties", {}).items()
        if name not in filled
    )
    return Form(manifest.id, auth.kind, f"{manifest.title}: {plain(auth.kind)}", shown, auth.help)


def plain(name: str) -> str:
    """A name as people write it."""
    return name.replace("_", " ")


def listed(names: list[str]) -> str:
    """Fields in a sentence."""
    return " and ".join(f"the {plain(name)}" for name in names)


def label(name: str, schema: Mapping[str, Any]) -> str:
    """A setting's title within a sentence."""
    title = str(schema.get("title") or plain(name))
    return title[:1].lower() + title[1:]


def reason(schema: Mapping[str, Any]) -> str:
    """Why a setting is asked for, as its adapter says."""
    return f" {schema['description'].rstrip('.')}." if schema.get("description") else ""


def is_complex(schema: Mapping[str, Any]) -> bool:
    """Whether a setting is no single value, or a secret."""
    return schema.get("type") in ("object", "array") or schema.get("writeOnly", False)


def first_sentence(text: str) -> str:
    """The beginning of a help text."""
    return text.split(". ")[0].rstrip(".") if text else ""


def plan_of(state: State, title: str) -> str:
    """What will be connected, in a sentence."""
    settings = ", ".join(f"{plain(name)} {value}" for name, value in state.config.items())
    return f"Plan: connect {title}{f' as {state.name}' if state.name else ''}{f' with {settings}' if settings else ''}."
