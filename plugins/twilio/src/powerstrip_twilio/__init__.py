"""Twilio: texts, WhatsApp messages, calls and verifications."""

from powerstrip_twilio import actions, events
from powerstrip_twilio.provider import twilio

__all__ = ["actions", "events", "twilio"]
