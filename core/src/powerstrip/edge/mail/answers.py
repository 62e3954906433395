"""What a mail server's reply means, as the answer of a provider: the pipeline maps it to the four errors as any other.

Sources: RFC 5321, 4.2 (codes); RFC 3463 (enhanced codes); RFC 4954, 6 (AUTH); RFC 5530 (IMAP's response codes).
"""

import json
import re

from powerstrip.adapter import Response
from powerstrip.adapter.model import Model, by_wire

MAX_WORDS = 400
_JSON = {"content-type": "application/json"}
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.\d{1,3}\b", re.ASCII)
REFUSED_LOGIN = (530, 534, 535, 538)
NOT_NOW = 500
POLICY = "7"
"""The second number of an enhanced code: who may do what, and how often."""


class Answered(Exception):
    """Ends a conversation with an answer that is an error's."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def told(model: Model) -> Response:
    """An answer that is fine."""
    return Response(200, _JSON, json.dumps(by_wire(model)).encode())


def error(status: int, words: str) -> Response:
    """An answer that is an error, in the server's words."""
    return Response(status, _JSON, json.dumps({"message": words[:MAX_WORDS]}).encode())


def smtp_error(code: int, said: bytes, about: str = "") -> Response:
    """SMTP's reply as an HTTP status: 401 login, 429 not so often, 500 not now, 422 no."""
    words = " ".join(said.decode("utf-8", "replace").split())
    found = _ENHANCED.match(words)
    if code in REFUSED_LOGIN:
        status = 401
    elif 400 <= code < 500:
        status = 429 if found is not None and found[2] == POLICY else NOT_NOW
    else:
        status = 422
    return error(status, f"{about}{code} {words}".strip())


def imap_error(said: str, *, login: bool) -> Response:
    """IMAP's NO: of a login 401, unless the server says that it is out of order."""
    words = " ".join(said.split())
    if "[UNAVAILABLE]" in words.upper() or "[INUSE]" in words.upper():
        return error(NOT_NOW, words)
    if "[LIMIT]" in words.upper() or "[OVERQUOTA]" in words.upper():
        return error(429, words)
    return error(401 if login else 422, words)
