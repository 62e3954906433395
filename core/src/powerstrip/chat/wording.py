"""How a provider's manifest is put into questions, plans and forms."""

import re
from collections.abc import Mapping
from typing import Any, cast

from powerstrip.catalog import AuthManifest, ProviderManifest
from powerstrip.chat.parser.text import fold
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


def explained(manifest: ProviderManifest, auth: AuthManifest | None, words: str) -> str:
    """What a folded text asks of a provider's fields: each that it names, where its keys are found, its documentation."""
    fields: dict[str, Any] = {**manifest.config_schema.get("properties", {}), **(auth.form.get("properties", {}) if auth else {})}
    meant = [
        name
        for name in fields
        if any(re.search(rf"\b{re.escape(each)}s?\b", words) for each in (plain(name), fold(label(name, fields[name]))))
    ]
    about = [
        f"{fields[name].get('title') or plain(name).capitalize()}:{reason(fields[name]) or ' its adapter says no more.'}"
        for name in meant
    ]
    where = auth.help if auth else " ".join(f"{first_sentence(each.help)}." for each in manifest.auths if each.help)
    at = f"Its documentation: {manifest.docs_url}" if manifest.docs_url else ""
    return " ".join(each for each in (*about, where, at) if each)


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


def said(value: Any, *, deep: bool = False) -> str:
    """A value as people write it: `channel: #ops, text: Hi`. With `deep` each part of an object has a line of its own."""
    if isinstance(value, Mapping):
        rows = cast("Mapping[str, Any]", value).items()
        filled = [(name, each) for name, each in rows if each not in (None, "", [], {})]
        return "\n".join(_row(*each) for each in filled) if deep else ", ".join(f"{name}: {said(each)}" for name, each in filled)
    if isinstance(value, list):
        parts = [said(each) for each in cast("list[Any]", value)]
        return "\n".join(f"- {each}" for each in parts) if deep else ", ".join(parts)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else str(value)


def _row(name: str, value: Any) -> str:
    parts = cast("list[Any]", value) if isinstance(value, list) else []
    return f"{name}:\n{said(parts, deep=True)}" if any(isinstance(each, dict) for each in parts) else f"{name}: {said(value)}"
