"""What is said of subscriptions."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from sqlmodel import Session

from powerstrip.store import Endpoint, Subscription
from powerstrip.value import Value

Wishes: TypeAlias = Callable[[Session, Endpoint], Iterable[str]]
"""Events that another room wants of an endpoint, by the adapter's ids. It reads only."""


class Offer(Value):
    """What an endpoint can be subscribed to. `why_not` says why the hub cannot make registrations there, else it is empty."""

    why_not: str
    steps: tuple[str, ...]
    events: tuple[str, ...]
    watch: dict[str, Any]
    """JSON Schema of the form."""


class Plan(Value):
    """What publishing would do. `steps` are words such as `created`; none where all is as wanted."""

    url: str
    events: tuple[str, ...]
    watch: dict[str, Any]
    steps: tuple[str, ...]
    drift: str | None
    simulated: bool


class Status(Value):
    """Subscriptions of an endpoint, and what it can be subscribed to."""

    rows: list[Subscription]
    offer: Offer
