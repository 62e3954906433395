"""Lease tokens and the one clock by which leases are judged."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import Connection, text

from powerstrip import clock
from powerstrip.value import Hidden, Value

LEASE_SECONDS = 30
HEARTBEAT_SECONDS = 10
"""What a worker is told: how long a claim holds, and how often to say that it goes on."""
PREFIX = "lease"


class Lease(Value):
    """One claim of one job. `fence` grows with every claim; the token is known to its worker alone."""

    fence: int
    token: Hidden[str]

    @property
    def digest(self) -> str:
        """What the job's row keeps of it."""
        return digest(self.token)


def new_lease(fence: int) -> Lease:
    """A lease of a fresh claim: 256 random bits behind the fence."""
    return Lease(fence, f"{PREFIX}_{fence}_{secrets.token_urlsafe(32)}")


def read_lease(token: str) -> Lease | None:
    """A lease as a worker tells it; None for a text that is none."""
    prefix, _, rest = token.partition("_")
    fence, _, random = rest.partition("_")
    if prefix != PREFIX or not random or not (fence.isascii() and fence.isdigit() and len(fence) < 16):
        return None
    return Lease(int(fence), token)


def digest(token: str) -> str:
    """SHA-256 in hex: tokens are random, so nothing slower is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def time_of(connection: Connection) -> datetime:
    """Now by the database's clock: several hubs judge leases alike. An SQLite file has the clock of its one hub."""
    if connection.dialect.name == "sqlite":
        return clock.now()
    return connection.execute(text("SELECT clock_timestamp()")).scalar_one()
