"""Webhook registrations that the hub makes and keeps at providers."""

from powerstrip.inbound.subscriptions.subscriptions import Subscriptions
from powerstrip.inbound.subscriptions.values import Offer, Plan, Status, Wishes

__all__ = ["Offer", "Plan", "Status", "Subscriptions", "Wishes"]
