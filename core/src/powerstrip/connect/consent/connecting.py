"""The parts of connecting, put together."""

from powerstrip.catalog import Catalog
from powerstrip.connect.asking import Asker
from powerstrip.connect.consent.apps import Apps
from powerstrip.connect.consent.flows import Consents
from powerstrip.connect.consent.landing import KeepsGrants, Landing
from powerstrip.connect.consent.records import Records
from powerstrip.connect.consent.sessions import Sessions
from powerstrip.connect.integrations import Integrations
from powerstrip.connect.keeping import Keeper
from powerstrip.connect.tokens import Exchange
from powerstrip.edge import Edge
from powerstrip.settings import Settings
from powerstrip.store import AuditLog, Store
from powerstrip.value import Value
from powerstrip.vault import Vault


class Connecting(Value):
    """OAuth clients, consents, and links."""

    apps: Apps
    consents: Consents
    sessions: Sessions


def connecting(
    store: Store,
    vault: Vault,
    catalog: Catalog,
    edge: Edge,
    audit: AuditLog,
    settings: Settings,
    *,
    apps: Apps,
    exchange: Exchange,
    tokens: KeepsGrants,
    integrations: Integrations,
) -> Connecting:
    """The rooms' services for connecting, over the hub's own."""
    records = Records(store, vault, audit)
    asker = Asker(store, vault, edge, audit, settings)
    landing = Landing(store, catalog, apps, exchange, tokens, records, Keeper(store, vault, audit), asker, settings)
    consents = Consents(store, catalog, edge, apps, exchange, records, landing, settings)
    return Connecting(apps, consents, Sessions(store, catalog, audit, integrations, consents, settings))
