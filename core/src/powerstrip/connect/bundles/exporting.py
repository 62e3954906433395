"""Out of a project: names, providers, settings, and sealed credentials where they are asked for."""

import asyncio
from typing import Any

from sqlmodel import Session

from powerstrip.clock import stamp
from powerstrip.connect.bundles.document import FORMAT, MAX_INTEGRATIONS, VERSION, Bundle, Item, SealedPart
from powerstrip.connect.drafts import Drafter
from powerstrip.connect.keeping import Keeper
from powerstrip.problems import Problem, Unprocessable
from powerstrip.store import Actor, Integration, Project, scope

TAKEN = ("provider", "name", "mode", "status", "auth_kind", "origin", "config")


class Exporter:
    """Writes bundles."""

    def __init__(self, keeper: Keeper, drafter: Drafter) -> None:
        self._keeper = keeper
        self._drafter = drafter

    async def export(self, project: Project, actor: Actor, seal_to: str | None) -> dict[str, Any]:
        """The project's integrations as JSON. With `seal_to` the credentials are in it, sealed to that public key.

        Credentials that a person's consent gave stay here: two hubs that renew one grant would end it. A sandbox's stay too.
        Raises `Unprocessable` for a text that is no public key, and for more integrations than a bundle holds.
        """
        rows = await self._keeper.store.read(lambda session: _rows(session, project))
        if seal_to is None:
            return _bundle(rows).model_dump(exclude_none=True)
        travels = await asyncio.to_thread(lambda: {row.id for row in rows if self._travels(row)})

        def seal(session: Session) -> Bundle:
            fresh = _rows(session, project)
            bundle = _bundle(fresh)
            secret = [row if row.id in travels else None for row in fresh]
            sealed = self._keeper.vault.seal_bundle(session, secret, seal_to, bundle.beside, actor)
            bundle.sealed = SealedPart(**sealed)
            return bundle

        return (await self._keeper.store.write(seal)).model_dump(exclude_none=True)

    def _travels(self, row: Integration) -> bool:
        if row.mode != "live" or not row.credential_version:
            return False
        try:
            adapter = self._drafter.adapter(row.provider)
        except Problem:
            return False
        kinds = {auth.kind: auth for auth in adapter.auths} if adapter else {}
        return row.auth_kind not in kinds or not kinds[row.auth_kind].needs_consent


def _rows(session: Session, project: Project) -> list[Integration]:
    rows: list[Integration] = scope(session, project.id).all(Integration)
    if len(rows) > MAX_INTEGRATIONS:
        raise Unprocessable(f"A bundle holds at most {MAX_INTEGRATIONS} integrations", code="bundle_too_large")
    return rows


def _bundle(rows: list[Integration]) -> Bundle:
    items = [Item.model_validate({name: getattr(row, name) for name in TAKEN}) for row in rows]
    return Bundle(format=FORMAT, version=VERSION, exported_at=stamp(), integrations=items)
