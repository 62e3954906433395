"""GitHub: issues, pull requests, files, workflows and releases."""

from powerstrip_github import actions, events, pickers
from powerstrip_github.provider import github

__all__ = ["actions", "events", "github", "pickers"]
