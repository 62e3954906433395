"""From nothing to an integration, and its life: forms, probe, rotation, copy, pickers."""

from powerstrip.connect.binding import Link, check_destination, find_link
from powerstrip.connect.expiry import HUB, expire
from powerstrip.connect.forms import refuse_secrets
from powerstrip.connect.guarding import plugin_code
from powerstrip.connect.integrations import Integrations, error_type_of
from powerstrip.connect.ledger import keep_ledger
from powerstrip.connect.running import AdapterBroken, OutOfTime, one_line, run_adapter
from powerstrip.connect.values import ErrorType, IntegrationChanges, NewIntegration, Picked, Probe
from powerstrip.connect.watching import watched

__all__ = [
    "HUB",
    "AdapterBroken",
    "ErrorType",
    "IntegrationChanges",
    "Integrations",
    "Link",
    "NewIntegration",
    "OutOfTime",
    "Picked",
    "Probe",
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
