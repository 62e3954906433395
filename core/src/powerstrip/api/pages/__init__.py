"""Pages for a person in a browser: small, offline, without a script."""

from powerstrip.api.pages.ends import connected, failed, is_page
from powerstrip.api.pages.forms import FIELD, Filled, Invitation, session_page

__all__ = ["FIELD", "Filled", "Invitation", "connected", "failed", "is_page", "session_page"]
