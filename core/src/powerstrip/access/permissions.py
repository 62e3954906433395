"""The permissions there are, the built-in roles made of them, and when one permission includes another."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Risk: TypeAlias = Literal["low", "medium", "high", "critical"]
Category: TypeAlias = Literal["project", "access", "work", "integrations", "audit", "actions"]

INVOKE = "actions.invoke"
EXECUTE = "actions.execute."
"""`actions.execute.<provider>.*` or `actions.execute.<action name>`: the right to call these actions alone."""


@dataclass(frozen=True)
class Permission:
    """One right. Those that are not `assignable` come with a built-in role only."""

    id: str
    label: str
    description: str
    category: Category
    risk: Risk
    assignable: bool = True

    @property
    def scope(self) -> str:
        """`org` for what is done outside of any one project."""
        return "org" if self.id == "project.create" else "project"


PERMISSIONS = (
    Permission("project.view", "View the project", "See the project and its settings.", "project", "low"),
    Permission("project.manage", "Manage the project", "Change, archive, restore and delete the project.", "project", "critical"),
    Permission("project.create", "Create projects", "Make new projects and own them.", "project", "medium", assignable=False),
    Permission("principals.view", "View principals", "See who acts in the project.", "access", "low"),
    Permission("principals.manage", "Manage principals", "Create, change, disable and delete principals.", "access", "high"),
    Permission("roles.view", "View roles", "See roles, their permissions and who holds them.", "access", "low"),
    Permission("roles.manage", "Manage roles", "Create and change roles, give and take them.", "access", "critical"),
    Permission("keys.view", "View API keys", "See the API keys' names, prefixes and last use.", "access", "low"),
    Permission("keys.manage", "Manage API keys", "Create and revoke API keys.", "access", "high"),
    Permission(
        "integrations.view",
        "View integrations",
        "See integrations, never a credential.",
        "integrations",
        "low",
    ),
    Permission(
        "integrations.manage",
        "Manage integrations",
        "Connect, change, rotate, copy, delete integrations.",
        "integrations",
        "high",
    ),
    Permission(
        "integrations.use",
        "Use integrations",
        "List a provider's values to choose from.",
        "integrations",
        "medium",
    ),
    Permission("integrations.test", "Test integrations", "Ask a provider whose credential it is.", "integrations", "medium"),
    Permission("catalog.view", "View the catalog", "See providers, actions and events.", "integrations", "low"),
    Permission(INVOKE, "Invoke actions", "Call every action of the project.", "actions", "high"),
    Permission("invocations.view", "View invocations", "See which actions were called, with their inputs.", "work", "medium"),
    Permission("sandbox.view", "View the sandbox", "See the requests that a sandbox would have sent.", "work", "medium"),
    Permission("files.manage", "Manage files", "Store, read and delete the files of calls.", "work", "medium"),
    Permission("audit.view", "View the audit log", "See who did what and when.", "audit", "medium"),
)
IDS = frozenset(permission.id for permission in PERMISSIONS)
ASSIGNABLE = frozenset(permission.id for permission in PERMISSIONS if permission.assignable)


@dataclass(frozen=True)
class Preset:
    """A built-in role."""

    id: str
    label: str
    description: str
    permissions: tuple[str, ...]


_VIEWS = tuple(permission.id for permission in PERMISSIONS if permission.id.endswith(".view") and permission.id != "audit.view")
_CALLS = ("project.view", "catalog.view", "integrations.view", "integrations.use", INVOKE, "files.manage")
_USES = ("integrations.use", "integrations.test", INVOKE, "files.manage")

PRESETS = (
    Preset("owner", "Owner", "Everything, and the right to make projects.", tuple(permission.id for permission in PERMISSIONS)),
    Preset(
        "admin",
        "Admin",
        "Everything in a project.",
        tuple(permission.id for permission in PERMISSIONS if permission.assignable),
    ),
    Preset("builder", "Builder", "Connects services and calls actions.", (*_VIEWS, "audit.view", "integrations.manage", *_USES)),
    Preset(
        "worker",
        "Worker",
        "Calls actions.",
        ("project.view", "catalog.view", "integrations.view", "integrations.use", INVOKE, "files.manage"),
    ),
    Preset("viewer", "Viewer", "Looks, and changes nothing.", _VIEWS),
)
OWNER = "owner"


def includes(held: Iterable[str], wanted: str) -> bool:
    """True where one of the held permissions is the wanted one or a wildcard over it.

    `actions.invoke` covers every execute right.
    """
    rights = held if isinstance(held, frozenset | set) else frozenset(held)
    if wanted in rights:
        return True
    if not wanted.startswith(EXECUTE):
        return False
    return INVOKE in rights or any(_covers(right, wanted) for right in rights if right.startswith(EXECUTE))


def known(permission: str, actions: Mapping[str, Collection[str]]) -> bool:
    """True for a permission that a custom role may hold and that can match. `actions` are the action ids of each provider."""
    if permission in ASSIGNABLE:
        return True
    provider, _, action = permission.removeprefix(EXECUTE).partition(".")
    if not permission.startswith(EXECUTE) or provider not in actions:
        return False
    return action == "*" or any(each == action or _covers(action, each) for each in actions[provider])


def _covers(right: str, wanted: str) -> bool:
    return right.endswith(".*") and wanted.startswith(right[:-1])
