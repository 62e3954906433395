"""GitHub's values to choose from. Lists page by number, a hundred at a time."""

from collections.abc import Callable
from typing import Any

from pydantic import RootModel

from powerstrip.adapter import Choice, Http, Model, Page, Query, segment
from powerstrip_github.provider import github, repo_path

PAGE = 100


class _Row(Model):
    login: str = ""
    name: str | None = None
    full_name: str = ""
    description: str | None = None
    number: int = 0
    title: str = ""
    state: str = ""


class _Rows(RootModel[list[_Row]]):
    pass


async def _page(http: Http, path: str, query: Query, choice: Callable[[_Row], Choice], **params: Any) -> Page:
    number = int(query.cursor or 1)
    rows = (await http.get(path, params={"per_page": PAGE, "page": number, **params}, returns=_Rows)).root
    return Page([choice(row) for row in rows], str(number + 1) if len(rows) == PAGE else None)


def _below(query: Query, path: str) -> str:
    return repo_path(str(query.values.get("repo", "")), path)


def _named(row: _Row) -> Choice:
    return Choice(row.name or "", row.name or "", row.description or "")


def _login(row: _Row) -> Choice:
    return Choice(row.login, row.login, row.description or "")


def _numbered(row: _Row) -> Choice:
    return Choice(str(row.number), f"#{row.number} {row.title}", row.state)


@github.picker("org")
async def orgs(http: Http, query: Query) -> Page:
    """Organisations of the user."""
    return await _page(http, "/user/orgs", query, _login)


@github.picker("repo")
async def repos(http: Http, query: Query) -> Page:
    """Repositories of the organisation in the settings, else all that the credential may see, the last changed first."""
    org = http.config.get("org")
    path = f"/orgs/{segment(org)}/repos" if org else "/user/repos"
    return await _page(http, path, query, lambda row: Choice(row.full_name, row.full_name, row.description or ""), sort="updated")


@github.picker("branch", depends=("repo",))
async def branches(http: Http, query: Query) -> Page:
    """Branches of the repository."""
    return await _page(http, _below(query, "/branches"), query, _named)


@github.picker("label", depends=("repo",))
async def labels(http: Http, query: Query) -> Page:
    """Labels of the repository."""
    return await _page(http, _below(query, "/labels"), query, _named)


@github.picker("user", depends=("repo",))
async def users(http: Http, query: Query) -> Page:
    """Who can be assigned in the repository."""
    return await _page(http, _below(query, "/assignees"), query, _login)


@github.picker("issue", depends=("repo",))
async def issues(http: Http, query: Query) -> Page:
    """Open issues and pull requests of the repository."""
    return await _page(http, _below(query, "/issues"), query, _numbered)


@github.picker("pull_request", depends=("repo",))
async def pulls(http: Http, query: Query) -> Page:
    """Open pull requests of the repository."""
    return await _page(http, _below(query, "/pulls"), query, _numbered)


class _Workflows(Model):
    class Row(Model):
        id: int
        name: str
        path: str
        state: str = ""

    total_count: int
    workflows: list[Row]


@github.picker("workflow", depends=("repo",))
async def workflows(http: Http, query: Query) -> Page:
    """Workflows of the repository."""
    number = int(query.cursor or 1)
    found = await http.get(_below(query, "/actions/workflows"), params={"per_page": PAGE, "page": number}, returns=_Workflows)
    choices = [Choice(each.path.rpartition("/")[2] or str(each.id), each.name, each.state) for each in found.workflows]
    return Page(choices, str(number + 1) if number * PAGE < found.total_count else None)
