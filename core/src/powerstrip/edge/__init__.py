"""The one way out: limit, retry, sign, guard, send, check, record. The only room that opens a connection outward."""

from powerstrip.edge.bind import origin_of
from powerstrip.edge.call import Bound, Call, Caps, LedgerRow, Mode, Simulate, Trace
from powerstrip.edge.edge import Edge
from powerstrip.edge.errors import NoAnswer, Refused, SandboxAnswer, Unreached
from powerstrip.edge.guard import check_url
from powerstrip.edge.pipeline import Reveal, Tempo

__all__ = [
    "Bound",
    "Call",
    "Caps",
    "Edge",
    "LedgerRow",
    "Mode",
    "NoAnswer",
    "Refused",
    "Reveal",
    "SandboxAnswer",
    "Simulate",
    "Tempo",
    "Trace",
    "Unreached",
    "check_url",
    "origin_of",
]
