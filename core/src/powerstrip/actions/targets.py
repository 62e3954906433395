"""Actions by name, with what a call needs to know of them worked out once."""

import asyncio
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from powerstrip.adapter import Action, Adapter, Content
from powerstrip.catalog import Catalog
from powerstrip.problems import Unprocessable

MAX_NAMES = 10_000
"""Spellings that are remembered."""


@dataclass(frozen=True, slots=True)
class Target:
    """An action that can be called. `name` is its full name, whatever alias was asked for."""

    name: str
    adapter: Adapter
    action: Action[Any, Any]
    takes_files: bool
    gives_files: bool

    @property
    def repeatable(self) -> bool:
        """Whether another call with the same provider key cannot do a thing twice."""
        hints = self.action.annotations
        return hints.read_only or hints.idempotent or self.action.idempotency is not None


class Targets:
    """Looks actions up in the catalog; an adapter's first import happens in a thread."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[str, Target] = {}

    async def find(self, name: str) -> Target:
        """The action of this name or alias. Raises `NotFound`, or `Unprocessable` where it cannot be called."""
        known = self._known.get(name)
        if known is None:
            known = await asyncio.to_thread(self._look_up, name)
            if len(self._known) < MAX_NAMES:
                self._known[name] = known
        return known

    def _look_up(self, name: str) -> Target:
        provider, action_id = self._catalog.find_action(name)
        adapter = self._catalog.adapter(provider)
        if adapter.planned:
            raise Unprocessable(f"{adapter.title} is in the catalog only: it cannot be called yet", code="not_implemented")
        action = adapter.actions[action_id]
        return Target(f"{provider}.{action_id}", adapter, action, carries(action.input), carries(action.output))


def carries(model: type[BaseModel]) -> bool:
    """Whether there is a place for a file's content in this model."""
    return _holds_content(model, set())


def _holds_content(annotation: Any, seen: set[Any]) -> bool:
    if annotation is Content:
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return False
        seen.add(annotation)
        return any(_holds_content(field.annotation, seen) for field in annotation.model_fields.values())
    return any(_holds_content(part, seen) for part in get_args(annotation))
