"""The rooms that a conversation works with."""

from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property
from typing import TypeAlias

from powerstrip.actions import Actions
from powerstrip.actions.files import Files
from powerstrip.automations import Automations, Rehearsals
from powerstrip.automations.runs import Runs
from powerstrip.catalog import Catalog
from powerstrip.chat.intent import Intent
from powerstrip.chat.model import MAX_TEXT, LanguageModel
from powerstrip.chat.parser import Parser
from powerstrip.connect import Integrations
from powerstrip.connect.definitions import Definitions
from powerstrip.entities import Entities
from powerstrip.inbound.history import History
from powerstrip.outbound import Webhooks
from powerstrip.problems import Problem, Unprocessable
from powerstrip.store import Integration

Consult: TypeAlias = Callable[[str, str, int], Awaitable[None]]
"""Told beforehand that a language model is asked: its host, its name, the number of characters."""


class Desk:
    """What conversations are handed at composition."""

    def __init__(
        self,
        catalog: Catalog,
        integrations: Integrations,
        actions: Actions,
        automations: Automations,
        history: History,
        entities: Entities,
        definitions: Definitions,
        files: Files,
        rehearsals: Rehearsals,
        runs: Runs,
        webhooks: Webhooks,
        model: LanguageModel | None = None,
    ) -> None:
        self.catalog, self.integrations, self.actions, self.automations = catalog, integrations, actions, automations
        self.history, self.entities, self.definitions, self.files = history, entities, definitions, files
        self.rehearsals, self.runs, self.webhooks = rehearsals, runs, webhooks
        self._model = model

    async def understand(self, redacted: str, kinds: Iterable[str], own: Iterable[str], consult: Consult | None) -> Intent:
        """What a redacted message asks for. Where no model is named, or without `consult`, nobody outside is asked.

        `own` are the names of the project's connections.

        `consult` is told the model's host and name and how many characters it will be shown, before it is asked. Attempts to get at
        a credential are told offline, and no model ever sees them.
        """
        intent = self.parser.parse(redacted, kinds, own)
        if self._model is None or consult is None or intent.reveals:
            return intent
        await consult(self._model.host, self._model.name, min(len(redacted), MAX_TEXT))
        return await self._model.understand(redacted, intent, self.parser.lexicon)

    @cached_property
    def parser(self) -> Parser:
        """A parser that knows what is installed. Made on first use, which takes a moment and reads files: from a thread."""
        return Parser([self.catalog.provider(each.id) for each in self.catalog.providers() if not each.problem])

    async def matching(self, project_id: str, provider: str, name: str) -> list[Integration]:
        """The project's integrations that a request means, by name first, else by provider."""
        if name:
            try:
                return [await self.integrations.resolve(project_id, name, provider or None)]
            except Unprocessable:
                return [row for row in await self.integrations.list(project_id, limit=200) if row.name == name]
            except Problem as problem:
                if problem.status != 404:
                    raise
                return []
        return await self.integrations.list(project_id, provider=provider, limit=200) if provider else []

    async def names(self, project_id: str) -> list[str]:
        """What the project's connections are called."""
        return [row.name for row in await self.integrations.list(project_id, limit=200)]

    async def active(self, project_id: str, provider: str) -> Integration | None:
        """An active integration of this provider, the newest."""
        found = await self.integrations.list(project_id, provider=provider, status="active", limit=1)
        return found[0] if found else None

    def title(self, provider: str) -> str:
        """A provider's name for people."""
        known = self.parser.lexicon.providers.get(provider)
        return known.title if known else provider
