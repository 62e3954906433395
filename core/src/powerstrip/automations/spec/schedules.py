"""Schedules: cron expressions and intervals, in a time zone.

In the hour that a change of clocks takes away, a fire moves to its end; in the hour that comes twice, it fires once.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

MIN_SECONDS = 60.0
"""The shortest interval."""
MAX_CRON = 200


class ScheduleRefused(ValueError):
    """No schedule; the message says why."""


def check_zone(name: str) -> None:
    """Raise `ScheduleRefused` for a name that is no time zone of the IANA database."""
    _zone(name)


def check_cron(expression: str) -> None:
    """Raise `ScheduleRefused` for what is no cron expression of five fields."""
    if len(expression) > MAX_CRON or len(expression.split()) != 5:
        raise ScheduleRefused("A cron expression has five fields: minute, hour, day, month, weekday")
    try:
        next(CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ScheduleRefused(f"This cron expression is wrong: {error}") from None
    except StopIteration:
        raise ScheduleRefused("This cron expression never fires") from None


def next_fire(cron: str, every: float | None, time_zone: str, after: datetime) -> datetime:
    """The first fire after a time, in UTC. An interval counts from 1970, so that every hub finds the same times.

    Raises `ScheduleRefused`.
    """
    if every is not None:
        count = int(after.timestamp() // every) + 1
        return datetime.fromtimestamp(count * every, UTC)
    try:
        return next(CronSim(cron, after.astimezone(_zone(time_zone)))).astimezone(UTC)
    except (CronSimError, StopIteration):
        raise ScheduleRefused("This cron expression never fires") from None


def missed(cron: str, every: float | None, time_zone: str, due: datetime, now: datetime, most: int = 1000) -> int:
    """How many fires lie from `due` to `now`, both included, counted up to `most`."""
    count = 0
    while due <= now and count < most:
        count, due = count + 1, next_fire(cron, every, time_zone, due + timedelta(microseconds=1))
    return count


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleRefused("There is no time zone of this name: write one such as Europe/Berlin or UTC") from None
