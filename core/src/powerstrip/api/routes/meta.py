"""Routes that need no key: is the hub there, and how is it spoken to."""

from litestar import MediaType, Response

from powerstrip.api.front import health
from powerstrip.api.given import GivenDocuments
from powerstrip.api.route import PUBLIC, route
from powerstrip.api.shapes.base import Told

DOCUMENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'"


class Health(Told):
    """The hub answers."""

    status: str
    version: str


@route("GET", "/health", PUBLIC, id="getHealth", tag="meta", summary="Is the hub there?")
async def get_health() -> Health:
    """Tells nothing but that the process answers, and its version."""
    return Health(**health())


@route("GET", "/openapi.json", PUBLIC, id="getOpenAPI", tag="meta", summary="This API as an OpenAPI 3.1 document")
async def get_openapi(documents: GivenDocuments) -> Response[bytes]:
    """Generated from the code."""
    return Response(documents.openapi, media_type=MediaType.JSON)


@route("GET", "/docs", PUBLIC, id="getDocs", tag="meta", summary="This API as a page")
async def get_docs(documents: GivenDocuments) -> Response[str]:
    """One page that loads nothing from elsewhere."""
    return Response(documents.page, media_type=MediaType.HTML, headers={"content-security-policy": DOCUMENT_POLICY})


HANDLERS = [get_health, get_openapi, get_docs]
