"""A project's own actions: registered, changed, removed."""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from powerstrip.access import check_tags
from powerstrip.actions.own import rules
from powerstrip.actions.own.keys import issue
from powerstrip.actions.own.values import DEFAULT_OVERLAP, MAX_OVERLAP, IssuedAction, NewOwnAction, OwnActionChanges
from powerstrip.catalog import Catalog
from powerstrip.clock import new_id, stamp
from powerstrip.connect import refuse_secrets
from powerstrip.edge import Deliveries, Refused
from powerstrip.problems import Conflict, NotFound, Unprocessable
from powerstrip.store import Actor, AuditLog, OwnAction, Project, Store, scope
from powerstrip.value import asdict
from powerstrip.vault import Vault

MAX_ACTIONS = 1000
"""Of one project."""
UsedBy = Callable[[Session, str, str], list[str]]
"""(session, project id, action name) → handles of the automations that use it."""
ELSEWHERE = "it would end in logs. Put it into an integration or a project secret instead"


class OwnActions:
    """Keeps the actions that projects register. What it gives are rows, which hold no open secret."""

    def __init__(self, store: Store, vault: Vault, catalog: Catalog, deliveries: Deliveries, audit: AuditLog) -> None:
        self._store = store
        self._vault = vault
        self._catalog = catalog
        self._deliveries = deliveries
        self._audit = audit
        self._users: list[UsedBy] = []

    def add_user(self, used_by: UsedBy) -> None:
        """At composition: who tells what would break without an action."""
        self._users.append(used_by)

    async def create(self, project: Project, actor: Actor, new: NewOwnAction) -> IssuedAction:
        """Register an action; an HTTP action gets its signing key, shown this once.

        Raises `BadInput`, `Conflict` for a name that is taken, and `Unprocessable` for an address that may not be reached.
        """
        name = await asyncio.to_thread(rules.check_name, new.name, self._catalog)
        values = self._checked_new(new)
        action_id = new_id("act")

        def add(session: Session) -> IssuedAction:
            within = scope(session, project.id)
            if within.find(OwnAction, name=name) is not None:
                raise Conflict("The project has an action of this name", code="name_taken")
            if len(within.all(OwnAction)) >= MAX_ACTIONS:
                raise Unprocessable(f"A project has at most {MAX_ACTIONS} actions", code="too_many")
            row = OwnAction(id=action_id, project_id=project.id, name=name, endpoint_kind=new.kind, created_by=actor.principal_id)
            for field, value in values.items():
                setattr(row, field, value)
            within.add(row)
            key = issue(self._vault, session, row) if new.kind == "http" else None
            self._note(session, actor, "create", row, {"endpoint_kind": new.kind})
            return IssuedAction(row, key)

        return await self._store.write(add)

    async def get(self, project_id: str, name: str) -> OwnAction:
        """One action by its name. Raises `NotFound`."""
        return await self._store.read(lambda session: find(session, project_id, name))

    async def find(self, project_id: str, name: str) -> OwnAction | None:
        """The same; None where there is none."""
        return await self._store.read(lambda session: scope(session, project_id).find(OwnAction, name=name))

    async def list(self, project_id: str, *, after: tuple[str, str] | None = None, limit: int = MAX_ACTIONS) -> "list[OwnAction]":
        """The project's actions, newest first."""
        return await self._store.read(lambda session: scope(session, project_id).page(OwnAction, after=after, limit=limit))

    async def update(self, project: Project, actor: Actor, name: str, changes: OwnActionChanges) -> OwnAction:
        """Change what is given. Raises `NotFound`, `BadInput`, `Unprocessable`."""
        values = self._checked(changes)

        def change(session: Session) -> OwnAction:
            row = find(session, project.id, name)
            _refuse_other_kind(row, changes)
            fields = [field for field, value in values.items() if getattr(row, field) != value]
            for field, value in values.items():
                setattr(row, field, value)
            if fields:
                row.updated_at = stamp()
                self._note(session, actor, "update", row, {"fields": fields})
            session.add(row)
            return row

        return await self._store.write(change)

    async def delete(self, project: Project, actor: Actor, name: str) -> None:
        """Remove an action. Raises `NotFound`, and `Conflict` where published automations use it."""

        def remove(session: Session) -> None:
            row = find(session, project.id, name)
            users = [handle for used_by in self._users for handle in used_by(session, project.id, name)]
            if users:
                message = f"Published automations use this action: {', '.join(users[:5])}. Change them first"
                raise Conflict(message, code="in_use", details={"automations": users})
            self._note(session, actor, "delete", row, {})
            scope(session, project.id).delete(row)

        await self._store.write(remove)

    async def rotate(self, project: Project, actor: Actor, name: str, overlap: int = DEFAULT_OVERLAP) -> IssuedAction:
        """A new signing key, shown this once. The one before it signs too for `overlap` seconds."""
        if not 0 <= overlap <= MAX_OVERLAP:
            raise rules.bad("overlap_seconds", f"Give 0 to {MAX_OVERLAP} seconds")

        def renew(session: Session) -> IssuedAction:
            row = find(session, project.id, name)
            if row.endpoint_kind != "http":
                raise Unprocessable("A worker action has no signing key: workers sign in with API keys", code="no_secret")
            key = issue(self._vault, session, row, overlap)
            row.updated_at = stamp()
            facts = {"fields": ["secret"], "secret_version": key.version, "overlap_seconds": overlap}
            self._note(session, actor, "update", row, facts)
            return IssuedAction(row, key)

        return await self._store.write(renew)

    def _checked_new(self, new: NewOwnAction) -> dict[str, Any]:
        if new.kind == "http" and not new.endpoint_url:
            raise rules.bad("endpoint_url", "An HTTP action needs the address of its endpoint")
        if new.kind == "worker" and new.endpoint_url:
            raise rules.bad("endpoint_url", "A worker action has no address: workers come to the hub")
        changes = OwnActionChanges(
            title=new.title,
            description=new.description,
            endpoint_url=new.endpoint_url,
            input_schema=new.input_schema,
            output_schema=new.output_schema,
            hints=new.hints,
            tags=new.tags,
            queue=new.queue,
            timeout_seconds=new.timeout_seconds,
        )
        return self._checked(changes)

    def _checked(self, changes: OwnActionChanges) -> dict[str, Any]:
        """The columns to set. Raises `BadInput` and `Unprocessable`."""
        values: dict[str, Any] = {}
        if changes.title is not None:
            values["title"] = rules.check_title(changes.title)
        if changes.description is not None:
            values["description"] = changes.description
        if changes.endpoint_url is not None:
            values["endpoint_url"] = self._address(changes.endpoint_url)
        for field in ("input_schema", "output_schema"):
            if (schema := getattr(changes, field)) is not None:
                refuse_secrets(schema, field, ELSEWHERE)
                values[field] = rules.check_schema(schema, field)
        if changes.hints is not None or changes.clear_hints:
            values["annotations"] = asdict(changes.hints) if changes.hints and not changes.clear_hints else {}
        if changes.tags is not None:
            values["tags"] = check_tags(changes.tags)
        if changes.queue is not None:
            values["queue"] = rules.check_queue(changes.queue)
        if changes.timeout_seconds is not None:
            values["timeout_seconds"] = rules.check_seconds(changes.timeout_seconds)
        return values

    def _address(self, url: str) -> str:
        try:
            return self._deliveries.check(url)
        except Refused as error:
            errors = {"errors": [{"path": "endpoint_url", "message": error.message}]}
            raise Unprocessable(error.message, code="url_refused", details=errors) from None

    def _note(self, session: Session, actor: Actor, action: str, row: OwnAction, changes: dict[str, Any]) -> None:
        self._audit.append(
            session, actor, action, "action", row.id, project_id=row.project_id, resource_name=row.name, changes=changes
        )


def find(session: Session, project_id: str, name: str) -> OwnAction:
    """The action of this name. Raises `NotFound`."""
    row: OwnAction | None = scope(session, project_id).find(OwnAction, name=name)
    if row is None:
        raise NotFound("There is no action of this name in this project")
    return row


def _refuse_other_kind(row: OwnAction, changes: OwnActionChanges) -> None:
    if row.endpoint_kind == "worker" and changes.endpoint_url is not None:
        raise rules.bad("endpoint_url", "A worker action has no address: workers come to the hub")
