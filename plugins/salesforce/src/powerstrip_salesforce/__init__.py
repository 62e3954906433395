"""Salesforce: records of any object, SOQL and SOSL, and what happens to records."""

from powerstrip_salesforce import actions, events, pickers, polls, reading
from powerstrip_salesforce.provider import salesforce

__all__ = ["actions", "events", "pickers", "polls", "reading", "salesforce"]
