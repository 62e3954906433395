"""What a person opens in a browser: the end of a consent, and the page of a connect session. None of it needs a key."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from litestar import MediaType, Response
from litestar.params import FromPath

from powerstrip.api import pages
from powerstrip.api.given import GivenHub, GivenVisit
from powerstrip.api.hub import Hub
from powerstrip.api.pages import FIELD, Filled, Invitation
from powerstrip.api.problems import Answer
from powerstrip.api.route import PUBLIC, route
from powerstrip.api.visit import Visit
from powerstrip.catalog import AuthManifest
from powerstrip.connect.consent import missing_scopes, read_answer
from powerstrip.problems import BadInput, Conflict, Forbidden, Problem, Unprocessable
from powerstrip.store import ConnectSession, Consent, Project
from powerstrip.urls import BadUrl, parse_url

TAG = "pages"
COOKIE = "powerstrip_browser"
COOKIE_SECONDS = 86_400


@route(
    "GET",
    "/v1/oauth/callback/{provider:str}",
    PUBLIC,
    id="getOAuthCallback",
    tag=TAG,
    summary="The end of a consent",
    gives="text/html",
    page=True,
)
async def get_oauth_callback(visit: GivenVisit, hub: GivenHub, provider: FromPath[str]) -> Response[bytes]:
    """The end of a consent, once for each. What is wrong with it is told on a page, and then nothing was stored."""
    consent = await hub.connecting.consents.answer(provider, read_answer(visit.query), _browser(visit))
    if consent.return_to:
        return _redirect(consent.return_to)
    return _response(await _connected(hub, consent))


@route(
    "GET",
    "/connect/{token:str}",
    PUBLIC,
    id="getConnectPage",
    tag=TAG,
    summary="A link's page",
    gives="text/html",
    page=True,
)
async def get_connect_page(visit: GivenVisit, hub: GivenHub, token: FromPath[str]) -> Response[bytes]:
    """The form of the provider, or the way to its consent."""
    row, project = await hub.connecting.sessions.open(token)
    browser = _browser(visit) or secrets.token_urlsafe(24)
    return _with_cookie(hub, browser, await _form(hub, row, project, token, browser))


@route(
    "POST",
    "/connect/{token:str}",
    PUBLIC,
    id="submitConnectPage",
    tag=TAG,
    summary="Fill in a connect link",
    gives="text/html",
    page=True,
)
async def submit_connect_page(visit: GivenVisit, hub: GivenHub, token: FromPath[str]) -> Response[bytes]:
    """Takes the form, or goes on to the provider. Errors stand beside their fields; secrets are not shown again."""
    row, project = await hub.connecting.sessions.open(token)
    fields = await visit.body.form()
    browser = _browser(visit) or ""
    _check_origin(hub, visit, token, browser, fields)
    kind = fields.get("auth_kind", "")
    way = next((each for each in await _ways(hub, row) if each.kind == kind), None)
    if way is None:
        raise Unprocessable("This link does not allow that way to sign in", code="unknown_auth_kind")
    try:
        if way.connect == "redirect":
            return _redirect((await hub.connecting.sessions.begin(token, kind, browser, visit.head.ip)).authorize_url)
        values = {name.removeprefix(FIELD): _lines(value) for name, value in fields.items() if name.startswith(FIELD) and value}
        made = await hub.connecting.sessions.fill(token, kind, values, visit.head.ip)
    except (BadInput, Unprocessable, Conflict) as problem:
        filled = Filled(kind, _shown(way, fields), _errors(problem))
        return _response(await _form(hub, row, project, token, browser, filled, problem.status))
    title = hub.catalog.summary(row.provider).title
    return _response(pages.connected(title, made.name, project.name, made.account_name, ()))


async def _connected(hub: Hub, consent: Consent) -> Answer:
    row = await hub.integrations.get(consent.project_id, consent.integration_id or "")
    project = await hub.store.read(lambda session: session.get(Project, consent.project_id))
    title = hub.catalog.summary(consent.provider).title
    return pages.connected(title, row.name, project.name if project else "", row.account_name, missing_scopes(consent))


async def _form(
    hub: Hub, row: ConnectSession, project: Project, token: str, browser: str, filled: Filled | None = None, status: int = 200
) -> Answer:
    ways = await _ways(hub, row)
    title = hub.catalog.summary(row.provider).title
    invitation = Invitation(title, row.name, project.name, row.expires_at, _csrf(hub, browser, token))
    goes_to = await _origin(hub, row) if any(way.connect == "redirect" for way in ways) else ""
    return pages.session_page(invitation, ways, goes_to, filled, status)


async def _ways(hub: Hub, row: ConnectSession) -> list[AuthManifest]:
    """The ways to sign in that this link offers and this hub can do."""
    manifest = await asyncio.to_thread(hub.catalog.provider, row.provider)
    ready = row.provider in await hub.connecting.apps.providers()
    ways = [way for way in manifest.auths if way.kind in row.auth_kinds and (way.connect != "redirect" or ready)]
    if not ways:
        raise Unprocessable(
            f"This hub is not set up for {manifest.title} yet: tell who sent you the link", code="no_platform_app"
        )
    return ways


async def _origin(hub: Hub, row: ConnectSession) -> str:
    """Where the consent is asked for: the page's policy lets a form lead there."""
    url = await hub.connecting.consents.authorize_endpoint(row.provider, row.config)
    try:
        return parse_url(url).origin
    except BadUrl:
        return ""


def _check_origin(hub: Hub, visit: Visit, token: str, browser: str, fields: Mapping[str, str]) -> None:
    """Raises `Forbidden` for a form that did not come from our own page in this browser."""
    site = visit.head.fields.get(b"sec-fetch-site", b"same-origin")
    expected = _csrf(hub, browser, token)
    if site != b"same-origin" or not browser or not hmac.compare_digest(expected, fields.get("csrf", "")):
        raise Forbidden("The form did not come from this page. Open the link again, with cookies allowed", code="foreign_form")


def _csrf(hub: Hub, browser: str, token: str) -> str:
    text = f"{browser}\n{token}".encode("utf-8", "surrogatepass")
    return hmac.new(hub.vault.derive("connect-page"), text, hashlib.sha256).hexdigest()


def _browser(visit: Visit) -> str | None:
    """The random name that an earlier page gave this browser."""
    try:
        cookies = SimpleCookie(visit.head.fields.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return None
    found = cookies.get(COOKIE)
    return found.value if found and found.value.isascii() and 16 <= len(found.value) <= 64 else None


def _with_cookie(hub: Hub, browser: str, answer: Answer) -> Response[bytes]:
    secure = "; Secure" if hub.settings.public_url.startswith("https://") else ""
    response = _response(answer)
    response.headers["set-cookie"] = f"{COOKIE}={browser}; Path=/; HttpOnly; SameSite=Lax; Max-Age={COOKIE_SECONDS}{secure}"
    return response


def _response(answer: Answer) -> Response[bytes]:
    headers = {name.decode(): value.decode() for name, value in answer.headers if name != b"content-type"}
    return Response(answer.body, status_code=answer.status, headers=headers, media_type=MediaType.HTML)


def _redirect(url: str) -> Response[bytes]:
    return Response(b"", status_code=303, headers={"location": url}, media_type=MediaType.HTML)


def _shown(way: AuthManifest, fields: Mapping[str, str]) -> dict[str, str]:
    """What was filled in and is no secret."""
    given = {name.removeprefix(FIELD): value for name, value in fields.items() if name.startswith(FIELD)}
    return {
        name: value for name, value in given.items() if name in way.form.get("properties", {}) and name not in way.secret_fields
    }


def _errors(problem: Problem) -> dict[str, str]:
    """Messages by field; what belongs to none stands above the form."""
    found: dict[str, str] = {}
    for each in problem.details.get("errors", []):
        place, _, name = str(each["path"]).partition(".")
        found.setdefault(name if place == "credentials" and name else "", str(each["message"]))
    return found or {"": problem.message}


def _lines(text: str) -> str:
    """A form sends line breaks as CRLF."""
    return text.replace("\r\n", "\n")


HANDLERS = [get_oauth_callback, get_connect_page, submit_connect_page]
