"""A vault over a store that runs, with an integration in each of two projects."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session

from powerstrip.settings import Settings
from powerstrip.store import Actor, Integration, Project, Store
from powerstrip.vault import MasterKey, SealedCredential, Vault
from powerstrip.vault.credentials import Purpose

ACTOR = Actor("prn_invented", "Ada")


@dataclass
class House:
    """What the tests hold."""

    store: Store
    vault: Vault
    master: MasterKey
    one: Integration
    two: Integration
    actor: Actor = ACTOR

    async def keep(self, integration: Integration, **credentials: str) -> None:
        def work(session: Session) -> None:
            row = session.get(Integration, integration.id)
            assert row is not None
            self.vault.store_credential(session, row, credentials, self.actor)

        await self.store.write(work)

    async def use(self, integration: Integration, mode: str = "live", project_id: str | None = None) -> SealedCredential | None:
        purpose = Purpose("slack.message.post", "inv_invented", mode)
        project = project_id or integration.project_id
        return await self.store.hot(lambda c: self.vault.use(c, project, integration.id, self.actor, purpose))

    async def revealed(self, integration: Integration) -> dict[str, str]:
        credential = await self.use(integration)
        assert credential is not None
        return self.vault.reveal(credential)

    async def audited(self) -> int:
        report = await self.store.read(self.vault.audit.verify)
        assert report.intact
        return report.rows


def integration(project: Project, name: str, **fields: str) -> Integration:
    return Integration(project_id=project.id, provider="slack", name=name, name_key=name, **fields)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    store = Store(database_url)
    store.migrate()
    await store.start()
    master = MasterKey(secrets.token_bytes(32))
    vault = Vault(store, master)
    await vault.start()
    projects = [Project(name=name, handle=name) for name in ("a", "b")]
    one, two = (integration(project, f"Slack of {project.handle}") for project in projects)

    def fill(session: Session) -> None:
        session.add_all(projects)
        session.flush()
        session.add_all([one, two])

    await store.write(fill)
    yield House(store, vault, master, one, two)
    await store.close()
