"""What Jira tells. Source: developer.atlassian.com/cloud/jira/platform/webhooks.

An admin makes the webhook in Jira: its REST API makes webhooks for apps alone, which cannot be signed with a secret.
"""

from typing import Any

from pydantic import ConfigDict, Field

from powerstrip.adapter import Delivery, Incoming, Model, Rejected, variant
from powerstrip.adapter.signatures import jira_signature
from powerstrip_jira.provider import jira


class _Thing(Model):
    model_config = ConfigDict(extra="allow")

    id: str
    key: str = ""
    fields: dict[str, Any] = Field(default_factory=dict, examples=[{"summary": "Broken"}])


class _Event(Model):
    model_config = ConfigDict(extra="allow")

    timestamp: int
    issue: _Thing


EVENTS = {
    "issue.created": ("jira:issue_created", "Somebody created an issue."),
    "issue.updated": ("jira:issue_updated", "An issue changed; `changelog` says what."),
    "issue.deleted": ("jira:issue_deleted", "An issue was deleted."),
    "comment.created": ("comment_created", "Somebody commented on an issue."),
}
"""Event id → Jira's word, and what it says."""

for _id, (_word, _words) in EVENTS.items():
    _model = variant(_Event, _id, _words, {"webhookEvent": _word})
    if _id.startswith("issue."):
        _change = "deleted" if _id.endswith("deleted") else "upserted"
        jira.event(_id, entity="jira.issue", key="issue.id", change=_change)(_model)
    else:
        jira.event(_id)(_model)


@jira.webhook(verify=jira_signature())
def receive(delivery: Delivery) -> Incoming:
    """One event a delivery; a repeat has the same identifier."""
    match delivery.json():
        case {"webhookEvent": str()} as event:
            return Incoming(event, delivery.headers.get("x-atlassian-webhook-identifier"))
        case _:
            raise Rejected("This is not a delivery of Jira")
