"""The OpenAI adapter's object, its settings, and how OpenAI says no."""

from typing import Annotated, Any, cast

from pydantic import ConfigDict, Field

from powerstrip.adapter import (
    Account,
    Adapter,
    AuthFailed,
    Bearer,
    Http,
    Model,
    Pick,
    PowerstripError,
    RateLimited,
    Rejected,
    Response,
)
from powerstrip.adapter.http import read

Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.:/@-]+$")]


class Settings(Model):
    """Which server, for whom, and which model answers where a call names none."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "gpt-5-mini"}]})

    base_url: Annotated[str, Field(max_length=2048)] | None = Field(
        None, title="Base URL", examples=["https://llm.example.com/v1"]
    )
    """Of a server that speaks OpenAI's API, such as vLLM, LiteLLM or Ollama. OpenAI itself when left out."""
    org: Word | None = Field(None, title="Organization", examples=["org-invented0000"])
    """Whose account is charged, for keys that belong to several. At platform.openai.com: Settings, Organization, General."""
    project: Word | None = Field(None, title="Project", examples=["proj_invented0000"])
    """The project that is charged. At platform.openai.com: Settings, Project, General."""
    model: Annotated[Word, Pick("model")] | None = Field(None, title="Default model")
    """The model that answers when a call names none."""


openai = Adapter(
    id="openai",
    title="OpenAI",
    description="Answers of language models, embeddings, images and moderation, from OpenAI or any server that speaks its API.",
    category="Actions",
    base_url="https://api.openai.com/v1",
    base_url_field="base_url",
    auth=Bearer(
        kind="api_key",
        field="api_key",
        title="API key",
        help="At platform.openai.com: Settings, API keys. It begins with sk- and is shown once. Other servers have their own.",
    ),
    config=Settings,
    aka=("open ai", "chatgpt", "gpt", "ollama", "vllm", "litellm", "lm studio", "azure openai"),
    docs_url="https://platform.openai.com/docs/api-reference",
    icon="openai",
)


def own(http: Http) -> dict[str, str]:
    """Headers that say whose account is charged."""
    names = {"OpenAI-Organization": "org", "OpenAI-Project": "project"}
    return {header: str(http.config[name]) for header, name in names.items() if http.config.get(name)}


def model_of(http: Http, named: str | None) -> str:
    """The model that is named, else the integration's. Raises `Rejected` where there is none."""
    if model := named or http.config.get("model"):
        return str(model)
    raise Rejected("Name a model, or set the integration's default model")


@openai.errors
def check(response: Response) -> PowerstripError | None:
    """OpenAI's own code and words.

    A 403 refuses one call (a model, a region, a scope of the key), not the key. A 429 for an empty account is not mended by
    waiting. `retry-after-ms` is finer than `retry-after`. Source: platform.openai.com/docs/guides/error-codes.
    """
    if response.status < 400 or response.status >= 500:
        return None
    words, code = _told(response.json())
    if not words:
        return None
    if response.status == 401:
        return AuthFailed(words)
    if response.status == 429 and code != "insufficient_quota":
        wait = response.headers.get("retry-after-ms", "")
        return RateLimited(words, min(int(wait), 3_600_000) / 1000) if wait.isdecimal() and len(wait) < 12 else None
    return Rejected(f"{words} ({code})" if code else words, response.status)


def _told(body: Any) -> tuple[str, str]:
    """What it says and its code, both empty where it says nothing in OpenAI's form."""
    match body:
        case {"error": {"message": str(words)} as error}:
            code = cast(dict[str, Any], error).get("code")
            return words, code if isinstance(code, str) else ""
        case _:
            return "", ""


class _Listed(Model):
    id: str


class _Any(Model):
    data: list[_Listed]


@openai.account
async def account(http: Http) -> Account:
    """The organization and project that are charged, as OpenAI names them in its answers; else the server."""
    reply = await http.send("GET", "/models", headers=own(http))
    read(reply, _Any)
    project, organization = (reply.headers.get(f"openai-{what}", "") for what in ("project", "organization"))
    server = str(http.config.get("base_url") or "OpenAI")
    return Account(id=project or organization or server, name=organization or server, detail=project)
