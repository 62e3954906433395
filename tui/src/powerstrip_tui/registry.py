"""The screens there are. One line each: a new screen is registered here, and nowhere else."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powerstrip_tui.view import View


@dataclass(frozen=True)
class Entry:
    """A screen that a key opens. `place` is `module:Class`, imported when it is opened first; `short` fits 80 columns."""

    key: str
    name: str
    title: str
    short: str
    place: str
    about: str

    def make(self) -> "View":
        """A new screen."""
        module, _, name = self.place.partition(":")
        return getattr(import_module(f"powerstrip_tui.screens.{module}"), name)()


SCREENS: tuple[Entry, ...] = (
    Entry("1", "home", "Home", "Home", "home:Home", "What can be connected, what is, and what needs attention"),
    Entry("2", "events", "Events", "Events", "events:Events", "What providers sent, and the way of each event through the hub"),
    Entry("3", "automations", "Automations", "Auto", "automations:Automations", "What happens by itself"),
    Entry("4", "runs", "Runs", "Runs", "runs:Runs", "What automations did, step for step"),
    Entry("5", "audit", "Audit", "Audit", "audit:Audit", "Who did what, and whether the chain holds"),
    Entry("6", "secrets", "Secrets", "Secr", "secrets:Secrets", "Named values for workers"),
    Entry("7", "access", "Access", "Keys", "access:Access", "API keys, principals, roles"),
    Entry("8", "endpoints", "Endpoints", "Endp", "endpoints:Endpoints", "Addresses, polls, webhooks to others"),
    Entry("9", "workers", "Workers", "Work", "workers:Workers", "Who does worker actions, and their jobs"),
    Entry("0", "hub", "Hub", "Hub", "hub:HubScreen", "Settings, exceptions, adapters, sealing keys"),
    Entry("i", "calls", "Calls", "Calls", "calls:Calls", "What was asked of providers, and what came of it"),
)
