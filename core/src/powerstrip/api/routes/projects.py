"""Projects."""

from typing import Literal

from litestar.params import FromQuery, JSONBody

from powerstrip.access import NewProject, ProjectChanges, TagFilter
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.route import PROJECT, PROJECTS, Filter, Tag, route
from powerstrip.api.shapes.access import CreateProjectRequest, Project, ProjectListResponse, UpdateProjectRequest

TAG = "projects"


@route("GET", PROJECTS, "project.view", id="listProjects", tag=TAG, summary="List projects")
async def list_projects(
    visit: GivenVisit,
    hub: GivenHub,
    search: Filter = None,
    status: FromQuery[Literal["active", "archived", "all"]] = "active",
    tag: Tag = None,
) -> ProjectListResponse:
    """At most 100 projects that the key may view, by name. `search` is the beginning of a name or handle."""
    rows = await hub.access.projects.list(visit.identity, search=search or "", status=status, tags=TagFilter.read(tag or ()))
    return ProjectListResponse(items=[Project.of(row) for row in rows])


@route("POST", PROJECTS, "project.create", id="createProject", tag=TAG, summary="Create a project", status=201)
async def create_project(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateProjectRequest]) -> Project:
    """Its maker owns it. `mode` is for good: a sandbox never sends."""
    new = NewProject(data.name, data.handle, data.description, data.access_mode, data.mode, data.tags)
    return Project.of(await hub.access.projects.create(visit.identity, new))


@route("GET", PROJECT, "project.view", id="getProject", tag=TAG, summary="Get a project")
async def get_project(visit: GivenVisit) -> Project:
    """By handle or id."""
    return Project.of(visit.project)


@route("PATCH", PROJECT, "project.manage", id="updateProject", tag=TAG, summary="Update a project")
async def update_project(visit: GivenVisit, hub: GivenHub, data: JSONBody[UpdateProjectRequest]) -> Project:
    """The handle and the mode stay."""
    changes = ProjectChanges(data.name, data.description, data.access_mode, data.tags)
    return Project.of(await hub.access.projects.update(visit.identity, visit.project, changes))


@route("DELETE", PROJECT, "project.manage", id="deleteProject", tag=TAG, summary="Delete a project", status=204, archived=True)
async def delete_project(visit: GivenVisit, hub: GivenHub) -> None:
    """For good, with everything in it. It must be archived, and not be the home of the key that asks."""
    await hub.files.discard(await hub.access.projects.delete(visit.identity, visit.project))


@route("POST", f"{PROJECT}/archive", "project.manage", id="archiveProject", tag=TAG, summary="Archive a project", archived=True)
async def archive_project(visit: GivenVisit, hub: GivenHub) -> Project:
    """It can be read and restored, nothing else. Archiving twice is archiving once."""
    return Project.of(await hub.access.projects.archive(visit.identity, visit.project))


@route("POST", f"{PROJECT}/restore", "project.manage", id="restoreProject", tag=TAG, summary="Restore a project", archived=True)
async def restore_project(visit: GivenVisit, hub: GivenHub) -> Project:
    """Bring an archived project back."""
    return Project.of(await hub.access.projects.restore(visit.identity, visit.project))


HANDLERS = [
    list_projects,
    create_project,
    get_project,
    update_project,
    delete_project,
    archive_project,
    restore_project,
]
