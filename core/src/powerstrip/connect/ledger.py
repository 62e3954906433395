"""The ledger of what a sandbox would have sent."""

from collections.abc import Iterable

from sqlalchemy import Connection

from powerstrip.edge import LedgerRow
from powerstrip.store import WouldSend, insert_row


def keep_ledger(connection: Connection, rows: Iterable[LedgerRow], *, invoked: bool) -> None:
    """Store the edge's rows, in a `store.hot` transaction.

    `invoked` is false for questions of the hub's own: no invocation stands behind them.
    """
    for row in rows:
        kept = row if invoked else row | {"invocation_id": None}
        insert_row(connection, WouldSend, kept if kept["integration_id"] else kept | {"integration_id": None})
