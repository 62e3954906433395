"""Actions by name, with what a call needs to know of them worked out once."""

import asyncio
from typing import Any, get_args

from pydantic import BaseModel

from powerstrip.adapter import Action, Adapter, Content
from powerstrip.catalog import Catalog, ProjectCatalogs
from powerstrip.problems import Unprocessable
from powerstrip.value import Value

MAX_NAMES = 10_000
"""Spellings that are remembered."""


class Target(Value):
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
    """Looks actions up in the project's catalog; an adapter's first import happens in a thread."""

    def __init__(self, catalogs: ProjectCatalogs) -> None:
        self._catalogs = catalogs
        self._catalog = catalogs.base
        self._known: dict[str, Target] = {}

    async def find(self, project_id: str, name: str) -> Target:
        """The action of this name or alias. Raises `NotFound`, or `Unprocessable` where it cannot be called."""
        known = self._known.get(name)
        if known is None and self._may_be_made(name):
            return await asyncio.to_thread(_look_up, await self._catalogs.of(project_id), name)
        if known is None:
            known = await asyncio.to_thread(_look_up, self._catalog, name)
            if len(self._known) < MAX_NAMES:
                self._known[name] = known
        return known

    def _may_be_made(self, name: str) -> bool:
        """Whether the provider is one whose integrations have actions of their own."""
        provider = name.partition(".")[0]
        return self._catalog.has(provider) and self._catalog.summary(provider).dynamic


def _look_up(catalog: Catalog, name: str) -> Target:
    provider, action_id = catalog.find_action(name)
    adapter = catalog.adapter(provider)
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
