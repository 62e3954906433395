"""The Python SDK: calls, pages and errors of a hub. It knows nothing of the server, and importing it loads no HTTP library."""

from powerstrip.client.client import Client
from powerstrip.client.embedded import RunningHub, embedded
from powerstrip.client.errors import BadAddress, ClientError, HubError, HubUnreachable
from powerstrip.client.pages import Page, Pages
from powerstrip.client.sync import SyncClient

__all__ = [
    "BadAddress",
    "Client",
    "ClientError",
    "HubError",
    "HubUnreachable",
    "Page",
    "Pages",
    "RunningHub",
    "SyncClient",
    "embedded",
]
