"""Access tokens: fetched, kept sealed, renewed once for everybody.

Public names: `Client`, `Grant`, `Exchange` (one request to a token endpoint each) and `Tokens` (what the edge asks for).
"""

from powerstrip.connect.tokens.ahead import Ahead
from powerstrip.connect.tokens.answers import ClientRefused, read_grant
from powerstrip.connect.tokens.exchange import Exchange
from powerstrip.connect.tokens.leaving import Leave, Leaving, Parting
from powerstrip.connect.tokens.rows import is_consent
from powerstrip.connect.tokens.states import TokenState, state_of, token_states
from powerstrip.connect.tokens.tokens import Clients, Pace, Tokens
from powerstrip.connect.tokens.values import Client, DeviceStart, Grant, Pending

__all__ = [
    "Ahead",
    "Client",
    "ClientRefused",
    "Clients",
    "DeviceStart",
    "Exchange",
    "Grant",
    "Leave",
    "Leaving",
    "Pace",
    "Parting",
    "Pending",
    "TokenState",
    "Tokens",
    "is_consent",
    "read_grant",
    "state_of",
    "token_states",
]
