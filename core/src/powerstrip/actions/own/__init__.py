"""A project's own actions: HTTP endpoints that get signed calls, and names that its workers run."""

from powerstrip.actions.own.keys import revealing
from powerstrip.actions.own.registry import OwnActions
from powerstrip.actions.own.targets import PROVIDER
from powerstrip.actions.own.values import (
    DEFAULT_OVERLAP,
    MAX_OVERLAP,
    Hints,
    IssuedAction,
    NewOwnAction,
    OwnActionChanges,
    secret_ref,
)
from powerstrip.actions.own.work import JobState, NewJob, StepRef, Work

__all__ = [
    "DEFAULT_OVERLAP",
    "MAX_OVERLAP",
    "PROVIDER",
    "Hints",
    "IssuedAction",
    "JobState",
    "NewJob",
    "NewOwnAction",
    "OwnActionChanges",
    "OwnActions",
    "StepRef",
    "Work",
    "revealing",
    "secret_ref",
]
