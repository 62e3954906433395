"""Finds plaintext secrets in inputs, by the shapes that providers give their tokens.

Every pattern begins with fixed letters and has bounded, non-overlapping repetitions: the time grows with the length of the text.
Secrets without a shape of their own (a UUID, 32 hex digits) are not found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

Json: TypeAlias = Any
MAX_FOUND = 20
MAX_DEPTH = 64
MAX_KEY = 60
"""Characters of an object's key that are shown in a path."""


@dataclass(frozen=True, slots=True)
class Found:
    """A secret was seen: where (dotted, as in `blocks.0.text`; empty for the value itself) and of what kind."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Shape:
    kind: str
    starts: tuple[str, ...]
    """Fixed letters without which the pattern cannot match: one look for all of them comes first."""
    pattern: re.Pattern[str]

    def seen_in(self, text: str) -> bool:
        return self.pattern.search(text) is not None


def _shape(kind: str, starts: tuple[str, ...], pattern: str) -> _Shape:
    return _Shape(kind, starts, re.compile(pattern, re.ASCII))


_HEAD = r"(?<![A-Za-z0-9])"
_FORTY = r"[A-Za-z0-9/+]{40}"
_TAIL = r"(?![A-Za-z0-9/+=])"
_SHAPES = (
    _shape("powerstrip_api_key", ("mbx_",), _HEAD + r"mbx_[A-Za-z0-9_-]{20,200}"),
    _shape("slack_token", ("xox", "xapp-"), _HEAD + r"(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{8,300}"),
    _shape("slack_webhook_url", ("hooks.slack.com/",), r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]{16,200}"),
    _shape("stripe_key", ("k_live_", "k_test_"), _HEAD + r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,255}"),
    _shape("stripe_webhook_secret", ("whsec_",), _HEAD + r"whsec_[A-Za-z0-9+/=]{20,255}"),
    _shape("github_token", ("gh", "github_pat_"), _HEAD + r"(?:gh[opusr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255})"),
    _shape("gitlab_token", ("glpat-",), _HEAD + r"glpat-[A-Za-z0-9_-]{20,255}"),
    _shape("sendgrid_key", ("SG.",), _HEAD + r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}"),
    _shape("postmark_token", ("-Token",), r"X-Postmark-(?:Server|Account)-Token[\"']?\s{0,3}[:=]\s{0,3}[\"']?[0-9a-fA-F-]{36}"),
    _shape("openai_key", ("sk-",), _HEAD + r"sk-(?=[a-z0-9_-]{0,200}[A-Z])(?=[A-Za-z_-]{0,200}[0-9])[A-Za-z0-9_-]{20,255}"),
    _shape("twilio_key", ("SK",), _HEAD + r"SK[0-9a-f]{32}(?![0-9a-zA-Z])"),
    _shape("google_api_key", ("AIza",), _HEAD + r"AIza[A-Za-z0-9_-]{35}"),
    _shape("shopify_token", ("shp",), _HEAD + r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _shape("npm_token", ("npm_",), _HEAD + r"npm_[A-Za-z0-9]{36}"),
    _shape("private_key", ("PRIVATE KEY",), r"-----BEGIN (?:[A-Z]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    _shape("url_password", ("://",), r"://[^\s/:@?#]{0,128}:(?![<{$*\[])[^\s/@?#]{3,256}@"),
    _shape(
        "aws_secret_key",
        ("AKIA", "ASIA"),
        _HEAD + r"A[KS]IA[A-Z0-9]{16}[\s\S]{1,80}?(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
    ),
)
_ANY_START = re.compile("|".join(re.escape(start) for shape in _SHAPES for start in shape.starts))
_AWS_ID_LENGTH = 20
_WHOLE_AWS_ID = re.compile(r"A[KS]IA[A-Z0-9]{16}", re.ASCII)
_WHOLE_AWS_SECRET = re.compile(_FORTY, re.ASCII)


def find_secrets(value: Json) -> list[Found]:
    """The secrets in a JSON value, keys of objects included: at most 20, and nothing of their text."""
    found: list[Found] = []
    for path, text, beside_aws_id in _texts(value, "", False, 0):
        if _ANY_START.search(text):
            found.extend(Found(path, shape.kind) for shape in _SHAPES if shape.seen_in(text))
        if beside_aws_id and _WHOLE_AWS_SECRET.fullmatch(text):
            found.append(Found(path, "aws_secret_key"))
        if len(found) >= MAX_FOUND:
            break
    return found[:MAX_FOUND]


def _texts(value: Json, path: str, beside_aws_id: bool, depth: int) -> Iterator[tuple[str, str, bool]]:
    """Each string with its path, and whether an AWS key id lies in the same object or list."""
    if isinstance(value, str):
        yield path, value, beside_aws_id
    elif depth < MAX_DEPTH and isinstance(value, dict | list):
        items = list(_items(cast(dict[Any, Json] | list[Json], value)))
        beside = any(
            isinstance(item, str) and len(item) == _AWS_ID_LENGTH and _WHOLE_AWS_ID.fullmatch(item) for _, item in items
        )
        for name, item in items:
            inner = f"{path}.{name[:MAX_KEY]}" if path else name[:MAX_KEY]
            if isinstance(value, dict):
                yield path, name, False
            yield from _texts(item, inner, beside, depth + 1)


def _items(value: dict[Any, Json] | list[Json]) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        return ((str(name), item) for name, item in value.items())
    return ((str(place), item) for place, item in enumerate(value))
