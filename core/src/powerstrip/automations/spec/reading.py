"""Reads a spec, in either spelling or both, into a plan.

A step with `kind` is in the API's spelling (`key`, `kind`, `config`, `{{ .inputs.x }}`), any other in the authoring one (`name`,
`action`, `parameters`, `${inputs.x}`). Everything else is common to both. Whatever can be judged from the text alone is judged
here; `checking` judges the rest against a project.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import ValidationError

from powerstrip.automations.spec.fields import Fields
from powerstrip.automations.spec.findings import Finding, Findings, Path, SpecRefused, has_errors
from powerstrip.automations.spec.plan import Concurrency, Input, Plan, Retry, Step, Trigger
from powerstrip.automations.spec.schedules import ScheduleRefused, check_zone
from powerstrip.automations.spec.source import Source, read_text, read_value
from powerstrip.automations.spec.tasks import AUTHORING, Place, Tasks
from powerstrip.automations.spec.texts import Texts, Use
from powerstrip.automations.spec.triggers import POLICIES, read_trigger

KnownAction: TypeAlias = Callable[[str], str | None]
"""A provider action's full name by its name or alias; None where no provider has it."""

MAX_STEPS = 200
"""Steps of a spec, nested ones and cleanup included. A run keeps a row for each, and a person reads them."""
MAX_NESTING = 5
"""Steps within steps."""
MAX_INPUTS = 100
MAX_TRIGGERS = 50
MAX_ATTEMPTS = 10
INPUT_TYPES = {"text": "string", "str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array"}
TYPES = ("string", "integer", "number", "boolean", "object", "array", "any")
CONDITION_NAMES = ("inputs", "steps", "context", "run")


@dataclass
class Compiled:
    """A spec read. `plan` is None where it has errors; `uses` are its references; `places` where each step stands."""

    source: Source
    findings: Findings
    plan: Plan | None = None
    uses: list[Use] = field(default_factory=list[Use])
    places: dict[str, Place] = field(default_factory=dict[str, Place])
    triggers: dict[str, Path] = field(default_factory=dict[str, Path])

    @property
    def valid(self) -> bool:
        """Whether it may be published."""
        return self.plan is not None and not has_errors(self.findings.items)


def _nothing_known(_: str) -> str | None:
    return None


def compile_text(text: str, known: KnownAction = _nothing_known, *, zone: str = "UTC") -> Compiled:
    """Compile YAML or JSON. Never raises for what the text holds: `findings` tell it."""
    return _compile(lambda: read_text(text), known, zone)


def compile_value(value: Any, known: KnownAction = _nothing_known, *, zone: str = "UTC") -> Compiled:
    """Compile a spec that was read from JSON already."""
    return _compile(lambda: read_value(value), known, zone)


def _compile(read: Callable[[], Source], known: KnownAction, zone: str) -> Compiled:
    try:
        source = read()
    except SpecRefused as refusal:
        return _unreadable(refusal.finding)
    return _SpecReader(source, known, zone).compiled()


def _unreadable(finding: Finding) -> Compiled:
    found = Compiled(Source(None), Findings({}))
    found.findings.items.append(finding)
    return found


class _SpecReader:
    """One pass over a spec."""

    def __init__(self, source: Source, known: KnownAction, zone: str) -> None:
        self._findings = Findings(source.positions)
        self._out = Compiled(source, self._findings)
        self._texts = Texts(self._findings, self._out.uses)
        self._tasks = Tasks(self._texts, known, self._block)
        self._zone = zone
        self._steps = 0

    def compiled(self) -> Compiled:
        """What the spec says."""
        root = Fields(self._out.source.value, (), self._findings, "A spec")
        if not root.valid:
            return self._out
        facts = self._facts(root)
        root.close()
        if not has_errors(self._findings.items):
            try:
                self._out.plan = Plan.model_validate(facts)
            except ValidationError:  # pragma: no cover - every field was judged above
                root.error((), "invalid", "The spec cannot be made into a plan")
        return self._out

    def _facts(self, root: Fields) -> dict[str, Any]:
        root.choice("schema_version", "1", ("1",))
        defaults = Fields(root.raw("defaults", {}), ("defaults",), self._findings, "`defaults`")
        zone = self._time_zone(root)
        facts: dict[str, Any] = {
            "name": root.text("name", most=200),
            "description": root.text("description", most=20_000),
            "inputs": self._inputs(root),
            "concurrency": self._concurrency(root),
            "timeout": root.duration("timeout") or defaults.duration("wall_clock_timeout") or None,
        }
        for name in ("environment", "agent_session"):
            defaults.ignore(name, "this hub has no agents and no managed environments")
        defaults.close()
        root.ignore("repositories", "this hub prepares no source repositories")
        if not root.items("steps", MAX_STEPS, required=True) and root.has("steps"):
            root.error("steps", "missing", "A spec needs at least one step")
        facts["steps"] = self._block(root.raw("steps"), ("steps",), (), CONDITION_NAMES)
        facts["cleanup"] = self._block(root.raw("cleanup"), ("cleanup",), (), CONDITION_NAMES)
        facts["outputs"] = self._outputs(root)
        facts["triggers"] = self._triggers(root, zone)
        return facts

    def _time_zone(self, root: Fields) -> str:
        zone = root.text("time_zone", self._zone) or self._zone
        try:
            check_zone(zone)
        except ScheduleRefused as error:
            root.error("time_zone", "bad_schedule", str(error))
        return zone

    def _inputs(self, root: Fields) -> tuple[Input, ...]:
        found = root.mapping("inputs")
        if len(found) > MAX_INPUTS:
            root.error("inputs", "too_many", f"A spec has at most {MAX_INPUTS} inputs")
        return tuple(self._input(name, value) for name, value in list(found.items())[:MAX_INPUTS])

    def _input(self, name: str, value: Any) -> Input:
        place = ("inputs", name)
        if isinstance(value, str):
            value = {"type": value}
        fields = Fields({} if value is None else value, place, self._findings, "An input")
        kind = fields.text("type", "any") or "any"
        kind = INPUT_TYPES.get(kind, kind)
        if kind not in TYPES:
            fields.error("type", "not_allowed", f"`type` is one of {', '.join(TYPES)}")
            kind = "any"
        default = fields.raw("default")
        if default is not None and not fits(default, kind):
            fields.error("default", "type", f"The default is no {kind}")
        if not name or len(name) > 128:
            fields.error((), "bad_key", "An input's name has 1 to 128 characters")
        told = {"name": name, "type": kind, "description": fields.text("description"), "required": fields.flag("required")}
        fields.close()
        return Input.model_validate(told | {"default": default})

    def _concurrency(self, root: Fields) -> Concurrency:
        if not isinstance(root.raw("concurrency"), dict):
            return Concurrency.model_validate({"policy": root.choice("concurrency", "allow", POLICIES)})
        fields = Fields(root.raw("concurrency"), ("concurrency",), self._findings, "`concurrency`")
        told = {
            "policy": fields.choice("policy", "allow", POLICIES),
            "key": self._texts.text(fields.text("key", most=1000), fields.at("key"), None, roots=("inputs",)),
            "limit": fields.whole("limit", 1, 1, 1000),
        }
        fields.close()
        return Concurrency.model_validate(told)

    def _outputs(self, root: Fields) -> dict[str, Any] | None:
        if not root.has("outputs"):
            return None
        return self._texts.values(root.mapping("outputs"), ("outputs",), END)

    def _triggers(self, root: Fields, zone: str) -> tuple[Trigger, ...]:
        found: dict[str, Trigger] = {}
        for place, value in enumerate(root.items("triggers", MAX_TRIGGERS)):
            path: Path = ("triggers", place)
            trigger = read_trigger(value, path, self._findings, zone)
            if trigger is None:
                continue
            if trigger.key in found:
                self._findings.error(path, "duplicate_key", f"Two triggers have the key {trigger.key}: rename one")
            if trigger.inputs is not None:
                inputs = self._texts.values(trigger.inputs, (*path, "inputs"), None, roots=("event", "meta"))
                trigger = trigger.model_copy(update={"inputs": inputs})
            found[trigger.key], self._out.triggers[trigger.key] = trigger, path
        return tuple(found.values())

    def _block(self, value: Any, path: Path, inside: tuple[str, ...], names: tuple[str, ...]) -> tuple[Step, ...]:
        """A list of steps. `inside` are the keys of the steps around it, `names` what conditions see."""
        if value is None:
            return ()
        if not isinstance(value, list):
            self._findings.error(path, "type", "This is a list of steps")
            return ()
        if len(inside) > MAX_NESTING:
            self._findings.error(path, "too_deep", f"Steps are nested deeper than {MAX_NESTING}")
            return ()
        steps: list[Step] = []
        for place, item in enumerate(value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - JSON
            self._steps += 1
            if self._steps > MAX_STEPS:
                if self._steps == MAX_STEPS + 1:
                    message = f"A spec has at most {MAX_STEPS} steps: put some into an automation of their own"
                    self._findings.error((*path, place), "too_many_steps", message)
                return tuple(steps)
            step = self._step(item, (*path, place), inside, names)
            steps += [step] if step is not None else []
        return tuple(steps)

    def _step(self, value: Any, path: Path, inside: tuple[str, ...], names: tuple[str, ...]) -> Step | None:
        fields = Fields(value, path, self._findings, "A step")
        if not fields.valid:
            return None
        authoring = not fields.has("kind")
        key = fields.key("name") if authoring and not fields.has("key") else fields.key("key")
        name = fields.text("title" if authoring and not fields.has("key") else "name", most=200)
        if key in self._out.places:
            self._findings.error(path, "duplicate_key", f"Two steps are called {key}: rename one")
        place = Place(path, inside)
        self._out.places[key] = place
        self._texts.begin(AUTHORING if authoring else "api", key)
        condition = self._tasks.condition(fields, "if", names)
        save_as = fields.key("save_as") if fields.has("save_as") else ""
        told: dict[str, Any] = {"key": key, "name": name, "condition": condition, "save_as": save_as}
        told |= {"on_error": fields.choice("on_error", "fail", ("fail", "continue")), "retry": self._retry(fields)}
        told |= {"timeout": self._timeout(fields)}
        task = self._tasks.read(fields, place, key, names, authoring)
        fields.close()
        return None if task is None else Step.model_validate(told | {"task": task})

    def _retry(self, fields: Fields) -> Retry:
        if not fields.has("retry"):
            fields.raw("retry")
            return Retry()
        retry = Fields(fields.raw("retry"), fields.at("retry"), self._findings, "`retry`")
        factor = retry.raw("factor", 2.0)
        if not isinstance(factor, int | float) or isinstance(factor, bool) or not 1 <= factor <= 10:
            retry.error("factor", "out_of_range", "`factor` is a number from 1 to 10")
            factor = 2.0
        told = {"max_attempts": retry.whole("max_attempts", 3, 1, MAX_ATTEMPTS), "factor": factor}
        told |= {"delay": retry.duration("delay", 1.0), "max_delay": retry.duration("max_delay", 300.0)}
        retry.close()
        return Retry.model_validate(told)

    def _timeout(self, fields: Fields) -> float | None:
        if not isinstance(fields.raw("timeout"), dict):
            return fields.duration("timeout") or None
        timeout = Fields(fields.raw("timeout"), fields.at("timeout"), self._findings, "`timeout`")
        seconds = timeout.duration("duration")
        timeout.choice("on_timeout", "fail", ("fail",))
        timeout.close()
        return seconds or None


END = ""
"""The step key that stands for the end of a run, where every step is behind."""


def fits(value: Any, kind: str) -> bool:
    """Whether a JSON value is of an input's type. A text with references may become anything."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case _:
            return True
