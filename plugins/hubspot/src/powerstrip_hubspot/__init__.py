"""HubSpot: contacts, companies, deals, tickets and notes, and what happens to them."""

from powerstrip_hubspot import actions, events, pickers, subscriptions
from powerstrip_hubspot.provider import hubspot

__all__ = ["actions", "events", "hubspot", "pickers", "subscriptions"]
