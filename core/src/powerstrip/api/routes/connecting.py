"""OAuth clients of the platform, consents, and links for people without an account."""

from typing import Any

from litestar.params import FromPath, JSONBody

from powerstrip.access import PLATFORM
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.hub import Hub
from powerstrip.api.route import PROJECT, Cursor, Limit, route
from powerstrip.api.shapes.base import listed
from powerstrip.api.shapes.connecting import (
    ConnectIntegrationRequest,
    ConnectSession,
    ConnectSessionListResponse,
    Consent,
    ConsentAnswerRequest,
    CreateConnectSessionRequest,
    PlatformApp,
    PlatformAppListResponse,
    SetPlatformAppRequest,
)
from powerstrip.connect.consent import NewApp, NewConsent, NewSession, callback_uri

APPS = "/v1/platform/apps"
APP = f"{APPS}/{{provider:str}}"
CONNECT = f"{PROJECT}/integrations/connect"
SESSIONS = f"{PROJECT}/connect-sessions"
TAG, LINKS = "integrations", "connect-sessions"


def _redirect(hub: Hub, provider: str) -> str | None:
    return callback_uri(hub.settings, provider) if hub.settings.public_url else None


@route("GET", APPS, PLATFORM, id="listPlatformApps", tag="platform", summary="List OAuth clients")
async def list_platform_apps(hub: GivenHub) -> PlatformAppListResponse:
    """This hub as a client of its providers. Secrets are never in it."""
    rows = await hub.connecting.apps.list()
    return PlatformAppListResponse(items=[PlatformApp.of(row, _redirect(hub, row.provider)) for row in rows])


@route("PUT", APP, PLATFORM, id="setPlatformApp", tag="platform", summary="Set an OAuth client")
async def set_platform_app(
    visit: GivenVisit, hub: GivenHub, provider: FromPath[str], data: JSONBody[SetPlatformAppRequest]
) -> PlatformApp:
    """The client's id and secret, as the provider gave them to whoever registered the hub there."""
    new = NewApp(data.client_id, data.client_secret, data.method)
    return PlatformApp.of(await hub.connecting.apps.set(visit.actor, provider, new), _redirect(hub, provider))


@route("DELETE", APP, PLATFORM, id="deletePlatformApp", tag="platform", summary="Delete an OAuth client", status=204)
async def delete_platform_app(visit: GivenVisit, hub: GivenHub, provider: FromPath[str]) -> None:
    """Integrations keep the tokens they have, which can no longer be renewed."""
    await hub.connecting.apps.delete(visit.actor, provider)


@route("POST", CONNECT, "integrations.manage", id="connectIntegration", tag=TAG, summary="Begin a consent", status=201)
async def connect_integration(visit: GivenVisit, hub: GivenHub, data: JSONBody[ConnectIntegrationRequest]) -> Consent:
    """Gives the link that a person opens to consent at the provider: good once, for ten minutes."""
    new = NewConsent(
        provider=data.provider or "",
        name=data.name or "",
        config=data.config,
        scopes=data.scopes,
        auth_kind=data.auth_kind,
        integration_id=data.integration_id,
        accept_other_account=data.accept_other_account,
        way=data.way,
        redirect_uri=data.redirect_uri,
        return_to=data.return_to,
    )
    return Consent.begun(await hub.connecting.consents.begin(visit.project, visit.actor, new))


@route("GET", f"{CONNECT}/{{id:str}}", "integrations.manage", id="getConsent", tag=TAG, summary="How a consent stands")
async def get_consent(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> Consent:
    """Pending, connected with the integration's id, or failed with the reason. A device flow moves on when it is asked for."""
    return Consent.of(await hub.connecting.consents.status(visit.project.id, id))


@route(
    "POST", f"{CONNECT}/{{id:str}}/answer", "integrations.manage", id="answerConsent", tag=TAG, summary="End a consent by hand"
)
async def answer_consent(visit: GivenVisit, hub: GivenHub, id: FromPath[str], data: JSONBody[ConsentAnswerRequest]) -> Consent:
    """With the code or the address that came to your own machine; for whoever began the consent alone."""
    return Consent.of(await hub.connecting.consents.complete(visit.project.id, visit.actor, id, data.answer))


@route("POST", SESSIONS, "integrations.manage", id="createConnectSession", tag=LINKS, summary="Make a connect link", status=201)
async def create_connect_session(visit: GivenVisit, hub: GivenHub, data: JSONBody[CreateConnectSessionRequest]) -> ConnectSession:
    """For somebody without an account: one provider, one project, once. Whoever has the link can use it: send it to one."""
    new = NewSession(data.provider, data.name, data.expires_at, data.auth_kinds, data.scopes, data.config)
    row, token = await hub.connecting.sessions.create(visit.project, visit.actor, new)
    return ConnectSession.of(row, f"{hub.settings.public_url}/connect/{token}")


@route("GET", SESSIONS, "integrations.view", id="listConnectSessions", tag=LINKS, summary="List connect links")
async def list_connect_sessions(
    visit: GivenVisit, hub: GivenHub, limit: Limit = 50, cursor: Cursor = None
) -> ConnectSessionListResponse:
    """Newest first. The links themselves are never in it."""

    async def fetch(after: tuple[str, str] | None, wanted: int) -> list[Any]:
        return await hub.connecting.sessions.list(visit.project.id, after=after, limit=wanted)

    page = await visit.page(cursor, limit, fetch, lambda row: (row.created_at, row.id))
    return ConnectSessionListResponse(**listed([ConnectSession.of(row) for row in page.rows], page.next_cursor))


@route("GET", f"{SESSIONS}/{{id:str}}", "integrations.view", id="getConnectSession", tag=LINKS, summary="Get a connect link")
async def get_connect_session(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> ConnectSession:
    """Whether it was used, and what came of it."""
    return ConnectSession.of(await hub.connecting.sessions.get(visit.project.id, id))


@route(
    "DELETE",
    f"{SESSIONS}/{{id:str}}",
    "integrations.manage",
    id="revokeConnectSession",
    tag=LINKS,
    summary="Take a link back",
    status=204,
)
async def revoke_connect_session(visit: GivenVisit, hub: GivenHub, id: FromPath[str]) -> None:
    """Also from somebody who is using it."""
    await hub.connecting.sessions.revoke(visit.project, visit.actor, id)


HANDLERS = [
    list_platform_apps,
    set_platform_app,
    delete_platform_app,
    connect_integration,
    get_consent,
    answer_consent,
    create_connect_session,
    list_connect_sessions,
    get_connect_session,
    revoke_connect_session,
]
