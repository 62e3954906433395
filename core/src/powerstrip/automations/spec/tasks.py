"""Reads what a step does, in either spelling."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias, cast

from powerstrip.automations.spec.fields import KEY, Fields
from powerstrip.automations.spec.findings import Path, shown
from powerstrip.automations.spec.plan import (
    Action,
    ActionKind,
    Arm,
    Branch,
    Case,
    ForEach,
    Parallel,
    Sleep,
    Step,
    SubAutomation,
    Task,
    WaitForEvent,
)
from powerstrip.automations.spec.texts import AUTHORING, Texts
from powerstrip.automations.spec.triggers import ENVELOPE, read_condition, read_event

Block: TypeAlias = Callable[[Any, Path, tuple[str, ...], tuple[str, ...]], tuple[Step, ...]]
Names: TypeAlias = tuple[str, ...]

TASKS = ("action", "sleep", "wait_for_event", "automation", "branch", "for_each", "parallel")
ACTION_KINDS = ("worker", "server", "http", "control")
MAX_NAME = 128
MAX_CASES = 20
MAX_ITEMS = 1000
MAX_CONCURRENCY = 20
RESERVED = frozenset({"inputs", "steps", "context", "run", "event", "meta", "index", "true", "false", "null"})
"""What a loop's variable cannot be called."""
NO_AGENTS = "This hub runs no agent steps: use an action, a worker of yours, or an HTTP action"

__all__ = ["AUTHORING", "Place", "Tasks"]


@dataclass
class Place:
    """Where a step stands: its path, the keys of the steps around it, the path of its parameters."""

    path: Path
    inside: tuple[str, ...]
    parameters: Path = ()
    variables: tuple[str, ...] = field(default=())
    """The loop variables that it sees."""


class Tasks:
    """Reads tasks. `block` reads the steps within one."""

    def __init__(self, texts: Texts, known: Callable[[str], str | None], block: Block) -> None:
        self._texts = texts
        self._known = known
        self._block = block

    def read(self, fields: Fields, place: Place, key: str, names: Names, authoring: bool) -> Task | None:
        """The task of a step; None where there is none that can be read."""
        place.variables = tuple(name for name in names if name not in ("inputs", "steps", "context", "run"))
        kind, config = self._authored(fields) if authoring else self._configured(fields)
        if kind is None or config is None:
            return None
        given = None if authoring else fields.mapping("input")
        state = self._texts.state
        match kind:
            case "action":
                task = self._action(config, place, key, authoring, given)
            case "sleep":
                task = self._sleep(config, key)
            case "wait_for_event":
                task = self._wait(config, key)
            case "automation":
                task = self._sub(config, key, given)
            case "branch":
                task = self._branch(config, place, key, names)
            case "for_each":
                task = self._for_each(config, place, key, names)
            case _:
                task = self._parallel(config, place, key, names)
        self._texts.resume(state)
        if config is not fields:
            config.close()
        return task

    def condition(self, fields: Fields, name: str, names: Names) -> str:
        """A condition over these names."""
        return read_condition(fields, name, names)

    def _authored(self, fields: Fields) -> tuple[str | None, Fields | None]:
        """The kind by the field that names it. What is short may stand there in short."""
        present = [kind for kind in TASKS if fields.has(kind)]
        if fields.has("agent"):
            fields.error("agent", "agent_step", NO_AGENTS)
        if len(present) != 1:
            if not fields.has("agent"):
                fields.error((), "no_task" if not present else "several_tasks", f"A step has one of {', '.join(TASKS)}")
            for kind in (*present, "agent"):
                fields.raw(kind)
            return None, None
        kind = present[0]
        if kind in ("action", "automation"):
            return kind, fields
        value: Any = fields.raw(kind)
        short = {"sleep": "duration", "wait_for_event": "event", "branch": "cases"}.get(kind)
        wrap = "arms" if kind == "parallel" else short
        if wrap and isinstance(value, dict) == (kind == "parallel"):
            value = {wrap: value}
        return kind, Fields(value, fields.at(kind), fields.findings, f"`{kind}`")

    def _configured(self, fields: Fields) -> tuple[str | None, Fields | None]:
        kind = fields.text("kind")
        if kind == "wait_event":
            kind = "wait_for_event"
        config = fields.raw("config", {})
        if kind == "agent":
            fields.error("kind", "agent_step", NO_AGENTS)
        elif kind not in TASKS:
            fields.error("kind", "not_allowed", f"`kind` is one of {', '.join(TASKS)}")
        else:
            return kind, Fields(config, fields.at("config"), fields.findings, "A step's config")
        fields.mapping("input")
        return None, None

    def _action(self, fields: Fields, place: Place, key: str, authoring: bool, given: dict[str, Any] | None) -> Action:
        name_field = "action_name" if not authoring and not fields.has("action") else "action"
        written = fields.text(name_field, required=True, most=MAX_NAME)
        kind = self._action_kind(fields, authoring, written)
        full = self._known(written) if written else None
        if kind == "server" and full is not None:
            written = full
        if kind == "worker" and full is not None:
            fields.error(name_field, "not_a_worker_action", f"{full} is a provider's action", "Add `action_kind: server`")
        place.parameters = fields.at("parameters")
        integration = fields.text("integration", most=200) or None
        parameters = (given or {}) | fields.mapping("parameters")
        _check_keys(fields, parameters)
        fields.ignore("environment_id", "this hub has no managed environments")
        return Action(
            action=written,
            action_kind=kind,
            integration=integration,
            parameters=self._texts.values(parameters, place.parameters, key),
            queue=fields.text("queue", "default", most=64) or "default",
        )

    def _action_kind(self, fields: Fields, authoring: bool, written: str) -> ActionKind:
        """As written; else a worker's in the authoring spelling, and in the API's whatever the catalog has."""
        location = fields.text("execution_location") if not authoring else ""
        if location == "environment":
            fields.error("execution_location", "not_allowed", "This hub has no managed environments: use a worker")
        if fields.has("action_kind"):
            return cast(ActionKind, fields.choice("action_kind", "worker", ACTION_KINDS))
        fields.raw("action_kind")
        if authoring or location == "worker":
            return "worker"
        return "server" if location == "managed" or self._known(written) else "worker"

    def _sleep(self, fields: Fields, key: str) -> Sleep:
        seconds, until = fields.duration("duration"), fields.text("until", most=200)
        if fields.has("duration") == bool(until):
            fields.error((), "bad_sleep", "A sleep has either `duration` or `until`")
        if until:
            until = self._texts.text(until, fields.at("until"), key)
        if until and "${" not in until and not _is_time(until):
            fields.error("until", "bad_sleep", "`until` is a time such as 2026-12-24T18:00:00Z")
        return Sleep(seconds=seconds, until=until or None)

    def _wait(self, fields: Fields, key: str) -> WaitForEvent:
        mapping_field = "payload_mapping" if fields.has("payload_mapping") else "mapping"
        mapping = fields.mapping(mapping_field)
        source = fields.text("source_id", most=200)
        return WaitForEvent(
            event=read_event(fields, "event", "event_type"),
            source_id=self._texts.text(source, fields.at("source_id"), key) or None,
            match=self._texts.values(fields.mapping("match"), fields.at("match"), key),
            condition=read_condition(fields, "condition", ENVELOPE),
            mapping={
                name: self._texts.text(str(value), (*fields.at(mapping_field), name), key, roots=ENVELOPE)
                for name, value in mapping.items()
            },
        )

    def _sub(self, fields: Fields, key: str, given: dict[str, Any] | None) -> SubAutomation:
        name = "automation_handle" if fields.has("automation_handle") else "automation"
        inputs = fields.mapping("inputs") if fields.has("inputs") else given or None
        if fields.has("condition"):
            fields.error("condition", "not_allowed", "Write the condition as `if` beside the step's key")
            fields.raw("condition")
        fields.raw("inputs")
        return SubAutomation(
            automation=fields.text(name, required=True, most=64),
            inputs=None if inputs is None else self._texts.values(inputs, fields.at("inputs"), key),
            wait=fields.flag("wait"),
        )

    def _branch(self, fields: Fields, place: Place, key: str, names: Names) -> Branch:
        inside = (*place.inside, key)
        cases: list[Case] = []
        otherwise = self._block(fields.raw("else"), fields.at("else"), inside, names)
        for number, value in enumerate(fields.items("cases", MAX_CASES, required=True)):
            case = Fields(value, (*fields.path, "cases", number), fields.findings, "A case")
            steps = case.raw("steps")
            if case.has("else"):
                otherwise += self._block(case.raw("else"), case.at("else"), inside, names)
            else:
                condition = read_condition(case, "if", names)
                if not condition:
                    case.error((), "missing", "A case needs `if` and `steps`, or `else`")
                cases.append(Case(condition=condition, steps=self._block(steps, case.at("steps"), inside, names)))
            case.close()
        if not cases:
            fields.error((), "missing", "A branch needs a case with `if` and `steps`")
        return Branch(cases=tuple(cases), otherwise=otherwise)

    def _for_each(self, fields: Fields, place: Place, key: str, names: Names) -> ForEach:
        variable = fields.text("as", "item") or "item"
        if variable in RESERVED or not KEY.fullmatch(variable) or "-" in variable:
            fields.error("as", "reserved_name", f"The loop's variable cannot be called {shown(variable)}")
        items = fields.raw("items")
        if not isinstance(items, list | str):
            fields.error("items" if fields.has("items") else (), "missing", "`items` is a list, or a reference to one")
        told = {
            "items": self._texts.values(items, fields.at("items"), key),
            "as_name": variable,
            "limit": fields.whole("limit", 100, 1, MAX_ITEMS),
            "concurrency": fields.whole("concurrency", 1, 1, MAX_CONCURRENCY),
        }
        within = (*names, variable, "index")
        steps = self._block(fields.raw("steps"), fields.at("steps"), (*place.inside, key), within)
        if not steps:
            fields.error((), "missing", "A for_each needs `steps`")
        return ForEach.model_validate(told | {"steps": steps})

    def _parallel(self, fields: Fields, place: Place, key: str, names: Names) -> Parallel:
        arms: list[Arm] = []
        for name, steps in fields.mapping("arms").items():
            path = (*fields.path, "arms", name) if fields.path[-1] == "config" else (*fields.path, name)
            if not KEY.fullmatch(name):
                fields.findings.error(path, "bad_key", "An arm's key has letters, digits, _ and -")
            found = self._block(steps, path, (*place.inside, key), names)
            if not found:
                fields.findings.error(path, "missing", "An arm needs steps")
            arms.append(Arm(key=name[:64], steps=found))
        if not 1 <= len(arms) <= MAX_CONCURRENCY:
            fields.error((), "missing", f"A parallel step has 1 to {MAX_CONCURRENCY} arms, each a list of steps")
        return Parallel(arms=tuple(arms))


def _check_keys(fields: Fields, parameters: dict[str, Any]) -> None:
    for name in parameters:
        if len(name) > 200:
            fields.error("parameters", "too_long", "A parameter's name has at most 200 characters")


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
