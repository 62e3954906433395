"""Resources and bundles as a server sends them, and where a bundle goes on.

Sources: hl7.org/fhir/R4/bundle.html and hl7.org/fhir/R4/http.html#paging.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from powerstrip.adapter import Http, Model, Rejected, Unavailable
from powerstrip.adapter.model import by_wire
from powerstrip_fhir.provider import ACCEPT

MAX_CURSOR = 8000
PORTS = {"https": 443, "http": 80}


class Wire(Model):
    """FHIR's spelling, and whatever else the server sends."""

    model_config = ConfigDict(alias_generator=to_camel, extra="allow")


class Meta(Wire):
    """What the server keeps of a resource beside it."""

    version_id: str | None = None
    last_updated: str | None = Field(default=None, examples=["2026-01-01T00:00:00Z"])


class Raw(Wire):
    """Any resource."""

    resource_type: str = Field(examples=["Patient"])
    id: str | None = Field(default=None, examples=["sample"])
    meta: Meta | None = None

    def plain(self) -> dict[str, Any]:
        """The resource as it came."""
        return by_wire(self)


class Found(Model):
    """A resource, and what it is known by."""

    reference: str | None = Field(default=None, description="`Type/id`.", examples=["Patient/sample"])
    resource_type: str = Field(examples=["Patient"])
    id: str | None = Field(default=None, examples=["sample"])
    version_id: str | None = Field(default=None, examples=["1"])
    last_updated: str | None = Field(default=None, examples=["2026-01-01T00:00:00Z"])
    resource: dict[str, Any] = Field(
        description="The resource, in FHIR's own spelling.", examples=[{"resourceType": "Patient", "id": "sample"}]
    )


def found(raw: Raw) -> Found:
    """A resource as people meet it."""
    meta = raw.meta or Meta()
    return Found(
        reference=f"{raw.resource_type}/{raw.id}" if raw.id else None,
        resource_type=raw.resource_type,
        id=raw.id,
        version_id=meta.version_id,
        last_updated=meta.last_updated,
        resource=raw.plain(),
    )


class Search(Wire):
    """Why an entry is in a search's answer."""

    mode: str = Field(default="match", examples=["match"])


class Link(Wire):
    """Another page of a bundle."""

    relation: str
    url: str


class Asked(Wire):
    """What was done to make a version, in a history."""

    method: str = Field(examples=["PUT"])
    url: str = Field(examples=["Patient/sample"])


class Answered(Wire):
    """What became of one entry of a transaction or batch."""

    status: str = Field(examples=["201 Created"])
    location: str | None = Field(default=None, examples=["Patient/sample/_history/1"])
    etag: str | None = Field(default=None, examples=['W/"1"'])
    last_modified: str | None = Field(default=None, examples=["2026-01-01T00:00:00Z"])
    outcome: dict[str, Any] | None = Field(default=None, examples=[None])


class Entry(Wire):
    """One row of a bundle."""

    full_url: str | None = None
    resource: Raw | None = None
    search: Search | None = None
    request: Asked | None = None
    response: Answered | None = None


class Bundle(Wire):
    """A page of resources, or the answer to a transaction."""

    resource_type: str = Field(pattern="^Bundle$", examples=["Bundle"])
    type: str = Field(examples=["searchset"])
    total: int | None = None
    link: list[Link] = Field(default=[], examples=[[]])
    entry: list[Entry] = Field(default_factory=list[Entry])

    def found(self, mode: str) -> Iterator[Raw]:
        """The resources that are here for this reason: `match`, `include` or `outcome`."""
        for entry in self.entry:
            if entry.resource is not None and (entry.search.mode if entry.search else "match") == mode:
                yield entry.resource


async def fetch(http: Http, path: str, params: list[tuple[str, Any]], cursor: str | None) -> tuple[Bundle, str | None]:
    """One page of what lies at `path`, and the cursor of the next. A cursor brings parameters of its own."""
    if cursor:
        path, params = _place(cursor, path)
    bundle = await http.get(path, params=params, headers=ACCEPT, returns=Bundle)
    return bundle, cursor_of(bundle, str(http.config.get("base_url", "")), path)


def cursor_of(bundle: Bundle, base_url: str, path: str) -> str | None:
    """The next page's place below the base URL; None where there is none.

    The server chose the link: it is followed only on the integration's own base URL, and there to the same path or to the base
    itself. Raises `Unavailable` for any other.
    """
    link = next((each.url for each in bundle.link if each.relation == "next"), None)
    if link is None:
        return None
    base = base_url.rstrip("/")
    try:
        parts, own = urlsplit(urljoin(f"{base}{path}" if link.startswith("?") else f"{base}/", link)), urlsplit(base)
        same = _origin(parts) == _origin(own)
    except ValueError:
        raise _elsewhere() from None
    below = parts.path.removeprefix(own.path) if parts.path.startswith(own.path) else None
    if not same or parts.username or below not in ("", "/", path) or not parts.query:
        raise _elsewhere()
    cursor = f"{path if below == path else '/'}?{parts.query}"
    if len(cursor) > MAX_CURSOR:
        raise Unavailable("The server's link to the next page is too long")
    return cursor


def _place(cursor: str, path: str) -> tuple[str, list[tuple[str, Any]]]:
    """A cursor as path and parameters. Raises `Rejected` for one that is not of this call."""
    where, mark, query = cursor.partition("?")
    if where not in ("/", path) or not mark or len(cursor) > MAX_CURSOR:
        raise Rejected("This cursor is not one of this call: give `next` of the page before, and the rest as it was")
    return where, list(parse_qsl(query, keep_blank_values=True))


def _origin(parts: Any) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


def _elsewhere() -> Unavailable:
    return Unavailable(
        "The server's link to the next page leads away from the integration's base URL, and is not followed: give the base URL "
        "as the server itself writes it"
    )
