"""What is installed: providers, their actions, events and pickers, without importing an adapter before it is used."""

from powerstrip.catalog.catalog import Catalog
from powerstrip.catalog.manifest import (
    ActionManifest,
    AuthManifest,
    AuthSummary,
    BrokenPlugin,
    EventManifest,
    Hints,
    PickerManifest,
    ProviderManifest,
    ProviderSummary,
    WebhookManifest,
)
from powerstrip.catalog.pages import provider_page
from powerstrip.catalog.readiness import Connection, Readiness, readiness

__all__ = [
    "ActionManifest",
    "AuthManifest",
    "AuthSummary",
    "BrokenPlugin",
    "Catalog",
    "Connection",
    "EventManifest",
    "Hints",
    "PickerManifest",
    "ProviderManifest",
    "ProviderSummary",
    "Readiness",
    "WebhookManifest",
    "provider_page",
    "readiness",
]
