"""Project secrets, versions of credentials, and the keys that seal them. No value is ever in an answer."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from powerstrip import store, vault
from powerstrip.api.shapes.base import Asked, Description, Id, Name, Told
from powerstrip.value import asdict

SecretVersionState = Literal["ENABLED", "DISABLED", "DESTROYED"]
Stage = Literal["current", "previous", "destroyed"]


class CreateSecretRequest(Asked):
    """A new secret: its values, or where a back end keeps them."""

    name: Name
    description: Description = ""
    values: dict[str, str] | None = Field(default=None, min_length=1, repr=False)
    """Sealed, and never given back. At most 64 values of 64 KiB."""
    reference: str | None = Field(default=None, min_length=3, max_length=1000)
    """Instead of values, such as `vault:secret/data/shop` or `aws:secretsmanager/shop`: read there at each use."""


class UpdateSecretRequest(Asked):
    """What is left out stays. `values` or `reference` make a new version."""

    description: Description | None = None
    values: dict[str, str] | None = Field(default=None, min_length=1, repr=False)
    reference: str | None = Field(default=None, min_length=3, max_length=1000)


class Secret(Told):
    """A project's secret, without its values."""

    id: str
    name: str
    description: str | None = None
    version: int
    key_names: list[str]
    created_by: str | None = None
    updated_by: str | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.Secret) -> "Secret":
        """From the row."""
        facts = {name: getattr(row, name) for name in cls.model_fields}
        return cls.model_validate(facts | {"description": row.description or None})


class SecretListResponse(Told):
    """A page of secrets."""

    items: list[Secret]
    next_cursor: str | None = None
    has_more: bool


class SecretVersion(Told):
    """One version of a secret, without its values."""

    id: str
    secret_id: str
    version: int
    state: SecretVersionState
    stage: Stage
    """`previous` is the way back; the one before that is destroyed."""
    sha256: str
    """A keyed digest: equal where the values are, and telling nothing to who has no key."""
    kms_key_id: str | None = None
    """The data key that sealed it."""
    reference: str | None = None
    created_by: str | None = None
    created_at: datetime
    destroyed_at: datetime | None = None

    @classmethod
    def of(cls, row: store.SecretVersion) -> "SecretVersion":
        """From the row."""
        gone = row.stage == "destroyed"
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        more = {"state": "DESTROYED" if gone else "ENABLED", "sha256": row.fingerprint, "kms_key_id": row.data_key_id}
        return cls.model_validate(facts | more | {"reference": row.reference or None})


class SecretVersionListResponse(Told):
    """Every version of a secret, newest first."""

    items: list[SecretVersion]


class CredentialVersion(Told):
    """One version of an integration's credential, without it."""

    version: int
    state: Literal["current", "previous"]
    created_by: str | None = None
    created_at: datetime

    @classmethod
    def of(cls, row: store.Credential) -> "CredentialVersion":
        """From the row."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class CredentialVersionListResponse(Told):
    """The versions that are kept, newest first."""

    items: list[CredentialVersion]


class RotateDataKeysRequest(Asked):
    """A step of the rotation of data keys."""

    step: Literal["rotate", "finalise", "roll_back"]
    project_id: Id | None = None
    """A project's id or handle; `platform` for the hub's own key; all where it is left out."""


class RotateMasterKeyRequest(Asked):
    """A step of the rotation of the master key."""

    step: Literal["rotate", "finalise", "roll_back"]


class RotationJob(Told):
    """The rotation of data keys that runs, or the last one."""

    step: str
    state: Literal["running", "done", "failed"]
    projects: int
    projects_done: int
    looked_at: int
    sealed_anew: int
    broken: list[str]
    error: str | None = None

    @classmethod
    def of(cls, job: "vault.Job") -> "RotationJob":
        """From the job."""
        return cls.model_validate(vars(job))


class MasterKeyStatus(Told):
    """The master key by its fingerprint, and how many data keys each master key wraps."""

    current: str
    next: str | None = None
    source: str
    wrapped: dict[str, int]
    data_keys: int

    @classmethod
    def of(cls, status: "vault.MasterStatus") -> "MasterKeyStatus":
        """From what stands."""
        return cls.model_validate(asdict(status))


class DataKeyStatus(Told):
    """The data keys of one project, and how many boxes each has sealed, also by column."""

    project_id: str
    current: str | None = None
    previous: str | None = None
    boxes: dict[str, int]
    columns: dict[str, dict[str, int]]

    @classmethod
    def of(cls, status: "vault.DataStatus") -> "DataKeyStatus":
        """From what stands."""
        return cls.model_validate(asdict(status) | {"project_id": status.project_id or "platform"})


class SealingKeys(Told):
    """Both layers of keys. No key is in it."""

    master: MasterKeyStatus
    data: list[DataKeyStatus]
    job: RotationJob | None = None
