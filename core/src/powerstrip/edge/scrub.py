"""Secrets out of what a provider sends back: exact matches, in the notations a service is likely to echo."""

import json
from binascii import b2a_base64
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote, quote_plus

from powerstrip.adapter import Content, PowerstripError, Response

MARK = "[secret]"
MIN_LENGTH = 4
"""Characters. Anything shorter would match by chance and garble every answer."""
_PADDING, _FIRST, _TAIL = (b"", b"\0", b"\0\0"), (0, 2, 3), (0, 3, 2)
_PLAIN = str.maketrans("", "", "-_.~")


class Scrub:
    """Takes the given secrets out of texts and answers. Streamed answers on disk are left as they are."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= MIN_LENGTH for form in _forms(secret)}
        self._texts = sorted((form for form in forms if len(form) >= MIN_LENGTH), key=len, reverse=True)
        self._bytes = [form.encode("utf-8", "replace") for form in self._texts]

    def text(self, text: str) -> str:
        """The text with `[secret]` in place of each match."""
        for form in self._texts:
            if form in text:
                text = text.replace(form, MARK)
        return text

    def data(self, data: bytes) -> bytes:
        """The same for bytes."""
        for form in self._bytes:
            if form in data:
                data = data.replace(form, MARK.encode())
        return data

    def response(self, response: Response) -> Response:
        """The answer without secrets in headers and body; the same object where there were none."""
        body = self.data(response.body)
        content = response.content
        if content is not None and content.path is None:
            content = Content(self.data(content.data), media_type=content.media_type)
        headers = response.headers
        if self.text(joined := "\n".join(headers.values())) != joined:
            headers = {name: self.text(value) for name, value in headers.items()}
        if body is response.body and headers is response.headers and content is response.content:
            return response
        return replace(response, headers=headers, body=body, content=content)

    def error(self, error: PowerstripError) -> None:
        """Clean an error's message in place."""
        clean = self.text(error.message)
        if clean != error.message:
            error.message = clean
            error.args = (clean, *error.args[1:])


def _forms(secret: str) -> Iterable[str]:
    """As it is, JSON-escaped, URL-encoded, hex, and base64 wherever it may begin within a longer text."""
    raw = secret.encode("utf-8", "surrogatepass")
    digits = raw.hex()
    forms = [secret, digits, digits.upper()]
    for offset in range(3):
        inside = _inner_base64(raw, offset)
        forms += (inside, inside.replace("+", "-").replace("/", "_"))
    if not (secret.isascii() and secret.translate(_PLAIN).isalnum()):
        forms += _escaped(secret, raw)
    return forms


def _escaped(secret: str, raw: bytes) -> Iterable[str]:
    """What JSON and URLs make of characters that are not plain."""
    as_json = json.dumps(secret)[1:-1]
    yield as_json
    yield as_json.replace("/", "\\/")
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(raw, safe="")
    yield quote(raw, safe="").lower()
    yield quote(raw)
    yield quote_plus(raw)


def _inner_base64(raw: bytes, offset: int) -> str:
    """Those characters in the base64 of a text that depend on `raw` alone, where `raw` stands after `offset` bytes (mod 3)."""
    text = b2a_base64(_PADDING[offset] + raw, newline=False).decode()
    return text[_FIRST[offset] : len(text) - _TAIL[(offset + len(raw)) % 3]]
