"""Secrets out of what a provider sends back: exact matches, in the notations a service is likely to echo."""

import json
import re
from binascii import b2a_base64, hexlify
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from urllib.parse import quote, quote_plus

from powerstrip.adapter import Content, PowerstripError, Response

MARK = b"[secret]"
MIN_LENGTH = 4
"""Bytes. Anything shorter would match by chance and garble every answer."""
STEP = 64 * 1024
"""Bytes of a stream that are looked at together, at least."""
_PLAIN = str.maketrans("", "", "-_.~")
_PADDING, _FIRST, _TAIL = (b"", b"\0", b"\0\0"), (0, 2, 3), (0, 3, 2)


class Scrub:
    """Takes the given secrets out of texts and answers. Streamed answers go through `pieces` while they come."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms: list[bytes] = []
        for secret in secrets:
            self._forms += _forms(secret)

    def data(self, data: bytes) -> bytes:
        """The bytes with `[secret]` in place of each match; the same object where there is none."""
        for form in self._forms:
            if form in data:
                data = data.replace(form, MARK)
        return data

    async def pieces(self, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """A stream without secrets, also where one begins in one piece and ends in another."""
        if not self._forms:
            async for piece in source:
                yield piece
            return
        keep = max(map(len, self._forms)) - 1
        held = bytearray()
        async for piece in source:
            held += piece
            if len(held) >= 2 * keep + STEP:
                clean, rest = self._split(bytes(held), len(held) - keep)
                held = bytearray(rest)
                yield clean
        yield self._split(bytes(held), len(held))[0]

    def _split(self, data: bytes, safe: int) -> tuple[bytes, bytes]:
        """The clean beginning, and what has to wait: a match that starts at `safe` or later may not be whole yet."""
        if not any(form in data for form in self._forms):
            return data[:safe], data[safe:]
        parts: list[bytes] = []
        at = 0
        for match in self._pattern.finditer(data):
            if match.start() >= safe:
                break
            parts += (data[at : match.start()], MARK)
            at = match.end()
        end = max(at, safe)
        return b"".join((*parts, data[at:end])), data[end:]

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        """Any form; of those that begin at one place the longest."""
        return re.compile(b"|".join(map(re.escape, sorted(self._forms, key=len, reverse=True))))

    def text(self, text: str) -> str:
        """The same for a text."""
        raw = text.encode("utf-8", "surrogatepass")
        clean = self.data(raw)
        return text if clean is raw else clean.decode("utf-8", "surrogatepass")

    def response(self, response: Response) -> Response:
        """The answer without secrets in headers and body; the same object where there were none."""
        headers, content = response.headers, response.content
        body = self.data(response.body)
        if self.text(joined := "\n".join(headers.values())) is not joined or self._in_names(headers):
            headers = {self._name(name): self.text(value) for name, value in headers.items()}
        if content is not None and content.path is None:
            content = Content(self.data(content.data), media_type=content.media_type)
        if body is response.body and headers is response.headers and content is response.content:
            return response
        return replace(response, headers=headers, body=body, content=content)

    @cached_property
    def _small(self) -> list[bytes]:
        """The forms as a header's name would have them: an answer's names are in lower case."""
        return [form.lower() for form in self._forms]

    def _in_names(self, headers: Mapping[str, str]) -> bool:
        joined = "\n".join(headers).lower().encode("utf-8", "surrogatepass")
        return any(form in joined for form in self._small)

    def _name(self, name: str) -> str:
        raw = name.lower().encode("utf-8", "surrogatepass")
        if not any(form in raw for form in self._small):
            return name
        for form in self._small:
            raw = raw.replace(form, MARK)
        return raw.decode("utf-8", "surrogatepass")

    def error(self, error: PowerstripError) -> None:
        """Clean an error's message in place."""
        clean = self.text(error.message)
        if clean is not error.message:
            error.message = clean
            error.args = (clean, *error.args[1:])


def _forms(secret: str) -> list[bytes]:
    """Hex, base64 wherever it may begin within a longer text, JSON-escaped, URL-encoded, as it is: the longer ones first."""
    raw = secret.encode("utf-8", "surrogatepass")
    if len(raw) < MIN_LENGTH:
        return []
    digits = hexlify(raw)
    forms = [digits, digits.upper()]
    for offset in range(3):
        inside = _inner_base64(raw, offset)
        if len(inside) >= MIN_LENGTH:
            forms.append(inside)
            if b"+" in inside or b"/" in inside:
                forms.append(inside.replace(b"+", b"-").replace(b"/", b"_"))
    if not (secret.isascii() and secret.translate(_PLAIN).isalnum()):
        forms += sorted(_escaped(secret, raw), key=len, reverse=True)
    forms.append(raw)
    return forms


def _escaped(secret: str, raw: bytes) -> set[bytes]:
    """What JSON and URLs make of characters that are not plain."""
    as_json = json.dumps(secret)[1:-1]
    texts = (as_json, as_json.replace("/", "\\/"), quote(raw, safe=""), quote(raw, safe="").lower(), quote(raw), quote_plus(raw))
    return {text.encode() for text in texts} | {json.dumps(secret, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")}


def _inner_base64(raw: bytes, offset: int) -> bytes:
    """Those characters in the base64 of a text that depend on `raw` alone, where `raw` stands after `offset` bytes (mod 3)."""
    coded = b2a_base64(_PADDING[offset] + raw, newline=False)
    return coded[_FIRST[offset] : len(coded) - _TAIL[(offset + len(raw)) % 3]]
