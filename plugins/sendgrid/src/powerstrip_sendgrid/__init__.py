"""SendGrid: send email, keep contacts, and hear what became of the mail."""

from powerstrip_sendgrid import actions, events
from powerstrip_sendgrid.provider import sendgrid

__all__ = ["actions", "events", "sendgrid"]
