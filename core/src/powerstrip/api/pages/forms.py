"""The page of a connect session: a form for each way to sign in, made of its schema."""

from collections.abc import Mapping, Sequence
from typing import Any

from powerstrip.api.pages.layout import Html, element, markup, page, void
from powerstrip.api.problems import Answer
from powerstrip.catalog import AuthManifest
from powerstrip.value import Hidden, Value, field

FIELD = "field."
"""Before the names of what is filled in."""


class Filled(Value):
    """What came back with errors: values that are no secret, and messages by field. `""` is the form as a whole."""

    auth_kind: str = ""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    errors: Mapping[str, str] = field(default_factory=dict[str, str])


class Invitation(Value):
    """What a connect session's page tells: the provider, where it will be connected, and until when the link is good."""

    title: str
    name: str
    project: str
    expires_at: str
    csrf: Hidden[str]


def session_page(
    invitation: Invitation, ways: Sequence[AuthManifest], goes_to: str = "", filled: Filled | None = None, status: int = 200
) -> Answer:
    """The first way open, the others behind a word. `goes_to` is the provider's origin, for a consent."""
    filled = filled or Filled()
    ways = sorted(ways, key=lambda way: way.kind != filled.auth_kind) if filled.auth_kind else ways
    intro = element(
        "p",
        "Somebody asks you to connect ",
        element("strong", invitation.title),
        " to the project ",
        element("strong", invitation.project),
        f" as “{invitation.name}”. What you enter goes to this hub, is sealed there, and is never shown again.",
    )
    first, others = ways[0], ways[1:]
    parts = [intro, _form(first, invitation, filled)]
    parts += [element("details", element("summary", _way(way, invitation)), _form(way, invitation, Filled())) for way in others]
    over = f"The link is good once, until {invitation.expires_at[:10]} {invitation.expires_at[11:16]} UTC."
    return page(f"Connect {invitation.title}", "calm", *parts, element("p", over, class_="help"), status=status, goes_to=goes_to)


def _way(way: AuthManifest, invitation: Invitation) -> str:
    if way.connect == "redirect":
        return f"Or sign in at {invitation.title}"
    return "Or use " + ", ".join(schema.get("title", name) for name, schema in _fields(way))


def _form(way: AuthManifest, invitation: Invitation, filled: Filled) -> Html:
    hidden = [
        void("input", type="hidden", name="csrf", value=invitation.csrf),
        void("input", type="hidden", name="auth_kind", value=way.kind),
    ]
    whole = filled.errors.get("")
    notice = [element("p", whole, class_="notice", role="alert")] if whole else []
    if way.connect == "redirect":
        button = element("button", f"Continue to {invitation.title}", type="submit")
        return element("form", *hidden, *notice, button, method="post")
    required = way.form.get("required", ())
    fields = [_field(way, name, schema, name in required, filled) for name, schema in _fields(way)]
    button = element("button", "Connect", type="submit")
    return element("form", *hidden, *notice, *fields, button, method="post", autocomplete="off")


def _fields(way: AuthManifest) -> list[tuple[str, dict[str, Any]]]:
    return list(way.form.get("properties", {}).items())


def _field(way: AuthManifest, name: str, schema: Mapping[str, Any], required: bool, filled: Filled) -> Html:
    place, error, help_text = f"{way.kind}-{name}", filled.errors.get(name), schema.get("description")
    told = [f"{place}-help"] if help_text else []
    told += [f"{place}-error"] if error else []
    label: list[Html | str] = [schema.get("title") or name]
    if not required:
        label.append(element("span", " (optional)", class_="optional"))
    parts = [element("label", *label, for_=place), _input(way, place, name, schema, required, filled, " ".join(told) or None)]
    if error:
        parts.append(element("p", error, class_="error", id=f"{place}-error", role="alert"))
    if help_text:
        parts.append(element("p", help_text, class_="help", id=f"{place}-help"))
    return element("div", *parts, class_="field")


def _input(
    way: AuthManifest, place: str, name: str, schema: Mapping[str, Any], required: bool, filled: Filled, told: str | None
) -> Html:
    secret = name in way.secret_fields
    value = "" if secret else filled.values.get(name, "")
    common: dict[str, str | None] = {
        "id": place,
        "name": FIELD + name,
        "required": "" if required else None,
        "aria_describedby": told,
        "aria_invalid": "true" if name in filled.errors else None,
        "spellcheck": "false",
        "autocapitalize": "off",
    }
    if _has_lines(schema):
        return element("textarea", markup(value), class_="masked" if secret else None, autocomplete="off", **common)
    kind, remembered = ("password", "new-password") if secret else ("text", "off")
    return void("input", type=kind, value=value or None, autocomplete=remembered, **common)


def _has_lines(schema: Mapping[str, Any]) -> bool:
    """Keys and certificates are pasted with their line breaks, which a one-line field would drop."""
    return any(word in str(schema.get("title", "")) for word in ("PEM", "JSON"))
