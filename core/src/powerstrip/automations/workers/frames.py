"""The frames of the worker socket: closed models of what workers send, and builders of what the hub answers.

The names are those of the published worker protocol, so that workers written for it work unchanged.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from powerstrip.automations.workers.leases import HEARTBEAT_SECONDS, LEASE_SECONDS
from powerstrip.automations.workers.values import Claimed
from powerstrip.problems import BadInput
from powerstrip.strictjson import strict_json

MAX_FRAME = 256 * 1024
"""Bytes of one frame."""
Short = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=500)]
Token = Annotated[str, Field(max_length=200)]


class ProtocolError(Exception):
    """What was sent is no frame of the protocol, or not one for this moment: the socket is closed."""


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    message_id: Annotated[str, Field(max_length=200)] | None = None


class Model(BaseModel):
    """A provider's model that a worker can generate with. Kept and shown; no job asks for it."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    provider: Short
    model: Short


class Offer(_Frame):
    """What a worker takes now; what is left out stays as it was registered."""

    available_slots: Annotated[int, Field(ge=0, le=100_000)] | None = None
    queues: Names | None = None
    action_names: Names | None = None
    models: Annotated[list[Model], Field(max_length=500)] | None = None


class Register(Offer):
    """The first frame of a socket."""

    type: Literal["worker.register"]
    worker_instance_id: Short
    worker_session_token: Token | None = None
    concurrency_limit: Annotated[int, Field(ge=1, le=100_000)] = 1
    name: Short | None = None
    version: Short | None = None
    environment_id: Short | None = None
    capabilities: Names | None = None


class Ready(Offer):
    """A worker has room again."""

    type: Literal["worker.ready"]


class Claim(Offer):
    """A worker asks for jobs."""

    type: Literal["jobs.claim"]


class Heartbeat(_Frame):
    """A job goes on."""

    type: Literal["job.heartbeat"]
    job_id: Short
    lease_token: Token


class Report(_Frame):
    """A job ended."""

    type: Literal["job.report"]
    job_id: Short
    lease_token: Token
    status: Literal["completed", "failed", "cancelled"] = "completed"
    result: dict[str, Any] | None = None
    error_type: Annotated[str, Field(max_length=200)] | None = None
    error_message: str | None = None


class Delta(_Frame):
    """Progress of a job; `sequence` counts without a gap."""

    type: Literal["generation.delta"]
    job_id: Short
    lease_token: Token
    sequence: Annotated[int, Field(ge=0)]
    delta: dict[str, Any]


class Draining(_Frame):
    """A worker takes no more jobs."""

    type: Literal["worker.draining"]


class Keepalive(_Frame):
    """A worker is there."""

    type: Literal["keepalive"]


Frame: TypeAlias = Register | Ready | Claim | Heartbeat | Report | Delta | Draining | Keepalive
_FRAMES: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


def read(text: str) -> Frame:
    """A frame. Raises `ProtocolError` without repeating what was sent."""
    try:
        value = strict_json(text.encode("utf-8", "surrogatepass"))
        return _FRAMES.validate_python(value)
    except BadInput as problem:
        raise ProtocolError(problem.message.replace("The body", "The frame")) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
            raise ProtocolError("There is no frame of this type") from None
        where = ".".join(str(part) for part in first["loc"][1:]) or "the frame"
        raise ProtocolError(f"{where[:100]} does not fit the frame") from None


def registered(token: str) -> dict[str, Any]:
    """The answer to `worker.register`."""
    lease = {"lease_duration_seconds": LEASE_SECONDS, "heartbeat_cadence_seconds": HEARTBEAT_SECONDS}
    return {"type": "worker.registered", "worker_session_token": token, "lease": lease}


def claimed(jobs: Sequence[Claimed]) -> dict[str, Any]:
    """The answer to `jobs.claim`."""
    return {"type": "jobs.claimed", "jobs": [_job(each) for each in jobs]}


def _job(job: Claimed) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": job.id,
        "kind": job.kind,
        "origin": job.origin,
        "executor_kind": "customer_worker",
        "queue": job.queue,
        "action_name": job.action_name,
        "run_id": job.run_id,
        "step_id": job.step_id,
        "spec": job.spec,
        "lease_token": job.lease_token,
        "claim_attempt": job.attempt,
        "lease_duration_seconds": LEASE_SECONDS,
        "heartbeat_cadence_seconds": HEARTBEAT_SECONDS,
    }
    return {name: value for name, value in facts.items() if value is not None}


def cancel(job_id: str, reason: str, at: str | None) -> dict[str, Any]:
    """Stop a job: a frame of its own, or part of a heartbeat's answer."""
    facts = {"job_id": job_id, "reason": reason, "requested_at": at}
    return {name: value for name, value in facts.items() if value is not None}


def error(code: str, message: str) -> dict[str, Any]:
    """What went wrong, for programs and for people."""
    return {"type": "error", "error": {"code": code, "message": message}}


def text_of(frame: Mapping[str, Any], message_id: str | None) -> str:
    """A frame as text, with the id of what it answers."""
    named = {**frame, "message_id": message_id} if message_id is not None else frame
    return json.dumps(named, separators=(",", ":"), ensure_ascii=False)
