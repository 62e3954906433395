"""What runs write while they are at work: many runs by a few statements, each write whole or not at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from powerstrip.automations.engine.ending import Changes, Lives
from powerstrip.automations.engine.finished import Finished
from powerstrip.automations.engine.records import STEP_CHANGES, STEP_GIVEN, Fenced, Note, StepRow, event_of, step_values
from powerstrip.clock import stamp
from powerstrip.store import RowsUpdate, Run, RunEvent, RunStep, insert_rows

_advance = RowsUpdate(
    Run, keys=("id", "epoch"), sets=("updated_at",), adds=("last_sequence",), tells=("id", "epoch", "last_sequence")
)
_whole = RowsUpdate(RunStep, keys=("id",), sets=STEP_CHANGES)
_light = RowsUpdate(RunStep, keys=("id",), sets=tuple(name for name in STEP_CHANGES if name not in STEP_GIVEN))
"""For a step that was given before what it is given now."""


@dataclass(slots=True)
class Write:
    """What a run writes at once, with the epoch in which it does: entries for its log, steps as they stand, its end.

    `also` is done in the same transaction, after the steps.
    """

    run_id: str
    project_id: str
    epoch: int
    notes: list[Note] = field(default_factory=list[Note])
    steps: dict[str, StepRow] = field(default_factory=dict[str, StepRow])
    """By their ids, each as it stands last."""
    fresh: set[str] = field(default_factory=set[str])
    """Ids of steps that are not in the journal yet."""
    given: set[str] = field(default_factory=set[str])
    """Ids of steps whose inputs changed."""
    also: list[Callable[[Connection], None]] = field(default_factory=list[Callable[[Connection], None]])
    end: Finished | None = None

    def step(self, row: StepRow, before: StepRow | None) -> None:
        """Take a step's new state."""
        self.steps[row.id] = row
        if not row.stored:
            self.fresh.add(row.id)
        elif before is None or row.inputs is not before.inputs or row.parameters is not before.parameters:
            self.given.add(row.id)

    def join(self, later: "Write") -> None:
        """Take what the same run writes next."""
        self.notes += later.notes
        self.steps |= later.steps
        self.fresh |= later.fresh
        self.given |= later.given
        self.also += later.also
        self.end = later.end or self.end


def write_all(connection: Connection, writes: Sequence[Write], lives: Lives) -> list[Changes | Fenced]:
    """Write what is still its run's to write; `Fenced` for what is not. Gives what follows from the ends.

    Raises what an `also` raises: then nothing of all this may stay.
    """
    joined = _joined(writes)
    at = stamp()
    asked = [
        {"id": each.run_id, "epoch": each.epoch, "updated_at": at, "last_sequence": len(each.notes)} for each in joined.values()
    ]
    last = {(row.id, row.epoch): row.last_sequence for row in _advance.run(connection, asked)}
    valid = [each for key, each in joined.items() if key in last]
    entries = [event for each in valid for event in _entries(each, last[each.run_id, each.epoch], at)]
    insert_rows(connection, RunEvent, entries)
    _put_steps(connection, valid, at)
    for each in valid:
        for work in each.also:
            work(connection)
    told = {(each.run_id, each.epoch): Changes() for each in valid}
    ends = [each.end for each in valid if each.end is not None]
    if ends:
        lives.finish_all(connection, [(end, told[end.run.id, end.epoch]) for end in ends])
    return [told.get((each.run_id, each.epoch)) or Fenced(each.run_id) for each in writes]


def _joined(writes: Sequence[Write]) -> dict[tuple[str, int], Write]:
    """One write for each run: a statement changes a row once."""
    joined: dict[tuple[str, int], Write] = {}
    for each in writes:
        known = joined.get((each.run_id, each.epoch))
        if known is None:
            known = joined[each.run_id, each.epoch] = Write(each.run_id, each.project_id, each.epoch)
        known.join(each)  # into one of our own: what was handed in may be asked for again
    return joined


def _entries(write: Write, last: int, at: str) -> list[dict[str, Any]]:
    first = last - len(write.notes) + 1
    return [event_of(write.project_id, write.run_id, first + place, note, at) for place, note in enumerate(write.notes)]


def _put_steps(connection: Connection, writes: Sequence[Write], at: str) -> None:
    fresh: list[dict[str, Any]] = []
    whole: list[dict[str, Any]] = []
    light: list[dict[str, Any]] = []
    for write in writes:
        for row in write.steps.values():
            if row.id in write.fresh:
                fresh.append(step_values(row, at, of=(write.project_id, write.run_id)))
            elif row.id in write.given:
                whole.append(step_values(row, at))
            else:
                light.append(step_values(row, at, given=False))
    insert_rows(connection, RunStep, fresh)
    _whole.run(connection, whole)
    _light.run(connection, light)
