"""Which values a reference can see: what stands before it, and never what runs later."""

from collections.abc import Iterable

from powerstrip.automations.expressions import Reference
from powerstrip.automations.spec.findings import Findings
from powerstrip.automations.spec.plan import ForEach, Plan, Step
from powerstrip.automations.spec.reading import Compiled
from powerstrip.automations.spec.texts import Use

STEP_FIELDS = ("output", "status", "error")
RUN_FIELDS = ("id", "automation", "started_at", "mode")
ROOTS = ("inputs", "steps", "context", "run")


class Scopes:
    """The keys of the steps that are behind, for each step of a plan and for its end."""

    def __init__(self, plan: Plan) -> None:
        self.before: dict[str, frozenset[str]] = {}
        self.steps = {step.key: step for step, _ in plan.every_step()}
        self.saved = {step.save_as or step.key: step.key for step in self.steps.values()}
        main = self._block(plan.steps, frozenset())
        self.end = self._block(plan.cleanup, main)

    def _block(self, steps: Iterable[Step], behind: frozenset[str]) -> frozenset[str]:
        for step in steps:
            self.before[step.key] = behind
            behind |= self._inner(step, behind) | {step.key}
        return behind

    def _inner(self, step: Step, behind: frozenset[str]) -> frozenset[str]:
        """What is known after the blocks of a step: of a loop nothing, for its steps ran many times or never."""
        found: frozenset[str] = frozenset()
        for block in step.blocks:
            found |= self._block(block, behind)
        return frozenset() if isinstance(step.task, ForEach) else found


def check_references(compiled: Compiled, plan: Plan) -> Scopes:
    """Judge every reference of a spec; what is wrong becomes a finding. Gives the scopes."""
    scopes = Scopes(plan)
    checker = _References(plan, scopes, compiled)
    for use in compiled.uses:
        checker.check(use)
    return scopes


class _References:
    def __init__(self, plan: Plan, scopes: Scopes, compiled: Compiled) -> None:
        self._inputs = {each.name for each in plan.inputs}
        self._scopes = scopes
        self._places = compiled.places
        self._findings: Findings = compiled.findings

    def check(self, use: Use) -> None:
        root = str(use.reference.parts[0])
        place = self._places.get(use.step or "")
        roots = use.roots or (*ROOTS, *(place.variables if place else ()))
        if root not in roots:
            hint = f"It begins with one of {', '.join(roots)}"
            self._findings.error(use.path, "unknown_reference", f"There is no {root} here", hint)
        elif use.roots:
            return
        elif root == "inputs":
            self._input(use)
        elif root in ("steps", "context"):
            self._step(use, root)
        elif root == "run" and (len(use.reference.parts) < 2 or use.reference.parts[1] not in RUN_FIELDS):
            self._findings.error(use.path, "unknown_reference", f"A run has {', '.join(RUN_FIELDS)}")

    def _input(self, use: Use) -> None:
        parts = use.reference.parts
        known = self._inputs | {"event", "meta"}
        if self._inputs and len(parts) > 1 and parts[1] not in known:
            message = f"The spec declares no input {str(parts[1])[:64]}"
            self._findings.error(use.path, "unknown_input", message, f"It declares: {', '.join(sorted(self._inputs))}")

    def _step(self, use: Use, root: str) -> None:
        parts = use.reference.parts
        name = str(parts[1]) if len(parts) > 1 else ""
        key = self._scopes.saved.get(name) if root == "context" else name
        if key is None or key not in self._scopes.steps:
            known = sorted(self._scopes.saved if root == "context" else self._scopes.steps)
            message = f"There is no step {name[:64]}" if root == "steps" else f"No step saves its output as {name[:64]}"
            self._findings.error(use.path, "unknown_step", message, f"There are: {', '.join(known[:20])}")
        elif not self._is_behind(use, key):
            message = f"The step {key} has not run before this one" if use.step else f"The step {key} runs in a loop"
            self._findings.error(use.path, "step_not_behind", message, "Move it up, or read what a loop gives from the loop")
        elif root == "steps" and len(parts) > 2 and parts[2] not in STEP_FIELDS:
            hint = f"${{steps.{key}.output.{parts[2]}}}"
            self._findings.error(use.path, "unknown_reference", f"A step has {', '.join(STEP_FIELDS)}", f"Perhaps {hint}")

    def _is_behind(self, use: Use, key: str) -> bool:
        return key in (self._scopes.before.get(use.step, frozenset()) if use.step else self._scopes.end)


def output_path(reference: Reference, scopes: Scopes) -> tuple[Step, tuple[str | int, ...]] | None:
    """The step whose output a reference reads, and the path within the output; None for any other reference."""
    parts = reference.parts
    if len(parts) > 2 and parts[0] == "steps" and parts[2] == "output":
        step = scopes.steps.get(str(parts[1]))
        return (step, parts[3:]) if step else None
    if len(parts) > 1 and parts[0] == "context":
        step = scopes.steps.get(scopes.saved.get(str(parts[1]), ""))
        return (step, parts[2:]) if step else None
    return None
