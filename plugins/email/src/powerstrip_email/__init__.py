"""Email by SMTP and IMAP: send by your own mail server, and hear what comes into a mailbox."""

from powerstrip_email import actions, polls
from powerstrip_email.provider import email

__all__ = ["actions", "email", "polls"]
