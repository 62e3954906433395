"""What GitHub tells, and the webhooks of a repository.

Sources: docs.github.com/en/webhooks/webhook-events-and-payloads and docs.github.com/en/rest/repos/webhooks. The kind of an
event is in a header and its action in the body: the hub keeps both, the kind as `event`.
"""

from typing import Any, Literal

from pydantic import ConfigDict, Field, RootModel

from powerstrip.adapter import (
    Delivery,
    Http,
    Incoming,
    Model,
    Registration,
    Rejected,
    Subscription,
    Wish,
    already_gone,
    segment,
    variant,
)
from powerstrip.adapter.signatures import github_signature
from powerstrip_github.provider import Repo, github, repo_path


class _Repository(Model):
    id: int
    full_name: str = Field(examples=["octo-org/hello-world"])
    html_url: str = ""


class _Actor(Model):
    login: str = Field(examples=["octocat"])


class _Event(Model):
    model_config = ConfigDict(extra="allow")

    repository: _Repository
    sender: _Actor | None = None


class _Subject(Model):
    model_config = ConfigDict(extra="allow")

    html_url: str = ""


class _Numbered(_Subject):
    number: int = Field(examples=[1])
    title: str = ""


class _Open(_Numbered):
    merged: Literal[False] = False


class _Merged(_Numbered):
    merged: Literal[True]


class _Concluded(_Subject):
    name: str | None = None
    conclusion: str | None = Field(None, examples=["success"])


EVENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "pull_request.opened": ("Somebody opened a pull request.", {"action": "opened", "pull_request": _Numbered}),
    "pull_request.merged": ("A pull request was merged.", {"action": "closed", "pull_request": _Merged}),
    "pull_request.closed": ("A pull request was closed and not merged.", {"action": "closed", "pull_request": _Open}),
    "issues.opened": ("Somebody opened an issue.", {"action": "opened", "issue": _Numbered}),
    "issues.closed": ("An issue was closed.", {"action": "closed", "issue": _Numbered}),
    "issues.labeled": ("A label was put on an issue.", {"action": "labeled", "issue": _Numbered}),
    "issue_comment.created": ("Somebody commented on an issue.", {"action": "created", "issue": _Numbered, "comment": _Subject}),
    "release.published": ("A release was published.", {"action": "published", "release": _Subject}),
    "workflow_run.completed": ("A workflow ended.", {"action": "completed", "workflow_run": _Concluded}),
    "check_run.completed": ("A check ended.", {"action": "completed", "check_run": _Concluded}),
}
"""Event id → what it says, and what the body holds: the action's word, and models of the parts."""


@github.event("push")
class Push(_Event):
    """Commits were pushed to a branch, or a branch or tag was made or removed."""

    event: Literal["push"]
    ref: str = Field(examples=["refs/heads/main"])
    before: str
    after: str
    deleted: bool = False


def _declare(id: str, words: str, parts: dict[str, Any]) -> None:
    """Register the event's model: the kind and the action are its words."""
    fixed = {"event": id.partition(".")[0], "action": parts["action"]}
    models = {name: model for name, model in parts.items() if name != "action"}
    github.event(id)(variant(_Event, id, words, fixed, models))


for _id, (_words, _parts) in EVENTS.items():
    _declare(_id, _words, _parts)


@github.webhook(verify=github_signature())
def receive(delivery: Delivery) -> Incoming:
    """One event a delivery, known by GitHub's delivery id. The sending app's installation is not told apart."""
    kind, key = delivery.headers.get("x-github-event", ""), delivery.headers.get("x-github-delivery")
    if not kind or not key:
        raise Rejected("This is not a delivery of GitHub")
    form = delivery.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    body = Delivery(delivery.form().get("payload", "").encode()).json() if form else delivery.json()
    if not isinstance(body, dict):
        raise Rejected("This is not a delivery of GitHub")
    return Incoming(data={**body, "event": kind}, key=key)  # pyright: ignore[reportUnknownArgumentType]


class Watched(Model):
    """Which repository to hear."""

    repo: Repo


class _Hook(Model):
    class Target(Model):
        url: str = ""

    id: int
    events: list[str] = Field(examples=[["push"]])
    active: bool = True
    config: Target


class _Hooks(RootModel[list[_Hook]]):
    pass


def _kinds(events: tuple[str, ...]) -> list[str]:
    """GitHub's own names of the wished events: it tells every action of a kind."""
    return sorted({event.partition(".")[0] for event in events})


@github.subscription
class Hooks(Subscription[Watched]):
    """A repository's webhooks. The credential needs to administer the repository's hooks."""

    watch = Watched

    async def list(self, http: Http, watch: Watched) -> list[Registration]:
        """The first hundred: GitHub allows twenty of each event."""
        hooks = await http.get(repo_path(watch.repo, "/hooks"), params={"per_page": 100}, returns=_Hooks)
        return [self._registration(each) for each in hooks.root]

    async def create(self, http: Http, wish: Wish[Watched]) -> Registration:
        config = {"url": wish.url, "content_type": "json", "secret": wish.secret}
        body = {"name": "web", "active": True, "events": _kinds(wish.events), "config": config}
        return self._registration(await http.post(repo_path(wish.watch.repo, "/hooks"), json=body, returns=_Hook))

    async def change(self, http: Http, found: Registration, wish: Wish[Watched]) -> Registration:
        path = repo_path(wish.watch.repo, f"/hooks/{segment(found.id)}")
        config = {"url": wish.url, "content_type": "json", "secret": wish.secret}
        body = {"active": True, "events": _kinds(wish.events), "config": config}
        return self._registration(await http.patch(path, json=body, returns=_Hook))

    async def delete(self, http: Http, found: Registration, watch: Watched) -> None:
        with already_gone():
            await http.send("DELETE", repo_path(watch.repo, f"/hooks/{segment(found.id)}"))

    def _registration(self, hook: _Hook) -> Registration:
        told = tuple(name for name in github.events if name.partition(".")[0] in hook.events or "*" in hook.events)
        return Registration(str(hook.id), hook.config.url, told, hook.active)
