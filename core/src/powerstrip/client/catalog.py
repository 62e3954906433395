"""What can be done: providers, actions, events."""

from typing import cast

from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path
from powerstrip.client.shapes import ActionEntry, Choice, EventSource, Provider, ProviderForms


class Providers:
    """The provider catalog of a project, with the readiness of each entry."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("integrations", "providers")

    async def list(self) -> list[Provider]:
        """Every provider that is installed, broken ones included."""
        answer = await self._session.get(self._root)
        return cast(list[Provider], answer["providers"])

    async def get(self, provider: str) -> ProviderForms:
        """One provider with the forms an admin fills: credentials for each auth kind, config, pickers."""
        return await self._session.get(self._root + path(provider))


class Catalog:
    """The action catalog and the event catalog of a project."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("catalog")

    async def actions(self) -> list[ActionEntry]:
        """Every action, with its schemas and readiness."""
        answer = await self._session.get(self._root + path("actions"))
        return cast(list[ActionEntry], answer["items"])

    async def action(self, name: str) -> ActionEntry:
        """One action by its name or an alias."""
        return await self._session.get(self._root + path("actions", name))

    async def events(self) -> list[EventSource]:
        """Every source of events."""
        answer = await self._session.get(self._root + path("events"))
        return cast(list[EventSource], answer["items"])


def choices(session: Session, root: str, integration: str, picker: str, search: str, values: dict[str, str]) -> Pages[Choice]:
    """The values one integration's picker offers; `values` are the other fields filled so far."""
    query = {"search": search or None, **{f"value.{field}": value for field, value in values.items()}}
    return Pages(session, root + path("integrations", integration, "pickers", picker), query, items="choices", sized=False)
