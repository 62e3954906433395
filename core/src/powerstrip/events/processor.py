"""One attempt at one event: every consumer in turn, each under a savepoint of its own, in one transaction."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection

from powerstrip.clock import now, rfc3339
from powerstrip.events import rows
from powerstrip.events.source import NewEvent, NotProcessable, SourceEventRow, row_of
from powerstrip.logs import Log, place_of
from powerstrip.problems import Problem
from powerstrip.value import Value, replace


class Came(Value):
    """What came of an event: for people to see, and what is to be done in the event loop once that is committed."""

    outcome: Mapping[str, Any]
    after: Callable[[], None] | None = None


Consumer: TypeAlias = Callable[[Connection, SourceEventRow], Mapping[str, Any] | None]
"""May give what came of the event, for people to see. What it raises undoes its own work and nothing else."""
Crowd: TypeAlias = Callable[[Connection, Sequence[SourceEventRow]], Sequence[Came]]
"""The same for many events at once, in order. Where it raises, it is handed each alone."""
Unwanted: TypeAlias = Callable[[NewEvent | SourceEventRow], Mapping[str, Any] | None]
"""Judges an event by its project, name and source: what comes of it where that is nothing, else None."""
Listens: TypeAlias = Callable[[Connection, str], Unwanted]
"""What a consumer wants of a project's events, as of this transaction."""

ATTEMPTS = 8
"""Then an event is dead."""
WAITS = (1.0, 5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
"""Seconds between attempts."""
LEASE = 60.0
"""Seconds after which an event whose hub is gone may be taken by another."""

log = Log("powerstrip.events")


class Interests:
    """What each consumer wants, asked once for each project of a transaction."""

    def __init__(self, connection: Connection, listens: Mapping[str, Listens | None]) -> None:
        self._connection = connection
        self._listens = listens
        self._asked: dict[tuple[str, str], Unwanted] = {}
        self._outcomes: dict[tuple[str | None, ...], str | None] = {}

    def unwanted(self, name: str, event: NewEvent | SourceEventRow) -> Mapping[str, Any] | None:
        """What comes of the event at this consumer, where that is nothing; None where it is to have it."""
        listens = self._listens[name]
        if listens is None:
            return None
        key = (name, event.project_id)
        if key not in self._asked:
            self._asked[key] = listens(self._connection, event.project_id)
        return self._asked[key](event)

    def outcome(self, event: NewEvent) -> str | None:
        """The outcome of an event that no consumer wants; None where one does, or where there are none yet."""
        key = (event.project_id, event.name, event.source_type, event.source_id, event.provider)
        if key not in self._outcomes:
            came = {name: self.unwanted(name, event) for name in self._listens}
            wanted = not came or None in came.values()
            self._outcomes[key] = None if wanted else json.dumps(came, ensure_ascii=False)
        return self._outcomes[key]


def claim(connection: Connection) -> list[Any]:
    """Take what is due. One that has had all its attempts, and never came to an end, kills whoever touches it: it is dead."""
    at = now()
    found = rows.claim(connection, rfc3339(at), rfc3339(at + timedelta(seconds=LEASE)))
    dead = [row for row in found if row.attempts >= ATTEMPTS]
    why = "The hub ended during every attempt"
    rows.finish(connection, [rows.End(row.seq, row.attempts + 1, "dead", None, why, row.outcome) for row in dead])
    return [row for row in found if row.attempts < ATTEMPTS]


@dataclass(slots=True)
class Attempt:
    """One attempt at one event, `at` its number or its id."""

    at: int | str
    event: SourceEventRow
    outcome: dict[str, Any]
    errors: list[tuple[str, str, bool]] = field(default_factory=list[tuple[str, str, bool]])
    """Of each consumer that failed: its name, what went wrong, and whether a repetition may help."""
    after: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])


def attempt_all(
    connection: Connection, taken: Sequence[Any], consumers: Mapping[str, Crowd], interests: Interests
) -> list[list[Callable[[], None]]]:
    """Hand claimed events, in order, to the consumers that want them and have not had them; what is to be done afterwards."""
    held = rows.hold(connection, taken, rfc3339(now() + timedelta(seconds=LEASE)))
    mine = {row.seq: Attempt(row.seq, _again(row), json.loads(row.outcome)) for row in taken if row.seq in held}
    hand_on(connection, list(mine.values()), consumers, interests)
    return [mine[row.seq].after if row.seq in mine else [] for row in taken]


def hand_on(connection: Connection, attempts: Sequence[Attempt], consumers: Mapping[str, Crowd], interests: Interests) -> None:
    """Hand events, in order, to one consumer after the other, and write down how that ended."""
    for name, consumer in consumers.items():
        wanting: list[Attempt] = []
        for each in attempts:
            if name in each.outcome:
                continue
            unwanted = interests.unwanted(name, each.event)
            if unwanted is None:
                wanting.append(each)
            else:
                each.outcome[name] = dict(unwanted)
        if wanting:
            _run(connection, name, consumer, wanting)
    rows.finish(connection, [_end(each) for each in attempts])


def _again(row: Any) -> SourceEventRow:
    return replace(row_of(row), attempts=row.attempts + 1)


def _run(connection: Connection, name: str, consumer: Crowd, wanting: Sequence[Attempt]) -> None:
    """One consumer. Where it fails at many events it has each alone."""
    nested = connection.begin_nested()
    try:
        came = consumer(connection, [each.event for each in wanting])
        nested.commit()
    except Exception as error:
        if connection.invalidated or connection.closed:
            raise
        nested.rollback()
        if len(wanting) > 1:
            for each in wanting:
                _run(connection, name, consumer, [each])
            return
        (failed,) = wanting
        kind, place = type(error).__name__, place_of(error)
        log.warning("events.consumer_failed", consumer=name, event_id=failed.event.id, error=kind, at=place)
        failed.errors.append((name, _words(error), not isinstance(error, NotProcessable)))
        return
    for each, told in zip(wanting, came, strict=True):
        each.outcome[name] = dict(told.outcome)
        if told.after is not None:
            each.after.append(told.after)


def _words(error: Exception) -> str:
    """A reason that holds no value of the event: our own words, or the kind of the failure."""
    if isinstance(error, Problem):
        return error.message
    return str(error) if isinstance(error, NotProcessable) else type(error).__name__


def _end(attempt: Attempt) -> rows.End:
    ended, due = _next(attempt.errors, attempt.event.attempts)
    words = "; ".join(f"{name}: {text}" for name, text, _ in attempt.errors) or None
    return rows.End(attempt.at, attempt.event.attempts, ended, due, words, json.dumps(attempt.outcome, ensure_ascii=False))


def _next(errors: list[tuple[str, str, bool]], attempts: int) -> tuple[str, str | None]:
    """The state after an attempt, and when there is another one."""
    if not errors:
        return "succeeded", None
    if not any(again for _, _, again in errors):
        return "failed", None
    if attempts >= ATTEMPTS:
        return "dead", None
    wait = WAITS[min(attempts, len(WAITS)) - 1]
    return "retrying", rfc3339(now() + timedelta(seconds=wait))
