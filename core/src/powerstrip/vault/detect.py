"""Finds plaintext secrets in inputs, by the shapes that providers give their tokens.

Every pattern begins with fixed letters and has bounded repetitions: the time grows with the length of the text, not faster.
Secrets without a shape of their own (a UUID, 32 hex digits) and encoded ones are not found.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeAlias, cast

from powerstrip.value import Value

Json: TypeAlias = Any
MAX_FOUND = 20
MAX_DEPTH = 64
HIDDEN = "…"
"""Stands in a path for a key that is a secret itself."""
MAX_KEY = 60
"""Characters of an object's key that are shown in a path."""


class Found(Value):
    """A secret was seen: where (dotted, as in `blocks.0.text`; empty for the value itself) and of what kind."""

    path: str
    kind: str


class _Shape(Value):
    """A kind of secret: the letters it starts with, and a pattern that begins with them, compiled when first met."""

    kind: str
    start: str
    pattern: str
    is_random: bool = False
    """True where words could look alike: the match must have capitals, small letters and digits."""

    def seen_in(self, text: str) -> bool:
        if self.start not in text:
            return False
        if not self.is_random:
            return _compiled(self.pattern).search(text) is not None
        return any(_MIXED.match(found[0]) for found in _compiled(self.pattern).finditer(text))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _token(kind: str, start: str, rest: str, *, is_random: bool = False) -> _Shape:
    """A token that is no part of a longer word."""
    alone = f"(?<![A-Za-z0-9]{'.' * len(start)})"
    return _Shape(kind, start, re.escape(start) + alone + rest, is_random)


def _text(kind: str, start: str, rest: str) -> _Shape:
    """Anything that begins with these letters."""
    return _Shape(kind, start, re.escape(start) + rest)


_MIXED = re.compile(r"(?=.{0,255}[A-Z])(?=.{0,255}[a-z])(?=.{0,255}[0-9])", re.ASCII)
_FORTY = r"[A-Za-z0-9/+]{40}"
_BESIDE = r"[A-Z0-9]{16}\b[\s\S]{1,80}?(?<![A-Za-z0-9/+=])" + _FORTY + r"(?![A-Za-z0-9/+=])"
_SHAPES = (
    _token("powerstrip_api_key", "mbx_", r"[A-Za-z0-9]{20,200}"),
    _token("slack_token", "xox", r"[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,300}"),
    _token("slack_token", "xapp-", r"[A-Za-z0-9-]{8,300}"),
    _text("slack_webhook_url", "hooks.slack.com/", r"(?:services|workflows|triggers)/[A-Za-z0-9/]{16,200}"),
    *(_token("stripe_key", start, r"[A-Za-z0-9]{10,255}") for start in ("sk_live_", "sk_test_", "rk_live_", "rk_test_")),
    _token("stripe_webhook_secret", "whsec_", r"[A-Za-z0-9+/=]{20,255}"),
    *(_token("github_token", start, r"[A-Za-z0-9]{30,255}") for start in ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    _token("github_token", "github_pat_", r"[A-Za-z0-9_]{22,255}"),
    _token("gitlab_token", "glpat-", r"[A-Za-z0-9_-]{20,255}"),
    _token("sendgrid_key", "SG.", r"[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}"),
    *(
        _text("postmark_token", start, r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?[0-9a-fA-F-]{36}")
        for start in ("X-Postmark-Server-Token", "X-Postmark-Account-Token")
    ),
    _token("openai_key", "sk-", r"[A-Za-z0-9_-]{20,255}", is_random=True),
    _token("twilio_key", "SK", r"[0-9a-f]{32}(?![0-9A-Za-z])"),
    _token("google_api_key", "AIza", r"[A-Za-z0-9_-]{35}"),
    *(_token("shopify_token", start, r"[0-9a-fA-F]{32}") for start in ("shpat_", "shpca_", "shppa_", "shpss_")),
    _token("npm_token", "npm_", r"[A-Za-z0-9]{36}"),
    _text("private_key", "-----BEGIN ", r"(?:[A-Z]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    _text("url_password", "://", r"[^\s/:@?#]{0,128}:(?![<{$*\[])[^\s/@?#]{3,256}@"),
    _token("aws_secret_key", "AKIA", _BESIDE),
    _token("aws_secret_key", "ASIA", _BESIDE),
)
_STARTS = tuple({shape.start for shape in _SHAPES})
_AWS_ID_LENGTH = 20
_WHOLE_AWS_ID = re.compile(r"A[KS]IA[A-Z0-9]{16}", re.ASCII)
_WHOLE_AWS_SECRET = re.compile(_FORTY, re.ASCII)


def find_secrets(value: Json, text: str | None = None) -> list[Found]:
    """The secrets in a JSON value, keys of objects included: at most 20, and nothing of their text.

    `text` holds all of the value's strings, where the caller has them in one piece (its JSON, say): a look at it mostly saves
    the walk through the value.
    """
    found: list[Found] = []
    if text is not None and not _has_start(text):
        return found
    for path, text, beside_aws_id in _texts(value, "", False, 0):
        found.extend(Found(path, kind) for kind in _kinds(text))
        if beside_aws_id and _WHOLE_AWS_SECRET.fullmatch(text):
            found.append(Found(path, "aws_secret_key"))
        if len(found) >= MAX_FOUND:
            break
    return found[:MAX_FOUND]


def _kinds(text: str) -> list[str]:
    return [shape.kind for shape in _SHAPES if shape.seen_in(text)] if _has_start(text) else []


def _has_start(text: str) -> bool:
    """Whether a secret may begin somewhere in here: a plain search for each start is the quickest look there is."""
    return any(map(text.__contains__, _STARTS))


def _texts(value: Json, path: str, beside_aws_id: bool, depth: int) -> Iterator[tuple[str, str, bool]]:
    """Each string with its path, and whether an AWS key id lies in the same object or list."""
    if isinstance(value, str):
        yield path, value, beside_aws_id
    elif depth < MAX_DEPTH and isinstance(value, dict | list):
        items = list(_items(cast(dict[Any, Json] | list[Json], value)))
        beside = any(isinstance(item, str) and len(item) == _AWS_ID_LENGTH and _WHOLE_AWS_ID.fullmatch(item) for _, item in items)
        for name, item in items:
            if isinstance(value, dict):
                yield path, name, False
            yield from _texts(item, _inner(path, name), beside, depth + 1)


def _inner(path: str, name: str) -> str:
    shown = HIDDEN if _kinds(name) else name[:MAX_KEY]
    return f"{path}.{shown}" if path else shown


def _items(value: dict[Any, Json] | list[Json]) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        return ((str(name), item) for name, item in value.items())
    return ((str(place), item) for place, item in enumerate(value))
