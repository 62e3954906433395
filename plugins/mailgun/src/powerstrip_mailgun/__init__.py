"""Mailgun: send email by domain, keep suppressions and mailing lists, and hear what became of the mail."""

from powerstrip_mailgun import actions, events, sending
from powerstrip_mailgun.provider import mailgun

__all__ = ["actions", "events", "mailgun", "sending"]
