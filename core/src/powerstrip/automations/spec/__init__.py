"""Specs: two spellings of one model, compiled to a plan, checked against a project, and written out again."""

from powerstrip.automations.spec.checking import Surroundings, check, known_action
from powerstrip.automations.spec.dependencies import Dependency, dependencies
from powerstrip.automations.spec.findings import Finding, Findings, has_errors, refuse
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
    walk,
)
from powerstrip.automations.spec.reading import Compiled, KnownAction, compile_text, compile_value
from powerstrip.automations.spec.schedules import ScheduleRefused, missed, next_fire
from powerstrip.automations.spec.writing import to_api, to_authoring, to_yaml

__all__ = [
    "Action",
    "Branch",
    "Compiled",
    "Concurrency",
    "Dependency",
    "Finding",
    "Findings",
    "ForEach",
    "Input",
    "KnownAction",
    "Parallel",
    "Plan",
    "Retry",
    "ScheduleRefused",
    "Sleep",
    "Step",
    "SubAutomation",
    "Surroundings",
    "Trigger",
    "WaitForEvent",
    "check",
    "compile_text",
    "compile_value",
    "dependencies",
    "has_errors",
    "known_action",
    "missed",
    "next_fire",
    "refuse",
    "to_api",
    "to_authoring",
    "to_yaml",
    "walk",
]
