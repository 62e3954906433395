import base64
import json
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Delivery, Query, RateLimited, Registration, Rejected, Response, Unavailable, Wish
from powerstrip.adapter.testing import check, provider
from powerstrip_github import github
from powerstrip_github.actions import (
    Dispatch,
    FileRef,
    IssueChange,
    IssueSearch,
    Merge,
    MoreLabels,
    NewComment,
    NewContent,
    NewIssue,
    NewPull,
    NewRelease,
    add_labels,
    comment,
    create_issue,
    create_pull,
    create_release,
    dispatch,
    get_file,
    merge_pull,
    put_file,
    search_issues,
    update_issue,
)
from powerstrip_github.events import EVENTS, Watched, receive
from powerstrip_github.pickers import branches, issues, labels, orgs, pulls, repos, users, workflows
from powerstrip_github.provider import account

test_contract = check(github)

REPO = "octo-org/hello-world"
ISSUE = {
    "id": 1,
    "number": 7,
    "title": "Broken",
    "state": "open",
    "html_url": "https://github.com/octo-org/hello-world/issues/7",
    "created_at": "2026-01-01T00:00:00Z",
    "labels": [{"name": "bug"}, "old"],
}
SHA = "a" * 40


def body(http: Any, number: int = 0) -> Any:
    return json.loads(http.sent[number].body)


async def test_an_issue_is_opened_below_its_repository() -> None:
    http = provider(github, {f"POST /repos/{REPO}/issues": (201, ISSUE)})
    made = await create_issue(http, NewIssue(repo=REPO, title="Broken", labels=["bug"]))
    assert ([each.name for each in made.labels], made.number) == (["bug", "old"], 7)
    assert body(http) == {"title": "Broken", "labels": ["bug"]}


async def test_only_what_is_given_is_changed() -> None:
    http = provider(github, {f"PATCH /repos/{REPO}/issues/7": ISSUE})
    await update_issue(http, IssueChange(repo=REPO, number=7, state="closed", labels=[]))
    assert body(http) == {"state": "closed", "labels": []}


async def test_labels_come_back_as_names() -> None:
    http = provider(github, {f"POST /repos/{REPO}/issues/7/labels": [{"name": "bug"}, {"name": "help"}]})
    assert (await add_labels(http, MoreLabels(repo=REPO, number=7, labels=["help"]))).labels == ["bug", "help"]


@pytest.mark.parametrize(("page", "following"), [(None, "2"), ("33", "34"), ("34", None)])
async def test_a_search_ends_after_a_thousand(page: str | None, following: str | None) -> None:
    http = provider(github, {"GET /search/issues": {"total_count": 5000, "items": [ISSUE]}})
    assert (await search_issues(http, IssueSearch(query="is:open", limit=30, cursor=page))).next == following


async def test_a_file_is_read_and_written_as_bytes() -> None:
    content = b"\x00binary\xff"
    held = {"type": "file", "path": "a b/ü.bin", "sha": SHA, "size": 8, "encoding": "base64"}
    held["content"] = base64.encodebytes(content).decode()
    path = f"/repos/{REPO}/contents/a%20b/%C3%BC.bin"
    saved = {"content": {"sha": SHA}, "commit": {"sha": SHA}}
    http = provider(github, {f"GET {path}": held, f"PUT {path}": saved})
    assert (await get_file(http, FileRef(repo=REPO, path="a b/ü.bin"))).content == content
    await put_file(http, NewContent(repo=REPO, path="/a b/ü.bin", content=content, message="Say", sha=SHA))
    assert body(http, 1) == {"content": base64.b64encode(content).decode(), "message": "Say", "sha": SHA}


async def test_a_file_too_large_is_refused_rather_than_empty() -> None:
    held = {"type": "file", "path": "a", "sha": SHA, "size": 9_000_000, "encoding": "none", "content": ""}
    http = provider(github, {f"GET /repos/{REPO}/contents/a": held})
    with pytest.raises(Rejected, match="1 MB"):
        await get_file(http, FileRef(repo=REPO, path="a"))


async def test_a_file_that_is_garbled_is_githubs_fault() -> None:
    held = {"type": "file", "path": "a", "sha": SHA, "size": 3, "encoding": "base64", "content": "abc"}
    http = provider(github, {f"GET /repos/{REPO}/contents/a": held})
    with pytest.raises(Unavailable, match="base64"):
        await get_file(http, FileRef(repo=REPO, path="a"))


@pytest.mark.parametrize("path", ["../secret", "a/../../b", "a//b"])
async def test_a_path_does_not_climb(path: str) -> None:
    http = provider(github, {})
    with pytest.raises(Rejected):
        await get_file(http, FileRef(repo=REPO, path=path))
    assert http.sent == []


@pytest.mark.parametrize("repo", ["hello", "a/b/c", "a/..b?", "a b/c", ""])
def test_a_repository_is_owner_and_name(repo: str) -> None:
    with pytest.raises(ValidationError):
        NewIssue(repo=repo, title="x")


async def test_a_release_is_spelled_as_github_reads_it() -> None:
    http = provider(github, {f"POST /repos/{REPO}/releases": {"id": 1, "tag_name": "v1", "html_url": "https://github.com/x"}})
    assert (await create_release(http, NewRelease(repo=REPO, tag="v1", target="main"))).tag == "v1"
    assert body(http)["tag_name"] == "v1"
    assert body(http)["target_commitish"] == "main"


@pytest.mark.parametrize(
    ("status", "headers", "answer", "kind", "words"),
    [
        (401, {}, {"message": "Bad credentials"}, AuthFailed, "Bad credentials"),
        (403, {}, {"message": "Resource not accessible by integration"}, Rejected, "not accessible"),
        (403, {"x-ratelimit-remaining": "0"}, {"message": "API rate limit exceeded"}, RateLimited, "rate limit"),
        (403, {"retry-after": "60"}, {"message": "You have exceeded a secondary rate limit"}, RateLimited, "secondary"),
        (422, {}, {"message": "Validation Failed", "errors": [{"field": "head", "code": "invalid"}]}, Rejected, "head: invalid"),
        (404, {}, {"message": "Not Found"}, Rejected, "Not Found"),
    ],
)
async def test_githubs_no_in_its_own_words(
    status: int, headers: dict[str, str], answer: Any, kind: type[Exception], words: str
) -> None:
    reply = Response(status, {"content-type": "application/json", **headers}, json.dumps(answer).encode())
    http = provider(github, {f"POST /repos/{REPO}/issues": reply})
    with pytest.raises(kind, match=words):
        await create_issue(http, NewIssue(repo=REPO, title="x"))


async def test_an_installation_is_its_owner() -> None:
    http = provider(
        github,
        {
            "GET /user": (403, {"message": "Resource not accessible by integration"}),
            "GET /installation/repositories": {"repositories": [{"owner": {"id": 5, "login": "octo-org"}}]},
        },
    )
    assert (await account(http)).id == "5"


async def test_repositories_of_the_organisation_are_offered() -> None:
    row = {"full_name": REPO, "name": "hello-world", "description": None}
    page = await repos(provider(github, {"GET /orgs/octo-org/repos": [row] * 100}, {"org": "octo-org"}), Query())
    assert (page.choices[0].value, page.next) == (REPO, "2")
    assert (await repos(provider(github, {"GET /user/repos": [row]}), Query(cursor="2"))).next is None


async def test_values_depend_on_the_repository() -> None:
    chosen = Query(values={"repo": REPO})
    http = provider(
        github,
        {
            f"GET /repos/{REPO}/branches": [{"name": "main"}],
            f"GET /repos/{REPO}/issues": [{"number": 7, "title": "Broken", "state": "open"}],
            f"GET /repos/{REPO}/actions/workflows": {
                "total_count": 1,
                "workflows": [{"id": 1, "name": "Deploy", "path": ".github/workflows/deploy.yml"}],
            },
        },
    )
    assert (await branches(http, chosen)).choices[0].value == "main"
    assert (await issues(http, chosen)).choices[0].label == "#7 Broken"
    assert (await workflows(http, chosen)).choices[0].value == "deploy.yml"


def delivery(kind: str, payload: Any, **headers: str) -> Delivery:
    return Delivery(json.dumps(payload).encode(), {"x-github-event": kind, "x-github-delivery": "d-1", **headers})


SUBJECT = {"number": 7, "title": "x", "html_url": "https://github.com/x"}
PARTS = {
    "pull_request": SUBJECT,
    "issue": SUBJECT,
    "comment": SUBJECT,
    "release": SUBJECT,
    "workflow_run": SUBJECT,
    "check_run": SUBJECT,
    "repository": {"id": 1, "full_name": REPO},
}


@pytest.mark.parametrize("name", [*EVENTS])
def test_every_event_is_told_by_kind_and_action(name: str) -> None:
    merged = {"pull_request": {**SUBJECT, "merged": name.endswith("merged")}} if name.startswith("pull") else {}
    incoming = receive(delivery(name.partition(".")[0], {**PARTS, **merged, "action": EVENTS[name][1]["action"]}))
    assert (github.name_event(incoming.data), incoming.key) == (name, "d-1")


def test_a_push_and_a_ping() -> None:
    push = {"ref": "refs/heads/main", "before": SHA, "after": SHA, "repository": PARTS["repository"]}
    assert github.name_event(receive(delivery("push", push)).data) == "push"
    assert github.name_event(receive(delivery("ping", {"zen": "x"})).data) is None


def test_a_form_holds_the_same() -> None:
    form = Delivery(
        b"payload=%7B%22zen%22%3A%22x%22%7D",
        {"x-github-event": "ping", "x-github-delivery": "d", "content-type": "application/x-www-form-urlencoded"},
    )
    assert receive(form).data == {"zen": "x", "event": "ping"}


@pytest.mark.parametrize("bad", [Delivery(b"{}"), delivery("push", []), Delivery(b"x", {"x-github-event": "push"})])
def test_what_is_no_delivery_is_refused(bad: Delivery) -> None:
    with pytest.raises(Rejected):
        receive(bad)


async def test_the_webhook_of_a_repository() -> None:
    url, hooks = "https://hub.example.com/v1/hooks/ep_1", github.subscribes
    hook = {"id": 9, "events": ["push"], "active": False, "config": {"url": url}}
    http = provider(
        github,
        {
            f"GET /repos/{REPO}/hooks": [hook],
            f"POST /repos/{REPO}/hooks": (201, hook),
            f"PATCH /repos/{REPO}/hooks/9": hook,
            f"DELETE /repos/{REPO}/hooks/9": (404, {"message": "Not Found"}),
        },
    )
    assert hooks is not None
    watch = Watched(repo=REPO)
    wish = Wish(url, ("push", "issues.opened", "issues.closed"), watch, secret="<secret>")
    assert await hooks.list(http, watch) == [Registration("9", url, ("push",), active=False)]
    await hooks.create(http, wish)
    assert body(http, 1)["events"] == ["issues", "push"]
    assert body(http, 1)["config"] == {"url": url, "content_type": "json", "secret": "<secret>"}
    await hooks.change(http, Registration("9", url, ()), wish)
    await hooks.delete(http, Registration("9", url, ()), watch)
    assert [request.method for request in http.sent] == ["GET", "POST", "PATCH", "DELETE"]


async def test_a_comment_says_something() -> None:
    said = {"id": 3, "html_url": "https://github.com/x#3", "body": "Hi"}
    http = provider(github, {f"POST /repos/{REPO}/issues/7/comments": (201, said)})
    assert (await comment(http, NewComment(repo=REPO, number=7, body="Hi"))).id == 3
    assert body(http) == {"body": "Hi"}


async def test_a_pull_request_is_opened_and_merged_at_the_commit_that_was_seen() -> None:
    pull = {"id": 1, "number": 8, "title": "More", "state": "open", "html_url": "https://github.com/x/8"}
    merged = {"merged": True, "sha": SHA, "message": "Pull Request successfully merged"}
    http = provider(github, {f"POST /repos/{REPO}/pulls": (201, pull), f"PUT /repos/{REPO}/pulls/8/merge": merged})
    assert (await create_pull(http, NewPull(repo=REPO, title="More", head="ada:more", base="main", draft=True))).number == 8
    assert body(http) == {"title": "More", "head": "ada:more", "base": "main", "draft": True}
    assert (await merge_pull(http, Merge(repo=REPO, number=8, merge_method="squash", sha=SHA))).merged
    assert body(http, 1) == {"merge_method": "squash", "sha": SHA}


async def test_a_pull_request_that_moved_on_is_not_merged() -> None:
    moved = (409, {"message": "Head branch was modified. Review and try the merge again."})
    http = provider(github, {f"PUT /repos/{REPO}/pulls/8/merge": moved})
    with pytest.raises(Rejected, match="Head branch was modified"):
        await merge_pull(http, Merge(repo=REPO, number=8, sha=SHA))


async def test_a_workflow_is_started_with_its_inputs() -> None:
    http = provider(github, {f"POST /repos/{REPO}/actions/workflows/deploy.yml/dispatches": Response(204)})
    assert (await dispatch(http, Dispatch(repo=REPO, workflow="deploy.yml", ref="v1", inputs={"where": "test"}))).accepted
    assert body(http) == {"ref": "v1", "inputs": {"where": "test"}}


async def test_people_labels_and_pull_requests_are_offered() -> None:
    chosen = Query(values={"repo": REPO})
    http = provider(
        github,
        {
            "GET /user/orgs": [{"login": "octo-org", "description": "Octopuses"}],
            f"GET /repos/{REPO}/labels": [{"name": "bug", "description": "Broken"}],
            f"GET /repos/{REPO}/assignees": [{"login": "ada"}],
            f"GET /repos/{REPO}/pulls": [{"number": 8, "title": "More", "state": "open"}],
        },
    )
    assert [each.detail for each in (await orgs(http, Query())).choices] == ["Octopuses"]
    assert [each.value for each in (await labels(http, chosen)).choices] == ["bug"]
    assert [each.value for each in (await users(http, chosen)).choices] == ["ada"]
    assert [(each.value, each.label) for each in (await pulls(http, chosen)).choices] == [("8", "#8 More")]
