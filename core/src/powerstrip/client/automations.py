"""Automations: specs, versions, publication."""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from powerstrip.client.integrations import given
from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path
from powerstrip.client.shapes import Json

AutomationStatus: TypeAlias = Literal["draft", "active", "paused", "archived"]
StatusFilter: TypeAlias = Literal["draft", "active", "paused", "archived", "all"]


class SpecFinding(TypedDict):
    """What is wrong with a spec, and where. Warnings do not keep it from being published."""

    severity: Literal["error", "warning"]
    code: str
    message: str
    path: str
    line: NotRequired[int]
    column: NotRequired[int]
    hint: NotRequired[str]


class SpecCheck(TypedDict):
    """What a check found; `plan` and `spec` are there where there are no errors."""

    valid: bool
    findings: list[SpecFinding]
    plan: NotRequired[Json]
    spec: NotRequired[Json]


class Trigger(TypedDict):
    """A trigger of the published version."""

    id: str
    name: str
    kind: str
    enabled: bool
    config: Json
    concurrency_policy: str
    http_handle: NotRequired[str]
    event_type: NotRequired[str]
    next_fire_at: NotRequired[str]


class Automation(TypedDict):
    """An automation with its triggers."""

    id: str
    handle: str
    name: str
    status: AutomationStatus
    latest_version: int
    triggers: list[Trigger]
    created_at: str
    updated_at: str
    published_version: NotRequired[int]
    description: NotRequired[str]
    tags: NotRequired[dict[str, str]]


class AutomationVersion(TypedDict):
    """One stored version."""

    id: str
    version: int
    status: Literal["draft", "published", "superseded"]
    spec: Json
    validation: Json
    created_at: str
    source: NotRequired[str]
    compiled_plan: NotRequired[Json]


class Automations:
    """The automations of a project. A spec is given as text (`source`: YAML or JSON) or as a value (`spec`)."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("automations")

    def list(self, *, status: StatusFilter | None = None) -> Pages[Automation]:
        """All that are not archived, or those of one status."""
        return Pages(self._session, self._root, {"status": status})

    async def create(
        self,
        handle: str,
        name: str,
        *,
        description: str | None = None,
        default_inputs: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Automation:
        """Make one, without a version."""
        body = given(
            handle=handle, name=name, description=description, default_inputs=default_inputs, settings=settings, tags=tags
        )
        return await self._session.ask("POST", self._root, body=body)

    async def get(self, handle: str) -> Automation:
        """One automation."""
        return await self._session.get(self._root + path(handle))

    async def update(
        self,
        handle: str,
        *,
        name: str | None = None,
        description: str | None = None,
        status: AutomationStatus | None = None,
        default_inputs: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Automation:
        """Change what is given; `paused` and `active` stop its triggers and start them."""
        body = given(name=name, description=description, status=status, default_inputs=default_inputs, tags=tags)
        return await self._session.ask("PATCH", self._root + path(handle), body=body)

    async def archive(self, handle: str) -> None:
        """Take it out of use; its runs stay."""
        await self._session.ask("DELETE", self._root + path(handle))

    async def check(
        self, *, source: str | None = None, spec: Mapping[str, Any] | None = None, handle: str | None = None
    ) -> SpecCheck:
        """Check a spec and compile it; nothing is kept. Errors are in the answer."""
        return await self._session.ask("POST", self._root + path("check"), body=given(source=source, spec=spec, handle=handle))

    async def add_version(
        self,
        handle: str,
        *,
        source: str | None = None,
        spec: Mapping[str, Any] | None = None,
        base_version: int | None = None,
    ) -> AutomationVersion:
        """Store a spec as a new draft version. With `base_version` it is refused where there is a newer one."""
        body = given(source=source, spec=spec, base_version=base_version)
        return await self._session.ask("POST", self._root + path(handle, "versions"), body=body)

    async def versions(self, handle: str) -> "list[AutomationVersion]":
        """All versions, newest first."""
        return (await self._session.get(self._root + path(handle, "versions")))["items"]

    async def version(self, handle: str, version: int) -> AutomationVersion:
        """One version."""
        return await self._session.get(self._root + path(handle, "versions", str(version)))

    async def publish(self, handle: str, version: int) -> Automation:
        """Let new runs use this version."""
        return await self._session.ask("POST", self._root + path(handle, "versions", str(version), "publication"))

    async def unpublish(self, handle: str) -> Automation:
        """Let no version run."""
        return await self._session.ask("DELETE", self._root + path(handle, "publication"))
