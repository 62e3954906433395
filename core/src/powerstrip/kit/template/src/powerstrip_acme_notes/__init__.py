"""Acme Notes: read and write notes, and hear when one is written."""

from . import actions, webhook
from .provider import adapter

__all__ = ["actions", "adapter", "webhook"]
