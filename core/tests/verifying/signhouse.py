"""Providers, as the tests need them: they sign with invented secrets, written from each protocol's description."""

import base64
import datetime
import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from powerstrip.adapter import Hmac, SignedJwt, StandardWebhooks, StaticToken, Unavailable, Verify, signatures
from powerstrip.inbound.verifying import RawDelivery, Refusal, Verified, verify

NOW = 1_790_000_000
URL = "https://hub.example.com/v1/hooks/ep_x?tenant=7"
TOPIC = "arn:aws:sns:eu-central-1:000000000000:invented"
PEM_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b.pem"
RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


@dataclass(frozen=True)
class Signed:
    """A genuine delivery, with what it takes to see that."""

    scheme: Verify
    secret: str
    headers: dict[str, str]
    body: bytes = b'{"id":"evt_1","amount":1}'
    method: str = "POST"
    url: str = URL
    at: float = NOW
    documents: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def raw(self) -> RawDelivery:
        return RawDelivery.of(self.method, self.url, self.headers, self.body)

    def but(self, **changes: Any) -> "Signed":
        return replace(self, **changes)


class Tokens:
    """Remembers tokens as an endpoint does."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def __call__(self, token: str, digest: bytes) -> bool:
        return self.kept.setdefault(token, digest) == digest


async def judge(signed: Signed, *secrets: bytes | str, raw: RawDelivery | None = None, seen: Any = None) -> Verified | Refusal:
    async def fetch(url: str, *, fresh: bool = False) -> bytes:
        if url not in signed.documents:
            raise Unavailable("not there")
        return signed.documents[url]

    given = secrets or (signed.secret,)
    return await verify(signed.scheme, raw or signed.raw(), given, signed.at, fetch=fetch, seen=seen or Tokens())


def mac(secret: str | bytes, text: bytes, digest: str = "sha256") -> bytes:
    return hmac.new(secret.encode() if isinstance(secret, str) else secret, text, digest).digest()


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def stripe(body: bytes = b'{"id":"evt_1"}') -> Signed:
    secret = "whsec_invented_0000"
    given = mac(secret, f"{NOW}.".encode() + body).hex()
    return Signed(signatures.stripe_signature(), secret, {"stripe-signature": f"t={NOW},v1={given}"}, body)


def slack(body: bytes = b'{"type":"event_callback"}') -> Signed:
    secret = "invented-slack-secret"
    given = mac(secret, f"v0:{NOW}:".encode() + body).hex()
    return Signed(
        signatures.slack_signature(), secret, {"X-Slack-Signature": f"v0={given}", "X-Slack-Request-Timestamp": str(NOW)}, body
    )


def github(body: bytes = b'{"zen":"x"}') -> Signed:
    secret = "invented-github-secret"
    return Signed(signatures.github_signature(), secret, {"X-Hub-Signature-256": "sha256=" + mac(secret, body).hex()}, body)


def linear(body: bytes = json.dumps({"webhookTimestamp": NOW * 1000}).encode()) -> Signed:
    secret = "lin_wh_invented"
    return Signed(signatures.linear_signature(), secret, {"linear-signature": mac(secret, body).hex()}, body)


def composed(body: bytes = b"{}") -> Signed:
    scheme = Hmac(
        header="x-signature",
        message="{method}\n{path}?{query}\n{header:x-nonce}\n{timestamp}\n{body}",
        timestamp="x-time",
        timestamp_unit="iso",
        digest="sha512",
        encoding="base64url",
        separator=" ",
    )
    text = b"POST\n/v1/hooks/ep_x?tenant=7\nn-1\n2026-09-21T14:13:20Z\n" + body
    given = base64.urlsafe_b64encode(mac("invented-key", text, "sha512")).decode()
    return Signed(
        scheme, "invented-key", {"x-signature": f"zzz {given}", "x-nonce": "n-1", "x-time": "2026-09-21T14:13:20Z"}, body
    )


def standard(body: bytes = b'{"type":"a"}') -> Signed:
    key = b"invented standard key 01"
    given = b64(mac(key, f"msg_1.{NOW}.".encode() + body))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW), "webhook-signature": f"v1a,AAAA v1,{given}"}
    return Signed(StandardWebhooks(), "whsec_" + b64(key), headers, body)


def standard_ed25519(body: bytes = b'{"type":"a"}') -> Signed:
    raw = ED_KEY.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    given = b64(ED_KEY.sign(f"msg_1.{NOW}.".encode() + body))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW), "webhook-signature": f"v1a,{given}"}
    return Signed(StandardWebhooks(algorithm="ed25519"), "whpk_" + b64(raw), headers, body)


def twilio(body: bytes = b"From=%2B1&Body=hi+there&Body=again") -> Signed:
    text = f"{URL}BodyagainBodyhi thereFrom+1".encode()
    headers = {
        "X-Twilio-Signature": b64(mac("invented-token", text, "sha1")),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return Signed(signatures.twilio_signature(), "invented-token", headers, body)


def twilio_json(body: bytes = b'{"a":1}') -> Signed:
    url = f"{URL}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"X-Twilio-Signature": b64(mac("invented-token", url.encode(), "sha1")), "Content-Type": "application/json"}
    return Signed(signatures.twilio_signature(), "invented-token", headers, body, url=url)


def sendgrid(body: bytes = b'[{"event":"open"}]\r\n') -> Signed:
    der = EC_KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    given = b64(EC_KEY.sign(str(NOW).encode() + body, ec.ECDSA(hashes.SHA256())))
    name = "X-Twilio-Email-Event-Webhook-"
    return Signed(signatures.sendgrid_signature(), b64(der), {f"{name}Signature": given, f"{name}Timestamp": str(NOW)}, body)


def hubspot(body: bytes = b"[{}]") -> Signed:
    url = "https://hub.example.com/v1/hooks/ep_x?next=https%3A%2F%2Fa.example%20b"
    text = b"POST" + b"https://hub.example.com/v1/hooks/ep_x?next=https://a.example%20b" + body + str(NOW * 1000).encode()
    headers = {"X-HubSpot-Signature-v3": b64(mac("invented-client", text)), "X-HubSpot-Request-Timestamp": str(NOW * 1000)}
    return Signed(signatures.hubspot_signature(), "invented-client", headers, body, url=url)


def hubspot_old(version: str) -> Signed:
    text = b"invented-client" + (f"POST{URL}".encode() if version == "v2" else b"") + b"[{}]"
    headers = {"X-HubSpot-Signature": hashlib.sha256(text).hexdigest(), "X-HubSpot-Signature-Version": version}
    return Signed(signatures.hubspot_signature(), "invented-client", headers, b"[{}]")


def mailgun(data: object = None, token: str = "tok-1") -> Signed:
    given = {"timestamp": str(NOW), "token": token, "signature": mac("invented-mg", f"{NOW}{token}".encode()).hex()}
    body = json.dumps({"signature": given, "event-data": data}).encode()
    return Signed(signatures.mailgun_signature(), "invented-mg", {"content-type": "application/json"}, body)


def mailgun_parts() -> Signed:
    given = {"timestamp": str(NOW), "token": "t2", "signature": mac("invented-mg", f"{NOW}t2".encode()).hex()}
    parts = [f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in given.items()]
    file = '--B\r\nContent-Disposition: form-data; name="attachment-1"; filename="a.bin"\r\n\r\nxyz\r\n'
    body = ("".join(parts) + file + "--B--\r\n").encode()
    return Signed(signatures.mailgun_signature(), "invented-mg", {"content-type": 'multipart/form-data; boundary="B"'}, body)


def certificate(name: str = "sns.amazonaws.com", days: int = 30, key: Any = RSA_KEY) -> bytes:
    begin = datetime.datetime.fromtimestamp(NOW, datetime.UTC) - datetime.timedelta(days=1)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(7)
    built = built.not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=days))
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def sns(version: str = "2", pem: bytes = b"", **changes: str) -> Signed:
    message = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Message": "{}",
        "Timestamp": "2026-09-21T14:13:20.000Z",
    }
    message |= {"SignatureVersion": version, "SigningCertURL": PEM_URL} | changes
    names = sorted(set(message) & {"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"})
    text = "".join(f"{name}\n{message[name]}\n" for name in names).encode()
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()
    message["Signature"] = b64(RSA_KEY.sign(text, padding.PKCS1v15(), digest))
    return Signed(signatures.sns_signature(), TOPIC, {}, json.dumps(message).encode(), documents={PEM_URL: pem or certificate()})


ISSUER, JWKS = "https://issuer.example", "https://issuer.example/keys"
CLAIMS = {
    "iss": ISSUER,
    "aud": "https://hub.example.com/x",
    "email": "push@p.example",
    "email_verified": True,
    "iat": NOW - 5,
    "exp": NOW + 600,
}


def url64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def number(value: int) -> str:
    return url64(value.to_bytes((value.bit_length() + 7) // 8))


def key_set() -> bytes:
    rsa_numbers, ec_numbers = RSA_KEY.public_key().public_numbers(), EC_KEY.public_key().public_numbers()
    coordinates = {"x": url64(ec_numbers.x.to_bytes(32)), "y": url64(ec_numbers.y.to_bytes(32))}
    keys = [
        {"kty": "RSA", "kid": "r1", "n": number(rsa_numbers.n), "e": number(rsa_numbers.e)},
        {"kty": "EC", "crv": "P-256", "kid": "e1", **coordinates},
    ]
    return json.dumps({"keys": keys}).encode()


def token(head: dict[str, Any], claims: dict[str, Any], signature: bytes | None = None) -> str:
    text = f"{url64(json.dumps(head).encode())}.{url64(json.dumps(claims).encode())}"
    if signature is None and head.get("alg") == "ES256":
        r, s = decode_dss_signature(EC_KEY.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32) + s.to_bytes(32)
    elif signature is None:
        signature = RSA_KEY.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{url64(signature)}"


def jwt(algorithm: str = "RS256", head: dict[str, Any] | None = None, **claims: Any) -> Signed:
    header = {"alg": algorithm, "kid": "e1" if algorithm == "ES256" else "r1", **(head or {})}
    scheme = SignedJwt(issuer=ISSUER, jwks_url=JWKS, claim="email")
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    headers = {"Authorization": "Bearer " + token(header, said)}
    return Signed(scheme, "https://hub.example.com/x push@p.example", headers, documents={JWKS: key_set()})


def basic() -> Signed:
    return Signed(signatures.basic_password(), "hub:invented-pass", {"Authorization": "Basic " + b64(b"hub:invented-pass")})


def in_header() -> Signed:
    return Signed(signatures.fhir_channel_header(), "invented-shared", {"Authorization": "Bearer invented-shared"})


def in_query() -> Signed:
    return Signed(StaticToken(query="key"), "invented-shared", {}, url="https://hub.example.com/h?key=invented-shared")


def in_element() -> Signed:
    body = b"<n><OrganizationId>00DinventedAAA</OrganizationId></n>"
    return Signed(signatures.salesforce_organization(), "00DinventedAAA", {}, body)


GENUINE: dict[str, Signed] = {
    "stripe": stripe(),
    "slack": slack(),
    "github": github(),
    "linear": linear(),
    "composed": composed(),
    "standard": standard(),
    "standard ed25519": standard_ed25519(),
    "twilio": twilio(),
    "twilio json": twilio_json(),
    "sendgrid": sendgrid(),
    "hubspot v3": hubspot(),
    "hubspot v2": hubspot_old("v2"),
    "hubspot v1": hubspot_old("v1"),
    "mailgun": mailgun(),
    "mailgun parts": mailgun_parts(),
    "sns v1": sns("1"),
    "sns v2": sns("2"),
    "sns subject": sns(Subject="hi"),
    "sns confirmation": sns(Type="SubscriptionConfirmation", Token="t", SubscribeURL="https://sns.eu-central-1.amazonaws.com/?x"),
    "jwt RS256": jwt(),
    "jwt ES256": jwt("ES256"),
    "basic": basic(),
    "token in header": in_header(),
    "token in query": in_query(),
    "token in element": in_element(),
}
COVERING_THE_BODY = [name for name in GENUINE if not name.startswith(("mailgun", "jwt", "basic", "token", "sns"))]
