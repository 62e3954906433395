"""What happens next: specs, versions, triggers."""

from powerstrip.automations.automations import Automations, find, find_version
from powerstrip.automations.engine import Choice
from powerstrip.automations.engine.plugins import EngineRefused, find_engine
from powerstrip.automations.engine.working import Parts
from powerstrip.automations.flow import Flow
from powerstrip.automations.intake import Delivered, Request
from powerstrip.automations.publishing import action_users, impact_source
from powerstrip.automations.rehearsal import Rehearsals, Rehearsed, RehearsedStep
from powerstrip.automations.runs import StartRun, Trace
from powerstrip.automations.spec import Finding, Plan, compile_text, compile_value, to_api, to_authoring, to_yaml
from powerstrip.automations.values import AutomationChanges, Checked, Draft, Known, NewAutomation

__all__ = [
    "AutomationChanges",
    "Automations",
    "Checked",
    "Choice",
    "Delivered",
    "Draft",
    "EngineRefused",
    "Finding",
    "Flow",
    "Known",
    "NewAutomation",
    "Parts",
    "Plan",
    "Rehearsals",
    "Rehearsed",
    "RehearsedStep",
    "Request",
    "StartRun",
    "Trace",
    "action_users",
    "compile_text",
    "compile_value",
    "find",
    "find_engine",
    "find_version",
    "impact_source",
    "to_api",
    "to_authoring",
    "to_yaml",
]
