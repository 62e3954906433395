"""Proof of identity: the one place where a credential meets a request."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol, get_args, runtime_checkable

from powerstrip.adapter import Auth, AuthFailed, Content, NoAuth, Request, Secret
from powerstrip.edge.call import Bound
from powerstrip.edge.errors import Refused
from powerstrip.edge.headers import check_headers
from powerstrip.edge.scrub import Scrub

Credentials = Mapping[str, str]
INLINE_BYTES = 1024 * 1024
"""A body larger than this is hashed in a thread: a signature may have to read all of it."""
_KNOWN = 4096
_public_fields: dict[int, tuple[Auth, frozenset[str]]] = {}


@runtime_checkable
class Presigns(Protocol):
    """An auth value that can also put its proof into a link."""

    def presign(
        self, request: Request, credentials: Credentials, settings: Mapping[str, object], now: datetime, seconds: int
    ) -> str: ...


async def signed(request: Request, bound: Bound, credentials: Credentials, now: datetime) -> Request:
    """The request with its proof. Raises `AuthFailed` where a credential field is missing."""
    if not request.signed or isinstance(bound.auth, NoAuth):
        return request
    if isinstance(request.body, Content) and request.body.size > INLINE_BYTES:
        return await asyncio.to_thread(_sign, request, bound, credentials, now)
    return _sign(request, bound, credentials, now)


async def shown(request: Request, bound: Bound, now: datetime) -> Request:
    """The request as it may be shown: placeholders where `signed` has secrets."""
    if not request.signed or isinstance(bound.auth, NoAuth):
        return request
    fields = shown_fields(bound)
    if isinstance(request.body, Content) and request.body.size > INLINE_BYTES:
        return _unmoved(await asyncio.to_thread(bound.auth.show, request, fields, bound.config, now), request)
    return _unmoved(bound.auth.show(request, fields, bound.config, now), request)


def presigned(request: Request, bound: Bound, credentials: Credentials, now: datetime, seconds: int) -> str:
    """A link that carries its proof. Raises `Refused` where the way of signing in has none, or puts a secret into it."""
    if not isinstance(bound.auth, Presigns):
        raise Refused("This integration's way of signing in cannot make links", "setting")
    if not 1 <= seconds <= 604_800:
        raise Refused("A link holds for 1 to 604800 seconds", "setting")
    try:
        link = bound.auth.presign(request, credentials, bound.config, now, seconds)
    except KeyError:
        raise _incomplete() from None
    if Scrub(secrets_of(bound.auth, credentials)).text(link) is not link:
        raise Refused(
            "A link made with this credential would hand out a secret of it, such as the session token of temporary keys: "
            "use an integration with lasting keys",
            "setting",
        )
    return link


def shown_fields(bound: Bound) -> Collection[str]:
    """The names that get a placeholder: what was filled in, else what would have to be."""
    fields = set(bound.credential_fields) or {
        name for name, field in bound.auth.form().model_fields.items() if field.is_required()
    }
    return fields | {"access_token"} if bound.auth.needs_token else fields


def secrets_of(auth: Auth, credentials: Credentials) -> list[str]:
    """The values that must not come back: all but those that the form declares as plain text (a user name, a key id)."""
    public = _public(auth)
    return [value for name, value in credentials.items() if name not in public]


def _sign(request: Request, bound: Bound, credentials: Credentials, now: datetime) -> Request:
    try:
        proved = bound.auth.sign(request, credentials, bound.config, now)
    except KeyError:
        raise _incomplete() from None
    return _unmoved(proved, request)


def _unmoved(proved: Request, request: Request) -> Request:
    """An auth value adds its proof and changes nothing of where the request goes."""
    if proved.target != request.target or proved.method != request.method:
        raise Refused("This provider's way of signing in tries to change the request's destination", "address")
    check_headers(proved.headers, identity=True)
    return proved


def _public(auth: Auth) -> frozenset[str]:
    """Names of the form's plain fields. Remembered by object: building a form is slow, and not every auth value hashes."""
    known = _public_fields.get(id(auth))
    if known is None or known[0] is not auth:
        fields = auth.form().model_fields.items()
        names = (name for name, field in fields if Secret not in (field.annotation, *get_args(field.annotation)))
        if len(_public_fields) >= _KNOWN:
            _public_fields.clear()
        known = _public_fields[id(auth)] = (auth, frozenset(names))
    return known[1]


def _incomplete() -> AuthFailed:
    return AuthFailed("The stored credential is not complete for this way of signing in. Enter it again")
