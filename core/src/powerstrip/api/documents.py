"""The API's description: an OpenAPI 3.1 document made from the code, and a page that shows it without any help from outside."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from importlib.resources import files
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.serialization import encode_json
from pydantic import BaseModel

import powerstrip
from powerstrip.api.described import field_docstrings
from powerstrip.api.shapes.base import Asked, Told

ABOUT = (
    "A self-hosted integration hub: call any service by name without ever holding its credential. Lists are paged by opaque "
    "cursors, times are RFC 3339 in UTC, and every error has the same shape."
)


class Documents:
    """Both are made when they are first asked for."""

    def __init__(self, handlers: Sequence[HTTPRouteHandler], given: Iterable[str]) -> None:
        """`given` are the parameters that the hub gives to its handlers itself."""
        self._handlers = handlers
        self._given = given

    @cached_property
    def openapi(self) -> bytes:
        """The document as JSON."""
        given = {name: Provide(_stand_in(), sync_to_thread=False) for name in self._given}
        described = Litestar(self._handlers, dependencies=given, openapi_config=_config(), logging_config=None)
        return encode_json(_completed(described.openapi_schema.to_schema()))

    @cached_property
    def page(self) -> str:
        """One HTML page."""
        return files("powerstrip.api").joinpath("docs.html").read_text("utf-8")


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what the framework leaves out: requests' bodies are closed, and fields have their docstrings."""
    schemas = document["components"]["schemas"]
    for shape in (*_below(Asked), *_below(Told)):
        schema = schemas.get(shape.__name__)
        if schema is None:  # a base of others is in no route
            continue
        if issubclass(shape, Asked):
            schema["additionalProperties"] = False
        for name, text in field_docstrings(shape).items():
            schema["properties"][name].setdefault("description", text)
    return document


def _below(shape: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in shape.__subclasses__():
        yield each
        yield from _below(each)


def _stand_in() -> Callable[[], None]:
    """Stands for what the hub gives: the document is made without a hub. One for each name, as the framework asks for."""

    def given() -> None:
        return None

    return given


def _config() -> OpenAPIConfig:
    bearer = SecurityScheme(type="http", scheme="bearer", description="An API key: `Authorization: Bearer mbx_…`")
    return OpenAPIConfig(
        title="Powerstrip",
        version=powerstrip.__version__,
        description=ABOUT,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        components=Components(security_schemes={"BearerAuth": bearer}),
        use_handler_docstrings=True,
        render_plugins=[],
    )
