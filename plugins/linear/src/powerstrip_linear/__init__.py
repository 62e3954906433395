"""Linear: issues, comments and projects."""

from powerstrip_linear import actions, events
from powerstrip_linear.provider import linear

__all__ = ["actions", "events", "linear"]
