"""Bytes of any size that a function passes on without holding them all."""

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

CHUNK = 256 * 1024


class Content:
    """A file's content, in memory or on disk, read in pieces.

    In JSON it is a base64 string, or `{"file": "file_…"}` for one that was uploaded to the hub first. Large answers come back
    as such a reference too. `size` is in bytes.
    """

    __slots__ = ("data", "file_id", "media_type", "path", "size")

    def __init__(
        self,
        data: bytes = b"",
        *,
        path: Path | None = None,
        media_type: str | None = None,
        file_id: str | None = None,
    ) -> None:
        self.data = data
        self.path = path
        self.media_type = media_type
        self.file_id = file_id
        self.size = path.stat().st_size if path else len(data)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The content, 256 KiB at a time. Fit to be streamed more than once."""
        if self.path is None:
            for at in range(0, len(self.data), CHUNK):
                yield self.data[at : at + CHUNK]
            return
        with self.path.open("rb") as file:
            while piece := file.read(CHUNK):
                yield piece

    def read(self) -> bytes:
        """All of it at once: for content known to be small."""
        return self.path.read_bytes() if self.path else self.data

    def sha256(self) -> str:
        """The content's SHA-256 as hex, read in pieces."""
        digest = hashlib.sha256()
        if self.path is None:
            digest.update(self.data)
        else:
            with self.path.open("rb") as file:
                while piece := file.read(CHUNK):
                    digest.update(piece)
        return digest.hexdigest()

    def __repr__(self) -> str:
        return f"Content({self.size} bytes)"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(cls._dump),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "anyOf": [
                {"type": "string", "format": "base64", "contentEncoding": "base64"},
                {
                    "type": "object",
                    "properties": {"file": {"type": "string", "pattern": "^file_"}},
                    "required": ["file"],
                },
            ],
        }

    @classmethod
    def _validate(cls, value: Any) -> "Content":
        match value:
            case Content():
                return value
            case bytes():
                return cls(value)
            case str():
                try:
                    return cls(base64.b64decode(value, validate=True))
                except (binascii.Error, ValueError):
                    raise PydanticCustomError("base64", "Not base64") from None
            case {"file": str(file_id)}:
                return cls(file_id=file_id)
            case _:
                raise PydanticCustomError("content", 'Give base64 text or {"file": "file_…"}')

    @staticmethod
    def _dump(value: "Content") -> Any:
        if value.file_id:
            return {"file": value.file_id, "size": value.size, "media_type": value.media_type}
        return base64.b64encode(value.read()).decode()
