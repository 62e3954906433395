"""Chat completions, embeddings, images, moderation and models, and the values to choose from.

Source: platform.openai.com/docs/api-reference.
"""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from powerstrip.adapter import Choice, Content, Http, Model, Page, Query, Unavailable
from powerstrip_openai.models import Effort, ModelName, Shape, Text, Tokens, parsed
from powerstrip_openai.provider import model_of, openai, own

_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Message(Model):
    """One thing that was said."""

    role: Literal["system", "developer", "user", "assistant"] = "user"
    """Who says it."""
    content: Text | list[dict[str, Any]] = Field(examples=["Say hello."])
    """A text, or parts as OpenAI spells them."""


class Chat(Model):
    """A conversation to go on with."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "gpt-5-mini", "input": "Say hello."}]})

    input: Text | None = None
    """A question, said by the user. Give this, `messages`, or both: the question is then the last message."""
    messages: list[Message] = Field(default_factory=list[Message], max_length=2048)
    """What was said before, in its order."""
    model: ModelName | None = None
    """The model that answers. The integration's when left out."""
    shape: Shape | None = None
    """The form that the answer must have; it is then in `data`, too."""
    max_completion_tokens: int | None = Field(None, ge=1)
    """How long the answer may be, thoughts included."""
    reasoning_effort: Effort | None = None
    """How long a reasoning model may think."""
    temperature: float | None = Field(None, ge=0, le=2)
    """How much chance there is in it. Reasoning models take none."""
    top_p: float | None = Field(None, ge=0, le=1)
    """Another way to say it: only the likeliest words, this much of all."""
    stop: list[str] | None = Field(None, min_length=1, max_length=4)
    """Texts at which the answer ends."""
    tools: list[dict[str, Any]] | None = Field(None, max_length=128)
    """Functions that the model may call, as OpenAI spells them."""

    @model_validator(mode="after")
    def _says_something(self) -> "Chat":
        if not self.input and not self.messages:
            raise ValueError("Give an input, messages or both")
        return self


class _Said(Model):
    content: str | None = Field(None, examples=["A sample answer."])
    refusal: str | None = Field(None, examples=[None])
    tool_calls: list[dict[str, Any]] | None = Field(None, examples=[None])


class _Choice(Model):
    message: _Said
    finish_reason: str | None = Field(None, examples=["stop"])


class _Counted(Model):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0

    def tokens(self) -> Tokens:
        """In the words of responses."""
        return Tokens(input_tokens=self.prompt_tokens, output_tokens=self.completion_tokens, total_tokens=self.total_tokens)


class _Completion(Model):
    id: str = Field("", examples=["chatcmpl-0123456789"])
    model: str = Field("", examples=["gpt-5-mini"])
    choices: list[_Choice] = Field(min_length=1)
    usage: _Counted | None = None


class Completion(Model):
    """What the model said."""

    id: str
    model: str
    text: str = Field(examples=["A sample answer."])
    data: dict[str, Any] | None = None
    """The same as an object, where a form was asked for."""
    finish_reason: str = Field("", examples=["stop"])
    """`stop` at its end, `length` where it was cut off, `tool_calls` where it wants functions called, `content_filter`."""
    tool_calls: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    usage: Tokens = Field(default_factory=Tokens)


@openai.action("chat.complete", title="Go on with a chat")
async def complete(http: Http, chat: Chat) -> Completion:
    """Let a language model say the next thing in a conversation. Most servers that speak OpenAI's API know this way."""
    said = [each.model_dump() for each in chat.messages]
    said += [{"role": "user", "content": chat.input}] if chat.input else []
    given = chat.model_dump(
        include={"max_completion_tokens", "reasoning_effort", "temperature", "top_p", "stop", "tools"}, exclude_none=True
    )
    body = {"model": model_of(http, chat.model), "messages": said} | given
    if chat.shape:
        body["response_format"] = {"type": "json_schema", "json_schema": chat.shape.spelled()}
    found = await http.post("/chat/completions", json=body, headers=own(http), returns=_Completion)
    first = found.choices[0]
    text = first.message.content or first.message.refusal or ""
    return Completion(
        id=found.id,
        model=found.model,
        text=text,
        data=parsed(text, chat.shape),
        finish_reason=first.finish_reason or "",
        tool_calls=first.message.tool_calls or [],
        usage=(found.usage or _Counted()).tokens(),
    )


class Embed(Model):
    """Texts to place."""

    input: Text | list[Text] = Field(examples=["The food was good."])
    """A text, or up to 2048."""
    model: ModelName = "text-embedding-3-small"
    """The model that places them. Vectors of different models do not compare."""
    dimensions: int | None = Field(None, ge=1)
    """How long the vectors are, where the model leaves the choice."""


class _Vector(Model):
    index: int = 0
    embedding: list[float] = Field(examples=[[0.0023, -0.0093, 0.0158]])


class _Embedded(Model):
    data: list[_Vector]
    model: str = Field("", examples=["text-embedding-3-small"])
    usage: _Counted | None = None


class Embeddings(Model):
    """A vector for each text, in their order."""

    embeddings: list[list[float]] = Field(examples=[[[0.0023, -0.0093, 0.0158]]])
    model: str = ""
    usage: Tokens = Field(default_factory=Tokens)


@openai.action("embedding.create", title="Embed texts", idempotent=True)
async def embed(http: Http, texts: Embed) -> Embeddings:
    """Turn texts into vectors, of which near ones mean alike."""
    body = texts.model_dump(exclude_none=True)
    found = await http.post("/embeddings", json=body, headers=own(http), returns=_Embedded)
    vectors = [each.embedding for each in sorted(found.data, key=lambda each: each.index)]
    return Embeddings(embeddings=vectors, model=found.model, usage=(found.usage or _Counted()).tokens())


class Drawing(Model):
    """A picture to make."""

    prompt: Annotated[str, Field(min_length=1, max_length=32_000)] = Field(examples=["A lighthouse at dawn, as a woodcut"])
    """What it shows."""
    model: ModelName = "gpt-image-1"
    """The model that draws."""
    size: Annotated[str, Field(pattern=r"^(auto|[0-9]{2,5}x[0-9]{2,5})$")] | None = Field(None, examples=["1024x1024"])
    """Width and height in pixels, or `auto`."""
    quality: Literal["auto", "low", "medium", "high", "standard", "hd"] | None = None
    """How much care is taken; what there is depends on the model."""
    background: Literal["transparent", "opaque", "auto"] | None = None
    """What is behind, for models that leave the choice."""
    output_format: Literal["png", "jpeg", "webp"] | None = None
    """The kind of file."""
    count: int = Field(1, ge=1, le=4)
    """How many. All of them come in one answer, of 10 MB at most."""


class _Image(Model):
    b64_json: str | None = Field(None, examples=[_PIXEL])
    url: str | None = Field(None, examples=[None])
    revised_prompt: str | None = Field(None, examples=[None])


class _Images(Model):
    data: list[_Image]


class Image(Model):
    """A picture. OpenAI's newer models give the file itself, older ones an address that holds for an hour."""

    content: Content | None = None
    url: str | None = Field(None, examples=[None])
    revised_prompt: str | None = Field(None, examples=[None])
    """What the model made of the prompt."""


class Images(Model):
    """The pictures."""

    images: list[Image]


@openai.action("image.create", title="Make a picture")
async def create_image(http: Http, drawing: Drawing) -> Images:
    """Make pictures from a description."""
    body = drawing.model_dump(exclude={"count"}, exclude_none=True) | {"n": drawing.count}
    found = await http.post("/images/generations", json=body, headers=own(http), returns=_Images)
    kind = f"image/{drawing.output_format or 'png'}"
    return Images(images=[_image(each, kind) for each in found.data])


def _image(made: _Image, kind: str) -> Image:
    try:
        content = Content(base64.b64decode(made.b64_json, validate=True), media_type=kind) if made.b64_json else None
    except (binascii.Error, ValueError):
        raise Unavailable("The picture in the answer is not base64") from None
    return Image(content=content, url=made.url, revised_prompt=made.revised_prompt)


class Check(Model):
    """Texts to judge."""

    input: Text | list[Text] = Field(examples=["I want to help them."])
    """A text, or several."""
    model: ModelName = "omni-moderation-latest"
    """The model that judges."""


class Judgement(Model):
    """What was found in one text."""

    flagged: bool = Field(examples=[False])
    """Whether anything harmful is in it."""
    categories: dict[str, bool] = Field(default_factory=dict[str, bool], examples=[{"violence": False}])
    category_scores: dict[str, float] = Field(default_factory=dict[str, float], examples=[{"violence": 0.01}])
    """How sure the model is, from 0 to 1."""


class _Judgements(Model):
    results: list[Judgement]
    model: str = Field("", examples=["omni-moderation-latest"])


class Judgements(Model):
    """A judgement of each text, in their order."""

    flagged: bool = Field(examples=[False])
    """Whether anything was found anywhere."""
    results: list[Judgement]
    model: str = Field("", examples=["omni-moderation-latest"])


@openai.action("moderation.check", title="Check texts for harm", read_only=True)
async def moderate(http: Http, texts: Check) -> Judgements:
    """Judge whether texts are harmful: hate, violence, self-harm, sex."""
    found = await http.post("/moderations", json=texts, headers=own(http), returns=_Judgements)
    return Judgements(flagged=any(each.flagged for each in found.results), results=found.results, model=found.model)


class Listing(Model):
    """Which models to list."""

    cursor: Annotated[str, Field(max_length=200)] | None = None
    """`next` of the page before. OpenAI gives all models at once; servers that page say so."""


class Named(Model):
    """A model."""

    id: str = Field(examples=["gpt-5-mini"])
    owned_by: str = Field("", examples=["openai"])
    created: int = Field(0, examples=[1_790_000_000])
    """Seconds since 1970."""


class _Models(Model):
    data: list[Named]
    has_more: bool = False


class Models(Model):
    """The models that the key may use."""

    models: list[Named]
    next: str | None = None


@openai.action("model.list", read_only=True)
async def list_models(http: Http, listing: Listing) -> Models:
    """List the models that the key may use."""
    found = await http.get("/models", params={"after": listing.cursor}, headers=own(http), returns=_Models)
    return Models(models=found.data, next=found.data[-1].id if found.has_more and found.data else None)


@openai.picker("model")
async def models(http: Http, query: Query) -> Page:
    """Models, the newest first."""
    page = await list_models(http, Listing(cursor=query.cursor))
    newest = sorted(page.models, key=lambda each: -each.created)
    return Page([Choice(each.id, each.id, each.owned_by) for each in newest], page.next)


class _Store(Model):
    id: str = Field(examples=["vs_0123456789abcdef"])
    name: str | None = None
    status: str = ""


class _Stores(Model):
    data: list[_Store]
    has_more: bool = False


@openai.picker("vector_store")
async def vector_stores(http: Http, query: Query) -> Page:
    """Vector stores, the newest first."""
    params = {"limit": 100, "after": query.cursor}
    found = await http.get("/vector_stores", params=params, headers=own(http), returns=_Stores)
    choices = [Choice(each.id, each.name or each.id, "" if each.status == "completed" else each.status) for each in found.data]
    return Page(choices, found.data[-1].id if found.has_more and found.data else None)
