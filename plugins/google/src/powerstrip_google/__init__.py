"""Google Workspace: Sheets, Docs, Calendar, Gmail and Drive."""

from powerstrip_google import calendars, documents, events, files, mails, mailwatch, rows, sheets
from powerstrip_google.provider import google

__all__ = ["calendars", "documents", "events", "files", "google", "mails", "mailwatch", "rows", "sheets"]
