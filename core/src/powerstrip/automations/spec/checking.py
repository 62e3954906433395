"""Checks a compiled spec against a project: its actions, integrations and automations, and what steps hand to each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from powerstrip.automations.expressions import Reference
from powerstrip.automations.spec.findings import Path
from powerstrip.automations.spec.plan import Action, Plan, Step, SubAutomation
from powerstrip.automations.spec.reading import Compiled
from powerstrip.automations.spec.schemas import Schema, json_type, misfits, step_into
from powerstrip.automations.spec.scopes import Scopes, check_references, output_path
from powerstrip.catalog import ActionManifest, Catalog, Connection, readiness
from powerstrip.names import name_key
from powerstrip.problems import NotFound
from powerstrip.vault import find_secrets

RESERVED_PREFIX = "mobius."


class OwnActionFacts(Protocol):
    """What the check asks of an action that the project registered."""

    @property
    def endpoint_kind(self) -> str:
        """http or worker."""
        ...

    @property
    def input_schema(self) -> Schema | None:
        """What it takes."""
        ...

    @property
    def output_schema(self) -> Schema | None:
        """What it gives."""
        ...


@dataclass
class Surroundings:
    """What a spec is checked against, read at one moment. `calls` are the handles that each published automation starts."""

    catalog: Catalog
    connections: Mapping[str, Sequence[Connection]] = field(default_factory=dict[str, Sequence[Connection]])
    own_actions: Mapping[str, OwnActionFacts] = field(default_factory=dict[str, OwnActionFacts])
    calls: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Handle → handles, of every automation of the project that is not archived."""
    handle: str | None = None
    """The automation's own, where it is known."""


def known_action(catalog: Catalog, name: str) -> str | None:
    """A provider action's full name by its name or alias, `_` and `-` taken for each other. None where there is none."""
    provider, dot, action = name.partition(".")
    if not dot:
        return None
    for spelled in (action, action.replace("_", "-"), action.replace("-", "_")):
        try:
            return ".".join(catalog.find_action(f"{provider}.{spelled}"))
        except NotFound:
            continue
    return None


def check(compiled: Compiled, around: Surroundings) -> None:
    """Judge a compiled spec; what is found is added to its findings. Without a plan only secrets are looked for."""
    _check_secrets(compiled)
    if compiled.plan is not None:
        _Checker(compiled, compiled.plan, around).check()


def _check_secrets(compiled: Compiled) -> None:
    for found in find_secrets(compiled.source.value, compiled.source.text or None):
        path = _path_of(compiled.source.value, found.path)
        message = f"This looks like a {found.kind}: a spec never holds a credential"
        compiled.findings.error(path, "secret_in_spec", message, "Put it into an integration, or a project secret")


def _path_of(value: Any, dotted: str) -> Path:
    """The path that the detector tells with dots, as far as it can be followed."""
    path: list[str | int] = []
    for part in dotted.split(".") if dotted else ():
        if isinstance(value, list) and part.isdigit():
            path.append(int(part))
            value = value[int(part)]  # pyright: ignore[reportUnknownVariableType] - JSON
        elif isinstance(value, dict) and part in value:
            path.append(part)
            value = value[part]  # pyright: ignore[reportUnknownVariableType] - JSON
        else:
            break
    return tuple(path)


class _Checker:
    """One check of one plan."""

    def __init__(self, compiled: Compiled, plan: Plan, around: Surroundings) -> None:
        self._compiled = compiled
        self._findings = compiled.findings
        self._plan = plan
        self._around = around
        self._manifests: dict[str, ActionManifest | None] = {}

    def check(self) -> None:
        scopes = check_references(self._compiled, self._plan)
        for step, _ in self._plan.every_step():
            if isinstance(step.task, Action):
                self._action(step, step.task, scopes)
            elif isinstance(step.task, SubAutomation):
                self._sub(step, step.task)
        for use in self._compiled.uses:
            if not use.roots:
                self._output(use.reference, use.path, scopes)
        self._triggers()

    def _action(self, step: Step, task: Action, scopes: Scopes) -> None:
        path = (*self._compiled.places[step.key].parameters[:-1], "action")
        if task.action.startswith(RESERVED_PREFIX):
            self._findings.error(path, "reserved_name", f"Names that begin with {RESERVED_PREFIX} are reserved")
            return
        schema = self._server(step, task, path) if task.action_kind == "server" else self._own(task, path)
        if schema:
            place = self._compiled.places[step.key].parameters
            for each in misfits(schema, task.parameters, lambda reference: self._type_of(reference, scopes)):
                self._findings.error((*place, *each.path), each.code, each.message)

    def _server(self, step: Step, task: Action, path: Path) -> Schema | None:
        """Judge a provider's action; gives its input schema."""
        manifest = self._manifest(task.action)
        if manifest is None:
            own = task.action in self._around.own_actions
            hint = (
                "Add `action_kind: http` or `worker`: the project registered it"
                if own
                else _meant(self._around.catalog, task.action)
            )
            self._findings.error(path, "unknown_action", "No installed provider has this action", hint)
            return None
        if manifest.deprecated:
            self._findings.warning(path, "deprecated", f"{manifest.name} is deprecated: {manifest.deprecated}")
        if step.retry.max_attempts > 1 and manifest.annotations.destructive and not manifest.annotations.idempotent:
            self._findings.warning(path, "retry_may_repeat", f"{manifest.name} may happen twice when it is tried again")
        self._integration(task, manifest, path)
        return manifest.input_schema

    def _integration(self, task: Action, manifest: ActionManifest, path: Path) -> None:
        connections = self._around.connections.get(manifest.provider, ())
        wanted = task.integration
        if wanted is not None:
            connections = [each for each in connections if wanted == each.id or name_key(wanted) == name_key(each.name)]
            if not connections:
                message = f"There is no integration of {manifest.provider} of this id or name in this project"
                self._findings.error(
                    path, "unknown_integration", message, f"Connect it: powerstrip integrations create {manifest.provider}"
                )
                return
        elif len([each for each in connections if each.status != "inactive"]) > 1:
            names = ", ".join(each.name for each in connections)
            hint = f"Name one with `integration`: {names}"
            self._findings.error(
                path, "ambiguous_integration", f"The project has several integrations of {manifest.provider}", hint
            )
        ready = readiness(self._around.catalog.summary(manifest.provider), connections, manifest.id)
        if not ready.ready:
            self._findings.warning(path, "not_ready", ready.message)

    def _own(self, task: Action, path: Path) -> Schema | None:
        """Judge an action of the project's own; gives its input schema."""
        own = self._around.own_actions.get(task.action)
        if own is None:
            if task.action_kind == "http":
                self._findings.error(path, "unknown_action", "The project has registered no HTTP action of this name")
            elif task.action_kind == "worker":
                message = "No action of this name is registered: a worker that offers it must be running"
                self._findings.warning(path, "unregistered_action", message)
            return None
        if task.action_kind != own.endpoint_kind:
            self._findings.warning(
                path, "action_kind", f"The project registered this as an action of the kind {own.endpoint_kind}"
            )
        return own.input_schema

    def _sub(self, step: Step, task: SubAutomation) -> None:
        path = self._compiled.places[step.key].path
        calls = self._around.calls
        if task.automation not in calls and task.automation != self._around.handle:
            self._findings.error(path, "unknown_automation", "There is no automation of this handle in this project")
        elif self._around.handle and _reaches(task.automation, self._around.handle, calls):
            self._findings.error(path, "cycle", "This starts an automation that leads back to this one: a run would never end")

    def _output(self, reference: Reference, path: Path, scopes: Scopes) -> None:
        target = output_path(reference, scopes)
        if target is None or not isinstance(target[0].task, Action):
            return
        schema, closed = self._output_schema(target[0].task)
        if schema and step_into(schema, target[1], closed=closed) is None:
            fields = ", ".join(sorted(schema.get("properties", {}))[:20])
            hint = f"It gives: {fields}" if fields else ""
            self._findings.error(path, "unknown_output", f"{target[0].task.action} gives nothing at this path", hint)

    def _output_schema(self, task: Action) -> tuple[Schema | None, bool]:
        """What an action gives, and whether it gives nothing beside."""
        if task.action_kind == "server":
            manifest = self._manifest(task.action)
            return (manifest.output_schema if manifest else None), True
        own = self._around.own_actions.get(task.action)
        return (own.output_schema if own else None), False

    def _type_of(self, reference: Reference, scopes: Scopes) -> str | None:
        if reference.parts[0] == "inputs" and len(reference.parts) == 2:
            kinds = {each.name: each.type for each in self._plan.inputs}
            kind = kinds.get(str(reference.parts[1]))
            return None if kind in (None, "any") else kind
        target = output_path(reference, scopes)
        if target is None or not isinstance(target[0].task, Action):
            return None
        schema, closed = self._output_schema(target[0].task)
        found = step_into(schema, target[1], closed=closed) if schema else None
        return json_type(found) if found else None

    def _manifest(self, name: str) -> ActionManifest | None:
        if name not in self._manifests:
            try:
                self._manifests[name] = self._around.catalog.action(name)
            except NotFound:
                self._manifests[name] = None
        return self._manifests[name]

    def _triggers(self) -> None:
        for trigger in self._plan.triggers:
            path = self._compiled.triggers[trigger.key]
            provider, _, event = trigger.event.partition(".")
            if trigger.kind != "event" or not self._around.catalog.has(provider):
                continue
            summary = self._around.catalog.summary(provider)
            if not event.endswith("*") and event not in summary.event_ids:
                known = ", ".join(summary.event_ids[:10]) or "none"
                self._findings.warning(path, "unknown_event", f"{summary.title} names no such event", f"It names: {known}")
            elif not summary.built_in and not self._around.connections.get(provider):
                self._findings.warning(path, "not_ready", f"No {summary.title} integration is connected yet")


def _meant(catalog: Catalog, name: str) -> str:
    try:
        catalog.find_action(name)
    except NotFound as error:
        return error.message.partition(". ")[2]
    return ""


def _reaches(start: str, wanted: str, calls: Mapping[str, Iterable[str]]) -> bool:
    """Whether the automations that one starts lead to another."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        handle = waiting.pop()
        if handle == wanted:
            return True
        if handle not in seen:
            seen.add(handle)
            waiting.extend(calls.get(handle, ()))
    return False
