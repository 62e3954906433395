"""What is said of subscriptions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlmodel import Session

from powerstrip.store import Endpoint, Subscription

Wishes: TypeAlias = Callable[[Session, Endpoint], Iterable[str]]
"""Events that another room wants of an endpoint, by the adapter's ids. It reads only."""


@dataclass(frozen=True)
class Offer:
    """What an endpoint can be subscribed to. `why_not` says why the hub cannot make registrations there, else it is empty."""

    why_not: str
    steps: tuple[str, ...]
    events: tuple[str, ...]
    watch: dict[str, Any]
    """JSON Schema of the form."""


@dataclass(frozen=True)
class Plan:
    """What publishing would do. `steps` are words such as `created`; none where all is as wanted."""

    url: str
    events: tuple[str, ...]
    watch: dict[str, Any]
    steps: tuple[str, ...]
    drift: str | None
    simulated: bool


@dataclass(frozen=True)
class Status:
    """Subscriptions of an endpoint, and what it can be subscribed to."""

    rows: list[Subscription]
    offer: Offer
