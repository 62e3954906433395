"""Postmark: send transactional email and hear what became of it."""

from powerstrip_postmark import actions, events, models
from powerstrip_postmark.actions import send, send_batch, send_with_template
from powerstrip_postmark.models import Batch, Email, TemplateEmail
from powerstrip_postmark.provider import postmark

__all__ = [
    "Batch",
    "Email",
    "TemplateEmail",
    "actions",
    "events",
    "models",
    "postmark",
    "send",
    "send_batch",
    "send_with_template",
]
