"""One request to a provider's sign-in endpoints each: a code, a refresh token or an assertion for an access token.

Nothing is kept here and nothing is repeated. What comes back is checked. Every method raises `AuthFailed` for a no that stays
one, `RateLimited` and `Unavailable` for "not now", and the edge's `Refused` for an endpoint that may not be called.
"""

from collections.abc import Collection, Mapping
from typing import Any, cast

from powerstrip.adapter import Adapter, OAuth2, Request, Response, SmartBackend, TokenAuth, Unavailable
from powerstrip.adapter.token_auth import in_json, prove_client, token_fields, token_request
from powerstrip.clock import monotonic, now
from powerstrip.connect.composing import compose
from powerstrip.connect.tokens.answers import at_path, body_of, read_grant, refuse
from powerstrip.connect.tokens.values import Client, DeviceStart, Grant, Pending
from powerstrip.edge import Edge, Refused, TokenCall, left_empty

SECONDS = 15.0
"""How long one request may take, with everything."""
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
WELL_KNOWN = "/.well-known/smart-configuration"
"""Below the FHIR server's base URL (HL7 SMART App Launch 2.2, "Conformance")."""
KNOWN_ENDPOINTS = 1024
SLOWER = 5.0
"""Seconds that `slow_down` adds to the interval (RFC 8628, 3.5)."""
MAX_DEVICE_SECONDS = 1800.0
_SECRET_FIELDS = frozenset(
    ("client_secret", "assertion", "client_assertion", "refresh_token", "code", "code_verifier", "device_code", "token")
)


class Exchange:
    """Asks for tokens, through the edge."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._endpoints: dict[tuple[str, str], str] = {}

    async def code(
        self,
        adapter: Adapter,
        auth: OAuth2,
        client: Client,
        *,
        code: str,
        verifier: str,
        redirect_uri: str,
        config: Mapping[str, Any],
    ) -> Grant:
        """A grant for an authorization code (RFC 6749, 4.1.3) and its PKCE verifier (RFC 7636, 4.5)."""
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        fields |= {"code_verifier": verifier} if auth.pkce else {}
        request = _proved(auth, await self._endpoint(adapter, auth, config), fields, client)
        return read_grant(auth, await self._send(adapter, auth, config, request), now(), (client.secret, *carried(request)))

    async def refresh(
        self, adapter: Adapter, auth: OAuth2, client: Client, *, refresh_token: str, config: Mapping[str, Any]
    ) -> Grant:
        """A new grant for a refresh token (RFC 6749, 6)."""
        response = await self.ask_refresh(adapter, auth, client, refresh_token=refresh_token, config=config)
        return read_grant(auth, response, now(), (client.secret, refresh_token))

    async def ask_refresh(
        self, adapter: Adapter, auth: OAuth2, client: Client, *, refresh_token: str, config: Mapping[str, Any]
    ) -> Response:
        """The same, as the provider answered: it is to be kept before it is read."""
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        request = _proved(auth, await self._endpoint(adapter, auth, config), fields, client)
        return await self._send(adapter, auth, config, request)

    async def own(self, adapter: Adapter, auth: TokenAuth, *, credentials: Mapping[str, str], config: Mapping[str, Any]) -> Grant:
        """A grant for what an admin filled in: a client's secret, or an assertion signed with a private key."""
        response = await self.ask_own(adapter, auth, credentials=credentials, config=config)
        return read_grant(auth, response, now(), credentials.values())

    async def ask_own(
        self, adapter: Adapter, auth: TokenAuth, *, credentials: Mapping[str, str], config: Mapping[str, Any]
    ) -> Response:
        """The same, as the provider answered."""
        url = await self._endpoint(adapter, auth, config)
        request = compose(auth, url, credentials, config)
        return await self._send(adapter, auth, config, request)

    async def revoke(self, adapter: Adapter, auth: OAuth2, client: Client, *, token: str, config: Mapping[str, Any]) -> bool:
        """Tell the provider to forget a token (RFC 7009). False where it has no such endpoint, or does not say yes."""
        if not auth.revoke_url:
            return False
        url = self._edge.endpoint(auth.revoke_url, adapter, config)
        request = _proved(auth, url, {"token": token}, client)
        response = await self._send(adapter, auth, config, request)
        return 200 <= response.status < 300

    def told(self, adapter: Adapter, auth: OAuth2, grant: Grant, config: Mapping[str, Any]) -> dict[str, str]:
        """The settings that the answer with a token fills in. Raises `Refused` for a base URL on a host that nobody declared."""
        found = {name: at_path(grant.extra, path) for name, path in auth.tells}
        told = {name: value for name, value in found.items() if isinstance(value, str) and value}
        if base := told.get(adapter.base_url_field):
            self._edge.found_endpoint(base, adapter, config)
        return told

    async def device_start(
        self, adapter: Adapter, auth: OAuth2, client: Client, *, config: Mapping[str, Any], scopes: Collection[str] | None = None
    ) -> DeviceStart:
        """Begin a device flow (RFC 8628, 3.1). Raises `Refused` where the provider has none."""
        if not auth.device_url:
            raise Refused("This provider has no sign-in by a code on another device", "setting")
        url = self._edge.endpoint(auth.device_url, adapter, config)
        scope = auth.scope_separator.join(auth.scopes if scopes is None else scopes)
        request = _proved(auth, url, {"scope": scope} if scope else {}, client)  # as at the token endpoint: 3.1 asks for it
        return _device(auth, await self._send(adapter, auth, config, request))

    async def device_poll(
        self, adapter: Adapter, auth: OAuth2, client: Client, start: DeviceStart, *, config: Mapping[str, Any]
    ) -> Grant | Pending:
        """Ask once whether the person has confirmed (RFC 8628, 3.4 and 3.5). The caller keeps the interval."""
        fields = {"grant_type": DEVICE_GRANT, "device_code": start.device_code}
        request = _proved(auth, await self._endpoint(adapter, auth, config), fields, client)
        response = await self._send(adapter, auth, config, request)
        match body_of(response).get("error"):
            case "authorization_pending":
                return Pending(interval=start.interval)
            case "slow_down":
                return Pending(interval=start.interval + SLOWER)
            case _:
                return read_grant(auth, response, now(), (client.secret, *carried(request)))

    async def authorize_endpoint(self, adapter: Adapter, auth: OAuth2, config: Mapping[str, Any]) -> str:
        """Where a person is asked for consent: as declared, as set, or as the server names it."""
        if auth.well_known and left_empty(auth.authorize_url, config):
            return await self._discovered(adapter, auth, config, auth.well_known, "authorization_endpoint")
        return self._edge.endpoint(auth.authorize_url, adapter, config)

    async def _endpoint(self, adapter: Adapter, auth: TokenAuth, config: Mapping[str, Any]) -> str:
        """The token endpoint: as declared, as set, or as the server names it."""
        if isinstance(auth, OAuth2) and auth.well_known and left_empty(auth.token_url, config):
            return await self._discovered(adapter, auth, config, auth.well_known, "token_endpoint")
        if not isinstance(auth, SmartBackend):
            return self._edge.endpoint(auth.token_url, adapter, config)
        given = str(config.get(auth.token_url_field) or "") if auth.token_url_field else ""
        if given:
            return given
        if auth.token_url:
            return self._edge.endpoint(auth.token_url, adapter, config)
        return await self._discovered(adapter, auth, config, WELL_KNOWN, "token_endpoint")

    async def _discovered(self, adapter: Adapter, auth: TokenAuth, config: Mapping[str, Any], path: str, name: str) -> str:
        """An endpoint that the server names. One on a host that nobody declared is refused."""
        url = self._edge.endpoint(path, adapter, config)
        if (url, name) not in self._endpoints:
            request = Request("GET", url, headers=(("Accept", "application/json"),), signed=False)
            response = await self._send(adapter, auth, config, request)
            found = body_of(response).get(name)
            if response.status != 200 or not isinstance(found, str) or not found:
                raise Unavailable(f"The server names no {name.replace('_', ' ')} at {path.removeprefix('/')}")
            if len(self._endpoints) >= KNOWN_ENDPOINTS:
                self._endpoints.clear()
            self._endpoints[url, name] = self._edge.found_endpoint(found, adapter, config)
        return self._endpoints[url, name]

    async def _send(self, adapter: Adapter, auth: TokenAuth, config: Mapping[str, Any], request: Request) -> Response:
        call = TokenCall(
            adapter=adapter,
            auth=auth,
            config=config,
            mode="live",
            request=request,
            secrets=carried(request),
            deadline=monotonic() + SECONDS,
        )
        return await self._edge.ask_token(call)


def carried(request: Request) -> list[str]:
    """The secrets in a request for a token: those of its form, and the proof in its header."""
    proof = (request.header("Authorization") or "").partition(" ")[2]
    return [value for name, value in token_fields(request).items() if name in _SECRET_FIELDS] + ([proof] if proof else [])


def _proved(auth: OAuth2, url: str, fields: Mapping[str, str], client: Client) -> Request:
    """A request to a token endpoint with the client's proof, written as the server wants it."""
    request = prove_client(token_request(url, fields), client.method, client.id, client.secret)
    return in_json(request) if auth.body == "json" else request


def _device(auth: OAuth2, response: Response) -> DeviceStart:
    body = body_of(response)
    refuse(auth, response, body)
    code, user_code = body.get("device_code"), body.get("user_code")
    url = body.get("verification_uri", body.get("verification_url"))
    if not all(isinstance(each, str) and each for each in (code, user_code, url)):
        raise Unavailable("The provider began no sign-in by a code")
    complete = body.get("verification_uri_complete")
    return DeviceStart(
        device_code=cast(str, code),
        user_code=cast(str, user_code),
        verification_url=cast(str, url),
        complete_url=complete if isinstance(complete, str) else "",
        interval=_clamped(body.get("interval"), 5.0, 1.0, 60.0),
        lifetime=_clamped(body.get("expires_in"), 600.0, 1.0, MAX_DEVICE_SECONDS),
    )


def _clamped(value: Any, usual: float, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return usual
    return min(max(float(value), least), most)
