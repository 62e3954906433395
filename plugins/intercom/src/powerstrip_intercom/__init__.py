"""Intercom: contacts, conversations, messages, tickets and tags, and what happens to them."""

from powerstrip_intercom import actions, conversations, events, pickers
from powerstrip_intercom.provider import intercom

__all__ = ["actions", "conversations", "events", "intercom", "pickers"]
