"""Copies of an integration in other projects, credential included, over an existing one where that is meant."""

from typing import Any

from sqlmodel import Session

from powerstrip.connect.handles import copy_definition
from powerstrip.connect.impact import Impacts
from powerstrip.connect.keeping import Keeper, unchanged
from powerstrip.connect.plans import Change, Plan, breakages, require_accepted
from powerstrip.connect.rows import copy_of, copy_onto, refuse_twin, twin_of
from powerstrip.connect.tokens.rows import is_consent
from powerstrip.names import clean_name
from powerstrip.problems import Unprocessable
from powerstrip.store import Actor, Integration, Project, scope
from powerstrip.value import Value

UNCONNECTED = "A person's consent is not copied: connect this integration"
COPIED = ("status", "auth_kind", "origin", "account_id")
"""What is compared where a copy would be written over another integration."""


class Pair(Value):
    """What is copied, under which name, and the integration that already has it there."""

    source: Integration
    name: str
    twin: Integration | None
    consent: bool
    """The source was connected by a person's consent, which is good for it alone: two that renew one grant would end it."""


class Copying:
    """Copies integrations between projects."""

    def __init__(self, keeper: Keeper, impacts: Impacts) -> None:
        self._keeper = keeper
        self._impacts = impacts

    async def plan(self, target: Project, actor: Actor, source_project_id: str, source_id: str, name: str | None) -> Plan:
        """What a copy would do: make an integration, or write over the one that has this name."""
        pair = await self._keeper.store.read(lambda session: _pair(session, target, source_project_id, source_id, name))
        return await self._plan(pair, actor)

    async def copy(
        self,
        target: Project,
        actor: Actor,
        source_project_id: str,
        source_id: str,
        name: str | None,
        *,
        replace: bool,
        accept_impact: bool,
    ) -> Integration:
        """Copy. See `Integrations.copy`."""
        pair = await self._keeper.store.read(lambda session: _pair(session, target, source_project_id, source_id, name))
        if replace and pair.twin is not None:
            _refuse_consent(pair)
            require_accepted(await self._plan(pair, actor), accept_impact)

        def copy(session: Session) -> Integration:
            source: Integration = scope(session, source_project_id).get(Integration, source_id)
            if replace and pair.twin is not None:
                return self._over(session, actor, source, unchanged(session, pair.twin))
            refuse_twin(session, target.id, source.provider, pair.name)
            row = copy_of(source, target, actor, pair.name)
            scope(session, target.id).add(row)
            self._take_along(session, actor, source, row)
            origin = {"integration_id": source.id, "project_id": source.project_id}
            facts: dict[str, Any] = {"provider": row.provider, "mode": row.mode, "copied_from": origin}
            self._keeper.record(session, actor, "create", row, facts)
            return row

        return await self._keeper.store.write(copy)

    def _over(self, session: Session, actor: Actor, source: Integration, row: Integration) -> Integration:
        """Write over `row`: its id, name and mode stay."""
        facts: dict[str, Any] = {"fields": ["config", "credentials"]}
        if row.status != source.status:
            facts["status"] = {"before": row.status, "after": source.status}
        if not source.credential_version:
            self._keeper.vault.delete_credential(session, row)
        copy_onto(source, row)
        self._keeper.touch(session, row)
        self._take_along(session, actor, source, row)
        facts["copied_from"] = {"integration_id": source.id, "project_id": source.project_id}
        self._keeper.record(session, actor, "update", row, facts)
        return row

    def _take_along(self, session: Session, actor: Actor, source: Integration, row: Integration) -> None:
        if is_consent(session, source):
            if row.mode == "live":
                row.status, row.status_reason = "expired", UNCONNECTED
            return
        self._keeper.vault.copy_credential(session, source, row, actor)
        copy_definition(session, source, row, actor)
        facts = {"action": "copy", "copied_to": {"project_id": row.project_id}}
        self._keeper.record(session, actor, "use", source, facts)

    async def _plan(self, pair: Pair, actor: Actor) -> Plan:
        source, twin = pair.source, pair.twin
        if twin is None:
            made = Change("integration", None, pair.name)
            taken = "none: " + UNCONNECTED if pair.consent else _credential(source)
            return Plan("copy", None, pair.name, source.provider, (made, Change("credentials", None, taken)))
        _refuse_consent(pair)
        names = sorted({*source.config, *twin.config})
        pairs = [(name, getattr(twin, name), getattr(source, name)) for name in COPIED]
        pairs += [(f"config.{name}", twin.config.get(name), source.config.get(name)) for name in names]
        changes = [Change(name, before, after) for name, before, after in pairs if before != after]
        changes.append(Change("credentials", _credential(twin), "replaced" if source.credential_version else "removed"))
        impact = await self._impacts.of(twin)
        breaks = () if _same_place(source, twin) else breakages(twin, actor, impact)
        return Plan("copy", twin.id, twin.name, twin.provider, tuple(changes), breaks, impact)


def _pair(session: Session, target: Project, source_project_id: str, source_id: str, name: str | None) -> Pair:
    """Raises `NotFound`, `BadInput` for a bad name, and `Unprocessable` for what is never copied there."""
    label = None if name is None else clean_name(name)
    source: Integration = scope(session, source_project_id).get(Integration, source_id)
    twin = twin_of(session, target.id, source.provider, label or source.name)
    if source.mode == "sandbox" and (target.mode != "sandbox" or (twin is not None and twin.mode != "sandbox")):
        raise Unprocessable(
            "This is a sandbox's integration, whose credential was never used: make a live one and enter the credential",
            code="sandbox_credential",
        )
    if twin is not None and twin.id == source.id:
        refuse_twin(session, target.id, source.provider, twin.name)
    return Pair(source, label or source.name, twin, is_consent(session, source))


def _refuse_consent(pair: Pair) -> None:
    """Raise `Unprocessable` where what works would be written over by what has yet to be connected."""
    if pair.consent:
        raise Unprocessable(
            "This integration was connected by a person's consent, which is not copied: connect the other one for itself",
            code="consent_not_copied",
        )


def _credential(row: Integration) -> str | None:
    return "stored" if row.credential_version else None


def _same_place(source: Integration, twin: Integration) -> bool:
    """Whether calls with the copy go on as they did: to the same place, for the same account."""
    working = source.status == "active" and source.credential_version > 0
    return working and (source.origin, source.account_id) == (twin.origin, twin.account_id) and source.account_id is not None
