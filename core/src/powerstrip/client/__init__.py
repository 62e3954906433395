"""The Python SDK: calls, pages and errors of a hub. It knows nothing of the server, and importing it loads no HTTP library."""

from powerstrip.client.client import Client
from powerstrip.client.embedded import RunningHub, embedded
from powerstrip.client.errors import BadAddress, ClientError, HubError, HubUnreachable
from powerstrip.client.pages import Page, Pages
from powerstrip.client.sync import SyncClient
from powerstrip.client.worker import Job, JobFailed, Worker, WorkerRefused, action

__all__ = [
    "BadAddress",
    "Client",
    "ClientError",
    "HubError",
    "HubUnreachable",
    "Job",
    "JobFailed",
    "Page",
    "Pages",
    "RunningHub",
    "SyncClient",
    "Worker",
    "WorkerRefused",
    "action",
    "embedded",
]
