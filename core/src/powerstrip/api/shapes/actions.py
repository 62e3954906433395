"""Actions that a project registers."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from powerstrip import actions, store
from powerstrip.actions import DEFAULT_OVERLAP, IssuedAction, secret_ref
from powerstrip.api.shapes.base import Asked, Description, Object, TagMap, Told
from powerstrip.api.shapes.calls import ActionAnnotationsResponse
from powerstrip.api.shapes.signing import NewSecret, secret_facts

MAX_URL = 16_384
Url = Field(default=None, max_length=MAX_URL)


class ActionAnnotationsRequest(Asked):
    """Safe-use hints. What is neither read-only nor idempotent is never tried again by itself."""

    idempotent: bool = False
    destructive: bool = False
    read_only: bool = False

    def hints(self) -> actions.Hints:
        """As the room takes them."""
        return actions.Hints(read_only=self.read_only, idempotent=self.idempotent, destructive=self.destructive)


class CreateActionRequest(Asked):
    """A new action: `http` POSTs signed calls to `endpoint_url`, `worker` gives jobs to connected workers."""

    name: str = Field(min_length=1, max_length=200)
    """Lower-case letters and digits, with - _ or . between."""
    title: str = Field(default="", max_length=200)
    description: Description = ""
    endpoint_kind: Literal["http", "worker"] = "http"
    endpoint_url: str | None = Url
    input_schema: Object | None = None
    output_schema: Object | None = None
    annotations: ActionAnnotationsRequest = Field(default_factory=ActionAnnotationsRequest)
    tags: TagMap = Field(default_factory=dict[str, str])
    queue: str = Field(default="default", max_length=64)
    """Where workers find its jobs."""
    timeout_seconds: int = 60
    """How long one attempt may take."""


class UpdateActionRequest(Asked):
    """What is left out stays as it is. `annotations` null takes all hints away."""

    title: str | None = Field(default=None, max_length=200)
    description: Description | None = None
    endpoint_url: str | None = Url
    input_schema: Object | None = None
    output_schema: Object | None = None
    annotations: ActionAnnotationsRequest | None = None
    tags: TagMap | None = None
    queue: str | None = Field(default=None, max_length=64)
    timeout_seconds: int | None = None


class RotateActionSecretRequest(Asked):
    """How long the secret of before goes on signing, in seconds."""

    overlap_seconds: int = DEFAULT_OVERLAP


class Action(Told):
    """An action of the project's own. The signing secret is in it only when it is made."""

    id: str
    name: str
    title: str
    description: str
    endpoint_kind: Literal["http", "worker"]
    endpoint_url: str | None = None
    input_schema: Object | None = None
    output_schema: Object | None = None
    annotations: ActionAnnotationsResponse
    tags: TagMap
    queue: str | None = None
    timeout_seconds: int
    secret_ref: str | None = None
    secret_version: int | None = None
    signing_secret: str | None = Field(default=None, repr=False)
    """32 bytes as base64, shown this once."""
    standard_webhooks_secret: str | None = Field(default=None, repr=False)
    """The same key as libraries of Standard Webhooks take it."""
    created_by: str | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: store.OwnAction) -> "Action":
        """From the row, without its secret."""
        facts = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        http = row.endpoint_kind == "http"
        more = {
            "annotations": annotations_of(row),
            "secret_ref": secret_ref(row.id) if http else None,
            "secret_version": None,
            "queue": None if http else row.queue,
        }
        return cls.model_validate(facts | more)

    @classmethod
    def issued(cls, made: IssuedAction) -> "Action":
        """The same with its new secret, where it has one."""
        key = made.key
        if key is None:
            return cls.of(made.row)
        return cls.of(made.row).model_copy(update=secret_facts(key))


class ActionListResponse(Told):
    """A page of the project's own actions."""

    items: list[Action]
    next_cursor: str | None = None
    has_more: bool


class RotateActionSecretResult(NewSecret):
    """A new signing secret, shown this once."""

    @classmethod
    def of(cls, made: IssuedAction) -> "RotateActionSecretResult":
        """From what was made."""
        assert made.key is not None
        return cls.shown(secret_ref(made.row.id), made.key)


def annotations_of(row: store.OwnAction) -> ActionAnnotationsResponse:
    """A row's hints, all of them."""
    hints = {name: bool(row.annotations.get(name)) for name in ("read_only", "idempotent", "destructive")}
    return ActionAnnotationsResponse(**hints)
