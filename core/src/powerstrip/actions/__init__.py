"""Do one thing: a call of an action, its idempotency, its log; files for calls; a project's own actions."""

from powerstrip.actions.actions import Actions
from powerstrip.actions.calls import CallErrorType, Invoke, Result, Unsent
from powerstrip.actions.files import LIFETIME, MAX_FILE, Files
from powerstrip.actions.own import (
    DEFAULT_OVERLAP,
    MAX_OVERLAP,
    PROVIDER,
    Hints,
    IssuedAction,
    JobState,
    NewJob,
    NewOwnAction,
    OwnActionChanges,
    OwnActions,
    StepRef,
    Work,
    revealing,
    secret_ref,
)

__all__ = [
    "DEFAULT_OVERLAP",
    "LIFETIME",
    "MAX_FILE",
    "MAX_OVERLAP",
    "PROVIDER",
    "Actions",
    "CallErrorType",
    "Files",
    "Hints",
    "Invoke",
    "IssuedAction",
    "JobState",
    "NewJob",
    "NewOwnAction",
    "OwnActionChanges",
    "OwnActions",
    "Result",
    "StepRef",
    "Unsent",
    "Work",
    "revealing",
    "secret_ref",
]
