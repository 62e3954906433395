"""What can be done at Linear, and the values to choose from. Source of the names: Linear's published GraphQL schema.

Teams, states, labels and people may be given by id, or in words (a team's key or name, a state's name, a label's name, an email
address): words are looked up first.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from powerstrip.adapter import Choice, Http, Model, Page, Pick, Query, Rejected
from powerstrip_linear.provider import ask, linear

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PAGE = 50

Team = Annotated[str, Pick("team"), Field(min_length=1, max_length=200, description="Id, key or name.", examples=["ENG"])]
State = Annotated[str, Pick("state"), Field(min_length=1, max_length=200, description="Id or name.")]
Labels = list[Annotated[str, Pick("label"), Field(min_length=1, max_length=200)]]
User = Annotated[str, Pick("user"), Field(min_length=1, max_length=320, description="Id or email address.")]
Project = Annotated[str, Pick("project"), Field(min_length=1, max_length=200, description="Id or name.")]
IssueId = Annotated[str, Pick("issue"), Field(min_length=1, max_length=60, description="Id or number.", examples=["ENG-1"])]
Priority = Annotated[int, Field(ge=0, le=4, description="0 none, 1 urgent, 2 high, 3 medium, 4 low.")]


class _Node(Model):
    id: str
    name: str = ""
    key: str = ""
    email: str = ""
    identifier: str = ""
    title: str = ""
    description: str | None = None


class _PageInfo(Model):
    hasNextPage: bool = False  # noqa: N815 - Linear's own spelling
    endCursor: str | None = None  # noqa: N815 - Linear's own spelling


class _Nodes(Model):
    nodes: list[_Node]
    page: _PageInfo = Field(default_factory=_PageInfo, alias="pageInfo")


class _Found(Model):
    class Data(Model):
        found: _Nodes

    data: Data


async def _id_of(http: Http, kind: str, words: str, filter: dict[str, Any]) -> str:
    """The id that these words stand for. Raises `Rejected` where nothing, or more than one thing, fits."""
    if UUID.fullmatch(words):
        return words
    field = kind[0].lower() + kind[1:] + "s"
    query = f"query($filter: {kind}Filter) {{ found: {field}(filter: $filter, first: 2) {{ nodes {{ id name }} }} }}"
    nodes = (await ask(http, query, _Found, filter=filter)).data.found.nodes
    if len(nodes) != 1:
        raise Rejected(f"{'No' if not nodes else 'More than one'} {field[:-1]} fits: give its id, as its picker does")
    return nodes[0].id


async def _team(http: Http, words: str) -> str:
    return await _id_of(http, "Team", words, {"or": [{"key": {"eqIgnoreCase": words}}, {"name": {"eqIgnoreCase": words}}]})


async def _named(http: Http, kind: str, words: str, team: str | None = None) -> str:
    within = {"team": {"id": {"eq": team}}} if team else {}
    return await _id_of(http, kind, words, {"name": {"eqIgnoreCase": words}, **within})


async def _user(http: Http, words: str) -> str:
    return await _id_of(http, "User", words, {"or": [{"email": {"eqIgnoreCase": words}}, {"name": {"eqIgnoreCase": words}}]})


class IssueParts(Model):
    description: str | None = Field(None, max_length=100_000, description="Markdown.")
    priority: Priority | None = None
    state: State | None = None
    labels: Labels | None = None
    """Labels, by id or name."""
    assignee: User | None = None
    project: Project | None = None
    due_date: date | None = None
    """When it is due."""


class NewIssue(IssueParts):
    team: Team
    title: str = Field(min_length=1, max_length=512)
    """The issue's first line."""


class IssueChange(IssueParts):
    issue: IssueId
    title: str | None = Field(None, min_length=1, max_length=512)
    """A new first line."""


class _Name(Model):
    id: str
    name: str


class Issue(Model):
    id: str
    identifier: str = Field(examples=["ENG-1"])
    title: str
    url: str = Field(examples=["https://linear.app/acme/issue/ENG-1"])
    description: str | None = None
    priority: int | None = None
    state: _Name | None = None
    assignee: _Name | None = None
    created_at: datetime = Field(alias="createdAt")


ISSUE = "id identifier title url description priority createdAt state { id name } assignee { id name }"


class _Payload(Model):
    class Data(Model):
        class Result(Model):
            success: Literal[True] = True
            issue: Issue

        result: Result

    data: Data


async def _parts(http: Http, parts: IssueParts, team: str | None) -> dict[str, Any]:
    """Linear's input for what is given, words looked up."""
    given: dict[str, Any] = {"description": parts.description, "priority": parts.priority}
    given["dueDate"] = parts.due_date.isoformat() if parts.due_date else None
    given["stateId"] = await _named(http, "WorkflowState", parts.state, team) if parts.state else None
    given["assigneeId"] = await _user(http, parts.assignee) if parts.assignee else None
    given["projectId"] = await _named(http, "Project", parts.project) if parts.project else None
    if parts.labels is not None:
        given["labelIds"] = [await _named(http, "IssueLabel", label) for label in parts.labels]
    return {name: value for name, value in given.items() if value is not None}


@linear.action("issue.create", aliases=("create-issue",))
async def create_issue(http: Http, issue: NewIssue) -> Issue:
    """Create an issue."""
    team = await _team(http, issue.team)
    given = {"teamId": team, "title": issue.title} | await _parts(http, issue, team)
    query = f"mutation($input: IssueCreateInput!) {{ result: issueCreate(input: $input) {{ success issue {{ {ISSUE} }} }} }}"
    return (await ask(http, query, _Payload, input=given)).data.result.issue


@linear.action("issue.update", idempotent=True)
async def update_issue(http: Http, change: IssueChange) -> Issue:
    """Change an issue. Labels replace those there are."""
    team = (await _read(http, change.issue)).team.id if change.state and not UUID.fullmatch(change.state) else None
    given = ({"title": change.title} if change.title else {}) | await _parts(http, change, team)
    query = f"""mutation($id: String!, $input: IssueUpdateInput!) {{
        result: issueUpdate(id: $id, input: $input) {{ success issue {{ {ISSUE} }} }} }}"""
    return (await ask(http, query, _Payload, id=change.issue, input=given)).data.result.issue


class IssueRef(Model):
    issue: IssueId


class _Whole(Issue):
    team: _Name


class _One(Model):
    class Data(Model):
        issue: _Whole

    data: Data


async def _read(http: Http, issue: str) -> _Whole:
    query = f"query($id: String!) {{ issue(id: $id) {{ {ISSUE} team {{ id name }} }} }}"
    return (await ask(http, query, _One, id=issue)).data.issue


@linear.action("issue.get", read_only=True)
async def get_issue(http: Http, ref: IssueRef) -> Issue:
    """Read an issue."""
    return Issue.model_validate((await _read(http, ref.issue)).model_dump())


class Search(Model):
    query: str = Field(min_length=1, max_length=500)
    """Words to look for."""
    team: Team | None = None
    limit: int = Field(25, ge=1, le=250)
    """How many at most."""
    cursor: str | None = None
    """`next` of the page before."""


class Issues(Model):
    issues: list[Issue]
    next: str | None = None


class _Searched(Model):
    class Data(Model):
        class Result(Model):
            nodes: list[Issue]
            page: _PageInfo = Field(default_factory=_PageInfo, alias="pageInfo")

        result: Result

    data: Data


@linear.action("issue.search", read_only=True)
async def search_issues(http: Http, search: Search) -> Issues:
    """Find issues by words."""
    team = await _team(http, search.team) if search.team else None
    query = f"""query($term: String!, $first: Int, $after: String, $teamId: String) {{
        result: searchIssues(term: $term, first: $first, after: $after, teamId: $teamId) {{
        nodes {{ {ISSUE} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
    found = await ask(http, query, _Searched, term=search.query, first=search.limit, after=search.cursor, teamId=team)
    result = found.data.result
    return Issues(issues=result.nodes, next=result.page.endCursor if result.page.hasNextPage else None)


class NewComment(Model):
    issue: IssueId
    body: str = Field(min_length=1, max_length=100_000, description="Markdown.")


class Comment(Model):
    id: str
    body: str = ""
    url: str = Field("", examples=["https://linear.app/acme/issue/ENG-1#comment-1"])


class _Commented(Model):
    class Data(Model):
        class Result(Model):
            comment: Comment

        result: Result

    data: Data


@linear.action("comment.create")
async def create_comment(http: Http, comment: NewComment) -> Comment:
    """Comment on an issue."""
    query = "mutation($input: CommentCreateInput!) { result: commentCreate(input: $input) { success comment { id body url } } }"
    given = {"issueId": comment.issue, "body": comment.body}
    return (await ask(http, query, _Commented, input=given)).data.result.comment


class NewProject(Model):
    name: str = Field(min_length=1, max_length=200)
    """The project's name."""
    team: Team
    description: str | None = Field(None, max_length=255)
    """What it is about, in a sentence or two."""


class Made(Model):
    id: str
    name: str
    url: str = Field("", examples=["https://linear.app/acme/project/sample"])


class _Projected(Model):
    class Data(Model):
        class Result(Model):
            project: Made

        result: Result

    data: Data


@linear.action("project.create")
async def create_project(http: Http, project: NewProject) -> Made:
    """Create a project in a team."""
    query = "mutation($input: ProjectCreateInput!) { result: projectCreate(input: $input) { success project { id name url } } }"
    given: dict[str, Any] = {"name": project.name, "teamIds": [await _team(http, project.team)]}
    given |= {"description": project.description} if project.description else {}
    return (await ask(http, query, _Projected, input=given)).data.result.project


async def _choices(http: Http, query: Query, field: str, parts: str, filter: str = "", **variables: Any) -> Page:
    """A page of any list. `filter` declares and uses further variables, as in `$team: ID|filter: {…$team…}`."""
    declared, _, used = filter.partition("|")
    text = f"""query($first: Int, $after: String{", " + declared if declared else ""}) {{
        found: {field}(first: $first, after: $after{", " + used if used else ""}) {{
        nodes {{ id {parts} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
    found = (await ask(http, text, _Found, first=PAGE, after=query.cursor, **variables)).data.found
    choices = [Choice(each.identifier or each.id, each.title or each.name, each.key or each.email) for each in found.nodes]
    return Page(choices, found.page.endCursor if found.page.hasNextPage else None)


@linear.picker("team")
async def teams(http: Http, query: Query) -> Page:
    """Teams of the workspace."""
    return await _choices(http, query, "teams", "name key")


@linear.picker("state")
async def states(http: Http, query: Query) -> Page:
    """States of the team's workflow, or of all teams where none is chosen."""
    if not (chosen := query.values.get("team")):
        return await _choices(http, query, "workflowStates", "name")
    team = await _team(http, str(chosen))
    return await _choices(http, query, "workflowStates", "name", "$team: ID|filter: {team: {id: {eq: $team}}}", team=team)


@linear.picker("label")
async def labels(http: Http, query: Query) -> Page:
    """Labels of the workspace and its teams."""
    return await _choices(http, query, "issueLabels", "name")


@linear.picker("user")
async def users(http: Http, query: Query) -> Page:
    """People of the workspace."""
    return await _choices(http, query, "users", "name email")


@linear.picker("project")
async def projects(http: Http, query: Query) -> Page:
    """Projects."""
    return await _choices(http, query, "projects", "name")


@linear.picker("issue")
async def issues(http: Http, query: Query) -> Page:
    """Issues, the latest first."""
    return await _choices(http, query, "issues", "identifier title")
