"""Where an integration's mail servers are.

They are written as addresses: `smtps://host:465` begins with TLS, `smtp://host:587` goes over to TLS before anything else is said
(STARTTLS), `smtp+plain://host:25` does neither; the same for IMAP. The ports are those of RFC 6409, RFC 8314 and RFC 3501.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from powerstrip.adapter import Adapter, MailServer, Request
from powerstrip.edge.bind import Base, Outgoing, ProviderUrls, setting_of
from powerstrip.edge.errors import Refused
from powerstrip.edge.headers import check_headers
from powerstrip.edge.urls import Url, parse_base
from powerstrip.urls import MAIL_PORTS

_SCHEMES = {"tls": "{}s", "starttls": "{}", "none": "{}+plain"}
"""How a line is secured → the address's scheme."""
METHODS = {"smtp": ("SEND", "LOGIN"), "imap": ("LOGIN", "LIST", "READ")}


def bound_to_server(request: Request, adapter: Adapter, config: Mapping[str, Any], provider_urls: ProviderUrls) -> Outgoing:
    """Give a request of a `Mail` its server. Raises `Refused`; repeats nothing of the input."""
    api, mark, path = request.target.partition(":")
    if request.method not in METHODS.get(api, ()) or mark + path != ":/":
        raise Refused("The adapter asks its mail servers for something that they do not do", "url")
    check_headers(request.headers)
    base = _place(api, adapter, config, provider_urls)
    if base is None:
        what = "SMTP" if api == "smtp" else "IMAP"
        raise Refused(f"Fill in the settings of the {what} server: this integration has none", "setting")
    return Outgoing(request.at(base.text), base.url, base.chosen)


def places_of(adapter: Adapter, config: Mapping[str, Any], provider_urls: ProviderUrls) -> Iterator[Base]:
    """The servers of an integration with these settings, SMTP's first. Raises `Refused` for a host that is none."""
    found = (_place(api, adapter, config, provider_urls) for api in METHODS)
    return (base for base in found if base is not None)


def _place(api: str, adapter: Adapter, config: Mapping[str, Any], provider_urls: ProviderUrls) -> Base | None:
    """The operator's address for this server, else the one in the settings; None where there is none.

    The operator writes `http://` for a plain line and `https://` for one that begins with TLS.
    """
    if operator := provider_urls.get(adapter.id if api == "smtp" else f"{adapter.id}.{api}"):
        url = parse_base(operator)
        return _base(url, _SCHEMES["tls" if url.scheme == "https" else "none"].format(api), url.port, chosen=True)
    assert adapter.mail is not None
    names: MailServer = adapter.mail.smtp if api == "smtp" else adapter.mail.imap
    if not (host := setting_of(adapter, config, names.host)):
        return None
    url = parse_base(f"https://[{host}]" if host.count(":") > 1 else f"https://{host}")
    scheme = _SCHEMES.get(setting_of(adapter, config, names.security), "{}").format(api)
    port = setting_of(adapter, config, names.port)
    if url.path or url.port != 443:
        raise Refused(f"Write a host name alone into the setting {names.host}", "setting")
    return _base(url, scheme, int(port) if port.isdecimal() else MAIL_PORTS[scheme][0], chosen=False)


def _base(url: Url, scheme: str, port: int, *, chosen: bool) -> Base:
    placed = Url(scheme, url.host, port, "", "", url.address)
    return Base(placed, f"{placed.origin}", chosen)
