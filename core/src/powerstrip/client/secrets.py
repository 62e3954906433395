"""Project secrets, and the keys that seal what the hub keeps."""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict, cast

from powerstrip.client.integrations import given
from powerstrip.client.pages import Pages
from powerstrip.client.session import Session, path

Step: TypeAlias = Literal["rotate", "finalise", "roll_back"]


class Secret(TypedDict):
    """A project's secret, without its values."""

    id: str
    name: str
    version: int
    key_names: list[str]
    created_at: str
    updated_at: str
    description: NotRequired[str]


class SecretVersion(TypedDict):
    """One version of a secret, without its values."""

    id: str
    secret_id: str
    version: int
    state: Literal["ENABLED", "DISABLED", "DESTROYED"]
    stage: Literal["current", "previous", "destroyed"]
    sha256: str
    created_at: str
    kms_key_id: NotRequired[str]
    reference: NotRequired[str]
    destroyed_at: NotRequired[str]


class CredentialVersion(TypedDict):
    """One version of an integration's credential, without it."""

    version: int
    state: Literal["current", "previous"]
    created_at: str
    created_by: NotRequired[str]


class RotationJob(TypedDict):
    """A rotation of data keys and how far it is."""

    step: str
    state: Literal["running", "done", "failed"]
    projects: int
    projects_done: int
    looked_at: int
    sealed_anew: int
    broken: list[str]
    error: NotRequired[str]


class MasterKeyStatus(TypedDict):
    """The master key by its fingerprint, and how many data keys each master key wraps."""

    current: str
    source: str
    wrapped: dict[str, int]
    data_keys: int
    next: NotRequired[str]


class DataKeyStatus(TypedDict):
    """The data keys of one project, and how many boxes each has sealed."""

    project_id: str
    boxes: dict[str, int]
    columns: dict[str, dict[str, int]]
    current: NotRequired[str]
    previous: NotRequired[str]


class SealingKeyStatus(TypedDict):
    """Both layers of keys."""

    master: MasterKeyStatus
    data: list[DataKeyStatus]
    job: NotRequired[RotationJob]


class Secrets:
    """The secrets of a project. Values go in and never come out."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("secrets")

    def list(self) -> Pages[Secret]:
        """All, newest first."""
        return Pages(self._session, self._root)

    async def create(
        self,
        name: str,
        values: Mapping[str, str] | None = None,
        *,
        reference: str | None = None,
        description: str | None = None,
    ) -> Secret:
        """Make one, of `values` or of a `reference` to where a back end of the hub keeps them."""
        body = given(name=name, values=values, reference=reference, description=description)
        return await self._session.ask("POST", self._root, body=body)

    async def get(self, name: str) -> Secret:
        """One by its id or name."""
        return await self._session.get(self._root + path(name))

    async def update(
        self,
        name: str,
        *,
        values: Mapping[str, str] | None = None,
        reference: str | None = None,
        description: str | None = None,
    ) -> Secret:
        """Change what is given; values or a reference make a new version."""
        body = given(values=values, reference=reference, description=description)
        return await self._session.ask("PATCH", self._root + path(name), body=body)

    async def delete(self, name: str) -> None:
        """Delete it with every version, for good."""
        await self._session.ask("DELETE", self._root + path(name))

    async def versions(self, name: str) -> "list[SecretVersion]":
        """Every version, newest first."""
        answer = await self._session.get(self._root + path(name, "versions"))
        return cast("list[SecretVersion]", answer["items"])

    async def version(self, name: str, version: int | Literal["latest"] = "latest") -> SecretVersion:
        """One version."""
        return await self._session.get(self._root + path(name, "versions", str(version)))


class CredentialRotation:
    """What follows the rotation of an integration's credential."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root + path("integrations")

    async def versions(self, id: str) -> list[CredentialVersion]:
        """The versions that are kept: the current one, and the one before until it is confirmed or rolled back."""
        answer = await self._session.get(self._root + path(id, "rotation"))
        return cast(list[CredentialVersion], answer["items"])

    async def confirm(self, id: str) -> dict[str, Any]:
        """Destroy the credential before. Gives the integration."""
        return await self._session.ask("POST", self._root + path(id, "rotation", "confirm"))

    async def roll_back(self, id: str) -> dict[str, Any]:
        """Use the credential before again. Gives the integration."""
        return await self._session.ask("POST", self._root + path(id, "rotation", "rollback"))


class UnusablePlugin(TypedDict):
    """An installed plugin that cannot be used, and why."""

    name: str
    distribution: str
    version: str
    reason: str
    blocked: bool


class HubState(TypedDict):
    """The hub as its operator sees it."""

    version: str
    database: str
    requests_per_second: int
    keep_raw_days: int
    exceptions: list[str]
    adapters: list[str]
    unusable: list[UnusablePlugin]
    public_url: NotRequired[str]


class HubFinding(TypedDict):
    """One thing that was looked at. `hint` says what to do where it is not ok."""

    check: str
    state: Literal["ok", "warning", "broken"]
    message: str
    hint: NotRequired[str]


class HubFindings(TypedDict):
    """What is sound about the hub and what is not. `healthy`: nothing is broken."""

    healthy: bool
    findings: list[HubFinding]


class SealingKeys:
    """The keys that seal: the data keys of projects and the master key above them. For who manages the platform."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._root = path("v1", "platform", "keys")

    async def status(self) -> SealingKeyStatus:
        """Both layers, every box counted."""
        return await self._session.get(self._root)

    async def job(self) -> RotationJob:
        """How far the rotation of data keys is."""
        return await self._session.get(self._root + path("job"))

    async def rotate_data(self, step: Step = "rotate", *, project: str | None = None) -> RotationJob:
        """Begin a step of the rotation of data keys, in the background: see `job`."""
        return await self._session.ask("POST", self._root + path("data"), body=given(step=step, project_id=project))

    async def rotate_master(self, step: Step = "rotate") -> MasterKeyStatus:
        """Do a step of the rotation of the master key."""
        return await self._session.ask("POST", self._root + path("master"), body={"step": step})
