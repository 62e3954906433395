"""Automations: made, changed, checked, versioned, published, archived."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from sqlmodel import Session, col, func, select

from powerstrip.access import HANDLE
from powerstrip.automations import publishing
from powerstrip.automations.spec import (
    Plan,
    SubAutomation,
    Surroundings,
    check,
    compile_text,
    compile_value,
    known_action,
    refuse,
)
from powerstrip.automations.values import AutomationChanges, Checked, Draft, Known, NewAutomation
from powerstrip.catalog import Catalog, Connection
from powerstrip.clock import new_id, stamp
from powerstrip.connect import Dependent, Integrations, refuse_secrets
from powerstrip.names import clean_name
from powerstrip.problems import BadInput, Conflict, NotFound, Unprocessable
from powerstrip.store import (
    Actor,
    AuditLog,
    Automation,
    AutomationVersion,
    OwnAction,
    Project,
    Store,
    scope,
)
from powerstrip.validation import encode
from powerstrip.value import asdict

T = TypeVar("T")
MAX_HANDLE = 64
MAX_OBJECT = 64 * 1024
"""Bytes of `default_inputs` or `settings` as JSON."""
MAX_AUTOMATIONS = 1000
"""Automations of a project that are not archived."""
MAX_VERSIONS = 1000
ELSEWHERE = "it would end in run logs. Put it into an integration, or a project secret"


class Automations:
    """Makes and keeps automations and their versions. What it returns are rows, which hold no secret."""

    def __init__(self, store: Store, catalog: Catalog, integrations: Integrations, audit: AuditLog) -> None:
        self._store = store
        self._catalog = catalog
        self._integrations = integrations
        self._audit = audit

    async def create(self, project: Project, actor: Actor, new: NewAutomation) -> Known:
        """Make an automation without a version. Raises `BadInput`, `Unprocessable`, and `Conflict` where the handle is taken."""
        _check_handle(new.handle)
        name = clean_name(new.name)
        _check_objects(default_inputs=new.default_inputs, settings=new.settings)
        make_row = partial(_new_row, new_id("aut"), project, actor, new, name)

        def add(session: Session) -> Known:
            if scope(session, project.id).find(Automation, handle=new.handle) is not None:
                raise Conflict("The project has an automation of this handle", code="handle_taken")
            if _count(session, project.id) >= MAX_AUTOMATIONS:
                raise Unprocessable(f"A project has at most {MAX_AUTOMATIONS} automations: archive some", code="too_many")
            row: Automation = scope(session, project.id).add(make_row())
            self._record(session, actor, "create", row, {"handle": row.handle})
            return Known(row, ())

        return await self._store.write(add)

    async def get(self, project_id: str, handle: str) -> Known:
        """One automation by its handle. Raises `NotFound`."""
        return await self._store.read(lambda session: _known(session, find(session, project_id, handle)))

    async def list(
        self,
        project_id: str,
        *,
        status: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 50,
    ) -> "list[Known]":
        """Newest first. Without a status all but the archived ones; with `all`, those too."""
        where = [col(Automation.status) != "archived"] if status is None else []
        where += [col(Automation.status) == status] if status not in (None, "all") else []

        def look(session: Session) -> list[Known]:
            rows: list[Automation] = scope(session, project_id).page(Automation, *where, after=after, limit=limit)
            return [_known(session, row) for row in rows]

        return await self._store.read(look)

    async def update(self, project: Project, actor: Actor, handle: str, changes: AutomationChanges) -> Known:
        """Change what is given. Raises `NotFound`, `BadInput`, and `Conflict` for a status that cannot follow the present one."""
        values: dict[str, Any] = {name: value for name, value in asdict(changes).items() if value is not None}
        if "name" in values:
            values["name"] = clean_name(values["name"])
        _check_objects(**{name: values[name] for name in ("default_inputs", "settings") if name in values})

        def change(session: Session) -> Known:
            row = find(session, project.id, handle)
            if "status" in values:
                self._set_status(session, row, values["status"])
            for name, value in values.items():
                setattr(row, name, value)
            row.updated_at = stamp()
            session.add(row)
            self._record(session, actor, "update", row, {"fields": sorted(values)})
            return _known(session, row)

        return await self._store.write(change)

    async def archive(self, project: Project, actor: Actor, handle: str) -> None:
        """Take an automation out of use: its triggers no longer fire. What ran stays. Twice is once."""

        def work(session: Session) -> None:
            row = find(session, project.id, handle)
            if row.status == "archived":
                return
            self._set_status(session, row, "archived")
            row.status, row.updated_at = "archived", stamp()
            session.add(row)
            self._record(session, actor, "archive", row, {})

        await self._store.write(work)

    async def check(self, project_id: str, draft: Draft, handle: str | None = None) -> Checked:
        """Judge a spec as the project is now, and compile it. Nothing is kept, and nothing that the spec holds raises."""
        around = await self._surroundings(project_id, handle)
        return await asyncio.to_thread(_judge, draft, around)

    async def add_version(
        self, project: Project, actor: Actor, handle: str, draft: Draft, *, base: int | None = None
    ) -> AutomationVersion:
        """Store a spec as a new draft version, errors and all: they are in its `validation`.

        A spec that cannot be read, or that holds what looks like a credential, is not stored: `Unprocessable`. With `base`,
        raises `Conflict` where that is no longer the newest version.
        """
        checked = await self.check(project.id, draft, handle)
        _refuse_unkept(checked)
        digest = hashlib.sha256(encode({"spec": checked.spec}, "spec", MAX_OBJECT * 8).encode()).hexdigest()
        make_row = partial(_new_version, new_id("autv"), project, actor, draft, checked, digest)

        def add(session: Session) -> AutomationVersion:
            row = find(session, project.id, handle)
            _refuse_archived(row)
            if base is not None and base != row.latest_version:
                message = f"Version {row.latest_version} was stored meanwhile: look at it and try again"
                raise Conflict(message, code="changed_meanwhile", details={"latest_version": row.latest_version})
            if row.latest_version >= MAX_VERSIONS:
                raise Unprocessable(f"An automation has at most {MAX_VERSIONS} versions", code="too_many")
            version: AutomationVersion = scope(session, project.id).add(make_row(row))
            row.latest_version, row.updated_at = version.version, stamp()
            session.add(row)
            self._record(session, actor, "update", row, {"version": version.version, "digest": digest})
            return version

        return await self._store.write(add)

    async def versions(self, project_id: str, handle: str) -> "list[AutomationVersion]":
        """All versions, newest first. Raises `NotFound`."""

        def look(session: Session) -> list[AutomationVersion]:
            row = find(session, project_id, handle)
            mine = col(AutomationVersion.automation_id) == row.id
            return scope(session, project_id).page(AutomationVersion, mine, limit=MAX_VERSIONS)

        found = await self._store.read(look)
        return sorted(found, key=lambda each: each.version, reverse=True)

    async def version(self, project_id: str, handle: str, version: int) -> AutomationVersion:
        """One version. Raises `NotFound`."""
        return await self._store.read(lambda session: find_version(session, find(session, project_id, handle), version))

    async def publish(self, project: Project, actor: Actor, handle: str, version: int) -> Known:
        """Make a version the one that runs; an older one too, which is a rollback.

        It is checked again, for the project may have changed. Raises `NotFound`, `Conflict` for an archived automation, and
        `Unprocessable` (`invalid_spec`) with the findings.
        """
        stored = await self.version(project.id, handle, version)
        checked = await self.check(project.id, _draft_of(stored), handle)
        refuse(checked.findings)
        connections = await self._integrations.connections(project.id)
        return await self._store.write(
            lambda session: self._put_in_force(session, project, actor, handle, version, checked, connections)
        )

    async def unpublish(self, project: Project, actor: Actor, handle: str) -> Known:
        """Take the published version out of force: the automation is a draft again, its triggers do not fire."""

        def work(session: Session) -> Known:
            row = find(session, project.id, handle)
            if row.published_version is None:
                raise Conflict("No version of this automation is published", code="not_published")
            _supersede(session, row)
            publishing.set_active(session, row, False)
            before, row.published_version = row.published_version, None
            row.status, row.updated_at = ("archived" if row.status == "archived" else "draft"), stamp()
            session.add(row)
            publishing.put_dependencies(session, row, before, None, {})
            self._record(session, actor, "update", row, {"unpublished": before})
            return _known(session, row)

        return await self._store.write(work)

    async def dependents(self, project_id: str, kind: str, target: str) -> "list[Dependent]":
        """The published automations that use a thing: `kind` is action, provider, integration, automation or event."""

        def look(session: Session) -> list[Dependent]:
            return publishing.gathered(session, project_id, publishing.dependents(session, project_id, kind, target))

        return await self._store.read(look)

    def _put_in_force(
        self,
        session: Session,
        project: Project,
        actor: Actor,
        handle: str,
        version: int,
        checked: Checked,
        connections: Mapping[str, "list[Connection]"],
    ) -> Known:
        row = find(session, project.id, handle)
        _refuse_archived(row)
        assert checked.plan is not None
        _refuse_cycle(session, row, checked.plan)
        stored = find_version(session, row, version)
        _supersede(session, row)
        stored.status, stored.published_at = "published", stamp()
        stored.plan, stored.validation = checked.plan.model_dump(mode="json"), checked.report()
        before, row.published_version = row.published_version, version
        row.status, row.updated_at = ("paused" if row.status == "paused" else "active"), stamp()
        session.add(stored)
        session.add(row)
        publishing.put_triggers(session, row, version, checked.plan)
        if row.status == "paused":
            publishing.set_active(session, row, False)
        publishing.put_dependencies(session, row, version, checked.plan, connections)
        self._record(session, actor, "update", row, {"published": {"before": before, "after": version}})
        return _known(session, row)

    def _set_status(self, session: Session, row: Automation, status: str) -> None:
        if status == "draft" and row.status != "draft":
            raise Conflict("Take the published version out of force to make it a draft again", code="bad_status")
        if status in ("active", "paused") and row.published_version is None:
            raise Conflict("Publish a version first", code="not_published")
        row.archived_at = stamp() if status == "archived" else None
        publishing.set_active(session, row, status == "active")

    async def _surroundings(self, project_id: str, handle: str | None) -> Surroundings:
        connections = await self._integrations.connections(project_id)

        def look(session: Session) -> Surroundings:
            own = {row.name: row for row in scope(session, project_id).all(OwnAction)}
            return Surroundings(
                self._integrations.catalogs.at(session, project_id), connections, own, _calls(session, project_id), handle
            )

        return await self._store.read(look)

    def _record(self, session: Session, actor: Actor, action: str, row: Automation, changes: dict[str, Any]) -> None:
        self._audit.append(
            session, actor, action, "automation", row.id, project_id=row.project_id, resource_name=row.name, changes=changes
        )


def find(session: Session, project_id: str, handle: str) -> Automation:
    """The automation of this handle. Raises `NotFound`."""
    row: Automation | None = scope(session, project_id).find(Automation, handle=handle)
    if row is None:
        raise NotFound("There is no automation of this handle in this project")
    return row


def find_version(session: Session, automation: Automation, version: int) -> AutomationVersion:
    """One version of an automation. Raises `NotFound`."""
    within = scope(session, automation.project_id)
    row: AutomationVersion | None = None
    if 0 < version <= automation.latest_version:
        row = within.find(AutomationVersion, automation_id=automation.id, version=version)
    if row is None:
        raise NotFound("The automation has no such version")
    return row


def _known(session: Session, row: Automation) -> Known:
    return Known(row, tuple(publishing.triggers_of(session, row)))


def _judge(draft: Draft, around: Surroundings) -> Checked:
    known: Callable[[str], str | None] = partial(known_action, around.catalog)
    compiled = compile_value(draft.value, known) if draft.text is None else compile_text(draft.text, known)
    check(compiled, around)
    items = sorted(compiled.findings.items, key=lambda each: (each.severity, each.line, each.column))
    return Checked(compiled.source.value, tuple(items), compiled.plan)


def _draft_of(version: AutomationVersion) -> Draft:
    return Draft(text=version.source) if version.source else Draft(value=version.spec)


def _refuse_unkept(checked: Checked) -> None:
    """A version's spec is a mapping, and holds no credential."""
    if not isinstance(checked.spec, dict):
        refuse(checked.findings)
    refuse([each for each in checked.findings if each.code == "secret_in_spec"])


def _calls(session: Session, project_id: str) -> dict[str, frozenset[str]]:
    """Which automations each one starts, as published."""
    rows: list[Automation] = scope(session, project_id).all(Automation, col(Automation.status) != "archived")
    handles = {row.id: row.handle for row in rows}
    calls: dict[str, set[str]] = {row.handle: set() for row in rows}
    for use in publishing.all_calls(session, project_id):
        if use.automation_id in handles:
            calls[handles[use.automation_id]].add(use.target)
    return {handle: frozenset(found) for handle, found in calls.items()}


def _refuse_cycle(session: Session, row: Automation, plan: Plan) -> None:
    """Look once more, in the transaction: another publication may have closed the circle meanwhile."""
    calls = _calls(session, row.project_id)
    waiting = [step.task.automation for step, _ in plan.every_step() if isinstance(step.task, SubAutomation)]
    seen: set[str] = set()
    while waiting:
        handle = waiting.pop()
        if handle == row.handle:
            raise Conflict("An automation that this one starts leads back to it", code="cycle")
        if handle not in seen:
            seen.add(handle)
            waiting.extend(calls.get(handle, ()))


def _supersede(session: Session, row: Automation) -> None:
    if row.published_version is not None:
        before = find_version(session, row, row.published_version)
        before.status = "superseded"
        session.add(before)
        session.flush()


def _refuse_archived(row: Automation) -> None:
    if row.status == "archived":
        raise Conflict("The automation is archived: make it active again first", code="automation_archived")


def _count(session: Session, project_id: str) -> int:
    mine = (col(Automation.project_id) == project_id, col(Automation.status) != "archived")
    return session.exec(select(func.count()).select_from(Automation).where(*mine)).one()


def _check_handle(handle: str) -> None:
    if len(handle) > MAX_HANDLE or not HANDLE.fullmatch(handle):
        reason = f"is lower-case letters and digits in words joined by single hyphens, at most {MAX_HANDLE} characters"
        raise BadInput(f"A handle {reason}", details={"errors": [{"path": "handle", "message": reason}]})


def _check_objects(**objects: dict[str, Any]) -> None:
    for name, value in objects.items():
        text = encode(value, name, MAX_OBJECT)
        refuse_secrets(value, name, ELSEWHERE, under=name, text=text)


def _new_row(id: str, project: Project, actor: Actor, new: NewAutomation, name: str) -> Automation:
    return Automation(
        id=id,
        project_id=project.id,
        handle=new.handle,
        name=name,
        description=new.description,
        default_inputs=new.default_inputs,
        settings=new.settings,
        tags=new.tags,
        default_agent_id=new.default_agent_id,
        created_by=actor.principal_id,
    )


def _new_version(
    id: str, project: Project, actor: Actor, draft: Draft, checked: Checked, digest: str, automation: Automation
) -> AutomationVersion:
    return AutomationVersion(
        id=id,
        project_id=project.id,
        automation_id=automation.id,
        version=automation.latest_version + 1,
        spec=checked.spec,
        source=draft.text or "",
        plan=checked.plan.model_dump(mode="json") if checked.plan else None,
        validation=checked.report(),
        digest=digest,
        created_by=actor.principal_id,
    )
