"""What Linear tells, and its webhooks. Source: linear.app/developers/webhooks and the published GraphQL schema."""

from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from powerstrip.adapter import Delivery, Http, Incoming, Model, Pick, Registration, Rejected, Subscription, Wish, variant
from powerstrip.adapter.signatures import linear_signature
from powerstrip_linear.provider import ask, linear


class Subject(Model):
    """The thing as it is after the event."""

    model_config = ConfigDict(extra="allow")

    id: str


class _Event(Model):
    model_config = ConfigDict(extra="allow")

    data: Subject
    url: str = Field("", examples=["https://linear.app/acme/issue/ENG-1"])
    organizationId: str = ""  # noqa: N815 - Linear's own spelling
    updatedFrom: dict[str, Any] | None = None  # noqa: N815 - Linear's own spelling
    """What changed, as it was before."""


EVENTS = {
    "issue.created": ("Somebody created an issue.", "Issue", "create"),
    "issue.updated": ("An issue changed; `updatedFrom` says what.", "Issue", "update"),
    "issue.removed": ("An issue was deleted.", "Issue", "remove"),
    "comment.created": ("Somebody commented on an issue.", "Comment", "create"),
    "project.updated": ("A project changed.", "Project", "update"),
}
"""Event id → what it says, Linear's type and its action."""


def _declare(id: str, words: str, kind: str, action: str) -> None:
    model = variant(_Event, id, words, {"type": kind, "action": action})
    if kind == "Issue":
        linear.event(id, entity="linear.issue", key="data.id", change="deleted" if action == "remove" else "upserted")(model)
    else:
        linear.event(id)(model)


for _id, (_words, _kind, _action) in EVENTS.items():
    _declare(_id, _words, _kind, _action)


@linear.webhook(verify=linear_signature())
def receive(delivery: Delivery) -> Incoming:
    """One event a delivery, known by Linear's delivery id; the workspace says whose it is."""
    match delivery.json():
        case {"action": str(), "type": str(), "data": {}} as event:
            owner = event.get("organizationId")
            return Incoming(event, delivery.headers.get("linear-delivery"), owner if isinstance(owner, str) else None)
        case _:
            raise Rejected("This is not a delivery of Linear")


class Watched(Model):
    """Which team to hear; all public ones where none is named."""

    team: Annotated[str, Pick("team")] | None = Field(None, description="The team's id.")


class _Hook(Model):
    id: str
    url: str | None = None
    enabled: bool = True
    resourceTypes: list[str] = Field(default_factory=list)  # noqa: N815 - Linear's own spelling

    def registration(self) -> Registration:
        told = tuple(name for name, (_, kind, _) in EVENTS.items() if kind in self.resourceTypes)
        return Registration(self.id, self.url or "", told, self.enabled)


class _Hooks(Model):
    class Data(Model):
        class Found(Model):
            nodes: list[_Hook]

        found: Found

    data: Data


class _Made(Model):
    class Data(Model):
        class Result(Model):
            webhook: _Hook

        result: Result

    data: Data


def _kinds(wish: Wish[Watched]) -> list[str]:
    return sorted({EVENTS[event][1] for event in wish.events if event in EVENTS})


@linear.subscription
class Hooks(Subscription[Watched]):
    """Linear's webhooks. Only an admin of the workspace may make them."""

    watch: ClassVar[type[Model]] = Watched

    async def list(self, http: Http, watch: Watched) -> list[Registration]:
        """The first 250."""
        query = "query { found: webhooks(first: 250) { nodes { id url enabled resourceTypes } } }"
        return [each.registration() for each in (await ask(http, query, _Hooks)).data.found.nodes]

    async def create(self, http: Http, wish: Wish[Watched]) -> Registration:
        scope: dict[str, Any] = {"teamId": wish.watch.team} if wish.watch.team else {"allPublicTeams": True}
        given = {"url": wish.url, "resourceTypes": _kinds(wish), "secret": wish.secret, **scope}
        return await self._change(http, "webhookCreate", "WebhookCreateInput", given)

    async def change(self, http: Http, found: Registration, wish: Wish[Watched]) -> Registration:
        given = {"url": wish.url, "resourceTypes": _kinds(wish), "secret": wish.secret, "enabled": True}
        return await self._change(http, "webhookUpdate", "WebhookUpdateInput", given, found.id)

    async def delete(self, http: Http, found: Registration, watch: Watched) -> None:
        try:
            await ask(http, "mutation($id: String!) { webhookDelete(id: $id) { success } }", Model, id=found.id)
        except Rejected as error:
            if "not found" not in error.message.lower():
                raise

    async def _change(self, http: Http, name: str, kind: str, given: dict[str, Any], id: str | None = None) -> Registration:
        ids = ("$id: String!, ", "id: $id, ") if id else ("", "")
        query = f"""mutation({ids[0]}$input: {kind}!) {{
            result: {name}({ids[1]}input: $input) {{ success webhook {{ id url enabled resourceTypes }} }} }}"""
        return (await ask(http, query, _Made, id=id, input=given)).data.result.webhook.registration()
