"""The adapter's way to its provider: a request builder bound to one integration.

It holds no credential and opens nothing. The hub's edge gives it a `Sender`; the edge signs, guards, sends and records.
"""

import json as jsonlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, overload
from urllib.parse import quote, unquote, urlencode

from pydantic import BaseModel, ValidationError

from powerstrip.adapter.content import Content
from powerstrip.adapter.errors import Rejected, Unavailable
from powerstrip.adapter.model import by_wire, wire_json

M = TypeVar("M", bound=BaseModel)
Method: TypeAlias = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
Params: TypeAlias = Mapping[str, Any] | Sequence[tuple[str, Any]]
Json: TypeAlias = Any


@dataclass(frozen=True)
class Request:
    """One request on its way out.

    `target` is a path below the integration's base URL, or an absolute URL on a host that the adapter declares. After the edge
    has bound it, it is always an absolute URL. `returns` is the model the answer is read into, None when the adapter reads
    the raw reply. `read_only` and `idempotency_key` decide whether the edge may repeat it. `stream` asks for the body as a file.
    """

    method: str
    target: str
    params: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Content = b""
    returns: type[BaseModel] | None = None
    signed: bool = True
    stream: bool = False
    read_only: bool = False
    idempotency_key: str | None = None

    def header(self, name: str) -> str | None:
        """A header's value, whatever its case; None when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_headers(self, **extra: str) -> "Request":
        """The same request with more headers; `_` in a name stands for `-`."""
        return self.with_header_pairs(*((name.replace("_", "-"), value) for name, value in extra.items()))

    def with_header_pairs(self, *extra: tuple[str, str]) -> "Request":
        """The same request with these headers in place of any of the same name."""
        names = {name.lower() for name, _ in extra}
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in names)
        return self._changed(self.target, (*kept, *extra))

    def at(self, target: str) -> "Request":
        """The same request at another address."""
        return self._changed(target, self.headers)

    def _changed(self, target: str, headers: tuple[tuple[str, str], ...]) -> "Request":
        """What `dataclasses.replace` does, in a tenth of its time: every call passes here more than once."""
        changed = object.__new__(Request)
        changed.__dict__.update(self.__dict__)
        changed.__dict__["target"], changed.__dict__["headers"] = target, headers
        return changed


@dataclass(frozen=True)
class Response:
    """A provider's answer. Header names are lower case. `body` is empty for a streamed one, which is in `content`."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    content: Content | None = None

    def json(self) -> Any:
        """The body as JSON. Raises `Unavailable` when it is none: a provider that answers HTML is a provider out of order."""
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            kind = self.headers.get("content-type", "no content type")
            raise Unavailable(f"The provider answered {self.status} with something that is not JSON ({kind})") from None

    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")


Sender: TypeAlias = Callable[[Request], Awaitable[Response]]


class Presigner(Protocol):
    """Makes a link that carries its own permission. The edge implements it; nothing is sent."""

    def __call__(self, request: Request, seconds: int) -> str: ...


@dataclass(frozen=True)
class Http:
    """A provider as one integration sees it.

    `config` holds the integration's settings (never a credential). Paths are relative to its base URL, or with `name:` before
    them to that of one of the adapter's `apis`. A body is given as
    `json` (a model or plain data), `form` (url-encoded) or `content` (bytes, or `Content` to stream).
    All methods raise the four errors of `powerstrip.adapter`.
    """

    sender: Sender
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    presigner: Presigner | None = None

    @overload
    async def get(
        self, path: str, *, returns: type[M], params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> M: ...
    @overload
    async def get(self, path: str, *, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Json: ...
    async def get(
        self, path: str, *, returns: Any = None, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """GET and read the JSON answer, into `returns` if given."""
        return await self._call("GET", path, returns=returns, params=params, headers=headers)

    @overload
    async def post(
        self,
        path: str,
        *,
        returns: type[M],
        json: Any = None,
        form: Params | None = None,
        content: bytes | Content | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> M: ...
    @overload
    async def post(
        self,
        path: str,
        *,
        json: Any = None,
        form: Params | None = None,
        content: bytes | Content | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json: ...
    async def post(self, path: str, *, returns: Any = None, **parts: Any) -> Any:
        """POST and read the JSON answer, into `returns` if given."""
        return await self._call("POST", path, returns=returns, **parts)

    @overload
    async def put(
        self,
        path: str,
        *,
        returns: type[M],
        json: Any = None,
        form: Params | None = None,
        content: bytes | Content | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> M: ...
    @overload
    async def put(
        self,
        path: str,
        *,
        json: Any = None,
        form: Params | None = None,
        content: bytes | Content | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json: ...
    async def put(self, path: str, *, returns: Any = None, **parts: Any) -> Any:
        """PUT and read the JSON answer, into `returns` if given."""
        return await self._call("PUT", path, returns=returns, **parts)

    @overload
    async def patch(
        self,
        path: str,
        *,
        returns: type[M],
        json: Any = None,
        form: Params | None = None,
        content: bytes | Content | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> M: ...
    @overload
    async def patch(
        self,
        path: str,
        *,
        json: Any = None,
        form: Params | None = None,
        content: bytes | Content | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json: ...
    async def patch(self, path: str, *, returns: Any = None, **parts: Any) -> Any:
        """PATCH and read the JSON answer, into `returns` if given."""
        return await self._call("PATCH", path, returns=returns, **parts)

    @overload
    async def delete(
        self, path: str, *, returns: type[M], params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> M: ...
    @overload
    async def delete(self, path: str, *, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Json: ...
    async def delete(
        self, path: str, *, returns: Any = None, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """DELETE and read the JSON answer, into `returns` if given."""
        return await self._call("DELETE", path, returns=returns, params=params, headers=headers)

    async def send(self, method: Method, path: str, *, pages: bool = False, **parts: Any) -> Response:
        """Send anything and get the raw answer, already checked for errors. Takes the parts that `post` takes.

        Raises `Unavailable` for a page of HTML in place of an answer, whatever its status, unless `pages` are answers here.
        """
        answer = await self.sender(build(method, path, **parts))
        if not pages and answer.body and answer.headers.get("content-type", "").lower().startswith("text/html"):
            raise Unavailable(f"The provider answered {answer.status} with a page of HTML in place of an answer")
        return answer

    async def download(self, path: str, *, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Response:
        """GET a body of any size; it is in the answer's `content`, on disk when it is large."""
        return await self.sender(build("GET", path, params=params, headers=headers, stream=True))

    async def send_to(self, method: Method, url: str, **parts: Any) -> Response:
        """Send to an absolute URL that the provider handed out (an upload address).

        Its host must be declared; no credential goes along.
        """
        if not url.startswith(("https://", "http://")):
            raise Rejected("The provider handed out an address that is not http(s)")
        return await self.sender(build(method, url, signed=False, **parts))

    def presign(self, method: Method, path: str, *, seconds: int) -> str:
        """A link that does this one thing for `seconds`, for whoever has it. Nothing is sent."""
        if self.presigner is None:
            raise Rejected("This integration's way of signing in cannot make links")
        return self.presigner(build(method, path), seconds)

    async def _call(self, method: Method, path: str, *, returns: type[BaseModel] | None, **parts: Any) -> Any:
        response = await self.sender(build(method, path, returns=returns, **parts))
        if returns is None:
            return response.json() if response.body else None
        return read(response, returns)


def read(response: Response, returns: type[M]) -> M:
    """Read an answer into a model. Raises `Unavailable` when the provider's answer does not have that form."""
    try:
        return returns.model_validate_json(response.body or b"null", by_alias=True, by_name=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the answer"
        raise Unavailable(f"The provider's answer is not as documented: {where}: {first['msg']}") from None


def build(
    method: str,
    target: str,
    *,
    returns: type[BaseModel] | None = None,
    json: Any = None,
    form: Params | None = None,
    content: bytes | Content | None = None,
    params: Params | None = None,
    headers: Mapping[str, str] | None = None,
    signed: bool = True,
    stream: bool = False,
) -> Request:
    """Put a request together. Raises `TypeError` for more than one body, `Rejected` for a path that could leave the base URL."""
    heads = dict(headers or {})
    body, media_type = _body(json, form, content)
    if media_type:
        heads.setdefault("Content-Type", media_type)
    if signed:
        _refuse_escape(target)
    return Request(
        method=method,
        target=target,
        params=tuple(_pairs(params or ())),
        headers=tuple(heads.items()),
        body=body,
        returns=returns,
        signed=signed,
        stream=stream,
    )


def segment(value: object) -> str:
    """One path segment, percent-encoded: `f"/users/{segment(user)}"`. Raises `Rejected` for an empty one, `.` and `..`."""
    text = str(value)
    if text in ("", ".", ".."):
        raise Rejected("A part of the path is empty or a dot")
    return quote(text, safe="")


def _body(json: Any, form: Params | None, content: bytes | Content | None) -> tuple[bytes | Content, str]:
    """What is sent and its media type, both empty for no body. Raises `TypeError` for more than one."""
    if sum(each is not None for each in (json, form, content)) > 1:
        raise TypeError("give one of json, form and content")
    if json is not None:
        if isinstance(json, BaseModel):
            return wire_json(json), "application/json"
        return jsonlib.dumps(json, ensure_ascii=False, separators=(",", ":"), default=_plain).encode(), "application/json"
    if form is not None:
        return urlencode(_pairs(form)).encode(), "application/x-www-form-urlencoded"
    return (b"", "") if content is None else (content, "application/octet-stream")


def _pairs(params: Params) -> list[tuple[str, str]]:
    items = params.items() if isinstance(params, Mapping) else params
    return [(name, _text(value)) for name, value in items if value is not None]


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return by_wire(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


_UNFIT = re.compile(r"[\\?#\r\n\t\0 ]")
_API = re.compile(r"[a-z][a-z0-9_]*:(?=/(?!/))", re.ASCII)
"""What stands before a path below one of the provider's further APIs."""


def _refuse_escape(target: str) -> None:
    path = target[found.end() :] if (found := _API.match(target)) else target
    if not path.startswith("/") or path.startswith("//") or _UNFIT.search(path):
        raise Rejected("A request's path must begin with one slash and hold no query, fragment or blank")
    plain = unquote(path)
    if "/." in plain and any(part in (".", "..") for part in plain.split("/")):
        raise Rejected("A request's path must not climb")
