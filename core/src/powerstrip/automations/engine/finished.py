"""The end of a run: what is written of it, and what is told."""

from types import SimpleNamespace
from typing import Any

from powerstrip.automations.engine.records import Note, dumps
from powerstrip.clock import stamp
from powerstrip.events import NewEvent
from powerstrip.value import Value, field


class Finished(Value):
    """How a run ended, and the epoch in which it did. `open`: something of it may still wait, or be unfinished."""

    run: Any
    epoch: int
    status: str
    result: dict[str, Any] | None = None
    error: tuple[str | None, str | None] = (None, None)
    open: bool = True
    at: str = field(default_factory=stamp)

    def told(self) -> dict[str, Any]:
        """What is said of it everywhere."""
        error_type, message = self.error
        return {"status": self.status} | ({"error_type": error_type, "error": message} if error_type else {})

    def note(self) -> Note:
        """The last entry of the run's log."""
        return Note(f"run.{self.status}", self.told())

    def values(self) -> dict[str, Any]:
        """The columns of the run that change."""
        return {
            "id": self.run.id,
            "status": self.status,
            "result": dumps(self.result),
            "completed_at": self.at,
            "error_type": self.error[0],
            "error_message": self.error[1],
            "owner": "",
            "wake_at": None,
            "updated_at": self.at,
        }

    def row(self) -> Any:
        """The run as its table has it now; None where this process did not begin it, and has not all of it at hand."""
        if not isinstance(self.run, SimpleNamespace):
            return None
        return SimpleNamespace(**vars(self.run) | self.values() | {"result": self.result})

    def event(self, handle: str) -> NewEvent:
        """What happened, for whoever listens."""
        run = self.run
        data = {"run_id": run.id, "automation": handle, "automation_version": run.automation_version, **self.told()}
        data |= {"result": self.result} if self.result is not None else {}
        facts: dict[str, Any] = {"key": str(self.epoch), "mode": run.mode, "test": bool(run.test), "depth": run.depth}
        return NewEvent(run.project_id, f"run.{self.status}", "run", run.id, data, **facts)
