"""Notion: pages, databases, their content and comments."""

from powerstrip_notion import comments, databases, events, pages, pickers, polls
from powerstrip_notion.provider import notion

__all__ = ["comments", "databases", "events", "notion", "pages", "pickers", "polls"]
