"""What is kept: tables, sessions, migrations, the group-commit writer, the audit chain. The only room that knows SQL."""

from typing import TYPE_CHECKING, Any

from powerstrip.store import tables
from powerstrip.store.audit import Actor, AuditLog, AuditReport, Entry
from powerstrip.store.failures import CommitUnknown
from powerstrip.store.hours import Hours, by_hour
from powerstrip.store.lock import AlreadyRunning, hold_folder
from powerstrip.store.presence import SILENT, Presence, alive, present, process_id, silent, taken_over
from powerstrip.store.rows import Prepared, RowsFind, RowsUpdate, connection_of, insert_row, insert_rows
from powerstrip.store.schema import SchemaMismatch
from powerstrip.store.scope import Scope, scope
from powerstrip.store.store import Store
from powerstrip.store.writer import Bulk

if TYPE_CHECKING:
    from powerstrip.store.tables import (
        RARE_ACTIONS,
        AccessToken,
        ApiKey,
        Audit,
        Automation,
        AutomationDependency,
        AutomationTrigger,
        AutomationVersion,
        ChatSession,
        ChatStep,
        ConnectSession,
        Consent,
        Credential,
        DataKey,
        Definition,
        Endpoint,
        EndpointSecret,
        EntityRecord,
        EntityType,
        HubProcess,
        Idempotency,
        Integration,
        Invocation,
        Job,
        KeyWrap,
        OwnAction,
        PlatformApp,
        Poll,
        Principal,
        Project,
        ProviderEvent,
        Role,
        RoleAssignment,
        Run,
        RunEvent,
        RunStep,
        RunWait,
        Secret,
        SecretVersion,
        SeenToken,
        Setting,
        SourceEvent,
        StoredFile,
        Subscription,
        Webhook,
        WebhookDelivery,
        WebhookMessage,
        WebhookSecret,
        WorkerSession,
        WouldSend,
    )


def __getattr__(name: str) -> Any:
    """A table, whose topic is imported when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(tables, name)
    return found


__all__ = [
    "RARE_ACTIONS",
    "SILENT",
    "AccessToken",
    "Actor",
    "AlreadyRunning",
    "ApiKey",
    "Audit",
    "AuditLog",
    "AuditReport",
    "Automation",
    "AutomationDependency",
    "AutomationTrigger",
    "AutomationVersion",
    "Bulk",
    "ChatSession",
    "ChatStep",
    "CommitUnknown",
    "ConnectSession",
    "Consent",
    "Credential",
    "DataKey",
    "Definition",
    "Endpoint",
    "EndpointSecret",
    "EntityRecord",
    "EntityType",
    "Entry",
    "Hours",
    "HubProcess",
    "Idempotency",
    "Integration",
    "Invocation",
    "Job",
    "KeyWrap",
    "OwnAction",
    "PlatformApp",
    "Poll",
    "Prepared",
    "Presence",
    "Principal",
    "Project",
    "ProviderEvent",
    "Role",
    "RoleAssignment",
    "RowsFind",
    "RowsUpdate",
    "Run",
    "RunEvent",
    "RunStep",
    "RunWait",
    "SchemaMismatch",
    "Scope",
    "Secret",
    "SecretVersion",
    "SeenToken",
    "Setting",
    "SourceEvent",
    "Store",
    "StoredFile",
    "Subscription",
    "Webhook",
    "WebhookDelivery",
    "WebhookMessage",
    "WebhookSecret",
    "WorkerSession",
    "WouldSend",
    "alive",
    "by_hour",
    "connection_of",
    "hold_folder",
    "insert_row",
    "insert_rows",
    "present",
    "process_id",
    "scope",
    "silent",
    "taken_over",
]
