"""Every way to fetch a token with what an admin filled in: what the provider is asked, checked with its public key."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from callhouse import House, leaks
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from tokenhouse import EC_KEY, FIRST, RSA_KEY, SECRET, Made, make_adapter, maker, pem, settle, token, unsigned

from powerstrip.adapter import ClientCredentials, GitHubApp, JwtBearer, Model, OAuth2, ServiceAccount, SmartBackend
from powerstrip.connect import IntegrationChanges
from powerstrip.problems import Unprocessable

TOKEN = "POST /token"


@pytest.fixture
def make(house: House) -> Made:
    return maker(house)


def proved(jwt: str) -> bool:
    """Whether one of the test keys signed this; raises where it did not."""
    data, _, signature = jwt.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    head, _ = unsigned(jwt)
    digest = {"256": hashes.SHA256, "384": hashes.SHA384}[head["alg"][2:]]()
    if head["alg"].startswith("RS"):
        RSA_KEY.public_key().verify(raw, data.encode(), PKCS1v15(), digest)
    else:
        half = len(raw) // 2
        pair = encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
        EC_KEY.public_key().verify(pair, data.encode(), ECDSA(digest))
    return True


async def test_client_credentials_prove_themselves_in_the_form_too(make: Made, house: House) -> None:
    params = (("audience", "https://api.tick.example"),)
    tick = make(ClientCredentials(token_url=f"{house.peer.url}/token", client_auth="post", params=params))
    house.peer.say(TOKEN, token())
    await tick.connect()

    await tick.call()

    wanted = {"grant_type": "client_credentials", "audience": "https://api.tick.example"}
    assert tick.asked() == [wanted | {"client_id": "tick-client", "client_secret": SECRET}]


async def test_a_jwt_bearer_signs_an_assertion(make: Made, house: House) -> None:
    tick = make(JwtBearer(token_url=f"{house.peer.url}/token", algorithm="ES384", scopes=("a", "b"), scope_in="claims"))
    house.peer.say(TOKEN, token())
    credentials = {"issuer": "tick-app", "key_id": "key-1", "private_key": pem(EC_KEY)}
    await tick.connect(credentials=credentials)

    assert (await tick.call()).status == "completed"

    (asked,) = tick.asked()
    assert asked["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    head, claims = unsigned(asked["assertion"])
    assert head == {"alg": "ES384", "typ": "JWT", "kid": "key-1"}
    assert (claims["iss"], claims["sub"], claims["scope"]) == ("tick-app", "tick-app", "a b")
    assert claims["aud"] == f"{house.peer.url}/token"
    assert claims["exp"] - claims["iat"] == 300
    assert proved(asked["assertion"])


async def test_a_service_account_is_its_key_file(make: Made, house: House) -> None:
    tick = make(ServiceAccount(token_url=f"{house.peer.url}/token", scopes=("notes",)))
    house.peer.say(TOKEN, token())
    file = {"client_email": "robot@tick.example", "private_key": pem(RSA_KEY), "token_uri": "https://elsewhere.example/token"}
    await tick.connect(credentials={"key": json.dumps(file | {"private_key_id": "k1"}), "subject": "ada@tick.example"})

    assert (await tick.call()).status == "completed"

    head, claims = unsigned(tick.asked()[0]["assertion"])
    assert head["kid"] == "k1"
    assert (claims["iss"], claims["sub"], claims["scope"]) == ("robot@tick.example", "ada@tick.example", "notes")
    assert proved(tick.asked()[0]["assertion"])
    assert leaks(house.bytes_on_disk(), pem(RSA_KEY).splitlines()[3]) == []


async def test_a_github_app_gets_its_installations_token(make: Made, house: House) -> None:
    tick = make(GitHubApp())
    granted = {"token": FIRST, "expires_at": "2099-01-01T00:00:00Z", "permissions": {"issues": "write"}}
    house.peer.say("POST /app/installations/77/access_tokens", granted, status=201)
    row = await tick.connect(credentials={"app_id": "12", "installation_id": "77", "private_key": pem(RSA_KEY)})

    assert (await tick.call()).status == "completed"

    line, heads, _ = house.peer.requests[0]
    assert line == "POST /app/installations/77/access_tokens"
    _, claims = unsigned(heads["authorization"].removeprefix("Bearer "))
    assert (claims["iss"], claims["exp"] - claims["iat"]) == ("12", 600)
    assert proved(heads["authorization"].removeprefix("Bearer "))
    kept = await tick.row(row.id)
    assert kept.scopes == ["issues:write"]
    assert kept.expires_at is not None
    assert tick.tokens_sent() == [FIRST]


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
async def test_smart_backend_services_look_the_endpoint_up(make: Made, house: House, algorithm: Any) -> None:
    tick = make(SmartBackend(algorithm=algorithm))
    house.peer.say("GET /.well-known/smart-configuration", {"token_endpoint": f"{house.peer.url}/token"})
    house.peer.say(TOKEN, token(scope="system/*.rs"))
    key = RSA_KEY if algorithm == "RS384" else EC_KEY
    await tick.connect(credentials={"client_id": "clinic", "key_id": "key-1", "private_key": pem(key)})

    assert (await tick.call()).status == "completed"

    (asked,) = tick.asked()
    assert asked["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert (asked["grant_type"], asked["scope"]) == ("client_credentials", "system/*.rs")
    head, claims = unsigned(asked["client_assertion"])
    assert (head["alg"], head["kid"]) == (algorithm, "key-1")
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("clinic", "clinic", f"{house.peer.url}/token")
    assert claims["jti"]
    assert proved(asked["client_assertion"])


@pytest.mark.parametrize(
    "endpoint", ["https://evil.example/token", "http://127.0.0.1:1/token", "http://169.254.169.254/token", 7]
)
async def test_a_looked_up_endpoint_elsewhere_is_refused(make: Made, house: House, endpoint: Any) -> None:
    tick = make(SmartBackend())
    house.peer.say("GET /.well-known/smart-configuration", {"token_endpoint": endpoint})
    row = await tick.connect(credentials={"client_id": "clinic", "key_id": "key-1", "private_key": pem(RSA_KEY)})

    result = await tick.call()

    assert result.error_type in ("rejected", "unavailable")
    assert [line for line, _, _ in house.peer.requests] == ["GET /.well-known/smart-configuration"]
    assert (await tick.integration(row.id)).status == "active"


@pytest.mark.parametrize(
    ("auth", "credentials", "words"),
    [
        (JwtBearer(token_url="https://t.example"), {"issuer": "i", "private_key": "no key at all"}, "cannot be read"),
        (JwtBearer(token_url="https://t.example", algorithm="ES256"), {"issuer": "i", "private_key": pem(RSA_KEY)}, "P-256"),
        (JwtBearer(token_url="https://t.example"), {"issuer": "i", "private_key": pem(EC_KEY)}, "RSA"),
        (ServiceAccount(), {"key": '{"type": "authorized_user"}'}, "service account"),
        (ServiceAccount(), {"key": "[" * 5000}, "service account"),
    ],
    ids=["no key", "other kind", "other curve", "other file", "deep file"],
)
async def test_a_key_that_cannot_sign_is_told_at_once(make: Made, house: House, auth: Any, credentials: Any, words: str) -> None:
    tick = make(auth)

    with pytest.raises(Unprocessable, match=words) as caught:
        await tick.connect(credentials=credentials)

    assert caught.value.code == "unusable_credential"
    assert caught.value.details["errors"][0]["path"] in ("credentials.private_key", "credentials.key")
    assert house.peer.requests == []


async def test_a_consent_is_not_filled_in(make: Made, house: House) -> None:
    tick = make(OAuth2(authorize_url=f"{house.peer.url}/authorize", token_url=f"{house.peer.url}/token"))

    with pytest.raises(Unprocessable, match="powerstrip connect") as caught:
        await tick.connect(credentials={})

    assert caught.value.code == "auth_kind_unavailable"


async def test_a_token_endpoint_that_settings_choose_belongs_to_the_destination(house: House) -> None:
    class Regional(Model):
        base_url: str = ""
        region: str = "eu"

    adapter = make_adapter(ClientCredentials(token_url="https://{region}.login.tick.example/token"))
    adapter.config = Regional
    tick = settle(house, adapter)
    row = await tick.connect(config={"base_url": house.peer.url, "region": "eu"})

    moved = IntegrationChanges(config={"base_url": house.peer.url, "region": "evil"})
    await house.integrations.update(house.project, house.actor, row.id, moved)

    kept = await tick.integration(row.id)
    assert row.origin == f"{house.peer.url} https://eu.login.tick.example"
    assert (kept.status, kept.credential_version) == ("expired", 0)


def test_an_assertion_may_be_for_whom_a_setting_names() -> None:
    auth = JwtBearer(token_url="/token", audience="https://{login_host}")
    seen: list[Any] = []

    def sign(algorithm: Any, key: str, claims: Any, headers: Any) -> str:
        seen.append(claims)
        return "invented.jwt.here"

    credentials = {"issuer": "clinic", "private_key": "invented-pem"}
    auth.ask("https://acme.example/token", credentials, {"login_host": "test.example"}, sign, datetime.now(UTC))
    assert seen[0]["aud"] == "https://test.example"
