"""Connections to providers."""

from collections.abc import Mapping
from typing import Any, cast

from powerstrip.client.catalog import choices
from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path
from powerstrip.client.shapes import Choice, HistoryStep, Impact, ImportResult, Integration, Json, Mode, Plan, Probe, Status

PLAN = {"plan": "true"}


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
        accept_impact: bool = False,
    ) -> Integration:
        """Change what is given and keep the rest. What would stop others is refused (`impact`) unless `accept_impact`."""
        body = given(name=name, credentials=credentials, config=config, status=status, accept_impact=accept_impact or None)
        return await self._session.ask("PUT", self._root + path(id), body=body)

    async def plan_update(
        self,
        id: str,
        *,
        name: str | None = None,
        credentials: Mapping[str, str] | None = None,
        config: Mapping[str, Any] | None = None,
        status: Status | None = None,
    ) -> Plan:
        """What `update` would do."""
        body = given(name=name, credentials=credentials, config=config, status=status)
        return await self._session.ask("PUT", self._root + path(id), query=PLAN, body=body)

    async def expire(self, id: str, reason: str, *, accept_impact: bool = False) -> Integration:
        """Mark it expired by hand: no call uses its credentials until there are others."""
        body = given(reason=reason, accept_impact=accept_impact or None)
        return await self._session.ask("POST", self._root + path(id, "expire"), body=body)

    async def plan_expire(self, id: str, reason: str) -> Plan:
        """What `expire` would do."""
        return await self._session.ask("POST", self._root + path(id, "expire"), query=PLAN, body={"reason": reason})

    async def delete(self, id: str, *, accept_impact: bool = False) -> None:
        """Delete it with its credentials, for good. What would stop others is refused (`impact`) unless `accept_impact`."""
        await self._session.ask("DELETE", self._root + path(id), query={"accept_impact": "true" if accept_impact else None})

    async def plan_delete(self, id: str) -> Plan:
        """What `delete` would do."""
        return await self._session.ask("DELETE", self._root + path(id), query=PLAN)

    async def impact(self, id: str) -> Impact:
        """Who and what uses it."""
        return await self._session.get(self._root + path(id, "impact"))

    async def history(self, id: str) -> "list[HistoryStep]":
        """What became of it, the newest first."""
        answer = await self._session.get(self._root + path(id, "history"))
        return cast("list[HistoryStep]", answer["items"])

    async def copy(
        self,
        source_project: str,
        source_id: str,
        *,
        name: str | None = None,
        replace: bool = False,
        accept_impact: bool = False,
    ) -> Integration:
        """Copy an integration of another project into this one, credentials included; with `replace` over one of that name."""
        body = given(
            source_project_id=source_project,
            source_integration_id=source_id,
            name=name,
            replace=replace or None,
            accept_impact=accept_impact or None,
        )
        return await self._session.ask("POST", self._root + path("copy"), body=body)

    async def plan_copy(self, source_project: str, source_id: str, *, name: str | None = None) -> Plan:
        """What `copy` with `replace` would do."""
        body = given(source_project_id=source_project, source_integration_id=source_id, name=name)
        return await self._session.ask("POST", self._root + path("copy"), query=PLAN, body=body)

    async def export(self, *, seal_to: str | None = None) -> Json:
        """The project's integrations as a bundle; with `seal_to` the credentials too, sealed to that hub's public key."""
        return await self._session.ask("POST", self._root + path("export"), body=given(seal_to=seal_to))

    async def import_bundle(
        self, bundle: Mapping[str, Any], *, skip_conflicts: bool = False, accept_impact: bool = False
    ) -> ImportResult:
        """Import a bundle, all or nothing; with `skip_conflicts` without what cannot be imported."""
        body = given(bundle=bundle, skip_conflicts=skip_conflicts or None, accept_impact=accept_impact or None)
        return await self._session.ask("POST", self._root + path("import"), body=body)

    async def plan_import(self, bundle: Mapping[str, Any]) -> ImportResult:
        """What `import_bundle` would do."""
        return await self._session.ask("POST", self._root + path("import"), query=PLAN, body={"bundle": bundle})

    async def bundle_key(self) -> str:
        """The public key to which other hubs seal bundles for this one."""
        answer = await self._session.get(self._root + path("bundle-key"))
        return str(answer["public_key"])

    async def plan_rotate(self, id: str, credentials: Mapping[str, str]) -> Plan:
        """What `rotate` would do. The provider is not asked."""
        return await self._session.ask("POST", self._root + path(id, "rotate"), query=PLAN, body={"credentials": credentials})

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
