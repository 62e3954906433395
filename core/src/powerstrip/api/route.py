"""How a route is declared: its address, its permission, its failures in the OpenAPI document."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

from litestar import delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from powerstrip.api.shapes.base import ErrorResponse

PUBLIC = ""
"""The permission of a route that needs none."""
PROJECTS = "/v1/projects"
PROJECT = "/v1/projects/{project:str}"

Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=200, description="Rows of a page")]
Cursor: TypeAlias = Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")]
Tag: TypeAlias = Annotated[
    list[str] | None, QueryParameter(description="`Key:Value`, `Key:*` or `Key:a,b,c`. Several must all hold")
]
Filter: TypeAlias = Annotated[str | None, QueryParameter(max_length=400)]

_METHODS: dict[str, Callable[..., Any]] = {"GET": get, "POST": post, "PUT": put, "PATCH": patch, "DELETE": delete}
_FAILURES = {
    400: "The request is malformed or breaks a rule",
    401: "No valid API key",
    403: "The permission is missing",
    404: "It is not there, or not yours",
    409: "It collides with what is there",
    413: "The request is too large",
    422: "Well formed, and still impossible",
    429: "Too many requests",
    503: "The database does not answer; nothing was done",
}

_RESPONSES = {code: ResponseSpec(ErrorResponse, description=text, generate_examples=False) for code, text in _FAILURES.items()}


def route(
    method: str,
    path: str,
    permission: str,
    *,
    id: str,
    tag: str,
    summary: str,
    status: int = 200,
    gives: str = "",
    bodiless: bool = False,
    archived: bool | None = None,
    query: tuple[str, ...] = (),
    page: bool = False,
    also: Mapping[int, type[Any]] | None = None,
) -> Callable[[Any], HTTPRouteHandler]:
    """Declare a route. The permission must be held in the project that the path names; where it names none, in some project.

    `id` is the OpenAPI operation id. `archived` says whether the route works in archived projects; unsaid, those that only
    read do. `query` names further query parameters that the handler reads itself. `gives` is the media type of an answer
    that is no JSON. A `page` is opened in a browser by links that others made: any parameter may stand in its address, and the
    handler judges them. `also` are shapes of answers with another status.
    """
    works = method == "GET" if archived is None else archived
    options: dict[str, Any] = {"permission": permission, "archived": works, "query": query, "page": page}
    if gives:
        options["gives"] = gives
    if bodiless:
        options["bodiless"] = True
    return _METHODS[method](
        path,
        status_code=status,
        operation_id=id,
        summary=summary,
        tags=[tag],
        responses=_RESPONSES | {code: _also(shape) for code, shape in (also or {}).items()},
        security=[] if permission is PUBLIC else [{"BearerAuth": []}],
        **options,
    )


def _also(shape: type[Any]) -> ResponseSpec:
    return ResponseSpec(shape, description=(shape.__doc__ or "").partition("\n")[0], generate_examples=False)
