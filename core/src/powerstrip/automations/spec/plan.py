"""The plan: what both spellings of a spec compile to, and what an engine runs. Immutable, plain JSON, with a version.

Every text in `parameters`, `inputs`, `items`, `until`, `source_id`, `mapping` values and `outputs` is a template in the spelling
`${…}`; `expressions.render(value, scope)` fills it. Conditions are CEL. Durations are seconds. Keys of steps are unique in the
whole plan, nested steps and cleanup included, so that a run keeps its results as `steps.<key>`.

The scope an engine fills templates from, and gives to conditions (without `run`'s secrets: there are none):
    inputs                     the run's inputs, defaults merged; for an event's run `{event, meta}` and what the trigger maps
    steps.<key>.output         what a finished step gave; `steps.<key>.status` is completed, failed or skipped, `.error` its words
    context.<save_as>          the same output under the name that the step chose
    run.id, run.automation, run.started_at, run.mode
    <as>, index                in a loop: the item, and its place from 0
`wait_for_event`'s condition and mapping, and a trigger's condition, see `{event, meta}` alone.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

PLAN_VERSION = 1

Object: TypeAlias = dict[str, Any]
ActionKind: TypeAlias = Literal["server", "http", "worker", "control"]
InputType: TypeAlias = Literal["string", "integer", "number", "boolean", "object", "array", "any"]
Policy: TypeAlias = Literal["allow", "queue", "skip", "replace"]
Misfire: TypeAlias = Literal["skip", "once"]


class Part(BaseModel):
    """The base: closed, and fixed once made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Retry(Part):
    """How often a step is tried, and how long between: `delay` × `factor`ⁿ, at most `max_delay`, in seconds."""

    max_attempts: int = 1
    delay: float = 1.0
    factor: float = 2.0
    max_delay: float = 300.0


class Input(Part):
    """An input of the automation. One that is not required and has no default is null."""

    name: str
    type: InputType = "any"
    description: str = ""
    required: bool = False
    default: Any = None


class Action(Part):
    """Calls an action. `action` is its full name where the hub knows it, else the name as written (a worker's)."""

    kind: Literal["action"] = "action"
    action: str
    action_kind: ActionKind
    integration: str | None = None
    """An id or a name; None means the project's only one of this provider."""
    parameters: Object = Field(default_factory=dict)
    queue: str = "default"


class Sleep(Part):
    """Waits for `seconds`, or until a time (RFC 3339, or a template that gives one)."""

    kind: Literal["sleep"] = "sleep"
    seconds: float | None = None
    until: str | None = None


class WaitForEvent(Part):
    """Waits for a source event. Where `match` is given, each path into `{event, meta}` must have that value."""

    kind: Literal["wait_for_event"] = "wait_for_event"
    event: str
    source_id: str | None = None
    match: Object = Field(default_factory=dict)
    condition: str = ""
    mapping: dict[str, str] = Field(default_factory=dict)
    """Output field → template over `{event, meta}`; without, the output is `{event, meta}`."""


class SubAutomation(Part):
    """Starts another automation of the project. With `wait` its result is the output, else `{run_id}`."""

    kind: Literal["automation"] = "automation"
    automation: str
    inputs: Object | None = None
    wait: bool = False


class Case(Part):
    """One way of a branch."""

    condition: str
    steps: tuple["Step", ...]


class Branch(Part):
    """The first case whose condition holds, else `otherwise`."""

    kind: Literal["branch"] = "branch"
    cases: tuple[Case, ...]
    otherwise: tuple["Step", ...] = ()


class ForEach(Part):
    """Runs its steps for each item of a list. More than `limit` items fail the step. The output lists each item's last output."""

    kind: Literal["for_each"] = "for_each"
    items: Any
    as_name: str = "item"
    limit: int = 100
    concurrency: int = 1
    steps: tuple["Step", ...]


class Arm(Part):
    """One way of a parallel step."""

    key: str
    steps: tuple["Step", ...]


class Parallel(Part):
    """Runs its arms side by side and goes on when all have ended. The output has each arm's last output by its key."""

    kind: Literal["parallel"] = "parallel"
    arms: tuple[Arm, ...]


Task: TypeAlias = Annotated[
    Action | Sleep | WaitForEvent | SubAutomation | Branch | ForEach | Parallel, Field(discriminator="kind")
]


class Step(Part):
    """One step. `condition` false skips it. `on_error` continue goes on after its last attempt, with a null output."""

    key: str
    name: str = ""
    task: Task
    condition: str = ""
    retry: Retry = Retry()
    timeout: float | None = None
    on_error: Literal["fail", "continue"] = "fail"
    save_as: str = ""

    @property
    def kind(self) -> str:
        """What the step does."""
        return self.task.kind

    @property
    def blocks(self) -> "tuple[tuple[Step, ...], ...]":
        """The lists of steps within it."""
        match self.task:
            case Branch(cases=cases, otherwise=otherwise):
                return (*(case.steps for case in cases), otherwise)
            case ForEach(steps=steps):
                return (steps,)
            case Parallel(arms=arms):
                return tuple(arm.steps for arm in arms)
            case _:
                return ()


class Concurrency(Part):
    """What happens to a run that starts while `limit` others of the same key are active. `key` is a template over the inputs."""

    policy: Policy = "allow"
    key: str = ""
    limit: int = 1


class Trigger(Part):
    """What starts runs. Which fields count depends on `kind`."""

    key: str
    name: str = ""
    kind: Literal["event", "schedule", "http", "manual", "entity"]
    enabled: bool = True
    event: str = ""
    """event: a name, or a pattern that ends in `.*`; `*` alone is every event. entity: `<type>.<created|updated|deleted|*>`."""
    source_type: str | None = None
    source_id: str | None = None
    condition: str = ""
    cron: str = ""
    every: float | None = None
    time_zone: str = "UTC"
    misfire: Misfire = "once"
    """What becomes of fires that were missed while the hub was down: one run for all of them, or none."""
    signed: bool = False
    """http: deliveries must carry a signature made with the trigger's secret."""
    inputs: Object | None = None
    """Templates over `{event, meta}`; without, the run's inputs are `{event, meta}` (http: the body)."""
    concurrency: Concurrency | None = None


class Plan(Part):
    """A whole automation, ready to run. `version` is that of this form."""

    version: Literal[1] = PLAN_VERSION
    name: str = ""
    description: str = ""
    inputs: tuple[Input, ...] = ()
    steps: tuple[Step, ...]
    cleanup: tuple[Step, ...] = ()
    """Run once after the steps have ended, however they ended; their failures do not change the run's end."""
    outputs: Object | None = None
    """Templates that make the run's result; without, the outputs of all steps by `save_as`."""
    concurrency: Concurrency = Concurrency()
    timeout: float | None = None
    """Seconds that the whole run may take."""
    triggers: tuple[Trigger, ...] = ()

    def every_step(self) -> Iterator[tuple[Step, bool]]:
        """Each step in the order of the text, nested ones after theirs, and whether it is part of the cleanup."""
        for step in walk(self.steps):
            yield step, False
        for step in walk(self.cleanup):
            yield step, True


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Each step with those within it."""
    for step in steps:
        yield step
        for block in step.blocks:
            yield from walk(block)


for _model in (Case, Branch, ForEach, Arm, Parallel, Step, Plan):
    _model.model_rebuild()
