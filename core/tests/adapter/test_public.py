"""What an author may import, and that importing it is free."""

import json
import subprocess
import sys

import powerstrip.adapter
import powerstrip.adapter.testing

PUBLIC = [
    "CONTRACT",
    "Accepted",
    "Account",
    "Acknowledgement",
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
    "Definition",
    "Delivery",
    "Described",
    "DocumentRefused",
    "Dynamic",
    "Ecdsa",
    "Event",
    "GitHubApp",
    "Greeting",
    "Hmac",
    "HmacSigned",
    "Http",
    "HubSpotSigned",
    "IdempotencyKey",
    "Imported",
    "Incoming",
    "JwtBearer",
    "Letter",
    "Letters",
    "Mail",
    "MailLogin",
    "MailServer",
    "MailServers",
    "Mailbox",
    "MailgunSigned",
    "Model",
    "Mtls",
    "NoAuth",
    "NoPick",
    "OAuth2",
    "Page",
    "Part",
    "Parts",
    "Pick",
    "Picker",
    "Poll",
    "Polled",
    "PowerstripError",
    "Query",
    "Rate",
    "RateLimited",
    "Registration",
    "Rejected",
    "Reply",
    "Request",
    "Response",
    "Secret",
    "ServiceAccount",
    "SigV4",
    "SignIn",
    "SignedJwt",
    "Since",
    "SmartBackend",
    "SnsSigned",
    "StandardWebhooks",
    "StaticToken",
    "Subscription",
    "TokenAuth",
    "TokenPaths",
    "TwilioSigned",
    "Unavailable",
    "Unverified",
    "Verify",
    "Wish",
    "already_gone",
    "described",
    "multipart",
    "segment",
    "variant",
]
"""Changed on purpose only: other people's plugins import these names."""


def test_public_names_change_on_purpose_only() -> None:
    assert powerstrip.adapter.__all__ == PUBLIC
    assert all(hasattr(powerstrip.adapter, name) for name in PUBLIC)
    assert powerstrip.adapter.testing.__all__ == ["CONFORMANCE", "FakeHttp", "FakeMail", "check", "mail_server", "provider"]


def test_public_things_say_what_they_are() -> None:
    bare = [name for name in PUBLIC if not (getattr(powerstrip.adapter, name).__doc__ or "").strip()]
    assert bare == []


WATCH = """
import json, os, sys
import pydantic, pluggy
opened = []
def watch(event, details):
    if event == "open" and details[2] and details[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        opened.append(str(details[0]))
    elif event.startswith(("socket.", "subprocess.")):
        opened.append(event)
sys.addaudithook(watch)
__import__(sys.argv[1])
print(json.dumps({"opened": opened, "loaded": sorted({name.split(".")[0] for name in sys.modules})}))
"""

HEAVY = {
    "aiohttp",
    "alembic",
    "cryptography",
    "granian",
    "httpx",
    "httpx2",
    "litestar",
    "pytest",
    "requests",
    "sqlalchemy",
    "sqlite3",
    "sqlmodel",
    "textual",
    "urllib3",
}


def imported(module: str) -> tuple[list[str], set[str]]:
    """What importing a module opened, and which top-level modules were loaded then."""
    command = [sys.executable, "-B", "-c", WATCH, module]
    seen = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return seen["opened"], set(seen["loaded"])


def test_importing_the_contract_opens_nothing_and_loads_nothing_heavy() -> None:
    opened, loaded = imported("powerstrip.adapter")
    assert opened == []
    assert loaded & (HEAVY | {"jsonschema_rs"}) == set()


def test_importing_the_kit_does_not_either() -> None:
    opened, loaded = imported("powerstrip.adapter.testing")
    assert opened == []
    assert loaded & HEAVY == set()


def test_importing_the_catalog_does_not_either() -> None:
    opened, loaded = imported("powerstrip.catalog")
    assert opened == []
    assert loaded & HEAVY == set()
