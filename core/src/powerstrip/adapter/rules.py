"""What an adapter must be to enter a catalog. Each rule yields a sentence for every place that breaks it.

The catalog refuses an adapter on them; the conformance kit shows them to its author. So each sentence says what to mend.
"""

import re
import string
import unicodedata
from collections.abc import Callable, Iterator
from inspect import isclass
from typing import Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

from powerstrip.adapter.adapter import CONTRACT, Adapter
from powerstrip.adapter.auth import Auth
from powerstrip.adapter.mock import mock
from powerstrip.adapter.model import Model
from powerstrip.adapter.schemas import Schema, compile_schema, input_schema, output_schema, picks, secrets
from powerstrip.adapter.verify import SCHEMES, Verify

Rule: TypeAlias = Callable[[Adapter], Iterator[str]]

CATEGORIES: Final = (
    "Actions",
    "Code and DevOps",
    "Email",
    "Environments",
    "Issue Tracking",
    "Messaging",
    "Productivity",
    "Sales & CRM",
    "Social Media",
    "Storage",
    "Web and Data",
)
"""The directory's shelves, as the API's description lists them."""
RESERVED: Final = ("powerstrip", "mobius")
"""A provider's id does not begin with these: they are the platform's own."""

_PROVIDER = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_PART = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9][a-z0-9_]*)*")
_ALIAS = re.compile(r"[a-z0-9][a-z0-9._-]*")
_ICON = re.compile(r"[a-z0-9_-]*")
_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})+(:[0-9]{{1,5}})?")
_SECRET_NAME = re.compile(
    r"(.*_)?(password|passwd|passphrase|secret|api_?key|(access|auth|refresh|bot)_token|(private|signing)_key)"
    r"|secret_(access_)?key"
)
_TEXTS = ("id", "title", "base_url", "description", "category", "base_url_field", "docs_url", "icon")
_MAX_ID = 64
_MAX_NAME = 120


def is_secret_name(name: str) -> bool:
    """Whether a free-form field's name says that it holds a secret, in any of the usual spellings."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(" ", "_").lower()
    return snake == "token" or _SECRET_NAME.fullmatch(snake) is not None


def newer(adapter: Adapter) -> str:
    """Why this hub is too old for the adapter; empty where it is not."""
    if adapter.contract <= CONTRACT:
        return ""
    return f"it needs a newer hub: it is written for contract {adapter.contract}, this hub speaks {CONTRACT}"


def same_id(id: str) -> str:
    """One form of an id for all its spellings: case, Unicode form and the two separators make no difference."""
    return unicodedata.normalize("NFKC", id).casefold().replace("-", "_")


def shape(adapter: Adapter) -> Iterator[str]:
    """Every part of the object has its declared type."""
    for name in _TEXTS:
        if not (isinstance(value := getattr(adapter, name), str) and value.isprintable()):
            yield f"`{name}` must be one line of text"
    for name in ("hosts", "aka"):
        if not _is_texts(getattr(adapter, name)):
            yield f'`{name}` must be a tuple of texts, such as ("one",)'
    if not _is_model(adapter.config):
        yield "`config` must be a subclass of Model"
    for name, action in adapter.actions.items():
        if not (_is_model(action.input) and _is_model(action.output)):
            yield f"action {name}: its input and output must be subclasses of Model"


def values(adapter: Adapter) -> Iterator[str]:
    """Auth values, rate and webhook scheme are what the hub can act on."""
    auths = cast(tuple[object, ...], adapter.auths)
    if not auths or not all(isinstance(auth, Auth) for auth in auths):
        yield "`auth` must be an auth value or a tuple of them"
    elif len({auth.kind for auth in adapter.auths}) < len(auths):
        yield "two auth values have the same `kind`: give one another kind, so that an admin can choose"
    if adapter.rate is not None and (adapter.rate.calls < 1 or adapter.rate.seconds <= 0):
        yield "`rate` must allow at least one call in a time above 0 seconds"
    if any(poll.seconds < 10 for poll in adapter.polls.values()):
        yield "a poll's `seconds` must be at least 10"
    if bool(adapter.receive) != isinstance(adapter.verify, Verify):
        yield "a webhook needs a function and a scheme: register it with `@adapter.webhook(verify=…)`"
    elif adapter.verify is not None and type(adapter.verify) not in SCHEMES:
        yield f"the webhook's scheme {type(adapter.verify).__name__} is none that a hub can compare: take one of the contract's"


def names(adapter: Adapter) -> Iterator[str]:
    """Ids are lower-case words, and nobody takes the platform's."""
    if not _PROVIDER.fullmatch(adapter.id) or len(adapter.id) > _MAX_ID:
        yield "`id` must be lower-case letters, digits, `_` and `-`, beginning with a letter, at most 64"
    if same_id(adapter.id).startswith(RESERVED):
        yield f"`id` must not begin with {' or '.join(RESERVED)}: these names are the platform's own"
    if not adapter.title.strip():
        yield "`title` is empty: give the name people know the provider by"
    if adapter.category not in CATEGORIES:
        yield f"`category` must be one of: {', '.join(CATEGORIES)}"
    if not _ICON.fullmatch(adapter.icon):
        yield "`icon` must be a key of lower-case letters, digits, `_` and `-`"
    if adapter.docs_url and not _is_web_address(adapter.docs_url):
        yield "`docs_url` must be an https address"
    parts = (("action", adapter.actions), ("event", adapter.events), ("picker", adapter.pickers), ("poll", adapter.polls))
    for kind, table in parts:
        for name, part in table.items():
            if name != part.id or not _PART.fullmatch(name) or len(name) > _MAX_NAME:
                yield f"{kind} id {name!a}: write lower-case words joined by `.` and `_`, such as `message.post`"
    yield from _aliases(adapter)


def address(adapter: Adapter) -> Iterator[str]:
    """The base URL and the further hosts name one https place each."""
    fields = set(adapter.config.model_fields)
    if adapter.base_url_field and adapter.base_url_field not in fields:
        yield "`base_url_field` must name a field of `config`"
    if adapter.mail is not None:
        named = (
            name for server in (adapter.mail.smtp, adapter.mail.imap) for name in (server.host, server.port, server.security)
        )
        yield from (f"`mail` names {name}, which is no field of `config`" for name in named if name not in fields)
        if adapter.base_url or adapter.base_url_field or adapter.apis:
            yield "an adapter with `mail` has no `base_url` and no `apis`: its servers are in its settings"
    elif not adapter.base_url and not adapter.base_url_field and not adapter.built_in:
        yield "`base_url` is empty: give one, or name the `config` field that holds it in `base_url_field`"
    for name, url in adapter.apis.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name == "login" or not _is_web_address(_filled(url)):
            yield f"api {name!a}: write a lower-case name, another than `login`, and an https://host/path"
    for text in (adapter.base_url, *adapter.apis.values(), *adapter.hosts):
        try:
            unknown = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None} - fields
        except ValueError:
            unknown = {"{"}
        if unknown:
            yield f"{text!a}: what stands in braces must be the name of a `config` field"
    if adapter.base_url and not _is_web_address(_filled(adapter.base_url)):
        yield "`base_url` must be https://host/path, without user name, query, fragment or blanks"
    for host in adapter.hosts:
        if not _HOST.fullmatch(_filled(host)):
            yield f"host {host!a}: write a lower-case host name, `*.` before it for any name below"


def schemas_compile(adapter: Adapter) -> Iterator[str]:
    """Every declared model is a JSON Schema by itself."""
    for where, schema in (*_inputs(adapter), *_outputs(adapter), *_forms(adapter)):
        try:
            compile_schema(schema)
        except ValueError as error:
            yield f"{where}: the schema cannot be used: {error}"


def secrets_stay_out(adapter: Adapter) -> Iterator[str]:
    """A credential is a field of an auth value, of type Secret, and nowhere else."""
    for where, schema in (*_inputs(adapter), *_outputs(adapter)):
        for field in secrets(schema):
            yield f"{where}: {field} is a Secret: credentials belong to the auth value, not here"
    for where, schema in _inputs(adapter):
        for field in _secret_names(schema):
            yield f"{where}: {field} is named like a credential: take it through the auth value, or rename it"
    for where, schema in _forms(adapter):
        for field in set(_secret_names(schema)) - set(secrets(schema)):
            yield f"{where}: {field} is named like a credential: give it the type Secret"


def pickers_exist(adapter: Adapter) -> Iterator[str]:
    """Whoever names a picker finds it."""
    for where, schema in _inputs(adapter):
        for field, picker in picks(schema):
            if picker not in adapter.pickers:
                yield f"{where}: {field} names the picker {picker!a}, which is not registered"


def answers_can_be_made_up(adapter: Adapter) -> Iterator[str]:
    """A sandbox needs a plausible answer of every action."""
    for name, action in adapter.actions.items():
        try:
            mock(action.output, seed=name)
        except ValueError as error:
            yield f"action {name}: {error}"


RULES: Final[tuple[Rule, ...]] = (
    shape,
    values,
    names,
    address,
    schemas_compile,
    secrets_stay_out,
    pickers_exist,
    answers_can_be_made_up,
)


def refusal(adapter: Adapter) -> str:
    """Why a hub cannot take this adapter, empty where it can. Rules lean on those before them: the first broken one ends it."""
    if reason := newer(adapter):
        return reason
    for rule in RULES:
        if broken := list(rule(adapter)):
            more = len(broken) - 3
            return "; ".join(broken[:3]) + (f"; and {more} more" if more > 0 else "")
    return ""


def full_alias(adapter_id: str, alias: str) -> str:
    """An alias with its provider before it: `post-message` and `slack.post-message` are the same."""
    return alias if alias.startswith(adapter_id + ".") else f"{adapter_id}.{alias}"


def _aliases(adapter: Adapter) -> Iterator[str]:
    taken = {f"{adapter.id}.{name}" for name in adapter.actions}
    for name, action in adapter.actions.items():
        for alias in action.aliases:
            if not _ALIAS.fullmatch(alias) or len(alias) > _MAX_NAME:
                yield f"action {name}: the alias {alias!a} must be lower-case words joined by `.`, `_` and `-`"
            if full_alias(adapter.id, alias) in taken:
                yield f"action {name}: the alias {alias!a} is taken by another action"
            taken.add(full_alias(adapter.id, alias))


def _inputs(adapter: Adapter) -> Iterator[tuple[str, Schema]]:
    yield "config", input_schema(adapter.config)
    for name, action in adapter.actions.items():
        yield f"action {name}, input", input_schema(action.input)
    for name, poll in adapter.polls.items():
        yield f"poll {name}, watch", input_schema(poll.watch)
    if adapter.subscribes is not None:
        yield "subscription, watch", input_schema(adapter.subscribes.watch)


def _outputs(adapter: Adapter) -> Iterator[tuple[str, Schema]]:
    for name, action in adapter.actions.items():
        yield f"action {name}, output", output_schema(action.output)
    for name, event in adapter.events.items():
        yield f"event {name}", output_schema(event.model)


def _forms(adapter: Adapter) -> Iterator[tuple[str, Schema]]:
    for auth in adapter.auths:
        yield f"auth {auth.kind}", input_schema(auth.form())


def _secret_names(schema: Schema) -> Iterator[str]:
    return (name for name in schema.get("properties", {}) if _SECRET_NAME.fullmatch(name.lower()))


def _filled(template: str) -> str:
    return re.sub(r"\{[A-Za-z_][A-Za-z0-9_]*\}", "sample.example", template)


def _is_web_address(text: str) -> bool:
    if not text.isascii() or not text.isprintable() or any(mark in text for mark in "\\ {}?#"):
        return False
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme == "https" and bool(_HOST.fullmatch(parts.netloc)) and has_port


def _is_model(value: Any) -> bool:
    return isclass(value) and issubclass(value, Model)


def _is_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) and item.isprintable() for item in value)  # pyright: ignore[reportUnknownVariableType]
