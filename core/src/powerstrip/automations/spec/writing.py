"""Writes a plan as a spec, in either spelling. What is written compiles to the same plan again."""

from typing import Any, cast

import yaml

from powerstrip.automations.expressions import parse_dollar
from powerstrip.automations.spec.fields import duration_text
from powerstrip.automations.spec.plan import (
    Action,
    Branch,
    Concurrency,
    ForEach,
    Input,
    Parallel,
    Plan,
    Retry,
    Sleep,
    Step,
    SubAutomation,
    Trigger,
    WaitForEvent,
)

Object = dict[str, Any]


def to_authoring(plan: Plan) -> Object:
    """In the authoring spelling: `name`, `action`, `parameters`, `${inputs.x}`."""
    return _spec(plan, api=False)


def to_api(plan: Plan) -> Object:
    """In the API's spelling: `key`, `kind`, `config`, `{{ .inputs.x }}`."""
    return _spec(plan, api=True)


def to_yaml(spec: Object) -> str:
    """A spec as YAML, texts of several lines as blocks."""
    return yaml.dump(spec, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, and quotes what the strict reader would take for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never."""
        return True


def _spec(plan: Plan, *, api: bool) -> Object:
    told: Object = {"name": plan.name, "description": plan.description}
    told["inputs"] = {each.name: _input(each) for each in plan.inputs}
    told["concurrency"] = _concurrency(plan.concurrency)
    told["defaults" if api else "timeout"] = _run_timeout(plan.timeout, api)
    told["triggers"] = [_trigger(each, api) for each in plan.triggers]
    told["steps"] = [_step(each, api) for each in plan.steps]
    told["cleanup"] = [_step(each, api) for each in plan.cleanup]
    told["outputs"] = plan.outputs
    kept: Object = _filled(told)
    if plan.outputs == {}:
        kept["outputs"] = {}
    return ({"schema_version": "1"} if api else {}) | kept


def _run_timeout(seconds: float | None, api: bool) -> Any:
    text = duration_text(seconds) if seconds else None
    return {"wall_clock_timeout": text} if api and text else text


def _filled(told: Object) -> Object:
    """Without what is empty."""
    return {name: value for name, value in told.items() if value not in (None, "", {}, [], ())}


def _input(each: Input) -> Object:
    told = _filled({"type": each.type, "description": each.description, "required": each.required or None})
    return told | ({"default": each.default} if each.default is not None else {})


def _concurrency(each: Concurrency) -> Any:
    if not each.key and each.limit == 1:
        return None if each.policy == "allow" else each.policy
    return _filled({"policy": each.policy, "key": each.key, "limit": each.limit})


def _trigger(each: Trigger, api: bool) -> Object:
    config: Object = {}
    match each.kind:
        case "event":
            config = {"event_type" if api else "event": each.event, "source_type": each.source_type, "source_id": each.source_id}
            config["condition"] = each.condition
        case "entity":
            entity, _, change = each.event.rpartition(".")
            config = {"entity": entity, "change": change, "source_id": each.source_id, "condition": each.condition}
        case "schedule":
            every = duration_text(each.every) if each.every else None
            config = {"cron": each.cron, "every": every, "time_zone": each.time_zone, "misfire": each.misfire}
        case "http":
            config = {"signed": each.signed or None}
        case "manual":
            pass
    config = _filled(config) | ({"inputs": each.inputs} if each.inputs is not None else {})
    head = _filled({"key": each.key, "name": each.name, "kind": each.kind}) | ({} if each.enabled else {"enabled": False})
    if each.concurrency is not None:
        head |= {"concurrency_policy": each.concurrency.policy, "max_concurrent_runs": each.concurrency.limit}
    return head | ({"config": config} if api else config)


def _step(step: Step, api: bool) -> Object:
    head: Object = {"key": step.key, "name": step.name} if api else {"name": step.key, "title": step.name}
    tail = {"if": step.condition, "retry": _retry(step.retry), "save_as": step.save_as}
    tail["on_error"] = None if step.on_error == "fail" else step.on_error
    seconds = duration_text(step.timeout) if step.timeout else None
    tail["timeout"] = {"duration": seconds} if api and seconds else seconds
    kind, config = step.kind, _config(step, api)
    if api:
        return _filled(head) | {"kind": kind, "config": config} | _filled(tail)
    return _filled(head) | _authored(kind, config) | _filled(tail)


def _authored(kind: str, config: Object) -> Object:
    if kind in ("action", "automation"):
        return config
    return {kind: config["arms"] if kind == "parallel" else config}


def _retry(each: Retry) -> Object | None:
    if each == Retry():
        return None
    told = {"max_attempts": each.max_attempts, "delay": duration_text(each.delay), "factor": each.factor}
    return told | {"max_delay": duration_text(each.max_delay)}


def _config(step: Step, api: bool) -> Object:
    match step.task:
        case Action() as task:
            return _action(task, api)
        case Sleep() as task:
            return {"until": _text(task.until, api)} if task.until else {"duration": duration_text(task.seconds or 0)}
        case WaitForEvent() as task:
            return _wait(task, api)
        case SubAutomation() as task:
            told: Object = {"automation_handle" if api else "automation": task.automation}
            told |= {} if task.inputs is None else {"inputs": _texts(task.inputs, api)}
            return told | ({"wait": True} if task.wait else {})
        case Branch() as task:
            cases = [{"if": case.condition, "steps": _steps(case.steps, api)} for case in task.cases]
            return _filled({"cases": cases, "else": _steps(task.otherwise, api)})
        case ForEach() as task:
            told = {"items": _texts(task.items, api), "as": task.as_name, "limit": task.limit, "concurrency": task.concurrency}
            return told | {"steps": _steps(task.steps, api)}
        case Parallel() as task:
            return {"arms": {arm.key: _steps(arm.steps, api) for arm in task.arms}}


def _steps(steps: tuple[Step, ...], api: bool) -> list[Object]:
    return [_step(each, api) for each in steps]


def _action(task: Action, api: bool) -> Object:
    told: Object = {"action_name" if api else "action": task.action}
    told["action_kind"] = None if task.action_kind == "worker" and not api else task.action_kind
    told |= {"integration": task.integration, "queue": None if task.queue == "default" else task.queue}
    told["parameters"] = _texts(task.parameters, api)
    return _filled(told)


def _wait(task: WaitForEvent, api: bool) -> Object:
    told: Object = {"event_type" if api else "event": task.event, "source_id": _text(task.source_id, api)}
    told |= {"match": _texts(task.match, api), "condition": task.condition}
    told["payload_mapping" if api else "mapping"] = _texts(task.mapping, api)
    return _filled(told)


def _text(text: str | None, api: bool) -> str | None:
    return parse_dollar(text).mustache() if api and text else text


def _texts(value: Any, api: bool) -> Any:
    if isinstance(value, str):
        return _text(value, api)
    if isinstance(value, dict):
        return {name: _texts(item, api) for name, item in cast(Object, value).items()}
    if isinstance(value, list):
        return [_texts(item, api) for item in cast(list[Any], value)]
    return value
