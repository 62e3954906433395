"""Jira: issues, comments, transitions and work logs."""

from powerstrip_jira import actions, events
from powerstrip_jira.provider import jira

__all__ = ["actions", "events", "jira"]
