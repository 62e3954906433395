"""The rotation of what seals: credentials of integrations, data keys, the master key."""

from litestar.params import FromPath, JSONBody

from powerstrip.access import PLATFORM
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.hub import Hub
from powerstrip.api.route import PROJECT, route
from powerstrip.api.shapes.integrations import Integration
from powerstrip.api.shapes.secrets import (
    CredentialVersion,
    CredentialVersionListResponse,
    DataKeyStatus,
    MasterKeyStatus,
    RotateDataKeysRequest,
    RotateMasterKeyRequest,
    RotationJob,
    SealingKeys,
)
from powerstrip.api.visit import Visit
from powerstrip.vault import HUB

ROTATION = f"{PROJECT}/integrations/{{id:str}}/rotation"
KEYS = "/v1/platform/keys"
TAG, PLATFORM_TAG = "integrations", "platform"


@route("GET", ROTATION, "integrations.view", id="listCredentialVersions", tag=TAG, summary="List versions of a credential")
async def list_credential_versions(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> CredentialVersionListResponse:
    """The current one and, until it is confirmed or rolled back, the one before. Values are never in it."""
    rows = await hub.integrations.versions(visit.project.id, id)
    return CredentialVersionListResponse(items=[CredentialVersion.of(row) for row in rows])


@route("POST", f"{ROTATION}/confirm", "integrations.manage", id="confirmRotation", tag=TAG, summary="Confirm a rotation")
async def confirm_rotation(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Integration:
    """The credential before is destroyed: there is no way back."""
    return Integration.of(await hub.integrations.confirm_rotation(visit.project, visit.actor, id))


@route("POST", f"{ROTATION}/rollback", "integrations.manage", id="rollBackRotation", tag=TAG, summary="Roll a rotation back")
async def roll_back_rotation(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Integration:
    """The credential before is used again, as a new version; the one it replaces is destroyed."""
    return Integration.of(await hub.integrations.roll_back_rotation(visit.project, visit.actor, id))


@route("GET", KEYS, PLATFORM, id="getSealingKeys", tag=PLATFORM_TAG, summary="See the sealing keys")
async def get_sealing_keys(hub: GivenHub) -> SealingKeys:
    """Both layers, with the boxes of each data key counted. Looks at every sealed row: some time on a large hub."""
    rotation = hub.vault.data_rotation
    data = [DataKeyStatus.of(await rotation.status(project)) for project in await rotation.projects()]
    return SealingKeys(master=MasterKeyStatus.of(await hub.vault.master_rotation.status()), data=data, job=_job(hub))


@route("GET", f"{KEYS}/job", PLATFORM, id="getRotationJob", tag=PLATFORM_TAG, summary="See the rotation of data keys")
async def get_rotation_job(hub: GivenHub) -> RotationJob:
    """How far it is."""
    return _job(hub) or RotationJob(step="", state="done", projects=0, projects_done=0, looked_at=0, sealed_anew=0, broken=[])


@route("POST", f"{KEYS}/data", PLATFORM, id="rotateDataKeys", tag=PLATFORM_TAG, summary="Rotate data keys", status=202)
async def rotate_data_keys(visit: GivenVisit, hub: GivenHub, data: JSONBody[RotateDataKeysRequest]) -> RotationJob:
    """Begins a job; nothing stops meanwhile. After a crash the same step goes on where it was."""
    projects = None if data.project_id is None else [await _project(visit, hub, data.project_id)]
    return RotationJob.of(await hub.vault.rotation_jobs.start(data.step, projects, visit.actor))


@route("POST", f"{KEYS}/master", PLATFORM, id="rotateMasterKey", tag=PLATFORM_TAG, summary="Rotate the master key")
async def rotate_master_key(visit: GivenVisit, hub: GivenHub, data: JSONBody[RotateMasterKeyRequest]) -> MasterKeyStatus:
    """Wraps every data key by the next master key too; both are good until `finalise`."""
    rotation = hub.vault.master_rotation
    steps = {"rotate": rotation.rotate, "finalise": rotation.finalise, "roll_back": rotation.roll_back}
    return MasterKeyStatus.of(await steps[data.step](visit.actor))


def _job(hub: Hub) -> RotationJob | None:
    job = hub.vault.rotation_jobs.job
    return None if job is None else RotationJob.of(job)


async def _project(visit: Visit, hub: Hub, reference: str) -> str:
    return HUB if reference == "platform" else (await hub.access.projects.find(visit.identity, reference)).id


HANDLERS = [
    list_credential_versions,
    confirm_rotation,
    roll_back_rotation,
    get_sealing_keys,
    get_rotation_job,
    rotate_data_keys,
    rotate_master_key,
]
"""The routes."""
