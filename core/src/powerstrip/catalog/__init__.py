"""What is installed: providers, their actions, events and pickers, without importing an adapter before it is used."""

from powerstrip.catalog.built_in import BuiltIn, Caller, Handler
from powerstrip.catalog.catalog import Catalog
from powerstrip.catalog.describe import describe
from powerstrip.catalog.diff import Change, action_changes, differences, schema_changes
from powerstrip.catalog.discover import Found, discover, roots_of, stamp_of
from powerstrip.catalog.loading import load_adapter
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
from powerstrip.catalog.prober import Prober
from powerstrip.catalog.projects import Edition, ProjectCatalogs, editions_of, manifests_of
from powerstrip.catalog.readiness import Connection, Readiness, readiness
from powerstrip.catalog.refresh import canonical
from powerstrip.catalog.tier import RECORD, Tier, TierRecord, code_digest, shipped_tier

__all__ = [
    "RECORD",
    "ActionManifest",
    "AuthManifest",
    "AuthSummary",
    "BrokenPlugin",
    "BuiltIn",
    "Caller",
    "Catalog",
    "Change",
    "Connection",
    "Edition",
    "EventManifest",
    "Found",
    "Handler",
    "Hints",
    "PickerManifest",
    "Prober",
    "ProjectCatalogs",
    "ProviderManifest",
    "ProviderSummary",
    "Readiness",
    "Tier",
    "TierRecord",
    "WebhookManifest",
    "action_changes",
    "canonical",
    "code_digest",
    "describe",
    "differences",
    "discover",
    "editions_of",
    "load_adapter",
    "manifests_of",
    "provider_page",
    "readiness",
    "roots_of",
    "schema_changes",
    "shipped_tier",
    "stamp_of",
]
