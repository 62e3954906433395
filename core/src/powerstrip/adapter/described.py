"""Models made at run time from a JSON Schema (2020-12), where no annotations can be written: those of imported operations.

They are used as any `Model` is: read from JSON, shown as JSON Schema, mocked, written back. Their values are in `values`.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, cast

from pydantic import GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from powerstrip.adapter.content import Content
from powerstrip.adapter.model import Model

if TYPE_CHECKING:
    import jsonschema_rs

Schema: TypeAlias = dict[str, Any]
Check: TypeAlias = Literal["schema", "object"]
"""What is checked: everything the schema says, or only that it is an object, or nothing at all."""

MAX_ERRORS = 20
MAX_PATTERN = 500
MASK = "This value"
CONTENT: Schema = {"$ref": "#/$defs/Content"}
"""A place for a file's content."""
_CONTENT = TypeAdapter(Content)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Described(Model):
    """An object whose fields are told by a JSON Schema. Made by `described`, never by hand."""

    values: dict[str, Any]

    source: ClassVar[Callable[[], Schema]]
    check: ClassVar[Check] = "schema"
    files: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def schema_of(cls) -> Schema:
        """The schema, made on first use. Read it, do not change it."""
        raise NotImplementedError

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> Schema:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A copy of the schema, in whatever mode: it has one spelling of its names."""
        return json.loads(_ENCODER.encode(cls.schema_of()))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if "source" not in cls.__dict__:
            return handler(source)
        return core_schema.no_info_plain_validator_function(
            cls._read, serialization=core_schema.plain_serializer_function_ser_schema(cls._write)
        )

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Described":
        """An instance of these values, not checked: contents may be among them as they are."""
        made = cls.model_construct()
        vars(made)["values"] = dict(values)
        return made

    @classmethod
    def _read(cls, value: Any) -> "Described":
        if isinstance(value, cls):
            return value
        if value is None and cls.check == "object":
            return cls.of({})
        if not isinstance(value, dict):
            raise PydanticCustomError("dict_type", "Give an object")
        given = cast(dict[str, Any], value)
        if cls.check == "schema" and (errors := list(_errors(_validator(cls), given))):
            raise ValidationError.from_exception_data(cls.__name__, errors, hide_input=True)
        return cls.of({name: _content(each, name) if name in cls.files else each for name, each in given.items()})

    @staticmethod
    def _write(value: Any) -> Any:
        return {name: _plain(each) for name, each in value.values.items()} if isinstance(value, Described) else value


class DescribedFiles(Described):
    """The same with places for files' contents, which the hub finds by this annotation."""

    values: dict[str, Content | Any]  # pyright: ignore[reportIncompatibleVariableOverride]


def described(
    name: str, schema: Callable[[], Schema], *, check: Check = "schema", files: tuple[str, ...] = ()
) -> type[Described]:
    """A model of this name. `schema` is asked once, on first use, for a self-contained schema of an object.

    References in it are `#/$defs/…` and may be cyclic. `files` are fields that hold a `Content`, or a list of them.
    """

    def schema_of(cls: type[Described]) -> Schema:
        return made()

    made = cache(schema)
    base = DescribedFiles if files else Described
    space: dict[str, Any] = {
        "__module__": __name__,
        "__annotations__": {},
        "source": made,
        "check": check,
        "files": files,
        "schema_of": classmethod(schema_of),
    }
    return cast(Any, type(base))(name, (base,), space)


def content_schema() -> Schema:
    """What `#/$defs/Content` stands for."""
    return _CONTENT.json_schema()


@cache
def _validator(model: type[Described]) -> "jsonschema_rs.Validator":
    """Patterns are matched in linear time; nothing is fetched."""
    import jsonschema_rs  # only who validates pays for loading it

    schema = model.schema_of()
    linear = jsonschema_rs.RegexOptions()
    return jsonschema_rs.Draft202012Validator(schema, mask=MASK, offline=True, pattern_options=linear, validate_formats=False)


def _errors(validator: "jsonschema_rs.Validator", value: Any) -> Iterator[InitErrorDetails]:
    from jsonschema_rs import ValidationErrorKind as Kind

    for count, error in enumerate(validator.iter_errors(value)):
        if count >= MAX_ERRORS:
            return
        place, message = tuple(error.instance_path), error.message
        if isinstance(error.kind, Kind.Required):
            place, message = (*place, str(error.kind.property)), "This field is required"
        elif isinstance(error.kind, Kind.AdditionalProperties):
            named = error.kind.unexpected
            place, message = (*place, *named[:1]), "There is no such field"
        shown = PydanticCustomError("json_schema", "{words}", {"words": message[:300]})
        yield InitErrorDetails(type=shown, loc=place, input=None)


def _content(value: Any, field: str) -> Any:
    if isinstance(value, list):
        return [_content(each, field) for each in cast(list[Any], value)]
    if value is None:
        return None
    with contextlib.suppress(ValidationError):
        return _CONTENT.validate_python(value)
    error = PydanticCustomError("content", 'Give base64 text or {"file": "file_…"}')
    raise ValidationError.from_exception_data(field, [InitErrorDetails(type=error, loc=(field,), input=None)], hide_input=True)


def _plain(value: Any) -> Any:
    match value:
        case Content():
            return _CONTENT.dump_python(value, mode="json")
        case list():
            return [_plain(each) for each in cast(list[Any], value)]
        case _:
            return value


def usable_pattern(pattern: str) -> bool:
    """Whether a schema may hold this regular expression: it is one, of 500 characters at most, and runs in linear time."""
    import jsonschema_rs

    if len(pattern) > MAX_PATTERN:
        return False
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, offline=True, pattern_options=jsonschema_rs.RegexOptions())
    except ValueError:
        return False
    return True
