"""Stripe: take payments, keep customers, subscriptions and invoices."""

from powerstrip_stripe import actions, events, models
from powerstrip_stripe.provider import stripe

__all__ = ["actions", "events", "models", "stripe"]
