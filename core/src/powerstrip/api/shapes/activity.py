"""The figures of a day as the API tells them."""

from powerstrip.api.shapes.base import Told
from powerstrip.store import Hours


class HourOfActivity(Told):
    """One hour."""

    at: str
    """Its beginning, RFC 3339."""
    calls: int
    call_failures: int
    events: int
    event_failures: int
    """Refused, or in conflict with an earlier one."""
    runs: int
    run_failures: int

    @classmethod
    def of(cls, at: str, calls: Hours, events: Hours, runs: Hours) -> "HourOfActivity":
        """The figures of the hour that begins then."""
        (called, unanswered), (heard, refused), (ran, failed) = (each.get(at[:13], (0, 0)) for each in (calls, events, runs))
        return cls(
            at=at, calls=called, call_failures=unanswered, events=heard, event_failures=refused, runs=ran, run_failures=failed
        )


class Activity(Told):
    """The last 24 hours, the oldest first; the last one is not over yet."""

    hours: list[HourOfActivity]
