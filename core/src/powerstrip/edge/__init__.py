"""The one way out: limit, retry, sign, guard, send, check, record. The only room that opens a connection outward."""

from powerstrip.edge.call import Bound, Call, Caps, LedgerRow, Mode, Simulate, Trace
from powerstrip.edge.deliveries import HOP, Deliveries, Receipt
from powerstrip.edge.edge import Edge
from powerstrip.edge.errors import NoAnswer, Refused, SandboxAnswer, Unreached
from powerstrip.edge.guard import check_url
from powerstrip.edge.handles import Lift
from powerstrip.edge.operator_way import OperatorWay
from powerstrip.edge.origins import origin_of
from powerstrip.edge.pipeline import Access, Reveal, Tempo
from powerstrip.edge.proofs import KEY_BYTES, SIGNATURES, SigningKey, prove, standard_secret
from powerstrip.edge.scrub import Scrub
from powerstrip.edge.tokens import TOKEN_ANSWER, TokenCall, chosen_endpoints, left_empty

__all__ = [
    "HOP",
    "KEY_BYTES",
    "SIGNATURES",
    "TOKEN_ANSWER",
    "Access",
    "Bound",
    "Call",
    "Caps",
    "Deliveries",
    "Edge",
    "LedgerRow",
    "Lift",
    "Mode",
    "NoAnswer",
    "OperatorWay",
    "Receipt",
    "Refused",
    "Reveal",
    "SandboxAnswer",
    "Scrub",
    "SigningKey",
    "Simulate",
    "Tempo",
    "TokenCall",
    "Trace",
    "Unreached",
    "check_url",
    "chosen_endpoints",
    "left_empty",
    "origin_of",
    "prove",
    "standard_secret",
]
