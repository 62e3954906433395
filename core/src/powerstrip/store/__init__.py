"""What is kept: tables, sessions, migrations, the group-commit writer, the audit chain. The only room that knows SQL."""

from powerstrip.store.audit import Actor, AuditLog, AuditReport
from powerstrip.store.failures import CommitUnknown
from powerstrip.store.lock import AlreadyRunning, hold_folder
from powerstrip.store.rows import Prepared, connection_of, insert_row
from powerstrip.store.schema import SchemaMismatch
from powerstrip.store.scope import Scope, scope
from powerstrip.store.store import Store
from powerstrip.store.tables import (
    ApiKey,
    Audit,
    Credential,
    DataKey,
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

__all__ = [
    "Actor",
    "AlreadyRunning",
    "ApiKey",
    "Audit",
    "AuditLog",
    "AuditReport",
    "CommitUnknown",
    "Credential",
    "DataKey",
    "Idempotency",
    "Integration",
    "Invocation",
    "Prepared",
    "Principal",
    "Project",
    "Role",
    "RoleAssignment",
    "SchemaMismatch",
    "Scope",
    "Setting",
    "Store",
    "StoredFile",
    "WouldSend",
    "connection_of",
    "hold_folder",
    "insert_row",
    "scope",
]
