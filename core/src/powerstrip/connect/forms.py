"""From what an admin fills in to what is kept: credentials against the form of their auth kind, settings against the config."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from powerstrip.adapter import Adapter, Auth, AuthFailed, NoAuth, Request, Secret, TokenAuth
from powerstrip.adapter.model import by_name
from powerstrip.adapter.rules import is_secret_name
from powerstrip.clock import now
from powerstrip.connect.composing import compose
from powerstrip.connect.guarding import plugin_code
from powerstrip.problems import BadInput, Unprocessable
from powerstrip.validation import encode, path_of, read_json
from powerstrip.vault import find_secrets

MAX_CREDENTIALS = 256 * 1024
MAX_CONFIG = 64 * 1024
"""Bytes of JSON."""
MIN_SECRET = 8
"""Characters. A shorter secret stands in ordinary texts by chance, so it could not be kept out of what a provider sends back."""

_PROVIDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PLACEHOLDER = re.compile(
    r"[*•●·]{3,}|x{4,}|\.{3}|…|<[\w .:-]*>|\[[\w .:-]*\]|\$\{.*\}|\{\{.*\}\}|Secret\(\)|.{0,24}(?:\.{3}|…|\*{4,})",
    re.IGNORECASE | re.DOTALL,
)
"""Masks, marks of ours and of templates, and the dots of a documentation's example."""
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


def check_provider(id: str) -> str:
    """The same id. Raises `BadInput` where it is not well-formed."""
    if not _PROVIDER.fullmatch(id):
        message = "Give 1 to 64 lower-case letters, digits, `_` and `-`, beginning with a letter or digit"
        raise BadInput(
            f"The provider's id is not valid. {message}", details={"errors": [{"path": "provider", "message": message}]}
        )
    return id


def choose_auth(adapter: Adapter, credentials: Mapping[str, Any] | None, kind: str | None, usual: str = "") -> Auth:
    """The way to sign in: the one asked for, else one whose form these credentials fit, else the first with a form.

    `usual` is tried first. Raises `Unprocessable` for a kind that the provider does not have.
    """
    if kind is not None:
        return _by_kind(adapter, kind)
    auths = sorted(adapter.auths, key=lambda auth: auth.kind != usual)
    if credentials:
        fitting = [auth for auth in auths if not auth.needs_consent and _fits(auth, credentials)]
        auths = fitting or auths
    ready = [auth for auth in auths if not auth.needs_consent]
    return (ready or auths)[0]


def auth_of(adapter: Adapter, kind: str, fields: tuple[str, ...]) -> Auth:
    """The way to sign in of an integration that was made before. Raises `Unprocessable` where its adapter dropped it."""
    if kind:
        return _by_kind(adapter, kind)
    return next((auth for auth in adapter.auths if _fits(auth, dict.fromkeys(fields))), adapter.auths[0])


def read_credentials(auth: Auth, credentials: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, str]:
    """The filled-in form as texts, ready to be sealed.

    Raises `BadInput` with paths where it does not fit the form, `Unprocessable` for placeholders and for what a request could
    not carry. No error repeats a value.
    """
    if auth.needs_consent:
        raise Unprocessable(
            f"Signing in by {auth.kind} takes a person's consent at the provider, not a form: start it with "
            "`powerstrip connect`, or choose another way to sign in, if the provider has one",
            code="auth_kind_unavailable",
        )
    text = encode(credentials, "credentials", MAX_CREDENTIALS)
    with plugin_code(f"{auth.kind}:form"):
        form = auth.form()
        filled = read_json(form, text, "credentials", under="credentials")
    fields: dict[str, str] = {}
    for name in form.model_fields:
        value = getattr(filled, name)
        if value is not None:
            fields[name] = _as_text(credentials[name] if isinstance(value, Secret) else value)
    refuse_placeholders(fields)
    _refuse_unsendable(auth, fields, config)
    _refuse_short([name for name in fields if isinstance(getattr(filled, name), Secret)], fields)
    return fields


def read_unknown_credentials(credentials: Mapping[str, Any]) -> dict[str, str]:
    """Credentials of a provider without an adapter: any JSON object. Values that are no text are kept as JSON."""
    encode(credentials, "credentials", MAX_CREDENTIALS)
    fields = {name: _as_text(value) for name, value in credentials.items()}
    refuse_placeholders(fields)
    _refuse_short([name for name in fields if is_secret_name(name)], fields)
    return fields


def read_config(adapter: Adapter | None, config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with their defaults filled in. Raises `BadInput` with paths, `Unprocessable` for a secret among them."""
    text = encode(config, "config", MAX_CONFIG)
    refuse_secrets(config, "config", "a secret belongs into `credentials`, where it is sealed", under="config")
    if adapter is None:
        free = cast(dict[str, Any], json.loads(text))
        _refuse_secret_names(free)
        return free
    with plugin_code(f"{adapter.id}:config"):
        return by_name(read_json(adapter.config, text, "config", under="config"))


def refuse_secrets(value: Any, field: str, advice: str, *, under: str = "", text: str | None = None) -> None:
    """Raise `Unprocessable` when a JSON value holds what is plainly a secret. Paths begin with `under`; `text` is its JSON."""
    found = find_secrets(value, text)
    if found:
        errors = [{"path": _place(under, each.path), "message": f"This looks like a {each.kind}"} for each in found]
        raise Unprocessable(
            f"{errors[0]['path']} looks like a secret ({found[0].kind}): {advice}",
            code=f"secret_in_{field}",
            details={"errors": errors},
        )


def _refuse_secret_names(config: Mapping[str, Any]) -> None:
    """Free-form settings have no model that would say which of them is a secret: their names do."""
    found = list(_secret_places(config, ()))
    if found:
        errors = [{"path": path_of(place, "config"), "message": "Its name says that this is a secret"} for place in found]
        raise Unprocessable(
            f"{errors[0]['path']} is a secret by its name: a secret belongs into `credentials`, where it is sealed",
            code="secret_in_config",
            details={"errors": errors},
        )


def _secret_places(value: Any, place: tuple[int | str, ...]) -> Iterator[tuple[int | str, ...]]:
    match value:
        case dict():
            for name, item in cast(dict[str, Any], value).items():
                if is_secret_name(name) and item not in (None, "", True, False):
                    yield (*place, name)
                else:
                    yield from _secret_places(item, (*place, name))
        case list():
            for index, item in enumerate(cast(list[Any], value)):
                yield from _secret_places(item, (*place, index))
        case _:
            return


def _refuse_short(names: list[str], fields: Mapping[str, str]) -> None:
    bad = [name for name in names if len(fields[name]) < MIN_SECRET]
    if bad:
        message = f"A secret has {MIN_SECRET} characters or more here: a shorter one could not be kept out of answers and logs"
        raise _unprocessable("short_credential", bad, message)


def refuse_placeholders(fields: Mapping[str, str]) -> None:
    """Raise `Unprocessable` for a mask or a mark that was sent back in place of a credential."""
    bad = [name for name, text in fields.items() if _PLACEHOLDER.fullmatch(text.strip())]
    if bad:
        message = "This is a placeholder: enter the real value"
        raise _unprocessable("placeholder_credential", bad, message)


def _refuse_unsendable(auth: Auth, fields: Mapping[str, str], config: Mapping[str, Any]) -> None:
    """Sign a request that goes nowhere and look at what a header would have to carry."""
    if isinstance(auth, NoAuth):
        return
    if isinstance(auth, TokenAuth):
        return _refuse_unusable(auth, fields, config)
    with plugin_code(f"{auth.kind}:sign"):
        headers = auth.sign(Request("GET", "https://provider.invalid/"), fields, config, now()).headers
        carried = [value for _, value in headers]
    bad = [name for name, text in fields.items() if not _HEADER_VALUE.fullmatch(text) and any(text in value for value in carried)]
    if bad:
        message = "It holds a line break, a NUL or a character outside ASCII, which a request cannot carry: paste it again"
        raise _unprocessable("unsendable_credential", bad, message)
    blank = [name for name, text in fields.items() if text != text.strip() and any(text in value for value in carried)]
    if blank:
        raise _unprocessable("unsendable_credential", blank, "It begins or ends with a blank: paste it again without")


def _refuse_unusable(auth: TokenAuth, fields: Mapping[str, str], config: Mapping[str, Any]) -> None:
    """Compose a request for a token that goes nowhere: a key that cannot sign is told now, not at the first call."""
    try:
        compose(auth, "https://provider.invalid/token", fields, config)
    except AuthFailed as error:
        secret = [name for name, field in auth.form().model_fields.items() if field.annotation is Secret]
        raise _unprocessable("unusable_credential", secret[:1] or list(fields)[:1], error.message) from None


def _place(field: str, dotted: str) -> str:
    """The detector's dotted path in our spelling."""
    parts = [int(part) if part.isdigit() else part for part in dotted.split(".") if part]
    return path_of(tuple(parts), field)


def _unprocessable(code: str, fields: list[str], message: str) -> Unprocessable:
    errors = [{"path": f"credentials.{name}", "message": message} for name in fields]
    return Unprocessable(f"credentials.{fields[0]}: {message}", code=code, details={"errors": errors})


def _by_kind(adapter: Adapter, kind: str) -> Auth:
    for auth in adapter.auths:
        if auth.kind == kind:
            return auth
    kinds = ", ".join(auth.kind for auth in adapter.auths)
    raise Unprocessable(f"{adapter.title} cannot be signed in to that way; there are: {kinds}", code="unknown_auth_kind")


def _fits(auth: Auth, credentials: Mapping[str, Any]) -> bool:
    with plugin_code(f"{auth.kind}:form"):
        fields = auth.form().model_fields
    return credentials.keys() <= fields.keys() and all(
        name in credentials for name, field in fields.items() if field.is_required()
    )


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), allow_nan=False)
