"""What Notion tells. Source: developers.notion.com/reference/webhooks and /reference/webhooks-events-delivery.

A subscription is made at Notion by hand. Its first delivery hands over the verification token, which is then confirmed there.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from powerstrip.adapter import Delivery, Incoming, Model, Rejected
from powerstrip.adapter.signatures import notion_signature
from powerstrip_notion.pages import Page
from powerstrip_notion.provider import notion


class Thing(Model):
    """What an event is about."""

    id: str
    type: str = Field(examples=["page"])


class Author(Model):
    """Who did it."""

    id: str
    type: str = Field(examples=["person"])


class _Event(Model):
    model_config = ConfigDict(extra="allow")

    type: str
    timestamp: datetime
    workspace_id: str | None = None
    entity: Thing
    authors: list[Author] = Field(default_factory=list[Author])
    data: dict[str, Any] = Field(default_factory=dict, examples=[{"parent": {"id": "13950b26-c203-4f3b-b97d-93ec06319565"}}])
    """What Notion says of it; it names what changed, and not how."""
    page: Page | None = None
    """The page as it is, where it was found by looking."""


@notion.event("page.created", entity="page", key="entity.id")
class PageCreated(_Event):
    """A page was made."""

    type: Literal["page.created"]  # pyright: ignore[reportIncompatibleVariableOverride]


@notion.event("page.updated", entity="page", key="entity.id")
class PageUpdated(_Event):
    """A page's content or properties changed, or it was moved, locked or taken out of the trash."""

    type: Literal[  # pyright: ignore[reportIncompatibleVariableOverride]
        "page.content_updated",
        "page.properties_updated",
        "page.moved",
        "page.locked",
        "page.unlocked",
        "page.undeleted",
    ]


@notion.event("page.deleted", entity="page", key="entity.id")
class PageDeleted(_Event):
    """A page was put into the trash."""

    type: Literal["page.deleted"]  # pyright: ignore[reportIncompatibleVariableOverride]


@notion.event("database.updated", entity="database", key="entity.id")
class DatabaseUpdated(_Event):
    """A database was made, moved or taken out of the trash, or its properties or its list of pages changed."""

    type: Literal[  # pyright: ignore[reportIncompatibleVariableOverride]
        "database.content_updated",
        "database.schema_updated",
        "database.created",
        "database.moved",
        "database.undeleted",
        "data_source.content_updated",
        "data_source.schema_updated",
        "data_source.created",
        "data_source.moved",
        "data_source.undeleted",
    ]


@notion.event("database.deleted", entity="database", key="entity.id")
class DatabaseDeleted(_Event):
    """A database was put into the trash."""

    type: Literal["database.deleted", "data_source.deleted"]  # pyright: ignore[reportIncompatibleVariableOverride]


@notion.event("comment.created", entity="comment", key="entity.id")
class CommentCreated(_Event):
    """Somebody commented."""

    type: Literal["comment.created"]  # pyright: ignore[reportIncompatibleVariableOverride]


@notion.webhook(verify=notion_signature())
def receive(delivery: Delivery) -> Incoming | list[Incoming]:
    """One event a delivery, repeated with the same id. The token that is handed over once more says nothing new."""
    match delivery.json():
        case {"id": str(key), "type": str(), "entity": {"id": str()}} as event:
            workspace = event.get("workspace_id")
            return Incoming(event, key, workspace if isinstance(workspace, str) else None)
        case {"verification_token": str()}:
            return []
        case _:
            raise Rejected("This is no event of Notion")
