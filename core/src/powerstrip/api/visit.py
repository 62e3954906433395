"""One request on its way through the house."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from powerstrip.access import Identity
from powerstrip.api.body import Body
from powerstrip.api.cursors import Cursors, Page
from powerstrip.api.head import Head
from powerstrip.store import Actor, Project

Row = TypeVar("Row")
Fetch = Callable[[tuple[str, str] | None, int], Awaitable[list[Row]]]
KEY = "powerstrip.visit"
"""Where a request's visit lies in its ASGI scope."""


@dataclass(slots=True)
class Visit:
    """What is known of a request. `identity` and `project` are there once the gate has let it in."""

    head: Head
    body: Body
    request_id: str
    cursors: Cursors
    data: BaseModel | None = None
    """The JSON body, once it was read and judged."""
    route: str = ""
    """The template of the address."""
    failure: BaseException | None = None
    """What went wrong, if it was nobody's plan."""
    query: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    known: Identity | None = None
    within: Project | None = None

    @property
    def identity(self) -> Identity:
        """The caller."""
        assert self.known is not None
        return self.known

    @property
    def actor(self) -> Actor:
        """The caller as the audit log names him."""
        return self.identity.actor

    @property
    def project(self) -> Project:
        """The project that the address names."""
        assert self.within is not None
        return self.within

    def permitted(self, action: str) -> bool:
        """True where the caller may call this action in this project."""
        return self.identity.may_execute(action, self.project.id)

    async def page(self, cursor: str | None, limit: int, fetch: Fetch[Row], key: Callable[[Row], tuple[str, str]]) -> Page[Row]:
        """A page of what `fetch` gives. One row more than shown is asked for, to learn whether there is more."""
        rows = await fetch(self.read_cursor(cursor), limit + 1)
        more = len(rows) > limit
        rows = rows[:limit]
        return Page(rows, self.write_cursor(key(rows[-1])) if more else None)

    def read_cursor(self, cursor: str | None) -> tuple[str, str] | None:
        """The place that a cursor of this very list names. Raises `BadInput` for any other."""
        return None if cursor is None else self.cursors.read(self._binding(), cursor)

    def write_cursor(self, place: tuple[str, str]) -> str:
        """A cursor that is good for this list alone."""
        return self.cursors.write(self._binding(), place)

    def _binding(self) -> str:
        """Which list this is: of which project, at which address, by which filters."""
        filters = sorted(f"{name}={value}" for name, value in self.query if name not in ("cursor", "limit"))
        return "\n".join((self.within.id if self.within else "", self.head.path, *filters))
