"""What can be done at GitHub. Source of paths and names: docs.github.com/en/rest."""

import base64
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import ConfigDict, Field, RootModel, field_validator

from powerstrip.adapter import Http, Model, Pick, Rejected, Unavailable, segment
from powerstrip.adapter.model import by_wire
from powerstrip_github.provider import Repo, github, repo_path

IssueNumber = Annotated[int, Pick("issue"), Field(ge=1, examples=[1])]
PullNumber = Annotated[int, Pick("pull_request"), Field(ge=1, examples=[1])]
Branch = Annotated[str, Pick("branch"), Field(min_length=1, max_length=255, examples=["main"])]
Labels = list[Annotated[str, Pick("label")]]
Users = list[Annotated[str, Pick("user")]]


class NewIssue(Model):
    repo: Repo
    title: str = Field(min_length=1, max_length=256)
    """The issue's first line."""
    body: str | None = Field(None, max_length=65_536)
    """What it says, in Markdown."""
    labels: Labels | None = None
    """Labels to put on it."""
    assignees: Users | None = None
    """Who is to work on it."""


class _Label(Model):
    name: str


class _Labels(RootModel[list[_Label]]):
    pass


class _Login(Model):
    login: str = Field(examples=["octocat"])


class Issue(Model):
    id: int
    number: int = Field(examples=[1])
    title: str
    state: str = Field(examples=["open"])
    html_url: str = Field(examples=["https://github.com/octo-org/hello-world/issues/1"])
    body: str | None = None
    user: _Login | None = None
    labels: list[_Label] = Field(default_factory=list)
    created_at: datetime

    @field_validator("labels", mode="before")
    @classmethod
    def _named(cls, labels: Any) -> Any:
        given: list[Any] = labels or []
        return [{"name": each} if isinstance(each, str) else each for each in given]


def _body(model: Model, *beside: str) -> dict[str, Any]:
    """The JSON of a model; what is in the path is left out."""
    return {name: value for name, value in by_wire(model).items() if name not in ("repo", *beside)}


@github.action("issue.create", aliases=("create-issue",))
async def create_issue(http: Http, issue: NewIssue) -> Issue:
    """Open an issue."""
    return await http.post(repo_path(issue.repo, "/issues"), json=_body(issue), returns=Issue)


class IssueChange(Model):
    repo: Repo
    number: IssueNumber
    """The issue."""
    title: str | None = Field(None, min_length=1, max_length=256)
    """A new first line."""
    body: str | None = Field(None, max_length=65_536)
    """A new text, in Markdown."""
    state: Literal["open", "closed"] | None = None
    """Close it, or open it again."""
    state_reason: Literal["completed", "not_planned", "reopened"] | None = None
    """Why it is closed or open."""
    labels: Labels | None = Field(None, description="In place of those there are.")
    assignees: Users | None = Field(None, description="In place of those there are.")


@github.action("issue.update", idempotent=True)
async def update_issue(http: Http, change: IssueChange) -> Issue:
    """Change, close or open again an issue."""
    return await http.patch(repo_path(change.repo, f"/issues/{change.number}"), json=_body(change, "number"), returns=Issue)


class NewComment(Model):
    repo: Repo
    number: IssueNumber
    """The issue or pull request."""
    body: str = Field(min_length=1, max_length=65_536)
    """What to say, in Markdown."""


class Comment(Model):
    id: int
    html_url: str
    body: str | None = None


@github.action("issue.comment")
async def comment(http: Http, comment: NewComment) -> Comment:
    """Comment on an issue or pull request."""
    return await http.post(
        repo_path(comment.repo, f"/issues/{comment.number}/comments"), json={"body": comment.body}, returns=Comment
    )


class MoreLabels(Model):
    repo: Repo
    number: IssueNumber
    """The issue or pull request."""
    labels: Labels = Field(min_length=1, max_length=100, examples=[["bug"]])
    """Labels to add."""


class LabelNames(Model):
    labels: list[str] = Field(examples=[["bug"]])


@github.action("issue.add_labels", idempotent=True)
async def add_labels(http: Http, more: MoreLabels) -> LabelNames:
    """Put labels on an issue or pull request, beside those there are."""
    path = repo_path(more.repo, f"/issues/{more.number}/labels")
    found = await http.post(path, json={"labels": more.labels}, returns=_Labels)
    return LabelNames(labels=[each.name for each in found.root])


class IssueSearch(Model):
    query: str = Field(min_length=1, max_length=256, examples=["repo:octo-org/hello-world is:issue is:open"])
    """In GitHub's search language."""
    limit: int = Field(30, ge=1, le=100)
    """How many at most."""
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,4}$")
    """`next` of the page before."""


class _Found(Model):
    total_count: int
    items: list[Issue]


class Issues(Model):
    issues: list[Issue]
    total_count: int = 0
    next: str | None = None


@github.action("issue.search", read_only=True)
async def search_issues(http: Http, search: IssueSearch) -> Issues:
    """Find issues and pull requests. GitHub shows the first thousand."""
    page = int(search.cursor or 1)
    found = await http.get("/search/issues", params={"q": search.query, "per_page": search.limit, "page": page}, returns=_Found)
    more = page * search.limit < min(found.total_count, 1000)
    return Issues(issues=found.items, total_count=found.total_count, next=str(page + 1) if more else None)


class NewPull(Model):
    repo: Repo
    title: str = Field(min_length=1, max_length=256)
    """The pull request's first line."""
    head: Branch = Field(description="The branch with the changes; `owner:branch` for a fork's.")
    base: Branch = Field(description="The branch to change.")
    body: str | None = Field(None, max_length=65_536)
    """What it says, in Markdown."""
    draft: bool = False
    """Whether it is not to be merged yet."""


class Pull(Model):
    id: int
    number: int = Field(examples=[1])
    title: str
    state: str = Field(examples=["open"])
    html_url: str
    merged: bool = False


@github.action("pull_request.create", title="Open a pull request")
async def create_pull(http: Http, pull: NewPull) -> Pull:
    """Open a pull request."""
    return await http.post(repo_path(pull.repo, "/pulls"), json=_body(pull), returns=Pull)


class Merge(Model):
    model_config = ConfigDict(json_schema_extra={"examples": [{"repo": "octo-org/hello-world", "number": 1}]})

    repo: Repo
    number: PullNumber
    """The pull request."""
    merge_method: Literal["merge", "squash", "rebase"] = "merge"
    """How the commits arrive."""
    commit_title: str | None = Field(None, max_length=256)
    """The merge commit's first line."""
    sha: str | None = Field(None, pattern=r"^[0-9a-f]{40}$", description="Merge only if the branch still ends here.")


class Merged(Model):
    merged: bool
    sha: str | None = None
    message: str = ""


@github.action("pull_request.merge", title="Merge a pull request", destructive=True)
async def merge_pull(http: Http, merge: Merge) -> Merged:
    """Merge a pull request."""
    return await http.put(repo_path(merge.repo, f"/pulls/{merge.number}/merge"), json=_body(merge, "number"), returns=Merged)


class FileRef(Model):
    repo: Repo
    path: str = Field(min_length=1, max_length=4096, examples=["docs/README.md"])
    """Where it is in the repository."""
    ref: Branch | None = Field(None, description="A branch, tag or commit; left out, the usual branch.")


class File(Model):
    path: str
    sha: str
    size: int
    content: bytes


class _File(Model):
    type: Literal["file"]
    path: str
    sha: str
    size: int
    encoding: str = Field(examples=["base64"])
    content: str = Field(examples=["SGVsbG8K"])


def _file_path(repo: str, path: str) -> str:
    return repo_path(repo, "/contents/" + "/".join(segment(part) for part in path.strip("/").split("/")))


@github.action("file.get", read_only=True)
async def get_file(http: Http, file: FileRef) -> File:
    """Read a file of at most 1 MB."""
    found = await http.get(_file_path(file.repo, file.path), params={"ref": file.ref}, returns=_File)
    if found.encoding != "base64":
        raise Rejected("The file is larger than 1 MB, which GitHub does not hand out here")
    try:
        content = base64.b64decode(found.content)
    except ValueError:
        raise Unavailable("GitHub's answer holds a file that is not base64") from None
    return File(path=found.path, sha=found.sha, size=found.size, content=content)


class NewContent(Model):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"repo": "octo-org/hello-world", "path": "a.txt", "content": "SGVsbG8=", "message": "Say hello"}],
        }
    )

    repo: Repo
    path: str = Field(min_length=1, max_length=4096, examples=["docs/README.md"])
    """Where it is in the repository."""
    content: bytes = Field(max_length=25_000_000)
    """What is in it."""
    message: str = Field(min_length=1, max_length=10_000, description="The commit's message.")
    branch: Branch | None = None
    """The branch to write to; left out, the usual one."""
    sha: str | None = Field(None, pattern=r"^[0-9a-f]{40}$", description="Of the file that is replaced; left out for a new one.")


class _Sha(Model):
    sha: str
    html_url: str | None = None


class Committed(Model):
    content: _Sha
    commit: _Sha


@github.action("file.put", idempotent=True)
async def put_file(http: Http, file: NewContent) -> Committed:
    """Write a file as one commit. Replacing one needs its `sha`: a change in between is refused."""
    return await http.put(_file_path(file.repo, file.path), json=_body(file, "path"), returns=Committed)


class Dispatch(Model):
    repo: Repo
    workflow: Annotated[str, Pick("workflow")] = Field(description="Its file name or number.", examples=["deploy.yml"])
    ref: Branch = Field("main", description="The branch or tag it runs on.")
    inputs: dict[str, str] = Field(default_factory=dict, max_length=25)
    """Values of the workflow's inputs."""


class Started(Model):
    accepted: bool = True


@github.action("workflow.dispatch", title="Run a workflow")
async def dispatch(http: Http, run: Dispatch) -> Started:
    """Start a workflow that can be started by hand."""
    path = repo_path(run.repo, f"/actions/workflows/{quote(run.workflow, safe='')}/dispatches")
    await http.send("POST", path, json={"ref": run.ref, "inputs": run.inputs})
    return Started()


class NewRelease(Model):
    repo: Repo
    tag: str = Field(alias="tag_name", min_length=1, max_length=255, examples=["v1.2.0"])
    """The tag it is made from; a new one is put where there is none."""
    target: Branch | None = Field(None, alias="target_commitish", description="Where a new tag is put.")
    name: str | None = Field(None, max_length=255)
    """The release's title."""
    body: str | None = Field(None, max_length=125_000)
    """What is new, in Markdown."""
    draft: bool = False
    """Keep it unseen for now."""
    prerelease: bool = False
    """Say that it is not for production."""
    generate_release_notes: bool = False
    """Let GitHub write what is new."""


class Release(Model):
    id: int
    tag: str = Field(alias="tag_name", examples=["v1.2.0"])
    html_url: str
    draft: bool = False


@github.action("release.create")
async def create_release(http: Http, release: NewRelease) -> Release:
    """Publish a release, or draft one."""
    return await http.post(repo_path(release.repo, "/releases"), json=_body(release), returns=Release)
