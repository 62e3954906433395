"""What may stand in a spec beside plain values: templates, which are data, and conditions, which are CEL."""

from powerstrip.automations.expressions.conditions import Condition, ConditionFailed, ConditionRefused, Verdict
from powerstrip.automations.expressions.grammar import (
    Call,
    Expression,
    Literal,
    Reference,
    Template,
    TemplateRefused,
    parse_dollar,
    parse_mustache,
)
from powerstrip.automations.expressions.rendering import FUNCTIONS, TemplateFailed, render

__all__ = [
    "FUNCTIONS",
    "Call",
    "Condition",
    "ConditionFailed",
    "ConditionRefused",
    "Expression",
    "Literal",
    "Reference",
    "Template",
    "TemplateFailed",
    "TemplateRefused",
    "Verdict",
    "parse_dollar",
    "parse_mustache",
    "render",
]
