"""Data sources: what holds a database's pages. Source: developers.notion.com/reference/data-source."""

from pydantic import Field

from powerstrip.adapter import Http, Model, Rejected, segment
from powerstrip_notion.properties import Property
from powerstrip_notion.provider import get, id_of
from powerstrip_notion.text import Piece, plain


class Source(Model):
    """A data source with the properties that its pages have."""

    id: str
    title: list[Piece] = Field(default_factory=list[Piece])
    url: str = Field("", examples=["https://www.notion.so/b55c9c91384d452b81dbd1ef79372b75"])
    properties: dict[str, Property] = Field(
        default_factory=dict[str, Property],
        examples=[{"Name": {"id": "title", "type": "title"}, "Status": {"id": "s", "type": "select"}}],
    )

    @property
    def name(self) -> str:
        """What it is called."""
        return plain(self.title)


class _Database(Model):
    class Row(Model):
        id: str

    data_sources: list[Row] = Field(default_factory=list[Row])


async def source_of(http: Http, database: str) -> Source:
    """The data source with this id or, of a database with it, the first one. Raises `Rejected` where there is neither."""
    wanted = segment(id_of(database))
    try:
        return await get(http, f"/data_sources/{wanted}", Source)
    except Rejected as error:
        if error.status not in (400, 404):
            raise
        found = await _database(http, wanted, error)
    if not found.data_sources:
        raise Rejected("The database has no data source that is shared with this integration")
    return await get(http, f"/data_sources/{segment(found.data_sources[0].id)}", Source)


async def _database(http: Http, id: str, first: Rejected) -> _Database:
    """A database; what was said of the data source is told where there is none either."""
    try:
        return await get(http, f"/databases/{id}", _Database)
    except Rejected as error:
        raise (error if error.status == 404 else first) from None
