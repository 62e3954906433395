"""Responses: one question, one answer, with tools. Source: platform.openai.com/docs/api-reference/responses."""

from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field

from powerstrip.adapter import Http, Model, NoPick, Pick, RateLimited, Rejected, Unavailable, segment
from powerstrip_openai.models import Effort, ModelName, Shape, Text, Tokens, parsed
from powerstrip_openai.provider import model_of, openai, own

ResponseId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$", examples=["resp_0123456789abcdef"])]
_SAID: list[dict[str, Any]] = [
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "A sample answer."}]}
]


class NewResponse(Model):
    """What to ask, and of whom."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "gpt-5-mini", "input": "Say in one sentence what a webhook is."}]}
    )

    input: Text | list[dict[str, Any]]
    """The question as text, or a list of items as OpenAI spells them, with pictures and files."""
    model: ModelName | None = None
    """The model that answers. The integration's when left out."""
    instructions: Text | None = None
    """How to answer, said by you and not by whoever asks."""
    shape: Shape | None = None
    """The form that the answer must have; it is then in `data`, too."""
    max_output_tokens: int | None = Field(None, ge=16)
    """How long the answer may be, thoughts included."""
    reasoning_effort: Effort | None = None
    """How long a reasoning model may think."""
    temperature: float | None = Field(None, ge=0, le=2)
    """How much chance there is in it. Reasoning models take none."""
    previous_response_id: Annotated[ResponseId, NoPick("An answer of before gave it.")] | None = None
    """The answer that this question follows: the conversation goes on."""
    web_search: bool = False
    """Whether the model may search the web."""
    vector_stores: list[Annotated[str, Pick("vector_store"), Field(max_length=200)]] = Field(
        default_factory=list[str], max_length=20
    )
    """Vector stores whose files the model may search."""
    tools: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]], max_length=128)
    """Further tools as OpenAI spells them."""
    background: bool = False
    """Answer later: ask with response.get, or wait for the event response.completed."""
    store: bool | None = None
    """Whether OpenAI keeps the answer, for 30 days. It does when left out."""
    metadata: dict[str, str] | None = Field(None, max_length=16)
    """Up to 16 names and values of yours."""
    safety_identifier: Annotated[str, NoPick("Your own name for the user."), Field(max_length=64)] | None = None
    """Stands for the person who asks, such as a digest of their address."""


class _Failure(Model):
    code: str = ""
    message: str = ""


class _Reason(Model):
    reason: str = ""


class _Response(Model):
    id: str = Field(examples=["resp_0123456789abcdef"])
    status: str = Field("completed", examples=["completed"])
    model: str = Field("", examples=["gpt-5-mini"])
    output: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]], examples=[_SAID])
    usage: Tokens | None = None
    error: _Failure | None = Field(None, examples=[None])
    incomplete_details: _Reason | None = Field(None, examples=[None])


class Response(Model):
    """An answer."""

    id: str
    status: Literal["completed", "failed", "in_progress", "cancelled", "queued", "incomplete"] | str = Field(
        examples=["completed"]
    )
    model: str = ""
    text: str = Field("", examples=["A sample answer."])
    """All that the model said."""
    data: dict[str, Any] | None = None
    """The same as an object, where a form was asked for."""
    output: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]], examples=[_SAID])
    """Every item: messages, thoughts, calls of tools."""
    usage: Tokens = Field(default_factory=Tokens)
    reason: str = Field("", examples=[""])
    """Why it is not complete."""


@openai.action("response.create", title="Ask a model")
async def create_response(http: Http, new: NewResponse) -> Response:
    """Ask a language model, and get its answer."""
    found = await http.post("/responses", json=_spelled(http, new), headers=own(http), returns=_Response)
    if found.status == "failed":
        raise _failure(found.error or _Failure())
    return _told(found, new.shape)


def _spelled(http: Http, new: NewResponse) -> dict[str, Any]:
    """The question as OpenAI reads it."""
    tools = [*new.tools, *([{"type": "web_search"}] if new.web_search else [])]
    tools += [{"type": "file_search", "vector_store_ids": new.vector_stores}] if new.vector_stores else []
    given: dict[str, Any] = {
        "model": model_of(http, new.model),
        "input": new.input,
        "instructions": new.instructions,
        "text": {"format": {"type": "json_schema", **new.shape.spelled()}} if new.shape else None,
        "max_output_tokens": new.max_output_tokens,
        "reasoning": {"effort": new.reasoning_effort} if new.reasoning_effort else None,
        "temperature": new.temperature,
        "previous_response_id": new.previous_response_id,
        "tools": tools or None,
        "background": new.background or None,
        "store": new.store,
        "metadata": new.metadata,
        "safety_identifier": new.safety_identifier,
    }
    return {name: value for name, value in given.items() if value is not None}


def _failure(error: _Failure) -> RateLimited | Unavailable | Rejected:
    """A failure that comes with a 200."""
    words = error.message or "The model failed to answer"
    if error.code == "rate_limit_exceeded":
        return RateLimited(words)
    return Unavailable(words) if error.code == "server_error" else Rejected(words)


def _told(found: _Response, shape: Shape | None = None) -> Response:
    text = "".join(_said(item) for item in found.output)
    reason = found.error.message if found.error else found.incomplete_details.reason if found.incomplete_details else ""
    return Response(
        id=found.id,
        status=found.status,
        model=found.model,
        text=text,
        data=parsed(text, shape),
        output=found.output,
        usage=found.usage or Tokens(),
        reason=reason,
    )


def _said(item: dict[str, Any]) -> str:
    """The text of one item of an answer; a refusal's words too."""
    match item:
        case {"type": "message", "content": [*parts]}:
            said = (cast(dict[str, Any], part) for part in parts if isinstance(part, dict))
            return "".join(str(part.get("text") or part.get("refusal") or "") for part in said)
        case _:
            return ""


class ResponseRef(Model):
    """Which answer."""

    response: ResponseId
    """Its id, as response.create or an event gave it."""


@openai.action("response.get", title="Read an answer", read_only=True)
async def get_response(http: Http, which: ResponseRef) -> Response:
    """Read an answer that OpenAI keeps, such as one that was made in the background."""
    return _told(await http.get(f"/responses/{segment(which.response)}", headers=own(http), returns=_Response))


@openai.action("response.cancel", title="Cancel an answer", idempotent=True)
async def cancel_response(http: Http, which: ResponseRef) -> Response:
    """Stop an answer that is being made in the background."""
    return _told(await http.post(f"/responses/{segment(which.response)}/cancel", headers=own(http), returns=_Response))


class Deleted(Model):
    """What was deleted."""

    id: str = Field(examples=["resp_0123456789abcdef"])
    deleted: bool = True


@openai.action("response.delete", title="Delete an answer", destructive=True)
async def delete_response(http: Http, which: ResponseRef) -> Deleted:
    """Delete an answer that OpenAI keeps."""
    await http.delete(f"/responses/{segment(which.response)}", headers=own(http))  # some servers answer with no body
    return Deleted(id=which.response)
