"""Running a call that has begun: through the edge and the adapter to an outcome, whatever happens on the way."""

from functools import partial
from hashlib import blake2b
from typing import Any, cast
from uuid import UUID

from pydantic_core import from_json

from powerstrip.actions.beginning import Begun, Wanted
from powerstrip.actions.built_in import BuiltIns, Work
from powerstrip.actions.calls import CallErrorType, Mode
from powerstrip.actions.files import Files
from powerstrip.actions.outputs import read_output
from powerstrip.actions.own.keys import OwnKeys
from powerstrip.actions.own.targets import OwnTarget, call_config
from powerstrip.actions.targets import Target
from powerstrip.adapter import Content, Model, NoAuth, PowerstripError
from powerstrip.adapter.mock import mock
from powerstrip.clock import monotonic
from powerstrip.connect import AdapterBroken, OutOfTime, error_type_of, one_line, run_adapter
from powerstrip.edge import Bound, Call, Edge, LedgerRow, SandboxAnswer, Trace
from powerstrip.problems import Problem, StoreUnavailable
from powerstrip.value import Value, field
from powerstrip.vault import SealBroken

EFFECT_UNKNOWN = "The request went out and no sure answer came, so whether it took effect is unknown: look at the provider first"


class Outcome(Value):
    """How a call ended. `output` is JSON text; a failed call has an `error_type`."""

    output: bytes | None = None
    error: str | None = None
    error_type: CallErrorType | None = None
    retries: int = 0
    would_send: list[LedgerRow] = field(default_factory=list[LedgerRow])
    retry_after: float | None = None
    """Seconds to wait before a repeat, where the provider or the hub named them."""

    @property
    def fields(self) -> dict[str, Any] | None:
        """The output as a JSON object."""
        return None if self.output is None else cast(dict[str, Any], from_json(self.output))


class Runner:
    """Gives each call its way out and reads what comes of it. `secret` makes the keys that providers are given."""

    def __init__(self, edge: Edge, files: Files, secret: bytes, built_ins: BuiltIns) -> None:
        self._edge = edge
        self._files = files
        self._secret = secret
        self._built_ins = built_ins

    async def run(self, begun: Begun, wanted: Wanted, model: Model) -> Outcome:
        """Run the adapter's function. Raises nothing but cancellation: every failure is an outcome."""
        call = self._call(begun, wanted)
        door, trace = self._edge.door(bound_to(begun, wanted), call)
        try:
            work = self._built_ins.work(begun, wanted, model) or partial(wanted.target.action.run, door, model)
            output = await self._answer(work, call, wanted, trace)
        except (PowerstripError, OutOfTime, AdapterBroken, Problem) as error:
            return _failed(error, trace, wanted.target, late=monotonic() >= call.deadline)
        finally:
            trace.discard()
        return Outcome(None if wanted.call.dry_run else output, retries=trace.retries, would_send=trace.would_send)

    async def _answer(self, work: Work, call: Call, wanted: Wanted, trace: Trace) -> bytes:
        """The adapter's answer as JSON; a mock of it where a sandbox's adapter reads a raw reply."""
        try:
            return await self._read(wanted, await run_adapter(work, call.deadline, wanted.target.name), trace)
        except SandboxAnswer as answer:
            output = await self._read(wanted, _mocked(call, wanted.target), trace)
            answer.row["answer"] = output.decode()
            return output

    async def _read(self, wanted: Wanted, result: object, trace: Trace) -> bytes:
        async def keep(content: Content) -> None:
            movable = content.path in trace.files
            await self._files.keep(wanted.project.id, wanted.actor, content, wanted.target.name, movable=movable)

        return await read_output(wanted.target, result, keep)

    def _call(self, begun: Begun, wanted: Wanted) -> Call:
        action, asked = wanted.target.action, wanted.call
        link_id = begun.link.id if begun.link else ""
        return Call(
            invocation_id=begun.id,
            action_name=wanted.target.name,
            deadline=monotonic() + _seconds(wanted),
            read_only=action.annotations.read_only,
            idempotent=action.annotations.idempotent,
            idempotency_key=self._provider_key(begun, wanted) if begun.mode == "sandbox" or action.idempotency else None,
            idempotency=action.idempotency,
            seed=f"{wanted.target.name} {link_id} {wanted.text}",
            echo=asked.input,
            simulate=cast(Any, asked.simulate),
            output=action.output,
        )

    def _provider_key(self, begun: Begun, wanted: Wanted) -> str:
        """The key that the provider is given: a UUID, the same for every repeat of this call, telling nothing of ours."""
        own = wanted.call.idempotency_key
        parts = repr((wanted.project.id, wanted.target.name, own or begun.id, "key" if own else "call"))
        return str(UUID(bytes=blake2b(parts.encode(), key=self._secret, digest_size=16).digest(), version=4))


def bound_to(begun: Begun, wanted: Wanted) -> Bound:
    """What the edge is told of the integration. A built-in provider has none, and nothing to sign with."""
    adapter = wanted.target.adapter
    if isinstance(wanted.target, OwnTarget):
        return _bound_own(begun, wanted, wanted.target)
    if begun.link is not None:
        assert not isinstance(begun.credential, OwnKeys)
        return begun.link.bound(adapter, begun.mode, begun.credential)
    return Bound(
        project_id=wanted.project.id,
        integration_id="",
        provider=adapter.id,
        adapter=adapter,
        auth=NoAuth(),
        config={},
        mode=begun.mode,
    )


def _seconds(wanted: Wanted) -> float:
    """How long the call may take: as the caller has it, and no longer than an own action has it."""
    asked, target = wanted.call.timeout_seconds, wanted.target
    return min(asked, target.attempt_seconds) if isinstance(target, OwnTarget) else asked


def _bound_own(begun: Begun, wanted: Wanted, target: OwnTarget) -> Bound:
    """An own action's endpoint, with what its call tells beside the parameters."""
    asked = wanted.call
    told: dict[str, Any] = {
        "id": begun.id,
        "project_id": wanted.project.id,
        "mode": begun.mode,
        "run_id": asked.run_id,
        "step_name": asked.step_name,
        "idempotency_key": asked.idempotency_key or begun.id,
    }
    told = {name: each for name, each in told.items() if each is not None}
    return Bound(
        project_id=wanted.project.id,
        integration_id=target.row_id,
        provider=target.adapter.id,
        adapter=target.adapter,
        auth=target.adapter.auths[0],
        config=call_config(
            target, begun.id, begun.secret_version, {name: each for name, each in told.items() if each is not None}
        ),
        mode=begun.mode,
        credential=begun.credential,
        credential_fields=("signing_key",),
        edition=target.edition,
    )


def told_of_own(outcome: Outcome, target: Target) -> Outcome:
    """What a sandbox did not send, as it is told of own actions: a job where workers are meant, and no integration."""
    if isinstance(target, OwnTarget):
        for row in outcome.would_send:
            row["integration_id"] = ""
            if target.kind == "worker":
                row.update(method="JOB", url=f"worker:{target.queue}/{target.name}", headers="[]")
    return outcome


def _mocked(call: Call, target: Target) -> Model:
    try:
        return mock(target.action.output, call.seed, call.echo)
    except ValueError:
        raise AdapterBroken(f"no mock of {target.action.output.__name__} can be made") from None


_ANSWER_LOST = "The request went out and what came of it was lost here, so whether it took effect is unknown: look there first"


def _failed(error: PowerstripError | OutOfTime | AdapterBroken | Problem, trace: Trace, target: Target, *, late: bool) -> Outcome:
    """An error as an outcome. A write without an answer is unknown, whatever the adapter made of it."""
    message, kind = _told(error, late)
    if not target.action.annotations.read_only:
        if trace.unknown:
            message, kind = EFFECT_UNKNOWN if late else f"{EFFECT_UNKNOWN}. {message}", "unknown"
        elif trace.status is not None and isinstance(error, OutOfTime | StoreUnavailable):
            message, kind = f"{_ANSWER_LOST}. {message}", "unknown"
    wait = getattr(error, "retry_after", None)
    return Outcome(error=message, error_type=kind, retries=trace.retries, would_send=trace.would_send, retry_after=wait)


def _told(error: PowerstripError | OutOfTime | AdapterBroken | Problem, late: bool) -> tuple[str, CallErrorType]:
    match error:
        case OutOfTime():
            return "The provider did not answer in the time that the call was given", "timeout"
        case AdapterBroken():
            return error.message, "adapter_broken"
        case Problem():
            return error.message, "auth_failed" if isinstance(error, SealBroken) else "unavailable"
        case PowerstripError():
            kind = error_type_of(error)
            message = one_line(error.message) or f"The provider failed without a word ({type(error).__name__})"
            return message, "timeout" if late and kind == "unavailable" else kind


def cut_off(mode: Mode, target: Target) -> Outcome:
    """The end of a call that the hub itself did not let come to its end."""
    if mode == "sandbox" or target.action.annotations.read_only:
        return Outcome(error="The call was cut off", error_type="timeout")
    return Outcome(error=EFFECT_UNKNOWN, error_type="unknown")
