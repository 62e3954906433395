"""The tables, one module for each topic. A new one is added here, or migrations do not see it.

The hub's own are there at once. Another topic is imported when one of its tables is first asked for: they are slow to make,
and a start needs less than half of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData

from powerstrip.store.tables.base import JsonText, Table
from powerstrip.store.tables.hub import (
    RARE_ACTIONS,
    ApiKey,
    Audit,
    Credential,
    DataKey,
    HubProcess,
    Idempotency,
    Integration,
    Invocation,
    Principal,
    Project,
    Role,
    RoleAssignment,
    Setting,
    StoredFile,
    WouldSend,
)

if TYPE_CHECKING:
    from powerstrip.store.tables.automations import (
        Automation,
        AutomationDependency,
        AutomationTrigger,
        AutomationVersion,
        Job,
        Run,
        RunEvent,
        RunStep,
        RunWait,
        WorkerSession,
    )
    from powerstrip.store.tables.chat import ChatSession, ChatStep
    from powerstrip.store.tables.connecting import ConnectSession, Consent, PlatformApp
    from powerstrip.store.tables.definitions import Definition
    from powerstrip.store.tables.entities import EntityRecord, EntityType
    from powerstrip.store.tables.inbound import (
        Endpoint,
        EndpointSecret,
        Poll,
        ProviderEvent,
        SeenToken,
        SourceEvent,
        Subscription,
    )
    from powerstrip.store.tables.outbound import Webhook, WebhookDelivery, WebhookMessage, WebhookSecret
    from powerstrip.store.tables.own import OwnAction
    from powerstrip.store.tables.secrets import KeyWrap, Secret, SecretVersion
    from powerstrip.store.tables.tokens import AccessToken

_TOPICS = {
    "automations": (
        *("Automation", "AutomationDependency", "AutomationTrigger", "AutomationVersion", "Job"),
        *("Run", "RunEvent", "RunStep", "RunWait", "WorkerSession"),
    ),
    "chat": ("ChatSession", "ChatStep"),
    "connecting": ("ConnectSession", "Consent", "PlatformApp"),
    "definitions": ("Definition",),
    "entities": ("EntityRecord", "EntityType"),
    "inbound": ("Endpoint", "EndpointSecret", "Poll", "ProviderEvent", "SeenToken", "SourceEvent", "Subscription"),
    "outbound": ("Webhook", "WebhookDelivery", "WebhookMessage", "WebhookSecret"),
    "own": ("OwnAction",),
    "secrets": ("KeyWrap", "Secret", "SecretVersion"),
    "tokens": ("AccessToken",),
}
_TOPIC_OF = {name: topic for topic, names in _TOPICS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _TOPIC_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_TOPIC_OF[name]}"), name)
    return found


def every_table() -> MetaData:
    """The description of all tables, each of them imported."""
    for topic in _TOPICS:
        import_module(f"{__name__}.{topic}")
    return Table.metadata


__all__ = [
    "RARE_ACTIONS",
    "AccessToken",
    "ApiKey",
    "Audit",
    "Automation",
    "AutomationDependency",
    "AutomationTrigger",
    "AutomationVersion",
    "ChatSession",
    "ChatStep",
    "ConnectSession",
    "Consent",
    "Credential",
    "DataKey",
    "Definition",
    "Endpoint",
    "EndpointSecret",
    "EntityRecord",
    "EntityType",
    "HubProcess",
    "Idempotency",
    "Integration",
    "Invocation",
    "Job",
    "JsonText",
    "KeyWrap",
    "OwnAction",
    "PlatformApp",
    "Poll",
    "Principal",
    "Project",
    "ProviderEvent",
    "Role",
    "RoleAssignment",
    "Run",
    "RunEvent",
    "RunStep",
    "RunWait",
    "Secret",
    "SecretVersion",
    "SeenToken",
    "Setting",
    "SourceEvent",
    "StoredFile",
    "Subscription",
    "Table",
    "Webhook",
    "WebhookDelivery",
    "WebhookMessage",
    "WebhookSecret",
    "WorkerSession",
    "WouldSend",
    "every_table",
]
