"""The ledger of what a sandbox would have sent."""

from collections.abc import Iterable

from sqlalchemy import Connection

from powerstrip.edge import LedgerRow
from powerstrip.store import WouldSend, insert_rows


def keep_ledger(connection: Connection, rows: Iterable[LedgerRow], *, invoked: bool) -> None:
    """Store the edge's rows, in a `store.hot` transaction.

    `invoked` is false for questions of the hub's own: no invocation stands behind them.
    """
    kept = [row if invoked else row | {"invocation_id": None} for row in rows]
    insert_rows(connection, WouldSend, [row if row["integration_id"] else row | {"integration_id": None} for row in kept])
