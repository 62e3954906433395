"""Acme Notes: read and write notes."""

from . import actions
from .provider import adapter

__all__ = ["actions", "adapter"]
