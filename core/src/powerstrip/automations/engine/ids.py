"""Ids that follow from what they stand for: made again, they are the same."""

from powerstrip.clock import derived


def run_id(automation_id: str, event_id: str) -> str:
    """The run that an event starts of an automation: one, however often the event is handed on and by however many triggers."""
    return derived("run", automation_id, event_id)


def child_id(step_id: str, attempt: int) -> str:
    """The run that a step starts."""
    return derived("run", step_id, str(attempt))


def step_id(run: str, path: str) -> str:
    """A step of a run, at its path."""
    return derived("step", run, path)


def wait_id(step: str, attempt: int) -> str:
    """What an attempt at a step waits for."""
    return derived("wait", step, str(attempt))


def idempotency_key(step: str, group: int) -> str:
    """The key of all repetitions of an attempt whose end is not known. `group` counts the ends that were."""
    return f"{step}.{group}"


def group_of(key: str) -> int:
    """The group of a stored key."""
    return int(key.rpartition(".")[2] or 0) if "." in key else 0
