"""From an adapter's request to an address: the destination belongs to the integration, never to a call."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from powerstrip.adapter import Adapter, Request, segment
from powerstrip.edge.errors import Refused
from powerstrip.edge.headers import check_headers
from powerstrip.edge.urls import MAX_URL, PATH_SAFE, Url, climbs, encoded, parse_base, parse_url
from powerstrip.value import Value

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"))
UNRESERVED = "-_.~"
LOGIN = "login"
"""`provider.login` among the operator's URLs is where the sign-in endpoints are that lie on no API's origin."""
ProviderUrls: TypeAlias = Mapping[str, str]
_FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)
_HOST_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)


class Base(Value):
    """Where an integration lives: nothing it sends leaves this origin and path. `chosen`: the operator named it."""

    url: Url
    text: str
    chosen: bool


class Outgoing(Value):
    """A request that has its address. `request.target` is `url` as text, without the parameters."""

    request: Request
    url: Url
    chosen: bool


def base_of(adapter: Adapter, config: Mapping[str, Any], provider_urls: ProviderUrls, api: str = "") -> Base:
    """The operator's URL for this provider, else the one in the config, else the adapter's own with its fields filled in.

    `api` names one of the provider's further APIs. The operator's URL for that is under `provider.api`; where only the provider
    itself was moved, the API is looked for at the same origin.
    """
    if api:
        return _further(adapter, config, provider_urls, api)
    if operator := provider_urls.get(adapter.id):
        return _base(operator, True)
    if adapter.base_url_field and (given := setting_of(adapter, config, adapter.base_url_field)):
        return _base(given, False)
    if not adapter.base_url:
        raise Refused(f"Fill in the setting {adapter.base_url_field or 'base_url'} of this integration", "setting")
    values = tuple(setting_of(adapter, config, name) for name in names_in(adapter.base_url))
    return _base(_filled(adapter.base_url, values), False)


def api_of(request: Request) -> tuple[str, Request]:
    """The further API that a request names, empty for none, and the request below that API's base URL."""
    name, mark, path = request.target.partition(":/")
    if not mark or path.startswith("/") or not name.isidentifier():
        return "", request
    return name, request.at("/" + path)


def _further(adapter: Adapter, config: Mapping[str, Any], provider_urls: ProviderUrls, api: str) -> Base:
    if api not in adapter.apis:
        raise Refused("The adapter names an API of the provider that it does not declare", "address")
    if operator := provider_urls.get(f"{adapter.id}.{api}"):
        return _base(operator, True)
    values = tuple(setting_of(adapter, config, name) for name in names_in(adapter.apis[api]))
    declared = _base(_filled(adapter.apis[api], values), False)
    if not (moved := provider_urls.get(adapter.id)):
        return declared
    to = _base(moved, True).url
    url = Url(to.scheme, to.host, to.port, declared.url.path, "", to.address)
    return Base(url, url.text, True)


def endpoint_of(template: str, adapter: Adapter, config: Mapping[str, Any], provider_urls: ProviderUrls) -> Base:
    """A sign-in endpoint as an auth value declares it: a path below the integration's base URL, or an address whose `{field}`s
    are settings. A single `{field}` is a setting that holds the whole address.

    Where the operator names another base URL for the provider, endpoints on the provider's own origin move there too. Those
    elsewhere move below the operator's URL under `provider.login`. Raises `Refused` where a setting is missing.
    """
    if template.startswith("/"):
        base = base_of(adapter, config, provider_urls)
        return Base(_below(base.url, template), base.text + template, base.chosen)
    if whole := _FIELD.fullmatch(template):
        url = parse_url(setting_of(adapter, config, whole[1]) or _missing(whole[1]))
        return Base(url, url.text, False)
    values = tuple(setting_of(adapter, config, name) for name in names_in(template))
    url = parse_url(_filled(template, values))
    moved = _with_provider(url, adapter, provider_urls) or _with_login(url, adapter, provider_urls)
    return Base(moved or url, (moved or url).text, moved is not None)


def _with_provider(url: Url, adapter: Adapter, provider_urls: ProviderUrls) -> Url | None:
    """Where an endpoint on the provider's own origin is, once the operator moved the provider; None for any other."""
    operator = provider_urls.get(adapter.id)
    if not operator or not adapter.base_url or "{" in adapter.base_url:
        return None
    own = _base(adapter.base_url, False).url
    return _moved(url, own, _base(operator, True).url) if own.origin == url.origin else None


def _with_login(url: Url, adapter: Adapter, provider_urls: ProviderUrls) -> Url | None:
    """Where an endpoint elsewhere is, once the operator moved those: its path below the operator's URL."""
    operator = provider_urls.get(f"{adapter.id}.{LOGIN}")
    if not operator:
        return None
    to = _base(operator, True).url
    return Url(to.scheme, to.host, to.port, to.path + url.path, url.query, to.address)


def _missing(name: str) -> str:
    raise Refused(f"Fill in the setting {name} of this integration", "setting")


def _moved(url: Url, own: Url, to: Url) -> Url:
    """The same place at another origin; what lay below the old base path lies below the new one."""
    path = to.path + url.path.removeprefix(own.path) if own.path and url.path.startswith(own.path + "/") else url.path
    return Url(to.scheme, to.host, to.port, path, url.query, to.address)


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
    if url.host != base.url.host and not declared_host(url.host, adapter):
        raise Refused("The provider handed out an address on a host that its adapter does not declare", "address")
    return url


def declared_host(host: str, adapter: Adapter) -> bool:
    """Whether the adapter declares this host beside its base URL's."""
    return any(_matches(host, pattern.lower()) for pattern in adapter.hosts)


def _matches(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def setting_of(adapter: Adapter, config: Mapping[str, Any], name: str) -> str:
    """A setting's text, or its declared default."""
    value = config.get(name)
    if value is None and (declared := adapter.config.model_fields.get(name)):
        value = declared.get_default(call_default_factory=True)
    return "" if value is None else str(value)


@lru_cache(1024)
def names_in(template: str) -> tuple[str, ...]:
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
