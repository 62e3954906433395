"""What comes in: the webhook door, its proof, the ledger of provider events, polls and subscriptions."""

from powerstrip.inbound.door import MAX_BODY, Arrived, Door, NotVerified
from powerstrip.inbound.endpoints import HOOKS, MAX_OVERLAP, OVERLAP, Endpoints, EndpointView
from powerstrip.inbound.firing import Fire, Fired, Firing, Replayed, Sample
from powerstrip.inbound.history import Entry, Filter, History, Stage
from powerstrip.inbound.impact import endpoint_dependents
from powerstrip.inbound.inbound import Inbound
from powerstrip.inbound.ledger import Arrival, Kept, Ledger, Target
from powerstrip.inbound.polls import MAX_SECONDS, MIN_SECONDS, PollView
from powerstrip.inbound.subscriptions import Offer, Plan, Status, Wishes
from powerstrip.inbound.understanding import UNNAMED, Understood

__all__ = [
    "HOOKS",
    "MAX_BODY",
    "MAX_OVERLAP",
    "MAX_SECONDS",
    "MIN_SECONDS",
    "OVERLAP",
    "UNNAMED",
    "Arrival",
    "Arrived",
    "Door",
    "EndpointView",
    "Endpoints",
    "Entry",
    "Filter",
    "Fire",
    "Fired",
    "Firing",
    "History",
    "Inbound",
    "Kept",
    "Ledger",
    "NotVerified",
    "Offer",
    "Plan",
    "PollView",
    "Replayed",
    "Sample",
    "Stage",
    "Status",
    "Target",
    "Understood",
    "Wishes",
    "endpoint_dependents",
]
