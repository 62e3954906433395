"""What an adapter's author imports: the whole contract, in one place.

Importing it opens nothing, reads no environment and loads no web framework, database or HTTP library.
"""

from powerstrip.adapter.adapter import (
    CONTRACT,
    Account,
    Action,
    Adapter,
    Annotations,
    Event,
    IdempotencyKey,
    Picker,
    Rate,
)
from powerstrip.adapter.auth import (
    ApiKey,
    Auth,
    Basic,
    Bearer,
    ClientCredentials,
    HmacSigned,
    JwtBearer,
    Mtls,
    NoAuth,
    OAuth2,
    ServiceAccount,
    SigV4,
)
from powerstrip.adapter.content import Content
from powerstrip.adapter.errors import AuthFailed, PowerstripError, RateLimited, Rejected, Unavailable
from powerstrip.adapter.http import Http, Request, Response, segment
from powerstrip.adapter.model import Model, Pick
from powerstrip.adapter.picker import Choice, Page, Query
from powerstrip.adapter.secret import Secret
from powerstrip.adapter.verify import BasicPassword, Hmac, Unverified, Verify
from powerstrip.adapter.webhook import Delivery, Incoming, Reply

__all__ = [
    "CONTRACT",
    "Account",
    "Action",
    "Adapter",
    "Annotations",
    "ApiKey",
    "Auth",
    "AuthFailed",
    "Basic",
    "BasicPassword",
    "Bearer",
    "Choice",
    "ClientCredentials",
    "Content",
    "Delivery",
    "Event",
    "Hmac",
    "HmacSigned",
    "Http",
    "IdempotencyKey",
    "Incoming",
    "JwtBearer",
    "Model",
    "Mtls",
    "NoAuth",
    "OAuth2",
    "Page",
    "Pick",
    "Picker",
    "PowerstripError",
    "Query",
    "Rate",
    "RateLimited",
    "Rejected",
    "Reply",
    "Request",
    "Response",
    "Secret",
    "ServiceAccount",
    "SigV4",
    "Unavailable",
    "Unverified",
    "Verify",
    "segment",
]
