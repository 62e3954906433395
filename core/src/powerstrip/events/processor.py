"""One attempt at one event: every consumer in turn, each under a savepoint of its own, in one transaction."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection

from powerstrip.clock import now, rfc3339
from powerstrip.events import rows
from powerstrip.events.source import NewEvent, NotProcessable, SourceEventRow, row_of
from powerstrip.logs import Log, place_of
from powerstrip.problems import Problem

Consumer: TypeAlias = Callable[[Connection, SourceEventRow], Mapping[str, Any] | None]
"""May give what came of the event, for people to see. What it raises undoes its own work and nothing else."""
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


def attempt_all(
    connection: Connection, taken: Sequence[Any], consumers: Mapping[str, Consumer], interests: Interests
) -> list[None]:
    """Hand claimed events, in order, to the consumers that want them and have not had them."""
    rows.finish(connection, [end for each in taken if (end := _attempt(connection, each, consumers, interests))])
    return [None] * len(taken)


def _attempt(connection: Connection, found: Any, consumers: Mapping[str, Consumer], interests: Interests) -> rows.End | None:
    """How it ended; None where the event was lost to another."""
    attempts = found.attempts + 1
    if not rows.hold(connection, found.seq, attempts):
        return None
    event = row_of(found)
    outcome: dict[str, Any] = json.loads(found.outcome)
    errors: list[tuple[str, str, bool]] = []
    for name, consumer in consumers.items():
        if name in outcome:
            continue
        unwanted = interests.unwanted(name, event)
        if unwanted is not None:
            outcome[name] = dict(unwanted)
        elif error := _run(connection, name, consumer, event, outcome):
            errors.append(error)
    ended, due = _end(errors, attempts)
    words = "; ".join(f"{name}: {text}" for name, text, _ in errors) or None
    return rows.End(found.seq, attempts, ended, due, words, json.dumps(outcome, ensure_ascii=False))


def _run(
    connection: Connection, name: str, consumer: Consumer, event: SourceEventRow, outcome: dict[str, Any]
) -> tuple[str, str, bool] | None:
    """One consumer. Gives its name, what went wrong and whether a repetition may help; None where all went well."""
    nested = connection.begin_nested()
    try:
        came = consumer(connection, event)
        nested.commit()
    except Exception as error:
        if connection.invalidated or connection.closed:
            raise
        nested.rollback()
        log.warning("events.consumer_failed", consumer=name, event_id=event.id, error=type(error).__name__, at=place_of(error))
        return name, _words(error), not isinstance(error, NotProcessable)
    outcome[name] = dict(came or {})
    return None


def _words(error: Exception) -> str:
    """A reason that holds no value of the event: our own words, or the kind of the failure."""
    if isinstance(error, Problem):
        return error.message
    return str(error) if isinstance(error, NotProcessable) else type(error).__name__


def _end(errors: list[tuple[str, str, bool]], attempts: int) -> tuple[str, str | None]:
    if not errors:
        return "succeeded", None
    if not any(again for _, _, again in errors):
        return "failed", None
    if attempts >= ATTEMPTS:
        return "dead", None
    wait = WAITS[min(attempts, len(WAITS)) - 1]
    return "retrying", rfc3339(now() + timedelta(seconds=wait))
