"""Dynamic adapters: actions made at run time from a definition that is kept with an integration.

An adapter with a `Dynamic` reads a foreign description once (`read`) into a definition, plain JSON that the hub keeps, and makes
`Action` and `Picker` values of it whenever they are needed (`make`). Both are pure: no I/O, nothing kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from powerstrip.adapter.adapter import Action, Picker

Definition: TypeAlias = Mapping[str, Any]
"""Plain JSON in the adapter's own form."""


class DocumentRefused(ValueError):
    """A document that cannot be imported as a whole. The message says why, and what to do; it is shown to people."""


@dataclass(frozen=True)
class SignIn:
    """A way to sign in that a document names: an auth kind of the adapter, settings for it, and what a person must fill in."""

    kind: str
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    fill_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class Imported:
    """What came of a document.

    `operations` counts those that stand in it; `refused` tells of each that is not in the definition why not. `todo` is what a
    person must confirm. `config` are settings for the integration as far as the document tells them.
    """

    definition: Definition
    title: str
    operations: int
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    sign_in: tuple[SignIn, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    warnings: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()

    @property
    def imported(self) -> int:
        """How many operations are in the definition."""
        return self.operations - len(self.refused)


@dataclass(frozen=True)
class Parts:
    """What a definition makes. Ids begin with the handle that was asked for."""

    actions: "Mapping[str, Action[Any, Any]]"
    pickers: "Mapping[str, Picker]" = field(default_factory=dict[str, "Picker"])


@dataclass(frozen=True)
class Dynamic:
    """The two functions. `make(handle, definition)` gives actions `handle.operation`; `read` raises `DocumentRefused`."""

    read: Callable[[Mapping[str, Any]], Imported]
    make: Callable[[str, Definition], Parts]
