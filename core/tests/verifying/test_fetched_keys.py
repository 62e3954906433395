"""Schemes whose keys are fetched: whose they are, when they hold, and that no message makes the hub fetch at will."""

import asyncio
import json
from typing import Any

import pytest
import signhouse as sh
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from signhouse import NOW, Signed, judge

from powerstrip.adapter import Rejected, SnsSigned, Unavailable
from powerstrip.inbound.verifying import Kept, Refusal, Verified, verify


def code(answer: Verified | Refusal) -> str:
    return answer.code if isinstance(answer, Refusal) else "verified"


async def asked(signed: Signed) -> tuple[str, list[str]]:
    """The verdict, and the addresses that were asked for."""
    addresses: list[str] = []

    async def fetch(url: str, *, fresh: bool = False) -> bytes:
        addresses.append(url)
        return signed.documents.get(url, sh.certificate())

    answer = await verify(signed.scheme, signed.raw(), [signed.secret], signed.at, fetch=fetch, seen=sh.Tokens())
    return code(answer), addresses


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-0a.pem",
        "https://evil.example/sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-0a.pem",
        "https://x@sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com/bucket/SimpleNotificationService-0a.pem",
        "https://sns.eu-central-1.amazonaws.com/other.pem",
        "https://snsXeu-central-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://169.254.169.254/SimpleNotificationService-0a.pem",
        "https://[::1/x.pem",
        "file:///etc/passwd",
    ],
)
async def test_a_certificate_elsewhere_is_not_even_fetched(url: str) -> None:
    assert await asked(sh.sns(SigningCertURL=url)) == ("wrong_sender", [])


async def test_the_query_of_its_address_is_not_sent_along() -> None:
    assert await asked(sh.sns(SigningCertURL=f"{sh.PEM_URL}?x=1#y")) == ("verified", [sh.PEM_URL])


async def test_another_topic_fetches_nothing() -> None:
    assert await asked(sh.sns(TopicArn="arn:aws:sns:eu-central-1:1:other")) == ("wrong_sender", [])


async def test_an_old_message_fetches_nothing() -> None:
    assert await asked(sh.sns().but(at=NOW + 3601)) == ("stale", [])


async def test_a_certificate_must_be_of_sns_and_in_its_days() -> None:
    assert code(await judge(sh.sns(pem=sh.certificate("www.example.com")))) == "wrong_sender"
    assert code(await judge(sh.sns(pem=sh.certificate("sns.amazonaws.com.evil.example")))) == "wrong_sender"
    assert code(await judge(sh.sns(pem=sh.certificate(days=0)))) == "bad_signature"
    assert code(await judge(sh.sns(pem=b"no certificate"))) == "keys_unavailable"
    assert code(await judge(sh.sns().but(documents={}))) == "keys_unavailable"


async def test_keys_that_prove_too_little_are_none() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    assert code(await judge(sh.sns(pem=sh.certificate(key=weak)))) == "keys_unavailable"
    other = ec.generate_private_key(ec.SECP256R1())
    assert code(await judge(sh.sns(pem=sh.certificate(key=other)))) == "wrong_sender"


async def test_every_signed_field_of_a_message_counts() -> None:
    signed = sh.sns(Subject="hi")
    message = json.loads(signed.body)
    for name in ("Message", "MessageId", "Subject", "Timestamp", "Type"):
        for value in ("other", None, 7, ""):
            body = json.dumps({**message, name: value}).encode()
            assert isinstance(await judge(signed.but(body=body)), Refusal), (name, value)


async def test_a_version_that_the_scheme_leaves_out_is_refused() -> None:
    assert code(await judge(sh.sns("1").but(scheme=SnsSigned(versions=("2",))))) == "unknown_version"
    assert code(await judge(sh.sns(SignatureVersion="3"))) == "unknown_version"


EMBEDDED = [{"jwk": {}}, {"jku": "https://x.example"}, {"x5u": "x"}, {"x5c": []}, {"crit": ["b64"]}, {"zip": "DEF"}]


@pytest.mark.parametrize("head", [*EMBEDDED, {"kid": None}, {"kid": ["r1"]}])
async def test_a_token_brings_no_key_of_its_own(head: dict[str, Any]) -> None:
    assert code(await judge(sh.jwt(head=head))) == "malformed"


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS384", "PS256", "rs256", "", None, 7, ["RS256"]])
async def test_the_algorithm_is_the_schemes(algorithm: object) -> None:
    assert code(await judge(sh.jwt(head={"alg": algorithm}))) == "unknown_version"


async def test_algorithm_and_key_must_go_together() -> None:
    assert code(await judge(sh.jwt("ES256", head={"kid": "r1"}))) == "bad_signature"
    assert code(await judge(sh.jwt("RS256", head={"kid": "e1"}))) == "bad_signature"
    assert code(await judge(sh.jwt("RS256", head={"kid": "gone"}))) == "bad_signature"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"iss": "https://other.example"}, "wrong_sender"),
        ({"iss": None}, "wrong_sender"),
        ({"aud": "https://other.example"}, "wrong_sender"),
        ({"aud": None}, "wrong_sender"),
        ({"aud": [7, {}]}, "wrong_sender"),
        ({"aud": ["https://other.example", "https://hub.example.com/x"]}, "verified"),
        ({"email": "other@p.example"}, "wrong_sender"),
        ({"email_verified": False}, "wrong_sender"),
        ({"email_verified": "true"}, "wrong_sender"),
        ({"exp": NOW - 61}, "stale"),
        ({"exp": NOW - 59}, "verified"),
        ({"exp": None}, "malformed"),
        ({"exp": "soon"}, "malformed"),
        ({"exp": True}, "malformed"),
        ({"exp": NOW + 90_000}, "stale"),
        ({"nbf": NOW + 61}, "stale"),
        ({"iat": NOW + 61}, "stale"),
        ({"iat": "x"}, "malformed"),
    ],
)
async def test_claims(claims: dict[str, Any], expected: str) -> None:
    assert code(await judge(sh.jwt(**claims))) == expected


async def test_a_token_is_three_parts_of_base64url() -> None:
    good = sh.jwt()
    token = good.headers["Authorization"].removeprefix("Bearer ")
    for wrong in (token + ".x", token.rpartition(".")[0], token.rpartition(".")[0] + ".", "..", token + "=", "x" * 9000, "a.b.c"):
        assert code(await judge(good.but(headers={"Authorization": f"Bearer {wrong}"}))) == "malformed"
    assert code(await judge(good.but(headers={"Authorization": f"Basic {token}"}))) == "unknown_version"


@pytest.mark.parametrize(
    "document", [b"", b"[]", b'{"keys":7}', b'{"keys":[7]}', b'{"keys":[{"kid":"r1","kty":"oct","k":"AA"}]}']
)
async def test_a_key_set_that_is_none(document: bytes) -> None:
    answer = await judge(sh.jwt().but(documents={sh.JWKS: document}))
    assert code(answer) in ("keys_unavailable", "bad_signature")


class Source:
    """Counts what is fetched."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.now = 1000.0
        self.down = False

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        await asyncio.sleep(0)
        if self.down:
            raise Rejected("no")
        return f"{url} {len(self.asked)}".encode()


async def test_documents_are_kept_and_fetched_once_by_many() -> None:
    source = Source()
    kept = Kept(source, clock=lambda: source.now)
    assert set(await asyncio.gather(*(kept("u") for _ in range(20)))) == {b"u 1"}
    source.now += 3599
    assert await kept("u") == b"u 1"
    source.now += 1
    assert await kept("u") == b"u 2"


async def test_a_fresh_one_is_fetched_once_a_minute_at_most() -> None:
    source = Source()
    kept = Kept(source, clock=lambda: source.now)
    assert [await kept("u"), await kept("u", fresh=True)] == [b"u 1", b"u 1"]
    source.now += 60
    assert [await kept("u", fresh=True), await kept("u", fresh=True)] == [b"u 2", b"u 2"]


async def test_a_refresh_that_fails_leaves_what_was_kept() -> None:
    source = Source()
    kept = Kept(source, clock=lambda: source.now)
    await kept("u")
    source.now, source.down = source.now + 60, True
    with pytest.raises(Rejected):
        await kept("u", fresh=True)
    assert await kept("u") == b"u 1"


async def test_what_cannot_be_had_is_not_asked_for_again_at_once() -> None:
    source = Source()
    kept = Kept(source, clock=lambda: source.now)
    source.down = True
    with pytest.raises(Rejected):
        await kept("u")
    source.down = False
    with pytest.raises(Unavailable):
        await kept("u")
    source.now += 60
    assert await kept("u") == b"u 2"


async def test_many_addresses_do_not_make_many_fetches() -> None:
    source = Source()
    kept = Kept(source, places=4, budget=5, clock=lambda: source.now)
    for number in range(5):
        await kept(f"u{number}")
    for number in range(5, 500):
        with pytest.raises(Unavailable):
            await kept(f"u{number}")
    assert len(source.asked) == 5
