"""HL7 FHIR R4: read, search and write clinical records, and hear when a patient is admitted."""

from powerstrip_fhir import actions, events, models, pickers, polls, subscriptions
from powerstrip_fhir.provider import fhir

__all__ = ["actions", "events", "fhir", "models", "pickers", "polls", "subscriptions"]
