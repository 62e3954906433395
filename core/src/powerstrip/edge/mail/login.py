"""The login that the auth value put into a request, taken out of it again for the conversation."""

import base64
import binascii

from powerstrip.adapter import AuthFailed, Request
from powerstrip.adapter.mail import LOGIN_HEADER
from powerstrip.value import Hidden, Value


class Login(Value):
    """User name and password."""

    user: Hidden[str]
    password: Hidden[str]


def login_of(request: Request) -> Login:
    """Raises `AuthFailed` where there is none, or one that no server could be told."""
    try:
        raw = base64.b64decode((request.header(LOGIN_HEADER) or "").removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raw = ""
    user, colon, password = raw.partition(":")
    if not colon or not user or any(mark in raw for mark in "\r\n\0"):
        raise AuthFailed("The stored login cannot be used with a mail server. Enter it again")
    return Login(user, password)
