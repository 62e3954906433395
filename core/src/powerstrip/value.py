"""Values: what goes from room to room. Frozen, compared by what they hold, made at a tenth of a frozen dataclass's cost.

    class Lease(Value):
        id: str
        answer: Hidden[bytes | None]
        held: dict[str, str] = field(default_factory=dict[str, str])

What changes while something is under way is a dataclass, and so is what an adapter's author sees (`powerstrip.adapter`): nothing
but the standard library is needed to write one.
"""

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias, TypeVar, cast, dataclass_transform, get_origin

from msgspec import Struct, field
from msgspec.structs import replace

__all__ = ["Hidden", "Value", "asdict", "field", "replace"]

T = TypeVar("T")
_HIDDEN = "hidden"
Hidden: TypeAlias = Annotated[T, _HIDDEN]
"""A field that is left out when the value is printed: a secret, or what is too long to read."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value(Struct, frozen=True):
    """The base of every value."""

    def __repr__(self) -> str:
        hidden = _hidden(type(self))
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in hidden)
        return f"{type(self).__qualname__}({', '.join(shown)})"


def asdict(value: Struct) -> dict[str, Any]:
    """A value's fields by name, and those of the values in it; everything else as it is."""
    return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}


def _plain(held: Any) -> Any:
    match held:
        case Struct():
            return asdict(held)
        case list() | tuple():
            kind: type[Any] = list if isinstance(held, list) else tuple
            return kind(_plain(each) for each in cast(Sequence[Any], held))
        case dict():
            return {name: _plain(each) for name, each in cast(dict[Any, Any], held).items()}
        case _:
            return held


def _hidden(kind: type[Any]) -> set[str]:
    said = ((name, each) for base in kind.__mro__ for name, each in vars(base).get("__annotations__", {}).items())
    return {name for name, each in said if get_origin(each) is Annotated and _HIDDEN in each.__metadata__}
