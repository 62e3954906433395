"""From an adapter's request to an address: the destination belongs to the integration, never to a call."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from powerstrip.adapter import Adapter, Request, segment
from powerstrip.edge.errors import Refused
from powerstrip.edge.headers import check_headers
from powerstrip.edge.urls import MAX_URL, PATH_SAFE, Url, climbs, encoded, parse_base, parse_url
from powerstrip.settings import Settings

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"))
UNRESERVED = "-_.~"
ProviderUrls: TypeAlias = Mapping[str, str]
_FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)
_HOST_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Base:
    """Where an integration lives: nothing it sends leaves this origin and path. `chosen`: the operator named it."""

    url: Url
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request that has its address. `request.target` is `url` as text, without the parameters."""

    request: Request
    url: Url
    chosen: bool


def origin_of(adapter: Adapter, config: Mapping[str, Any], settings: Settings) -> str:
    """`https://host[:port]/base/path` of an integration with this config. Raises `Refused` where there is none."""
    return base_of(adapter, config, settings.provider_urls).text


def base_of(adapter: Adapter, config: Mapping[str, Any], provider_urls: ProviderUrls) -> Base:
    """The operator's URL for this provider, else the one in the config, else the adapter's own with its fields filled in."""
    if operator := provider_urls.get(adapter.id):
        return _base(operator, True)
    if adapter.base_url_field and (given := _setting(adapter, config, adapter.base_url_field)):
        return _base(given, False)
    if not adapter.base_url:
        raise Refused(f"Fill in the setting {adapter.base_url_field or 'base_url'} of this integration", "setting")
    values = tuple(_setting(adapter, config, name) for name in _names(adapter.base_url))
    return _base(_filled(adapter.base_url, values), False)


def bind(request: Request, base: Base, adapter: Adapter) -> Outgoing:
    """Give a request its address and check what the adapter put into it. Raises `Refused`; repeats nothing of the input."""
    if request.method not in METHODS:
        raise Refused("The method is not one of GET, HEAD, POST, PUT, PATCH and DELETE", "url")
    check_headers(request.headers)
    if request.target.startswith("/"):
        url = _below(base.url, request.target)
    elif request.signed:
        raise Refused("A request's path must begin with one slash", "path")
    else:
        url = _handed_out(request.target, base, adapter)
    chosen = base.chosen and url.origin == base.url.origin
    return Outgoing(request.at(url.text), url, chosen)


def query_of(url: Url, request: Request, safe: str = UNRESERVED) -> str:
    """The query as it goes over the wire: the address's own and then the parameters."""
    if not request.params:
        return url.query
    try:
        params = urlencode(request.params, quote_via=quote, safe=safe)
    except UnicodeEncodeError:
        raise Refused("A parameter holds characters that are no text", "url") from None
    query = f"{url.query}&{params}" if url.query else params
    if len(query) > MAX_URL:
        raise Refused("The parameters are too long for an address", "url")
    return query


def _below(base: Url, path: str) -> Url:
    if path.startswith("//") or "?" in path or "#" in path or "\\" in path or not path.isprintable() or " " in path:
        raise Refused("A request's path must begin with one slash and hold no query, fragment, backslash or blank", "path")
    if climbs(path) or len(path) > MAX_URL:
        raise Refused("A request's path must not climb, and must fit into an address", "path")
    return Url(base.scheme, base.host, base.port, base.path + encoded(path, PATH_SAFE), "", base.address)


def _handed_out(target: str, base: Base, adapter: Adapter) -> Url:
    """An address that the provider gave: on the integration's own host, or one that the adapter declares."""
    url = parse_url(target)
    if url.host != base.url.host and not any(_matches(url.host, pattern.lower()) for pattern in adapter.hosts):
        raise Refused("The provider handed out an address on a host that its adapter does not declare", "address")
    return url


def _matches(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _setting(adapter: Adapter, config: Mapping[str, Any], name: str) -> str:
    """A setting's text, or its declared default."""
    value = config.get(name)
    if value is None and (declared := adapter.config.model_fields.get(name)):
        value = declared.get_default(call_default_factory=True)
    return "" if value is None else str(value)


@lru_cache(1024)
def _names(template: str) -> tuple[str, ...]:
    return tuple(_FIELD.findall(template))


@lru_cache(4096)
def _filled(template: str, values: tuple[str, ...]) -> str:
    """The template with its fields filled: names and digits in the host, one encoded segment each in the path."""
    scheme, _, rest = template.partition("://")
    host, slash, path = rest.partition("/")
    left = iter(values)
    filled = _FIELD.sub(lambda field: _in_host(field[1], next(left)), host)
    return f"{scheme}://{filled}{slash}{_FIELD.sub(lambda field: _in_path(field[1], next(left)), path)}"


def _in_host(name: str, value: str) -> str:
    if not _HOST_VALUE.fullmatch(value):
        raise Refused(f"Fill the setting {name} with letters, digits, hyphens and dots", "setting")
    return value


def _in_path(name: str, value: str) -> str:
    if value in ("", ".", ".."):
        raise Refused(f"Fill in the setting {name}", "setting")
    return segment(value)


@lru_cache(4096)
def _base(text: str, chosen: bool) -> Base:
    url = parse_base(text)
    return Base(url, url.text, chosen)
