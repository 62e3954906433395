"""Who asks, and what they may."""

from collections.abc import Iterable, Mapping

from powerstrip.access.permissions import EXECUTE, PLATFORM, includes
from powerstrip.problems import Forbidden, NotFound
from powerstrip.store import Actor
from powerstrip.value import Value, field

EVERYWHERE = None
"""The key of what is held in all projects."""

NO_PROJECT = "There is no such project, or your key has no access to it"


class NoProject(NotFound):
    """There is no such project for this caller. Looks like any `NotFound`; it has a name so that the attempt can be noted."""

    def __init__(self) -> None:
        super().__init__(NO_PROJECT)


class Grants(Value):
    """Permissions by project id; those under `EVERYWHERE` hold in all projects."""

    held: Mapping[str | None, frozenset[str]] = field(default_factory=dict[str | None, frozenset[str]])

    def everywhere(self) -> bool:
        """True where something is held in all projects."""
        return bool(self.held.get(EVERYWHERE))

    def projects(self) -> frozenset[str]:
        """Ids of the projects in which something is held by name."""
        return frozenset(project for project, rights in self.held.items() if project is not None and rights)

    def sees(self, project_id: str | None) -> bool:
        """True where anything at all is held."""
        return bool(self.held.get(project_id) or self.held.get(EVERYWHERE))

    def may(self, permission: str, project_id: str | None) -> bool:
        """True where the permission is held, in the project or in all of them."""
        return includes(self.held.get(project_id, frozenset()), permission) or includes(
            self.held.get(EVERYWHERE, frozenset()), permission
        )

    def may_all(self, permissions: Iterable[str], project_id: str | None) -> bool:
        """True where each of the permissions is held."""
        return all(self.may(permission, project_id) for permission in permissions)

    def covers(self, other: "Grants") -> bool:
        """True where nothing is held by the other that is not held here."""
        return all(self.may_all(rights, project) for project, rights in other.held.items())


class Identity(Value):
    """One authenticated caller, as of a few seconds ago at most."""

    actor: Actor
    grants: Grants
    home: str | None = None
    """The principal's own project; None for the operator of the data folder."""

    def may(self, permission: str, project_id: str | None) -> bool:
        """True where the caller holds the permission in the project."""
        return self.grants.may(permission, project_id)

    def may_anywhere(self, permission: str) -> bool:
        """True where the caller holds the permission in some project; what concerns the platform, in all of them."""
        if permission == PLATFORM:
            return self.may(permission, EVERYWHERE)
        return any(includes(rights, permission) for rights in self.grants.held.values())

    def may_execute(self, action: str, project_id: str) -> bool:
        """True where the caller may call this action (`provider.noun.verb`)."""
        return self.grants.may(f"{EXECUTE}{action}", project_id)

    def require(self, permission: str, project_id: str) -> None:
        """Raises `NotFound` where the caller has no access to the project at all, `Forbidden` where not this one."""
        if not self.grants.sees(project_id):
            raise NoProject
        if not self.may(permission, project_id):
            raise missing(permission)

    def require_anywhere(self, permission: str) -> None:
        """Raises `Forbidden` where the caller holds the permission in no project."""
        if not self.may_anywhere(permission):
            raise missing(permission)

    def at(self, ip: str | None, user_agent: str | None) -> "Identity":
        """The same caller, seen from there."""
        who = self.actor
        actor = Actor(who.principal_id, who.name, who.key_id, who.key_name, ip, user_agent)
        return Identity(actor, self.grants, self.home)


def missing(permission: str) -> Forbidden:
    """The refusal that says which permission to ask for."""
    return Forbidden(f"This needs the permission {permission}", details={"permission": permission})
