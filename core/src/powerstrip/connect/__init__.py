"""From nothing to an integration, and its life: forms, probe, rotation, copy, pickers."""

from powerstrip.connect.asking import Question
from powerstrip.connect.binding import Link, Links, check_destination, find_link
from powerstrip.connect.bundles import Difference
from powerstrip.connect.expiry import HUB, expire
from powerstrip.connect.forms import refuse_secrets
from powerstrip.connect.guarding import plugin_code
from powerstrip.connect.history import Step
from powerstrip.connect.impact import Dependent, Impact, ImpactSource
from powerstrip.connect.integrations import Integrations
from powerstrip.connect.ledger import keep_ledger
from powerstrip.connect.plans import Plan
from powerstrip.connect.probing import error_type_of
from powerstrip.connect.running import AdapterBroken, OutOfTime, one_line, run_adapter
from powerstrip.connect.uses import Recent
from powerstrip.connect.values import ErrorType, IntegrationChanges, NewIntegration, Picked, Probe
from powerstrip.connect.watching import watched

__all__ = [
    "HUB",
    "AdapterBroken",
    "Dependent",
    "Difference",
    "ErrorType",
    "Impact",
    "ImpactSource",
    "IntegrationChanges",
    "Integrations",
    "Link",
    "Links",
    "NewIntegration",
    "OutOfTime",
    "Picked",
    "Plan",
    "Probe",
    "Question",
    "Recent",
    "Step",
    "check_destination",
    "error_type_of",
    "expire",
    "find_link",
    "keep_ledger",
    "one_line",
    "plugin_code",
    "refuse_secrets",
    "run_adapter",
    "watched",
]
