"""A registered action as something that can be called: an adapter of one action, made from its row."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from powerstrip.actions.own.keys import signing_keys
from powerstrip.actions.own.values import secret_ref
from powerstrip.actions.targets import Target
from powerstrip.adapter import (
    Action,
    Adapter,
    Annotations,
    Auth,
    Described,
    Http,
    Model,
    Request,
    Secret,
    Unavailable,
    described,
)
from powerstrip.adapter.auth import Credentials, Settings, form_of, placeholder, secret_field
from powerstrip.edge import SIGNATURES, SigningKey, prove
from powerstrip.problems import BadInput
from powerstrip.store import OwnAction
from powerstrip.strictjson import strict_json
from powerstrip.urls import parse_url
from powerstrip.validation import path_of

PROVIDER = "custom"
"""What stands for a provider where an own action is meant."""
MAX_KEPT = 1000
"""Actions whose models are kept once made."""
ANY: dict[str, Any] = {"type": "object"}
WORKERS = "https://workers.invalid"
"""Stands for the workers in a sandbox, which answers a job as it answers a request. Nothing is ever sent there."""


class OwnTarget(Target):
    """An own action that can be called. `row_id` and `edition` name the row it was made of."""

    row_id: str = ""
    edition: str = ""
    kind: str = "http"
    queue: str = "default"
    attempt_seconds: int = 60


@dataclass(frozen=True, kw_only=True)
class Signed(Auth):
    """The proof that a call comes from this hub. Its settings are `ref`, `delivery_id` and `version`."""

    kind: str = "signing_key"
    connect: Any = "built_in"

    def form(self) -> type[Model]:
        return form_of("SigningKeys", signing_key=secret_field("Signing key", ""), previous_key=(Secret | None, None))

    def sign(self, request: Request, credentials: Credentials, settings: Settings, now: datetime) -> Request:
        keys = signing_keys(credentials, settings["version"])
        return request.with_header_pairs(*_proof(request, settings, keys, now))

    def show(self, request: Request, fields: Collection[str], settings: Settings, now: datetime) -> Request:
        pairs = _proof(request, settings, [SigningKey(settings["version"], b"")], now)
        sign = placeholder("signature")
        return request.with_header_pairs(*((name, sign if name.lower() in SIGNATURES else text) for name, text in pairs))


def _proof(request: Request, settings: Settings, keys: list[SigningKey], now: datetime) -> list[tuple[str, str]]:
    body = request.body
    assert isinstance(body, bytes)
    return prove(settings["ref"], settings["delivery_id"], body, keys, now)


class OwnTargets:
    """Makes targets of rows and keeps them: a model is made once for each edition of an action."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, str], OwnTarget] = OrderedDict()

    def of(self, row: OwnAction) -> OwnTarget:
        """The target of a row."""
        key = (row.id, row.updated_at)
        found = self._made.pop(key, None) or make_target(row)
        self._made[key] = found
        while len(self._made) > MAX_KEPT:
            self._made.popitem(last=False)
        return found


def make_target(row: OwnAction) -> OwnTarget:
    """A target of a row, with models of its schemas."""
    input_model, output_model = _model("Input", row.input_schema), _model("Output", row.output_schema)
    hints = Annotations(**{name: bool(row.annotations.get(name)) for name in ("read_only", "idempotent", "destructive")})
    url = parse_url(row.endpoint_url or WORKERS)
    adapter = Adapter(id=PROVIDER, title="Own actions", base_url=url.origin, auth=Signed())

    async def run(http: Http, input: Described) -> Described:
        return await _post(http, url.path or "/", url.query, row.name, input, output_model)

    action: Action[Any, Any] = Action(
        id=row.name,
        title=row.title,
        summary=row.description,
        input=input_model,
        output=output_model,
        run=run,
        annotations=hints,
    )
    return OwnTarget(
        row.name,
        adapter,
        action,
        False,
        False,
        row.id,
        row.updated_at,
        row.endpoint_kind,
        row.queue,
        row.timeout_seconds,
    )


async def _post(http: Http, path: str, query: str, name: str, input: Described, output: type[Described]) -> Described:
    """POST the parameters to the project's endpoint. An answer without a body is an empty output."""
    body = {"type": "action.invocation", "action": name, "parameters": input.values, **http.config["told"]}
    pairs = parse_qsl(query, keep_blank_values=True)
    reply = await http.send("POST", path, json=body, params=pairs, returns=output)
    try:
        return output.model_validate(strict_json(reply.body) if reply.body else {})
    except BadInput as problem:
        raise Unavailable(f"The endpoint's answer is no JSON object that can be read. {problem.message}") from None
    except ValidationError as error:
        raise Unavailable(f"The endpoint's answer does not fit the action's output schema: {misfit(error)}") from None


def misfit(error: ValidationError) -> str:
    """The first place that does not fit, without its value."""
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{path_of(first['loc']) or 'the output'}: {first['msg']}"


def call_config(target: OwnTarget, invocation_id: str, version: int, told: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of one call."""
    return {"ref": secret_ref(target.row_id), "delivery_id": invocation_id, "version": max(version, 1), "told": dict(told)}


def unregistered(name: str, queue: str) -> OwnTarget:
    """An action that a worker offers and nobody registered: it takes and gives any object."""
    return make_target(OwnAction(id="", project_id="", name=name, endpoint_kind="worker", queue=queue, timeout_seconds=300))


def _model(name: str, schema: dict[str, Any] | None) -> type[Described]:
    return described(name, lambda: schema or ANY)
