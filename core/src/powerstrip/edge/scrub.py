"""Secrets out of what a provider sends back: exact matches, in the notations a service is likely to echo."""

import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote, quote_plus

from powerstrip.adapter import Content, PowerstripError, Response

MARK = "[secret]"
MIN_LENGTH = 4
"""Characters. Anything shorter would match by chance and garble every answer."""
_PLAIN = str.maketrans("", "", "-_.~")


class Scrub:
    """Takes the given secrets out of texts and answers. Streamed answers on disk are left as they are."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= MIN_LENGTH for form in _forms(secret)}
        self._texts = sorted(forms, key=len, reverse=True)
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
    yield secret
    yield raw.hex()
    yield raw.hex().upper()
    if not (secret.isascii() and secret.translate(_PLAIN).isalnum()):
        yield from _escaped(secret, raw)
    for offset in range(3):
        inside = _inner_base64(raw, offset)
        if len(inside) >= MIN_LENGTH:
            yield inside
            yield inside.replace("+", "-").replace("/", "_")


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
    text = base64.b64encode(bytes(offset) + raw).decode()
    first = (0, 2, 3)[offset]
    last = len(text) if (offset + len(raw)) % 3 == 0 else len(text) - (3 if (offset + len(raw)) % 3 == 1 else 2)
    return text[first:last]
