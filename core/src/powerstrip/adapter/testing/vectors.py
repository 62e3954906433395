"""Files of signature vectors: deliveries with the secret and the clock to judge them by, and whether they are genuine.

A file is one JSON object: `provider`, `vectors`, and optionally `documents`, texts by address, which stand in for certificates
and key sets that a scheme fetches. A vector has `id`, `method`, `url`, `headers`, `body` (text) or `body_base64`, `secret`, `at`
(seconds since 1970, null for any time) and `valid`. `lenient` says that a strict hub may refuse what is valid.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_FILE = 64 * 1024 * 1024


class NotVectors(ValueError):
    """The file holds no vectors. The message says where it goes wrong, without its values."""


@dataclass(frozen=True)
class Vector:
    """One delivery and what must come of it."""

    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    secret: str = field(repr=False)
    at: float | None
    valid: bool
    lenient: bool = False


@dataclass(frozen=True)
class Vectors:
    """What a file holds."""

    provider: str
    vectors: tuple[Vector, ...]
    documents: Mapping[str, bytes]


class _Vector(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    id: str
    method: str = "POST"
    url: str
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    body: str = ""
    body_base64: str | None = None
    secret: str
    at: Annotated[float, Field(ge=0, lt=10**11, allow_inf_nan=False)] | None = None
    valid: bool
    lenient: bool = False


class _File(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    provider: str = ""
    vectors: list[_Vector] = Field(min_length=1)
    documents: dict[str, str] = Field(default_factory=dict[str, str])


def read_vectors(raw: bytes) -> Vectors:
    """The vectors of a file of at most 64 MiB. Raises `NotVectors`."""
    if len(raw) > MAX_FILE:
        raise NotVectors(f"it is larger than {MAX_FILE // 1024 // 1024} MiB")
    file = _checked(_json(raw))
    documents = {url: text.encode() for url, text in file.documents.items()}
    return Vectors(file.provider, tuple(map(_vector, file.vectors)), documents)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise NotVectors("it is no JSON in UTF-8") from None


def _checked(value: Any) -> _File:
    if not isinstance(value, dict):
        raise NotVectors("it is no JSON object with a list `vectors`")
    try:
        return _File.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise NotVectors(f"{'.'.join(map(str, first['loc']))}: {first['msg'][:1].lower()}{first['msg'][1:]}") from None


def _vector(read: _Vector) -> Vector:
    try:
        body = base64.b64decode(read.body_base64, validate=True) if read.body_base64 is not None else read.body.encode()
    except ValueError:
        raise NotVectors("the body of a vector is neither text nor base64") from None
    return Vector(read.id, read.method, read.url, read.headers, body, read.secret, read.at, read.valid, read.lenient)
