"""Do one thing: a call of an action, its idempotency, its log; files for calls."""

from powerstrip.actions.actions import Actions
from powerstrip.actions.calls import CallErrorType, Invoke, Result, Unsent
from powerstrip.actions.files import LIFETIME, MAX_FILE, Files

__all__ = ["LIFETIME", "MAX_FILE", "Actions", "CallErrorType", "Files", "Invoke", "Result", "Unsent"]
