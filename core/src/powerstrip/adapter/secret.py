"""An opaque holder for one secret string."""

from typing import Any, NoReturn, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

MAX_LENGTH = 64 * 1024


class Secret:
    """A secret that can be carried but not shown.

    Printing, formatting, pickling and serialising give nothing or raise, so that a secret which ends up in a log line, an
    error or a response by mistake does not leave. Only the edge and the vault call `reveal`.
    """

    __slots__ = ("_take",)

    def __init__(self, value: str) -> None:
        self._take = lambda: value

    def reveal(self) -> str:
        """Give the plain value. For the edge and the vault alone."""
        return self._take()

    def __bool__(self) -> bool:
        return bool(self._take())

    def __eq__(self, other: object) -> bool:
        """Secrets compare by identity: an equality test on values would be an oracle."""
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return "Secret()"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "Secret()"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret has no state to give")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(_refuse),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": "password", "writeOnly": True, "minLength": 1, "maxLength": MAX_LENGTH}

    @classmethod
    def _validate(cls, value: Any) -> "Secret":
        if isinstance(value, Secret):
            return value
        if not isinstance(value, str):
            raise PydanticCustomError("secret_type", "A secret is a string")
        if not value or len(value) > MAX_LENGTH:
            raise PydanticCustomError("secret_length", "A secret has 1 to 65536 characters")
        return cls(value)


def _refuse(value: Any) -> NoReturn:
    raise TypeError("a Secret cannot be serialised")
