"""The way to a provider's sign-in endpoints: the same guard, deadline and caps as every request, and no credential of a call.

It is asked by what fetches access tokens. The answer holds secrets, so it comes back as it is, and is for reading alone; errors
are cleaned of the secrets that the request carried.
"""

from collections.abc import Collection, Mapping
from typing import Any

from powerstrip.adapter import Adapter, PowerstripError, Request, Response, TokenAuth
from powerstrip.edge.bind import Base, ProviderUrls, base_of, declared_host, endpoint_of
from powerstrip.edge.call import Mode
from powerstrip.edge.errors import Refused
from powerstrip.edge.guard import Guard
from powerstrip.edge.headers import check_headers
from powerstrip.edge.scrub import Scrub
from powerstrip.edge.transport import Flight, Transport
from powerstrip.edge.urls import Url, parse_url
from powerstrip.value import Hidden, Value

TOKEN_ANSWER = 64 * 1024
"""Bytes of an answer, decoded or not. Real ones have a few kilobytes."""


class TokenCall(Value, kw_only=True):
    """One request to a sign-in endpoint. `deadline` is in seconds of the monotonic clock; `secrets` are what it carries."""

    adapter: Adapter
    auth: TokenAuth
    config: Mapping[str, Any]
    mode: Mode
    request: Hidden[Request]
    secrets: Hidden[Collection[str]]
    deadline: float


async def send(call: TokenCall, guard: Guard, transport: Transport, provider_urls: ProviderUrls) -> Response:
    """Send once and give the answer, whatever its status. Raises `Refused`, `Unreached` and `NoAnswer`.

    Only hosts that the auth value or the adapter declares, or that the integration itself lives on, are asked. A sandbox asks
    nobody.
    """
    if call.mode != "live":
        raise Refused("A sandbox asks for no access token", "setting")
    check_headers(call.request.headers, identity=True)
    url = parse_url(call.request.target)
    chosen = _allowed(url, call, provider_urls)
    scrub = Scrub(call.secrets)
    try:
        reach = guard.reach(url, chosen=chosen)
        return await transport.send(Flight(call.request, url, reach, call.deadline, scrub, cap=TOKEN_ANSWER))
    except PowerstripError as error:
        scrub.error(error)
        raise


def _allowed(url: Url, call: TokenCall, provider_urls: ProviderUrls) -> bool:
    """Whether the operator chose this origin. Raises `Refused` for one that nobody declared."""
    declared = _declared(call, provider_urls)
    matching = [each for each in declared if each.url.origin == url.origin]
    if not matching and not (url.scheme == "https" and declared_host(url.host, call.adapter)):
        raise Refused("A token would be asked for at a host that this provider's adapter does not declare", "address")
    return any(each.chosen for each in matching)


def chosen_endpoints(auth: TokenAuth, adapter: Adapter, config: Mapping[str, Any]) -> list[str]:
    """Origins of the token endpoints that an integration's settings choose, by `{field}`s or by a setting of their own.

    An address that is a setting by itself may be left empty by who signs in another way. Raises `Refused` where one is no
    address.
    """
    given = config.get(getattr(auth, "token_url_field", "") or "")
    asked = "{" in auth.token_url and not left_empty(auth.token_url, config)
    bases = [endpoint_of(auth.token_url, adapter, config, {})] if asked else []
    return [each.url.origin for each in bases] + ([parse_url(str(given)).origin] if given else [])


def left_empty(template: str, config: Mapping[str, Any]) -> bool:
    """Whether an endpoint is a setting by itself, and nobody filled it in."""
    alone = template.startswith("{") and template.endswith("}")
    return alone and not config.get(template[1:-1])


def found_endpoint(text: str, adapter: Adapter, config: Mapping[str, Any], provider_urls: ProviderUrls) -> str:
    """An endpoint that a server named as its own. Raises `Refused` unless it is there or on a host that the adapter declares."""
    url, base = parse_url(text), base_of(adapter, config, provider_urls).url
    if url.origin != base.origin and not (url.scheme == "https" and declared_host(url.host, adapter)):
        raise Refused("The server names a sign-in endpoint on another host: fill it in, in the integration's settings", "setting")
    return url.text


def _declared(call: TokenCall, provider_urls: ProviderUrls) -> list[Base]:
    names = ("token_url", "authorize_url", "revoke_url", "device_url")
    templates = [text for name in names if (text := getattr(call.auth, name, "")) and not left_empty(text, call.config)]
    declared = [endpoint_of(text, call.adapter, call.config, provider_urls) for text in templates]
    setting = getattr(call.auth, "token_url_field", "")
    if setting and (given := call.config.get(setting)):
        url = parse_url(str(given))
        declared.append(Base(url, url.text, False))
    if call.adapter.base_url or call.adapter.base_url_field:
        declared.append(base_of(call.adapter, call.config, provider_urls))
    return declared
