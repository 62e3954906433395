"""The web application behind the front: routes, guards and failures, put together for one hub."""

import re
from collections.abc import Iterator
from typing import Any

from litestar import Litestar, Request, Response
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import HTTPRoute
from pydantic import BaseModel

from powerstrip.access import EXECUTE, require_open
from powerstrip.api import pages
from powerstrip.api.documents import Documents
from powerstrip.api.framework import problem_of
from powerstrip.api.gate import Gate
from powerstrip.api.given import NAMES
from powerstrip.api.head import check_query
from powerstrip.api.hub import Hub
from powerstrip.api.invoking import check_execute
from powerstrip.api.problems import answer_of, not_allowed
from powerstrip.api.route import PUBLIC
from powerstrip.api.routes import HANDLERS
from powerstrip.api.visit import KEY, Visit
from powerstrip.validation import read_json

ADDED = frozenset({*NAMES, "data", "request", "idempotency_key"})
"""What a handler is given beside the parts of the address."""
REPEATABLE = ("tag",)


class UndeclaredRoute(Exception):
    """A route that names no permission: the hub does not start with it."""


class HubRequest(Request[Any, Any, Any]):
    """A request whose JSON was read and judged by the guard."""

    async def json(self) -> Any:
        """The body as the model that the handler takes."""
        return visit_of(self.scope).data


def create_inner(hub: Hub, gate: Gate, handlers: list[HTTPRouteHandler] = HANDLERS) -> Litestar:
    """What stands behind the front: routing, guards, models. Raises `UndeclaredRoute`."""
    documents = Documents(handlers, NAMES)

    async def note(error: Exception, scope: Any) -> None:
        visit = visit_of(scope)
        await gate.note(visit.known, visit.within, error)

    def failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        if isinstance(error, MethodNotAllowedException):
            error = not_allowed(methods(app, visit_of(request.scope).head.path))
        elif isinstance(error, HTTPException) and error.status_code < 500:
            error = problem_of(error)
        return _failed(request, error)

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        await _let_in(hub, gate, connection, handler)

    async def allow(message: Any, scope: Any) -> None:
        """An OPTIONS tells of every method of the address, as a 405 does."""
        if message["type"] == "http.response.start" and scope["method"] == "OPTIONS":
            allowed = ", ".join(methods(app, visit_of(scope).head.path))
            others = [header for header in message["headers"] if header[0].lower() != b"allow"]
            message["headers"] = [*others, (b"allow", allowed.encode())]

    app = Litestar(
        handlers,
        before_send=[allow],
        guards=[guard],
        dependencies={
            "visit": Provide(_visit, sync_to_thread=False),
            "hub": Provide(lambda: hub, sync_to_thread=False),
            "documents": Provide(lambda: documents, sync_to_thread=False),
        },
        after_exception=[note],
        exception_handlers={Exception: failed},
        request_class=HubRequest,
        type_encoders={BaseModel: _as_json},
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
    )
    for handler in declared(app):
        handler.opt["parameters"] = frozenset(_parameters(handler))
    return app


def declared(app: Litestar) -> Iterator[HTTPRouteHandler]:
    """Every handler of the application. Raises `UndeclaredRoute` for one without a permission."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.http_methods == {"OPTIONS"}:
                continue
            if "permission" not in handler.opt:
                raise UndeclaredRoute(f"{route.path} ({', '.join(handler.http_methods)}) declares no permission")
            yield handler


def methods(app: Litestar, path: str) -> list[str]:
    """The methods that an address takes."""
    for route in app.routes:
        address = "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in route.path_format.split("/"))
        if isinstance(route, HTTPRoute) and re.fullmatch(address, path.rstrip("/")):
            return sorted(route.methods)
    return []


def visit_of(scope: Any) -> Visit:
    """The visit of a request."""
    return scope[KEY]


def _visit(request: Request[Any, Any, Any]) -> Visit:
    return visit_of(request.scope)


async def _let_in(hub: Hub, gate: Gate, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Key, project, permission, query, body: in this order, so that a refusal tells nothing of what comes after it."""
    visit = visit_of(connection.scope)
    visit.route = connection.scope["path_template"]
    if visit.head.method == "OPTIONS":
        return
    if handler.opt["permission"] is not PUBLIC:
        visit.known = await gate.identify(visit.head.token, visit.head.ip, visit.head.user_agent)
        await _check_permission(hub, gate, visit, connection.path_params, handler.opt)
    if not handler.opt["page"]:
        check_query(visit.query, handler.opt["parameters"], REPEATABLE)
    asked = handler.parsed_fn_signature.parameters.get("data")
    if asked is not None:
        nothing = handler.opt.get("bodiless", False) and visit.body.absent
        visit.data = read_json(asked.annotation, visit.body.empty_object() if nothing else await visit.body.json(), "request")


async def _check_permission(hub: Hub, gate: Gate, visit: Visit, path: dict[str, Any], options: dict[str, Any]) -> None:
    """In the project that the address names; where it names none, in any."""
    permission: str = options["permission"]
    if "project" not in path:
        return visit.identity.require_anywhere(permission)
    project = visit.within = await gate.enter(visit.identity, path["project"])
    if permission == f"{EXECUTE}*":
        name = path["action_name"]
        check_execute(visit.identity, project, await hub.catalog_for(project, name), name)
    else:
        visit.identity.require(permission, project.id)
    if not options["archived"]:
        require_open(project)


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    visit = visit_of(request.scope)
    visit.failure = error
    answer = pages.failed(error) if pages.is_page(visit.head.path) else answer_of(error)
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    kind = headers.pop("content-type").partition(";")[0]  # the framework adds the charset
    return Response(answer.body, status_code=answer.status, headers=headers, media_type=kind)


def _parameters(handler: HTTPRouteHandler) -> Iterator[str]:
    """The query parameters that a handler takes."""
    in_path = {part.strip("{}").partition(":")[0] for path in handler.paths for part in path.split("/") if part.startswith("{")}
    yield from handler.opt["query"]
    yield from (name for name in handler.parsed_fn_signature.parameters if name not in ADDED | in_path)


def _as_json(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_none=True)
