"""The way out of back ends, which hold the master key or secrets elsewhere and run before the edge stands.

Where they go is the operator's own word, as the address of the database is: no address guard is asked, but only https, or http
to this very machine, is spoken.
"""

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from powerstrip.adapter.backend import BackendAnswer, BackendFailed
from powerstrip.value import Hidden, Value

SECONDS = 30.0
MAX_BYTES = 1024 * 1024


class OperatorWay(Value):
    """One back end's way out. `send` blocks its thread: call it outside of any event loop."""

    settings: Hidden[Mapping[str, str]]

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> BackendAnswer:
        """One request without redirects, proxies or cookies, in 30 seconds and 1 MiB. Raises `BackendFailed`."""
        host = _checked(url)
        try:
            return asyncio.run(_send(method, url, headers, body))
        except TimeoutError:
            raise BackendFailed(f"{host} did not answer within {SECONDS:.0f} seconds") from None
        except (OSError, ValueError) as error:
            raise _unreached(host, error) from None


def _checked(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None or not host:
        raise BackendFailed("The address of a back end is a plain URL, such as https://vault.example.com:8200")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(host)):
        raise BackendFailed(f"{host}: a back end is spoken to by https (http only on this machine)")
    return host


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _unreached(host: str, error: Exception) -> BackendFailed:
    return BackendFailed(f"{host} cannot be reached ({type(error).__name__})")


async def _send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> BackendAnswer:
    import aiohttp  # most hubs have no back end: theirs starts without

    timeout = aiohttp.ClientTimeout(total=SECONDS)
    jar = aiohttp.DummyCookieJar()
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False, cookie_jar=jar) as session,
            session.request(method, url, headers=dict(headers), data=body or None, allow_redirects=False) as answer,
        ):
            content = await answer.content.read(MAX_BYTES + 1)
            while len(content) <= MAX_BYTES and (more := await answer.content.read(MAX_BYTES + 1 - len(content))):
                content += more
            if len(content) > MAX_BYTES:
                raise BackendFailed(f"{answer.host} answered more than {MAX_BYTES:,} bytes")
            return BackendAnswer(answer.status, content)
    except TimeoutError:
        raise
    except aiohttp.ClientError as error:
        raise _unreached(urlsplit(url).hostname or "", error) from None
