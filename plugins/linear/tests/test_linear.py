import json
from typing import Any

import pytest

from powerstrip.adapter import AuthFailed, Delivery, Query, RateLimited, Registration, Rejected, Response, Unavailable, Wish
from powerstrip.adapter.testing import check, provider
from powerstrip_linear import linear
from powerstrip_linear.actions import (
    IssueChange,
    IssueRef,
    NewComment,
    NewIssue,
    NewProject,
    Search,
    create_comment,
    create_issue,
    create_project,
    get_issue,
    issues,
    labels,
    projects,
    search_issues,
    states,
    teams,
    update_issue,
    users,
)
from powerstrip_linear.events import EVENTS, Watched, receive

test_contract = check(linear)

TEAM = "11111111-1111-4111-8111-111111111111"
STATE = "22222222-2222-4222-8222-222222222222"
ISSUE = {
    "id": "33333333-3333-4333-8333-333333333333",
    "identifier": "ENG-1",
    "title": "Broken",
    "url": "https://linear.app/acme/issue/ENG-1",
    "createdAt": "2026-01-01T00:00:00Z",
    "team": {"id": TEAM, "name": "Engineering"},
}


def answering(*answers: Any) -> Any:
    """Linear, which gives these answers one after the other."""
    left = [*answers]
    return provider(linear, {"POST /graphql": lambda request: left.pop(0)})


def asked(http: Any, number: int = 0) -> dict[str, Any]:
    return json.loads(http.sent[number].body)


def found(*nodes: dict[str, Any], more: str | None = None) -> Any:
    return {"data": {"found": {"nodes": [*nodes], "pageInfo": {"hasNextPage": bool(more), "endCursor": more}}}}


async def test_words_are_looked_up_and_ids_are_not() -> None:
    made = {"data": {"result": {"success": True, "issue": ISSUE}}}
    http = answering(found({"id": TEAM, "name": "Engineering"}), found({"id": STATE, "name": "Todo"}), made)
    issue = await create_issue(http, NewIssue(team="eng", title="Broken", state="todo", priority=1))
    assert issue.identifier == "ENG-1"
    assert asked(http, 1)["variables"]["filter"] == {"name": {"eqIgnoreCase": "todo"}, "team": {"id": {"eq": TEAM}}}
    assert asked(http, 2)["variables"]["input"] == {"teamId": TEAM, "title": "Broken", "priority": 1, "stateId": STATE}
    http = answering(made)
    await create_issue(http, NewIssue(team=TEAM, title="Broken"))
    assert len(http.sent) == 1


@pytest.mark.parametrize("nodes", [[], [{"id": TEAM, "name": "A"}, {"id": STATE, "name": "B"}]])
async def test_words_that_fit_nothing_or_two_things_are_refused(nodes: list[dict[str, str]]) -> None:
    http = answering(found(*nodes))
    with pytest.raises(Rejected, match="team fits"):
        await create_issue(http, NewIssue(team="eng", title="x"))
    assert len(http.sent) == 1


async def test_a_state_by_name_is_looked_for_in_the_issues_team() -> None:
    updated = {"data": {"result": {"success": True, "issue": ISSUE}}}
    http = answering({"data": {"issue": ISSUE}}, found({"id": STATE, "name": "Done"}), updated)
    await update_issue(http, IssueChange(issue="ENG-1", state="Done"))
    assert asked(http, 2)["variables"] == {"id": "ENG-1", "input": {"stateId": STATE}}


async def test_an_issue_is_read_by_its_number() -> None:
    http = answering({"data": {"issue": ISSUE}})
    assert (await get_issue(http, IssueRef(issue="ENG-1"))).title == "Broken"
    assert asked(http)["variables"] == {"id": "ENG-1"}


async def test_a_search_pages() -> None:
    result = {"nodes": [ISSUE], "pageInfo": {"hasNextPage": True, "endCursor": "c2"}}
    http = answering({"data": {"result": result}})
    page = await search_issues(http, Search(query="broken", cursor="c1"))
    assert (page.next, asked(http)["variables"]) == ("c2", {"term": "broken", "first": 25, "after": "c1"})


async def test_comments_and_projects() -> None:
    http = answering({"data": {"result": {"comment": {"id": "c", "body": "Hi", "url": "u"}}}})
    assert (await create_comment(http, NewComment(issue="ENG-1", body="Hi"))).id == "c"
    http = answering({"data": {"result": {"project": {"id": "p", "name": "Launch", "url": "u"}}}})
    assert (await create_project(http, NewProject(name="Launch", team=TEAM))).name == "Launch"
    assert asked(http)["variables"]["input"] == {"name": "Launch", "teamIds": [TEAM]}


async def test_choices() -> None:
    http = answering(found({"id": TEAM, "name": "Engineering", "key": "ENG"}, more="c2"))
    page = await teams(http, Query(cursor="c1"))
    assert (page.choices[0].value, page.choices[0].detail, page.next) == (TEAM, "ENG", "c2")
    http = answering(found({"id": STATE, "name": "Todo"}))
    assert (await states(http, Query(values={"team": TEAM}))).choices[0].label == "Todo"
    assert asked(http)["variables"]["team"] == TEAM
    assert "$team: ID" in asked(http)["query"]


@pytest.mark.parametrize(
    ("status", "extensions", "kind"),
    [
        (200, {"code": "AUTHENTICATION_ERROR"}, AuthFailed),
        (401, {}, AuthFailed),
        (400, {"code": "RATELIMITED"}, RateLimited),
        (200, {"code": "INTERNAL_ERROR"}, Unavailable),
        (200, {"code": "INVALID_INPUT", "userPresentableMessage": "Entity not found"}, Rejected),
        (403, {"type": "forbidden"}, Rejected),
    ],
)
async def test_linears_no_comes_with_any_status(status: int, extensions: dict[str, str], kind: type[Exception]) -> None:
    body = json.dumps({"errors": [{"message": "Entity not found", "extensions": extensions}]}).encode()
    http = answering(Response(status, {"content-type": "application/json"}, body))
    with pytest.raises(kind, match="Entity not found"):
        await get_issue(http, IssueRef(issue="ENG-9"))


@pytest.mark.parametrize("name", [*EVENTS])
def test_every_event_is_told_by_type_and_action(name: str) -> None:
    _, kind, action = EVENTS[name]
    body = {"type": kind, "action": action, "data": {"id": "i1"}, "organizationId": "o1", "webhookTimestamp": 1}
    incoming = receive(Delivery(json.dumps(body).encode(), {"linear-delivery": "d1"}))
    assert (linear.name_event(incoming.data), incoming.key, incoming.account) == (name, "d1", "o1")


def test_another_action_is_kept_without_a_name() -> None:
    body = {"type": "Cycle", "action": "create", "data": {"id": "i1"}}
    assert linear.name_event(receive(Delivery(json.dumps(body).encode())).data) is None


@pytest.mark.parametrize("body", [b"[]", b"{}", b"x", b'{"type":"Issue","action":"create"}'])
def test_what_is_no_delivery_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(body))


async def test_the_webhook() -> None:
    url, hooks = "https://hub.example.com/v1/hooks/ep_1", linear.subscribes
    hook = {"id": "w1", "url": url, "enabled": True, "resourceTypes": ["Issue"]}
    gone = Response(200, {"content-type": "application/json"}, b'{"errors": [{"message": "Entity not found"}]}')
    made = {"data": {"result": {"webhook": hook}}}
    http = answering({"data": {"found": {"nodes": [hook]}}}, made, made, gone)
    assert hooks is not None
    assert (await hooks.list(http, Watched()))[0].events == ("issue.created", "issue.updated", "issue.removed")
    wish = Wish(url, ("issue.created", "comment.created"), Watched(team=TEAM), "<secret>")
    await hooks.create(http, wish)
    given = {"url": url, "resourceTypes": ["Comment", "Issue"], "secret": "<secret>", "teamId": TEAM}
    assert asked(http, 1)["variables"]["input"] == given
    await hooks.change(http, Registration("w1", url, ()), wish)
    assert asked(http, 2)["variables"]["id"] == "w1"
    await hooks.delete(http, Registration("w1", url, ()), Watched())


@pytest.mark.parametrize(
    ("picker", "node", "choice"),
    [
        (labels, {"id": STATE, "name": "Bug"}, (STATE, "Bug", "")),
        (users, {"id": STATE, "name": "Ada", "email": "ada@example.com"}, (STATE, "Ada", "ada@example.com")),
        (projects, {"id": STATE, "name": "Launch"}, (STATE, "Launch", "")),
        (issues, {"id": STATE, "identifier": "ENG-1", "title": "Broken"}, ("ENG-1", "Broken", "")),
    ],
)
async def test_what_there_is_to_choose_from(picker: Any, node: dict[str, str], choice: tuple[str, str, str]) -> None:
    http = answering(found(node, more="c2"), found(node))
    page = await picker(http, Query())
    assert [(each.value, each.label, each.detail) for each in page.choices] == [choice]
    assert (await picker(http, Query(cursor=page.next))).next is None
    assert [asked(http, number)["variables"].get("after") for number in (0, 1)] == [None, "c2"]
