"""Set-up in sentences: what a person writes is understood, asked about, planned, and done with their permissions.

Reading sentences needs neither the database nor the web, so that the rest is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from powerstrip.chat.intent import Intent
from powerstrip.chat.secrets import Redacted, redact

if TYPE_CHECKING:
    from powerstrip.chat.chats import Chats
    from powerstrip.chat.desk import Desk
    from powerstrip.chat.state import Person, Reply

__all__ = ["Chats", "Desk", "Intent", "Person", "Redacted", "Reply", "redact"]

_LATER = {"Chats": "chats", "Desk": "desk", "Person": "state", "Reply": "state"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
