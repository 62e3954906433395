"""Webhooks to others: who is told of what, tests, secrets, deliveries."""

from typing import Any

from litestar.params import FromPath, FromQuery, JSONBody

from powerstrip.access import TagFilter
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, Cursor, Limit, Tag, route
from powerstrip.api.shapes.base import listed
from powerstrip.api.shapes.webhooks import (
    CreateWebhookRequest,
    PingWebhookRequest,
    PingWebhookResult,
    RotateSecretRequest,
    RotateSecretResult,
    UpdateWebhookRequest,
    Webhook,
    WebhookDeliveryListResponse,
    WebhookDeliveryRecord,
    WebhookListResponse,
)
from powerstrip.outbound import NewWebhook, WebhookChanges

TAG = "webhooks"
WEBHOOKS = f"{PROJECT}/webhooks"
WEBHOOK = f"{WEBHOOKS}/{{id:str}}"
VIEW, MANAGE = "webhooks.view", "webhooks.manage"


@route("GET", WEBHOOKS, VIEW, id="listWebhooks", tag=TAG, summary="List webhooks")
async def list_webhooks(
    visit: GivenVisit,
    hub: GivenHub,
    enabled: FromQuery[bool | None] = None,
    tag: Tag = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> WebhookListResponse:
    """Newest first. Secrets are never in it."""
    tags = TagFilter.read(tag or ())

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.outbound.webhooks.list(visit.project.id, enabled=enabled, tags=tags, after=after, limit=wanted)

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    return WebhookListResponse(**listed([Webhook.of(row) for row in page.rows], page.next_cursor))


@route("POST", WEBHOOKS, MANAGE, id="createWebhook", tag=TAG, summary="Create a webhook", status=201)
async def create_webhook(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateWebhookRequest]) -> Webhook:
    """The signing secret is in the answer, this once."""
    new = NewWebhook(data.name, data.url, data.events, data.enabled, data.tags)
    return Webhook.issued(await hub.outbound.webhooks.create(visit.project, visit.actor, new))


@route("GET", WEBHOOK, VIEW, id="getWebhook", tag=TAG, summary="Get a webhook")
async def get_webhook(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Webhook:
    """Its secret is never in it."""
    return Webhook.of(await hub.outbound.webhooks.get(visit.project.id, id))


@route("PATCH", WEBHOOK, MANAGE, id="updateWebhook", tag=TAG, summary="Update a webhook")
async def update_webhook(visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[UpdateWebhookRequest]) -> Webhook:
    """Switching it off ends the deliveries that wait."""
    changes = WebhookChanges(data.name, data.url, data.events, data.enabled, data.tags)
    return Webhook.of(await hub.outbound.webhooks.update(visit.project.id, visit.actor, id, changes))


@route("DELETE", WEBHOOK, MANAGE, id="deleteWebhook", tag=TAG, summary="Delete a webhook", status=204)
async def delete_webhook(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> None:
    """With its secrets and deliveries, for good."""
    await hub.outbound.webhooks.delete(visit.project.id, visit.actor, id)


@route(
    "POST",
    f"{WEBHOOK}/secret/rotate",
    MANAGE,
    id="rotateWebhookSecret",
    tag=TAG,
    summary="Replace the signing secret",
    bodiless=True,
)
async def rotate_webhook_secret(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[RotateSecretRequest]
) -> RotateSecretResult:
    """Both sign for the overlap (a day where none is named); then the old one stops."""
    return RotateSecretResult.of(await hub.outbound.webhooks.rotate(visit.project.id, visit.actor, id, data.overlap_seconds))


@route("POST", f"{WEBHOOK}/ping", MANAGE, id="pingWebhook", tag=TAG, summary="Test a webhook", bodiless=True)
async def ping_webhook(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[PingWebhookRequest]
) -> PingWebhookResult:
    """One signed delivery of type `ping`, to its address or to the one given. It is not tried again."""
    return PingWebhookResult.of(await hub.outbound.webhooks.ping(visit.project, visit.actor, id, data.url))


@route("GET", f"{WEBHOOK}/deliveries", VIEW, id="listWebhookDeliveries", tag=TAG, summary="List a webhook's deliveries")
async def list_webhook_deliveries(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], limit: Limit = 50, cursor: Cursor = None
) -> WebhookDeliveryListResponse:
    """Newest first. What the target answered is told to those who may change the webhook."""
    edits = visit.identity.may(MANAGE, visit.project.id)

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.outbound.webhooks.deliveries(visit.project.id, id, after=after, limit=wanted)

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    rows = [WebhookDeliveryRecord.of(row, edits=edits) for row in page.rows]
    return WebhookDeliveryListResponse(**listed(rows, page.next_cursor))


@route(
    "POST",
    f"{WEBHOOK}/deliveries/{{delivery_id:str}}/resend",
    MANAGE,
    id="resendWebhookDelivery",
    tag=TAG,
    summary="Resend a delivery",
)
async def resend_webhook_delivery(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], delivery_id: FromPath[str]
) -> WebhookDeliveryRecord:
    """Once more under the same id, whatever became of it."""
    row = await hub.outbound.webhooks.resend(visit.project.id, visit.actor, id, delivery_id)
    return WebhookDeliveryRecord.of(row, edits=True)


HANDLERS = [
    list_webhooks,
    create_webhook,
    get_webhook,
    update_webhook,
    delete_webhook,
    rotate_webhook_secret,
    ping_webhook,
    list_webhook_deliveries,
    resend_webhook_delivery,
]
