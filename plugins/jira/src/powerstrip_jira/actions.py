"""What can be done in Jira, and the values to choose from. Source: developer.atlassian.com/cloud/jira/platform/rest/v3."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, RootModel

from powerstrip.adapter import Choice, Http, Model, Page, Pick, Query, Rejected, segment
from powerstrip_jira.provider import at, document, jira

PAGE = 50

IssueKey = Annotated[
    str,
    Pick("issue"),
    Field(pattern=r"^([A-Za-z][A-Za-z0-9_]*-[0-9]+|[0-9]+)$", description="The issue's key or id.", examples=["OPS-1"]),
]
Project = Annotated[str, Pick("project"), Field(min_length=1, max_length=255, description="Key or id.", examples=["OPS"])]
User = Annotated[str, Pick("user"), Field(min_length=1, max_length=128, description="Account id, or an email address.")]
Text = Annotated[str, Field(max_length=32_767)]


class NewIssue(Model):
    project: Project
    issue_type: Annotated[str, Pick("issue_type")] = Field("Task", description="Name or id.")
    title: str = Field(min_length=1, max_length=255)
    """The issue's first line."""
    body: Text | None = None
    """What it says, as plain text."""
    labels: list[str] | None = Field(None, max_length=100)
    """Labels to put on it."""
    assignee: User | None = None
    priority: str | None = Field(None, description="Such as High.")
    parent: IssueKey | None = None
    """The issue that it is a part of: key or id."""
    fields: dict[str, Any] = Field(default_factory=dict, description="Further fields, as Jira spells them.")


class Created(Model):
    id: str
    key: str = Field(examples=["OPS-1"])


async def _account_id(http: Http, user: str) -> str:
    """The account id of an email address; an id is taken as it is."""
    if "@" not in user:
        return user
    found = (await http.get(at(http, "/user/search"), params={"query": user, "maxResults": 2}, returns=_Users)).root
    if len(found) != 1:
        raise Rejected("No account, or more than one, has this email address: give the account id, as the picker does")
    return found[0].accountId


async def _fields(http: Http, change: "NewIssue | IssueChange") -> dict[str, Any]:
    """The fields that both kinds of request have."""
    given: dict[str, Any] = {**change.fields}
    given |= {"summary": change.title} if change.title else {}
    given |= {"description": document(change.body)} if change.body is not None else {}
    given |= {"labels": change.labels} if change.labels is not None else {}
    given |= {"priority": {"name": change.priority}} if change.priority else {}
    return given | ({"assignee": {"accountId": await _account_id(http, change.assignee)}} if change.assignee else {})


def _named(value: str, name: str = "name") -> dict[str, str]:
    return {"id": value} if value.isdecimal() else {name: value}


@jira.action("issue.create", aliases=("create-issue",))
async def create_issue(http: Http, issue: NewIssue) -> Created:
    """Create an issue."""
    fields = {"project": _named(issue.project, "key"), "issuetype": _named(issue.issue_type)} | await _fields(http, issue)
    fields |= {"parent": {"key": issue.parent}} if issue.parent else {}
    return await http.post(at(http, "/issue"), json={"fields": fields}, returns=Created)


class IssueChange(Model):
    issue: IssueKey
    title: str | None = Field(None, min_length=1, max_length=255)
    """A new first line."""
    body: Text | None = None
    """A new text, as plain text."""
    labels: list[str] | None = Field(None, max_length=100, description="In place of those there are.")
    assignee: User | None = None
    priority: str | None = None
    """Such as High."""
    fields: dict[str, Any] = Field(default_factory=dict, description="Further fields, as Jira spells them.")


class Done(Model):
    issue: str = Field(examples=["OPS-1"])


@jira.action("issue.update", idempotent=True)
async def update_issue(http: Http, change: IssueChange) -> Done:
    """Change an issue's fields."""
    await http.send("PUT", at(http, f"/issue/{segment(change.issue)}"), json={"fields": await _fields(http, change)})
    return Done(issue=change.issue)


class Transition(Model):
    issue: IssueKey
    transition: Annotated[str, Pick("transition")] = Field(description="Name or id.", examples=["31"])


class _Transitions(Model):
    class Row(Model):
        id: str
        name: str

    transitions: list[Row]


async def _transitions(http: Http, issue: str) -> list[_Transitions.Row]:
    return (await http.get(at(http, f"/issue/{segment(issue)}/transitions"), returns=_Transitions)).transitions


@jira.action("issue.transition", title="Move an issue on")
async def transition(http: Http, move: Transition) -> Done:
    """Move an issue to another state of its workflow."""
    wanted = move.transition.casefold()
    ids = [move.transition] if move.transition.isdecimal() else []
    ids = ids or [each.id for each in await _transitions(http, move.issue) if each.name.casefold() == wanted]
    if len(ids) != 1:
        raise Rejected("The issue cannot be moved there from where it stands: choose one of its transitions")
    await http.send("POST", at(http, f"/issue/{segment(move.issue)}/transitions"), json={"transition": {"id": ids[0]}})
    return Done(issue=move.issue)


class NewComment(Model):
    issue: IssueKey
    body: Annotated[Text, Field(min_length=1)]
    """What to say, as plain text."""


class Comment(Model):
    id: str
    created: datetime | None = None


@jira.action("issue.comment")
async def comment(http: Http, comment: NewComment) -> Comment:
    """Comment on an issue."""
    path = at(http, f"/issue/{segment(comment.issue)}/comment")
    return await http.post(path, json={"body": document(comment.body)}, returns=Comment)


class Search(Model):
    jql: str = Field(min_length=1, max_length=10_000, examples=["project = OPS AND statusCategory != Done"])
    """In Jira's query language."""
    limit: int = Field(50, ge=1, le=100)
    """How many at most."""
    cursor: str | None = None
    """`next` of the page before."""


class _Name(Model):
    name: str = ""
    displayName: str = ""  # noqa: N815 - Jira's own spelling


class _IssueFields(Model):
    summary: str = ""
    status: _Name | None = None
    assignee: _Name | None = None
    updated: datetime | None = None


class _Row(Model):
    id: str
    key: str = Field(examples=["OPS-1"])
    fields: _IssueFields = Field(default_factory=_IssueFields)


class _Found(Model):
    issues: list[_Row]
    nextPageToken: str | None = None  # noqa: N815 - Jira's own spelling


class Issue(Model):
    id: str
    key: str = Field(examples=["OPS-1"])
    title: str
    status: str | None = None
    assignee: str | None = None
    updated: datetime | None = None


class Issues(Model):
    issues: list[Issue]
    next: str | None = None


def _issue(row: _Row) -> Issue:
    fields = row.fields
    status = fields.status.name if fields.status else None
    assignee = fields.assignee.displayName if fields.assignee else None
    return Issue(id=row.id, key=row.key, title=fields.summary, status=status, assignee=assignee, updated=fields.updated)


async def _search(http: Http, jql: str, limit: int, cursor: str | None) -> _Found:
    params = {"jql": jql, "maxResults": limit, "nextPageToken": cursor, "fields": "summary,status,assignee,updated"}
    return await http.get(at(http, "/search/jql"), params=params, returns=_Found)


@jira.action("issue.search", read_only=True)
async def search_issues(http: Http, search: Search) -> Issues:
    """Find issues by JQL."""
    found = await _search(http, search.jql, search.limit, search.cursor)
    return Issues(issues=[_issue(row) for row in found.issues], next=found.nextPageToken)


class Assignment(Model):
    issue: IssueKey
    assignee: User | None = Field(None, description="Left out, nobody.")


@jira.action("issue.assign", idempotent=True)
async def assign(http: Http, assignment: Assignment) -> Done:
    """Give an issue to somebody, or take it away."""
    account = await _account_id(http, assignment.assignee) if assignment.assignee else None
    await http.send("PUT", at(http, f"/issue/{segment(assignment.issue)}/assignee"), json={"accountId": account})
    return Done(issue=assignment.issue)


class WorkLog(Model):
    issue: IssueKey
    time_spent: str = Field(pattern=r"^([0-9]+[wdhm])( [0-9]+[wdhm])*$", examples=["1h 30m"])
    """Weeks, days, hours and minutes, such as `1h 30m`."""
    started: datetime | None = None
    """When the work began; left out, now."""
    comment: Text | None = None
    """What was done, as plain text."""


class Logged(Model):
    id: str
    timeSpentSeconds: int = Field(examples=[5400])  # noqa: N815 - Jira's own spelling


@jira.action("worklog.add", title="Log work")
async def log_work(http: Http, log: WorkLog) -> Logged:
    """Log time that was worked on an issue."""
    body: dict[str, Any] = {"timeSpent": log.time_spent}
    body |= {"started": log.started.strftime("%Y-%m-%dT%H:%M:%S.000") + log.started.strftime("%z")} if log.started else {}
    body |= {"comment": document(log.comment)} if log.comment else {}
    return await http.post(at(http, f"/issue/{segment(log.issue)}/worklog"), json=body, returns=Logged)


class _Projects(Model):
    class Row(Model):
        key: str
        name: str

    values: list[Row]
    isLast: bool = True  # noqa: N815 - Jira's own spelling


@jira.picker("project", searches=True)
async def projects(http: Http, query: Query) -> Page:
    """Projects that the account may see."""
    start = int(query.cursor or 0)
    params = {"startAt": start, "maxResults": PAGE, "query": query.search or None}
    found = await http.get(at(http, "/project/search"), params=params, returns=_Projects)
    return Page([Choice(each.key, each.name, each.key) for each in found.values], None if found.isLast else str(start + PAGE))


class _Types(RootModel[list[_Name]]):
    pass


@jira.picker("issue_type")
async def issue_types(http: Http, query: Query) -> Page:
    """Kinds of issues of the site."""
    names = {each.name for each in (await http.get(at(http, "/issuetype"), returns=_Types)).root}
    return Page([Choice(name, name) for name in sorted(names)])


@jira.picker("transition", depends=("issue",))
async def transitions(http: Http, query: Query) -> Page:
    """Where the issue can be moved from where it stands."""
    found = await _transitions(http, str(query.values.get("issue", "")))
    return Page([Choice(each.id, each.name) for each in found])


class _User(Model):
    accountId: str  # noqa: N815 - Jira's own spelling
    displayName: str = ""  # noqa: N815 - Jira's own spelling
    emailAddress: str = ""  # noqa: N815 - Jira's own spelling


class _Users(RootModel[list[_User]]):
    pass


@jira.picker("user", searches=True)
async def users(http: Http, query: Query) -> Page:
    """People, by name or email address."""
    start = int(query.cursor or 0)
    params = {"query": query.search or ".", "startAt": start, "maxResults": PAGE}
    found = (await http.get(at(http, "/user/search"), params=params, returns=_Users)).root
    choices = [Choice(each.accountId, each.displayName or each.accountId, each.emailAddress) for each in found]
    return Page(choices, str(start + PAGE) if len(found) == PAGE else None)


@jira.picker("issue", searches=True)
async def issues(http: Http, query: Query) -> Page:
    """Issues, the last changed first."""
    words = re.sub(r'["\\]', " ", query.search).strip()
    jql = f'text ~ "{words}" ORDER BY updated DESC' if words else "updated >= -30d ORDER BY updated DESC"
    found = await _search(http, jql, PAGE, query.cursor)
    return Page([Choice(row.key, row.fields.summary, row.key) for row in found.issues], found.nextPageToken)
