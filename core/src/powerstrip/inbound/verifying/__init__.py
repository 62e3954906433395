"""Whether a delivery is the provider's own: schemes compared on raw bytes, in constant time.

`verify` is the one entry. `check_secret` is asked before a secret is kept, `handed_over` while an endpoint waits for one.
`Kept` makes a `Fetch` of anything that gets a public document.
"""

from powerstrip.inbound.verifying.delivery import Code, Fetch, RawDelivery, Refusal, Seen, Verified
from powerstrip.inbound.verifying.judge import check_secret, handed_over, verify
from powerstrip.inbound.verifying.kept import Kept
from powerstrip.inbound.verifying.known import known_scheme
from powerstrip.inbound.verifying.vectors import Judged, run_vectors

__all__ = [
    "Code",
    "Fetch",
    "Judged",
    "Kept",
    "RawDelivery",
    "Refusal",
    "Seen",
    "Verified",
    "check_secret",
    "handed_over",
    "known_scheme",
    "run_vectors",
    "verify",
]
