"""The permissions there are, the built-in roles made of them, and when one permission includes another."""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, TypeAlias

from powerstrip.value import Value

Risk: TypeAlias = Literal["low", "medium", "high", "critical"]
Category: TypeAlias = Literal["project", "access", "work", "integrations", "audit", "actions"]

INVOKE = "actions.invoke"
EXECUTE = "actions.execute."
"""`actions.execute.<provider>.*` or `actions.execute.<action name>`: the right to call these actions alone."""


PLATFORM = "platform.manage"
"""What concerns every project at once: it counts only where it is held in all of them."""


class Permission(Value):
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
        return "org" if self.id in ("project.create", PLATFORM) else "project"


PERMISSIONS = (
    Permission("project.view", "View the project", "See the project and its settings.", "project", "low"),
    Permission("project.manage", "Manage the project", "Change, archive, restore and delete the project.", "project", "critical"),
    Permission("project.create", "Create projects", "Make new projects and own them.", "project", "medium", assignable=False),
    Permission(
        PLATFORM,
        "Manage the platform",
        "Set the OAuth clients of this hub and rotate its keys, for all projects.",
        "integrations",
        "critical",
        assignable=False,
    ),
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
    Permission("events.view", "View events", "See what providers sent and what became of it.", "work", "medium"),
    Permission("events.manage", "Fire and replay events", "Set off, replay and drive on events.", "work", "high"),
    Permission("secrets.view", "View secrets", "See secrets by name, never a value.", "integrations", "low"),
    Permission("secrets.manage", "Manage secrets", "Make, change and delete secrets.", "integrations", "high"),
    Permission("automations.view", "View automations", "See automations, their versions and runs.", "work", "low"),
    Permission("automations.manage", "Manage automations", "Make, change, publish and archive automations.", "work", "high"),
    Permission("runs.view", "View runs", "See runs with their inputs and outputs.", "work", "medium"),
    Permission("runs.manage", "Start and stop runs", "Start, cancel, signal, resume and retry runs.", "work", "high"),
    Permission("webhooks.view", "View webhooks", "See webhooks and their deliveries, never a secret.", "integrations", "low"),
    Permission("webhooks.manage", "Manage webhooks", "Make, change, test and delete webhooks.", "integrations", "high"),
    Permission("entities.view", "View entities", "See entities and their records.", "work", "medium"),
    Permission("entities.manage", "Manage entities", "Define entities, write and delete records.", "work", "high"),
    Permission("catalog.view", "View the catalog", "See providers, actions and events.", "integrations", "low"),
    Permission(
        "actions.manage", "Manage own actions", "Register, change and delete the project's own actions.", "actions", "high"
    ),
    Permission("workers.view", "View workers", "See workers and their jobs.", "work", "low"),
    Permission("workers.connect", "Connect workers", "Take jobs of the project and report their ends.", "work", "high"),
    Permission("workers.manage", "Manage workers", "Cancel jobs, give dead ones out again, send workers home.", "work", "medium"),
    Permission(INVOKE, "Invoke actions", "Call every action of the project.", "actions", "high"),
    Permission("invocations.view", "View invocations", "See which actions were called, with their inputs.", "work", "medium"),
    Permission("sandbox.view", "View the sandbox", "See the requests that a sandbox would have sent.", "work", "medium"),
    Permission("files.manage", "Manage files", "Store, read and delete the files of calls.", "work", "medium"),
    Permission("audit.view", "View the audit log", "See who did what and when.", "audit", "medium"),
)
IDS = frozenset(permission.id for permission in PERMISSIONS)
ASSIGNABLE = frozenset(permission.id for permission in PERMISSIONS if permission.assignable)


class Preset(Value):
    """A built-in role."""

    id: str
    label: str
    description: str
    permissions: tuple[str, ...]


_VIEWS = tuple(permission.id for permission in PERMISSIONS if permission.id.endswith(".view") and permission.id != "audit.view")
_CALLS = ("project.view", "catalog.view", "integrations.view", "integrations.use", INVOKE, "files.manage")
_USES = (
    "automations.manage",
    "runs.manage",
    "actions.manage",
    "workers.connect",
    "workers.manage",
    "integrations.use",
    "integrations.test",
    INVOKE,
    "files.manage",
    "events.manage",
    "webhooks.manage",
    "entities.manage",
)

PRESETS = (
    Preset("owner", "Owner", "Everything, and the right to make projects.", tuple(permission.id for permission in PERMISSIONS)),
    Preset(
        "admin",
        "Admin",
        "Everything in a project.",
        tuple(permission.id for permission in PERMISSIONS if permission.assignable),
    ),
    Preset(
        "builder",
        "Builder",
        "Connects services and calls actions.",
        (*_VIEWS, "audit.view", "integrations.manage", "secrets.manage", *_USES),
    ),
    Preset(
        "worker",
        "Worker",
        "Calls actions and does the jobs of worker actions.",
        ("project.view", "catalog.view", "integrations.view", "integrations.use", INVOKE, "files.manage", "workers.connect"),
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
