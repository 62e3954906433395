"""What templates and conditions of a run see."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from powerstrip.automations.engine.records import StepRow
from powerstrip.automations.expressions import ConditionFailed, ConditionRefused
from powerstrip.automations.expressions.conditions import compiled
from powerstrip.automations.spec import Step

ENVELOPE = ("event", "meta")


@dataclass
class Scope:
    """The values behind a step. A loop gives each item a scope of its own, which what follows the loop does not see."""

    inputs: dict[str, Any]
    run: dict[str, Any]
    steps: dict[str, Any] = field(default_factory=dict[str, Any])
    context: dict[str, Any] = field(default_factory=dict[str, Any])
    variables: dict[str, Any] = field(default_factory=dict[str, Any])

    def values(self) -> dict[str, Any]:
        """By their roots."""
        roots = {"inputs": self.inputs, "steps": self.steps, "context": self.context, "run": self.run}
        return {**self.variables, **roots}

    def within(self, variables: Mapping[str, Any]) -> "Scope":
        """The scope of one turn of a loop."""
        return Scope(self.inputs, self.run, dict(self.steps), dict(self.context), {**self.variables, **variables})

    def keep(self, step: Step, row: StepRow) -> None:
        """Let later steps see how this one ended."""
        output = row.result if row.status == "completed" else None
        self.steps[step.key] = {"output": output, "status": row.status, "error": row.error_message}
        self.context[step.save_as or step.key] = output


async def holds(condition: str, values: Mapping[str, Any]) -> bool:
    """Whether a condition holds, worked out beside the event loop. Raises `ConditionFailed`."""
    try:
        return await asyncio.to_thread(compiled(condition, tuple(sorted(values))).holds, values)
    except ConditionRefused as error:
        raise ConditionFailed(str(error)) from None
