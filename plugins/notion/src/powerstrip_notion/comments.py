"""Comments. Source: developers.notion.com/reference/create-a-comment and /reference/list-comments."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from powerstrip.adapter import Http, Model, NoPick
from powerstrip_notion.databases import Cursor, Limit
from powerstrip_notion.provider import PageRef, get, id_of, notion, post
from powerstrip_notion.text import Piece, plain, rich

Discussion = Annotated[
    str, NoPick("comment.list tells it"), Field(max_length=100, examples=["f4be6752-a539-4da2-a8a9-c3953e13bc0b"])
]


class NewComment(Model):
    """A comment to make."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"page": "59833787-2cf9-4fdf-8782-e53db20768a5", "text": "Seen."}]})

    page: PageRef | None = None
    discussion: Discussion | None = Field(None, description="The discussion that it goes on with, in place of a page.")
    text: str = Field(min_length=1, max_length=20_000, examples=["Seen."])
    """What it says."""

    @model_validator(mode="after")
    def _somewhere(self) -> "NewComment":
        if bool(self.page) == bool(self.discussion):
            raise ValueError("name a page, or a discussion")
        return self


class _By(Model):
    id: str


class _Comment(Model):
    id: str
    discussion_id: str
    created_time: datetime
    created_by: _By | None = None
    rich_text: list[Piece] = Field(default_factory=list[Piece])


class Comment(Model):
    """A comment."""

    id: str
    discussion: str
    text: str = ""
    author: str | None = Field(None, description="A user's id.")
    created_at: datetime


def _public(raw: _Comment) -> Comment:
    author = raw.created_by.id if raw.created_by else None
    return Comment(id=raw.id, discussion=raw.discussion_id, text=plain(raw.rich_text), author=author, created_at=raw.created_time)


@notion.action("comment.create", title="Comment on a page")
async def create_comment(http: Http, new: NewComment) -> Comment:
    """Comment on a page, or go on with a discussion."""
    body: dict[str, Any] = {"rich_text": rich(new.text)}
    body |= {"parent": {"page_id": id_of(new.page)}} if new.page else {"discussion_id": new.discussion}
    return _public(await post(http, "/comments", body, _Comment))


class CommentList(Model):
    """Whose comments."""

    page: PageRef
    limit: Limit = 50
    cursor: Cursor | None = None


class Comments(Model):
    """A page of comments, the oldest first."""

    comments: list[Comment]
    next: str | None = None


class _Comments(Model):
    results: list[_Comment] = Field(default_factory=list[_Comment])
    next_cursor: str | None = None


@notion.action("comment.list", title="List comments", read_only=True)
async def list_comments(http: Http, which: CommentList) -> Comments:
    """Read the open comments on a page."""
    page = id_of(which.page)
    found = await get(http, "/comments", _Comments, block_id=page, page_size=which.limit, start_cursor=which.cursor)
    return Comments(comments=[_public(each) for each in found.results], next=found.next_cursor)
