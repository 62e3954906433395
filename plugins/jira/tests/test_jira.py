import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Delivery, Query, RateLimited, Rejected, Response
from powerstrip.adapter.testing import check, provider
from powerstrip_jira import jira
from powerstrip_jira.actions import (
    Assignment,
    IssueChange,
    NewComment,
    NewIssue,
    Search,
    Transition,
    WorkLog,
    assign,
    comment,
    create_issue,
    issue_types,
    issues,
    log_work,
    projects,
    search_issues,
    transition,
    transitions,
    update_issue,
    users,
)
from powerstrip_jira.events import EVENTS, receive
from powerstrip_jira.provider import Settings, account, document

test_contract = check(jira)

SITE = {"site": "acme.atlassian.net", "email": "ada@example.com"}
EMPTY = Response(204)


def body(http: Any, number: int = 0) -> Any:
    return json.loads(http.sent[number].body)


async def test_an_issue_is_spelled_as_jira_reads_it() -> None:
    ada = [{"accountId": "acc-1", "displayName": "Ada"}]
    http = provider(jira, {"POST /issue": (201, {"id": "1", "key": "OPS-1"}), "GET /user/search": ada}, SITE)
    new = NewIssue(
        project="OPS", issue_type="Bug", title="Broken", body="One\nline\n\nTwo", assignee="ada@example.com", parent="OPS-9"
    )
    assert (await create_issue(http, new)).key == "OPS-1"
    assert body(http, 1) == {
        "fields": {
            "project": {"key": "OPS"},
            "issuetype": {"name": "Bug"},
            "summary": "Broken",
            "description": document("One\nline\n\nTwo"),
            "assignee": {"accountId": "acc-1"},
            "parent": {"key": "OPS-9"},
        }
    }


def test_text_becomes_a_document() -> None:
    assert document("One\nline\n\n\n\nTwo\n") == {
        "type": "doc",
        "version": 1,
        "content": [
            {
                "type": "paragraph",
                "content": [{"type": "text", "text": "One"}, {"type": "hardBreak"}, {"type": "text", "text": "line"}],
            },
            {"type": "paragraph", "content": [{"type": "text", "text": "Two"}]},
        ],
    }
    assert document("")["content"] == []


@pytest.mark.parametrize("found", [[], [{"accountId": "a"}, {"accountId": "b"}]])
async def test_an_address_that_is_nobodys_or_two_peoples_is_refused(found: Any) -> None:
    http = provider(jira, {"GET /user/search": found}, SITE)
    with pytest.raises(Rejected, match="account id"):
        await assign(http, Assignment(issue="OPS-1", assignee="ada@example.com"))


async def test_an_issue_is_changed_and_given_away() -> None:
    http = provider(jira, {"PUT /issue/OPS-1": EMPTY, "PUT /issue/OPS-1/assignee": EMPTY}, SITE)
    await update_issue(http, IssueChange(issue="OPS-1", labels=[], fields={"customfield_1": 3}))
    assert body(http) == {"fields": {"customfield_1": 3, "labels": []}}
    await assign(http, Assignment(issue="OPS-1"))
    assert body(http, 1) == {"accountId": None}


async def test_a_transition_goes_by_name_or_number() -> None:
    known = {"transitions": [{"id": "31", "name": "Done"}, {"id": "11", "name": "To do"}]}
    http = provider(jira, {"GET /issue/OPS-1/transitions": known, "POST /issue/OPS-1/transitions": EMPTY}, SITE)
    await transition(http, Transition(issue="OPS-1", transition="done"))
    assert body(http, 1) == {"transition": {"id": "31"}}
    with pytest.raises(Rejected, match="cannot be moved"):
        await transition(http, Transition(issue="OPS-1", transition="Shipped"))
    http = provider(jira, {"POST /issue/OPS-1/transitions": EMPTY}, SITE)
    await transition(http, Transition(issue="OPS-1", transition="31"))
    assert len(http.sent) == 1


async def test_a_search_pages() -> None:
    row = {"id": "1", "key": "OPS-1", "fields": {"summary": "Broken", "status": {"name": "Open"}, "assignee": None}}
    http = provider(jira, {"GET /search/jql": {"issues": [row], "nextPageToken": "n"}}, SITE)
    page = await search_issues(http, Search(jql="project = OPS", cursor="c"))
    assert (page.issues[0].status, page.issues[0].assignee, page.next) == ("Open", None, "n")
    assert ("nextPageToken", "c") in http.sent[0].params


async def test_comments_and_work() -> None:
    path = "/issue/OPS-1"
    http = provider(
        jira, {f"POST {path}/comment": {"id": "5"}, f"POST {path}/worklog": {"id": "6", "timeSpentSeconds": 5400}}, SITE
    )
    assert (await comment(http, NewComment(issue="OPS-1", body="Seen."))).id == "5"
    begun = datetime(2026, 11, 22, 9, tzinfo=UTC)
    await log_work(http, WorkLog(issue="OPS-1", time_spent="1h 30m", started=begun, comment="Dug"))
    assert body(http, 1)["started"] == "2026-11-22T09:00:00.000+0000"


@pytest.mark.parametrize("spent", ["", "90", "1h30m", "1 h", "1y"])
def test_time_is_written_as_jira_reads_it(spent: str) -> None:
    with pytest.raises(ValidationError):
        WorkLog(issue="OPS-1", time_spent=spent)


async def test_with_a_cloud_id_the_gateway_is_asked() -> None:
    http = provider(jira, {"GET cloud:/myself": {"accountId": "acc-1", "displayName": "Ada"}}, SITE | {"cloud_id": "c-1"})
    assert (await account(http)).id == "acc-1@acme.atlassian.net"


@pytest.mark.parametrize(
    "site", ["https://acme.atlassian.net", "acme", "evil.example.com", "acme.atlassian.net.evil.com", "ACME.atlassian.net"]
)
def test_a_site_is_one_of_atlassians(site: str) -> None:
    with pytest.raises(ValidationError):
        Settings(site=site)


async def test_choices() -> None:
    answers = {
        "GET /project/search": {"values": [{"key": "OPS", "name": "Operations"}], "isLast": False},
        "GET /issuetype": [{"name": "Task"}, {"name": "Bug"}, {"name": "Task"}],
        "GET /issue/OPS-1/transitions": {"transitions": [{"id": "31", "name": "Done"}]},
        "GET /user/search": [{"accountId": "a", "displayName": "Ada", "emailAddress": "ada@example.com"}],
        "GET /search/jql": {"issues": [{"id": "1", "key": "OPS-1", "fields": {"summary": "Broken"}}]},
    }
    http = provider(jira, answers, SITE)
    assert (await projects(http, Query(search="ops"))).next == "50"
    assert [each.value for each in (await issue_types(http, Query())).choices] == ["Bug", "Task"]
    assert (await transitions(http, Query(values={"issue": "OPS-1"}))).choices[0].label == "Done"
    assert (await users(http, Query(search="ada"))).choices[0].detail == "ada@example.com"
    await issues(http, Query(search='a" OR project = X \\'))
    assert ("jql", 'text ~ "a  OR project = X" ORDER BY updated DESC') in http.sent[-1].params


@pytest.mark.parametrize(
    ("status", "answer", "kind", "words"),
    [
        (400, {"errorMessages": ["Odd."], "errors": {"summary": "Too long"}}, Rejected, r"Odd\.; summary: Too long"),
        (403, {"errorMessages": ["You may not"]}, Rejected, "You may not"),
        (404, {"errorMessages": ["Issue does not exist"], "errors": {}}, Rejected, "does not exist"),
        (401, {"message": "Client must be authenticated"}, AuthFailed, "authenticated"),
        (429, {"message": "Slow down"}, RateLimited, "Slow"),
    ],
)
async def test_jiras_no_in_its_own_words(status: int, answer: Any, kind: type[Exception], words: str) -> None:
    http = provider(jira, {"PUT /issue/OPS-1": (status, answer)}, SITE)
    with pytest.raises(kind, match=words):
        await update_issue(http, IssueChange(issue="OPS-1", title="x"))


@pytest.mark.parametrize("name", [*EVENTS])
def test_every_event_is_told_by_its_word(name: str) -> None:
    told = {"webhookEvent": EVENTS[name][0], "timestamp": 1, "issue": {"id": "1", "key": "OPS-1"}}
    incoming = receive(Delivery(json.dumps(told).encode(), {"x-atlassian-webhook-identifier": "w-1"}))
    assert (jira.name_event(incoming.data), incoming.key) == (name, "w-1")


@pytest.mark.parametrize("bad", [b"Hello World!", b"[]", b"{}"])
def test_what_is_no_delivery_is_refused(bad: bytes) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(bad))
