"""Who may do what: projects, principals, roles, permissions, API keys."""

from powerstrip.access.access import OPERATOR, Access, Bootstrap
from powerstrip.access.audits import AuditFilter, audited_projects
from powerstrip.access.identity import Grants, Identity, NoProject, missing
from powerstrip.access.keys import MadeKey, NewKey
from powerstrip.access.permissions import EXECUTE, IDS, INVOKE, PERMISSIONS, PLATFORM, PRESETS, Permission, Preset
from powerstrip.access.principals import Member, NewPrincipal, PrincipalChanges
from powerstrip.access.projects import HANDLE, NewProject, ProjectChanges, require_open
from powerstrip.access.roles import Held, NewRole, RoleChanges
from powerstrip.access.tags import TagFilter, check_tags

__all__ = [
    "EXECUTE",
    "HANDLE",
    "IDS",
    "INVOKE",
    "OPERATOR",
    "PERMISSIONS",
    "PLATFORM",
    "PRESETS",
    "Access",
    "AuditFilter",
    "Bootstrap",
    "Grants",
    "Held",
    "Identity",
    "MadeKey",
    "Member",
    "NewKey",
    "NewPrincipal",
    "NewProject",
    "NewRole",
    "NoProject",
    "Permission",
    "Preset",
    "PrincipalChanges",
    "ProjectChanges",
    "RoleChanges",
    "TagFilter",
    "audited_projects",
    "check_tags",
    "missing",
    "require_open",
]
