"""Connections to providers."""

from collections.abc import Mapping
from typing import Any

from powerstrip.client.catalog import choices
from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path
from powerstrip.client.shapes import Choice, Integration, Mode, Probe, Status


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given: None means "leave it out"."""
    return {name: value for name, value in fields.items() if value is not None}


class Integrations:
    """The integrations of a project. Credentials go in and never come out."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._project = root
        self._root = root + path("integrations")

    def list(self, *, provider: str | None = None, status: Status | None = None) -> Pages[Integration]:
        """All, or those of one provider or status."""
        return Pages(self._session, self._root, {"provider": provider, "status": status})

    async def create(
        self,
        name: str,
        provider: str,
        *,
        credentials: Mapping[str, str] | None = None,
        config: Mapping[str, Any] | None = None,
        auth_kind: str | None = None,
        mode: Mode | None = None,
        probe: bool | None = None,
    ) -> Integration:
        """Connect a provider. With `probe` the credentials are tried first and refused ones are not kept."""
        body = given(
            name=name, provider=provider, credentials=credentials, config=config, auth_kind=auth_kind, mode=mode, probe=probe
        )
        return await self._session.ask("POST", self._root, body=body)

    async def get(self, id: str) -> Integration:
        """One integration by its id."""
        return await self._session.get(self._root + path(id))

    async def update(
        self,
        id: str,
        *,
        name: str | None = None,
        credentials: Mapping[str, str] | None = None,
        config: Mapping[str, Any] | None = None,
        status: Status | None = None,
    ) -> Integration:
        """Change what is given and keep the rest."""
        body = given(name=name, credentials=credentials, config=config, status=status)
        return await self._session.ask("PUT", self._root + path(id), body=body)

    async def delete(self, id: str) -> None:
        """Delete it with its credentials, for good."""
        await self._session.ask("DELETE", self._root + path(id))

    async def copy(self, source_project: str, source_id: str, *, name: str | None = None) -> Integration:
        """Copy an integration of another project into this one, credentials included."""
        body = given(source_project_id=source_project, source_integration_id=source_id, name=name)
        return await self._session.ask("POST", self._root + path("copy"), body=body)

    async def rotate(
        self, id: str, credentials: Mapping[str, str], *, probe: bool | None = None, accept_other_account: bool = False
    ) -> Integration:
        """Replace the credentials. Unless `probe` is false they are tried first; refused or another account's change nothing."""
        body = given(credentials=credentials, probe=probe, accept_other_account=accept_other_account or None)
        return await self._session.ask("POST", self._root + path(id, "rotate"), body=body)

    async def test(self, id: str) -> Probe:
        """Ask the provider whose credentials they are. A refusal is an answer, not an exception."""
        return await self._session.ask("POST", self._root + path(id, "test"))

    def pick(self, id: str, picker: str, *, search: str = "", values: dict[str, str] | None = None) -> Pages[Choice]:
        """Values of the provider to choose from; `values` are the other fields filled so far."""
        return choices(self._session, self._project, id, picker, search, values or {})
