"""DBOS Transact as an engine: `powerstrip serve --engine dbos`, on PostgreSQL, in as many hub processes as you like.

DBOS (https://docs.dbos.dev, MIT) is used by its public interface, version 3.4: no key of its Conductor, no telemetry.
"""

from powerstrip.automations.engine import Engine
from powerstrip.automations.engine.plugins import EnginePlugin, EngineRefused
from powerstrip.automations.engine.working import Parts
from powerstrip.store import Store

SQLITE = (
    "The engine dbos works on PostgreSQL: set POWERSTRIP_DATABASE_URL, or leave the engine out and the embedded journal "
    "keeps runs in SQLite"
)


class DbosPlugin(EnginePlugin):
    """Makes the engine. DBOS itself is imported when it is."""

    name = "dbos"
    title = "DBOS Transact"

    def refusal(self, *, sqlite: bool) -> str:
        """On SQLite there is nothing to share between processes."""
        return SQLITE if sqlite else ""

    def make(self, parts: Parts) -> Engine:
        """The engine, with DBOS's own schema in the hub's database."""
        from powerstrip_dbos.engine import DbosEngine

        return DbosEngine(parts)

    def state(self, store: Store) -> list[str]:
        """DBOS's version, and what its queue holds."""
        from powerstrip_dbos.desk import Desk, DeskFailed

        desk = Desk(store.url, "doctor")
        try:
            return desk.state()
        except DeskFailed as error:
            raise EngineRefused(str(error)) from None
        finally:
            desk.close()


plugin = DbosPlugin()
