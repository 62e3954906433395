"""Actions of an integration's own: descriptions are imported, compared and kept."""

import asyncio

from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody

from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.hub import Hub
from powerstrip.api.route import PROJECT, route
from powerstrip.api.shapes.definitions import (
    ApplyDescriptionRequest,
    ContractChange,
    CreateFromDescriptionRequest,
    DefinitionDiff,
    DescriptionRequest,
    ImportOutlook,
    ImportReport,
    IntegrationDefinition,
)
from powerstrip.api.visit import Visit
from powerstrip.connect import NewIntegration
from powerstrip.connect.definitions import Outlook, Source, report_of
from powerstrip.problems import BadInput
from powerstrip.value import replace

TAG = "definitions"
DEFINITIONS = f"{PROJECT}/integrations/definitions"
DEFINITION = f"{PROJECT}/integrations/{{id:str}}/definition"


@route("POST", f"{DEFINITIONS}/read", "integrations.manage", id="readDescription", tag=TAG, summary="Read a description")
async def read_description(visit: GivenVisit, hub: GivenHub, data: JSONBody[DescriptionRequest]) -> ImportReport:
    """What an import would make of it. Nothing is kept."""
    imported = await hub.definitions.read(visit.project, data.provider, await _source(visit, hub, data))
    return ImportReport.model_validate(report_of(imported))


@route(
    "POST",
    DEFINITIONS,
    "integrations.manage",
    id="createFromDescription",
    tag=TAG,
    summary="Connect an API",
    status=201,
)
async def create_from_description(
    visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateFromDescriptionRequest]
) -> Response[ImportOutlook]:
    """A new integration with an action for each operation. Without credentials it waits for them."""
    source = await _source(visit, hub, data)
    new = NewIntegration(data.name, data.provider, data.credentials, data.config, data.auth_kind, data.mode)
    _, kept, imported = await hub.definitions.create(visit.project, visit.actor, new, source)
    return Response(ImportOutlook.of(Outlook(imported), kept))


@route("POST", DEFINITION, "integrations.manage", id="applyDescription", tag=TAG, summary="Import a description")
async def apply_description(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[ApplyDescriptionRequest], plan: FromQuery[bool] = False
) -> ImportOutlook:
    """As the integration's next version. What breaks is refused with the code `breaking`, unless `accept_breaking`.

    With `plan` nothing is done, and the answer is what would be.
    """
    source = replace(await _source(visit, hub, data), adds=data.adds)
    if plan:
        return ImportOutlook.of(await hub.definitions.plan(visit.project, id, source))
    kept, outlook = await hub.definitions.apply(visit.project, visit.actor, id, source, accept_breaking=data.accept_breaking)
    return ImportOutlook.of(outlook, kept)


@route("GET", DEFINITION, "integrations.view", id="getDefinition", tag=TAG, summary="Get a definition")
async def get_definition(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], version: FromQuery[int | None] = None
) -> IntegrationDefinition:
    """The newest version, or the one that is named."""
    row = await hub.definitions.get(visit.project.id, id, version)
    versions = [each.version for each in await hub.definitions.versions(visit.project.id, id)]
    return IntegrationDefinition.of(row, versions)


@route("GET", f"{DEFINITION}/diff", "integrations.view", id="diffDefinitions", tag=TAG, summary="Compare two definitions")
async def diff_definitions(
    visit: GivenVisit, hub: GivenHub, id: FromPath[str], old: FromQuery[int], new: FromQuery[int]
) -> DefinitionDiff:
    """What changed from one version to another."""
    found = await hub.definitions.compare(visit.project.id, id, old, new)
    return DefinitionDiff(old=old, new=new, changes=[ContractChange.of(each) for each in found])


async def _source(visit: Visit, hub: Hub, data: DescriptionRequest) -> Source:
    """The description that a request gives. Raises `BadInput` unless it gives one."""
    given = [each for each in (data.document, data.file, data.url) if each is not None]
    if len(given) != 1:
        raise BadInput("Give the description in one way: `document`, `file` or `url`")
    if data.file is not None:
        row, path = await hub.files.get(visit.project.id, data.file)
        return Source(await asyncio.to_thread(path.read_bytes), name=data.source or row.name)
    if data.document is not None:
        return Source(data.document.encode("utf-8", "replace"), name=data.source)
    return Source(url=data.url or "", name=data.source)


HANDLERS = [read_description, create_from_description, apply_description, get_definition, diff_definitions]
