"""Ways a provider proves that a delivery is its own, as values.

They say what is compared; the hub's inbound room compares, on raw bytes and in constant time. A value holds no secret: it says
which one is needed and who makes it, and the set-up form of a webhook is made from that. The algorithm is the value's, never the
message's. Schemes of known providers stand ready in `powerstrip.adapter.signatures`.
"""

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

MadeBy: TypeAlias = Literal["hub", "provider", "handover", "none"]
"""Who makes the secret: the hub (people give it to the provider), the provider (people copy it to the hub), the provider in its
first delivery, or nobody."""
Digest: TypeAlias = Literal["sha1", "sha256", "sha512"]
Encoding: TypeAlias = Literal["hex", "base64", "base64url"]
TimeUnit: TypeAlias = Literal["s", "ms", "iso"]

TOLERANCE = 300
"""Seconds that a signed time may differ from the hub's clock, before or after it."""
PLACEHOLDER = re.compile(r"\{(body|timestamp|url|method|path|query|header:[a-z0-9-]+)\}")


@dataclass(frozen=True, kw_only=True)
class Verify:
    """The base of all schemes. `scheme` is the word the catalog shows."""

    scheme: str
    made_by: MadeBy = field(default="provider", compare=False)
    label: str = field(default="Signing secret", compare=False)
    """What the provider calls the secret: the field's name in the form."""
    help: str = field(default="", compare=False)
    """Where at the provider it is found, or put."""
    handover: str = ""
    """For secrets that come in the first delivery: the dotted path of the JSON body where it stands."""
    puts: bool = field(default=False, compare=False)
    """Whether deliveries may come by PUT too, to a path below the endpoint's address (FHIR R4 sends resources so)."""


@dataclass(frozen=True, kw_only=True)
class Hmac(Verify):
    """An HMAC (RFC 2104) in a header, over `message`.

    `message` may hold `{body}` (it must), `{timestamp}`, `{method}`, `{url}` (as the provider called it), `{path}`, `{query}` and
    `{header:name}`. The signature stands after `prefix`. `separator` parts several signatures in one header; with `pair` the
    header is a list of `name=value` and signatures are the values of that name. The signed time is in the header `timestamp`,
    in the pair `timestamp_pair` or in the JSON body at the dotted path `timestamp_field`, and may be `tolerance` seconds off.
    """

    scheme: str = "hmac"
    header: str
    message: str = "{body}"
    timestamp: str = ""
    timestamp_field: str = ""
    timestamp_pair: str = ""
    timestamp_unit: TimeUnit = "s"
    prefix: str = ""
    separator: str = ""
    pair: str = ""
    digest: Digest = "sha256"
    encoding: Encoding = "hex"
    tolerance: int = TOLERANCE

    def __post_init__(self) -> None:
        """Raises `ValueError` for a value that could not be meant."""
        check_message(self.message, dated=bool(self.timestamp or self.timestamp_pair))
        if sum(map(bool, (self.timestamp, self.timestamp_field, self.timestamp_pair))) > 1:
            raise ValueError("a signed time stands in one place: a header, a pair or a field of the body")
        if (self.pair or self.timestamp_pair) and not (self.pair and self.separator):
            raise ValueError("pairs need `pair`, the signature's name, and `separator`, what stands between them")
        check_tolerance(self.tolerance)


@dataclass(frozen=True, kw_only=True)
class Ecdsa(Verify):
    """An ECDSA signature on the curve P-256 (FIPS 186-5), DER in base64, over `message`. The secret is the public key.

    The key is base64 of a DER SubjectPublicKeyInfo, or PEM.
    """

    scheme: str = "ecdsa"
    label: str = field(default="Verification key", compare=False)
    header: str
    timestamp: str = ""
    message: str = "{timestamp}{body}"
    tolerance: int = TOLERANCE

    def __post_init__(self) -> None:
        """Raises `ValueError` for a value that could not be meant."""
        check_message(self.message, dated=bool(self.timestamp))
        check_tolerance(self.tolerance)


@dataclass(frozen=True, kw_only=True)
class StandardWebhooks(Verify):
    """Standard Webhooks 1.0 (standardwebhooks.com): `id.timestamp.body`, signatures `v1,…` parted by spaces.

    `algorithm` chooses: "hmac" reads `v1` with a secret `whsec_…` (base64), "ed25519" reads `v1a` with a public key `whpk_…`.
    Signatures of the other kind are passed over. `prefix` stands before the three header names (Svix writes `svix-`).
    """

    scheme: str = "standard_webhooks"
    algorithm: Literal["hmac", "ed25519"] = "hmac"
    prefix: str = "webhook-"
    tolerance: int = TOLERANCE

    def __post_init__(self) -> None:
        """Raises `ValueError` for a tolerance that is none."""
        check_tolerance(self.tolerance)


@dataclass(frozen=True, kw_only=True)
class TwilioSigned(Verify):
    """Twilio: HMAC-SHA1, base64, over the full URL and the sorted form; for JSON over the URL, which holds the body's SHA-256.

    Source: Twilio's "Webhooks security" and its published request validators. No time is signed.
    """

    scheme: str = "twilio"
    header: str = "x-twilio-signature"


@dataclass(frozen=True, kw_only=True)
class HubSpotSigned(Verify):
    """HubSpot's request signatures. v3: HMAC-SHA256 of method, URI, body and time (ms); v2 and v1: SHA-256 of secret and text.

    `versions` are those taken. A delivery with a v3 header is judged by that alone. Source: HubSpot's "Validating requests".
    """

    scheme: str = "hubspot"
    versions: tuple[Literal["v1", "v2", "v3"], ...] = ("v3",)
    tolerance: int = TOLERANCE

    def __post_init__(self) -> None:
        """Raises `ValueError` for no version, or a tolerance that is none."""
        if not self.versions:
            raise ValueError("name at least one version")
        check_tolerance(self.tolerance)


@dataclass(frozen=True, kw_only=True)
class MailgunSigned(Verify):
    """Mailgun: HMAC-SHA256 of time and token, all three inside the body (JSON `signature`, or form fields).

    The rest of the body is not covered: a token is taken again only with the very same body.
    Source: Mailgun's "Securing webhooks".
    """

    scheme: str = "mailgun"
    tolerance: int = TOLERANCE

    def __post_init__(self) -> None:
        """Raises `ValueError` for a tolerance that is none."""
        check_tolerance(self.tolerance)


@dataclass(frozen=True, kw_only=True)
class SnsSigned(Verify):
    """Amazon SNS: RSA over the message's fields, with a certificate fetched from a host that `hosts` (a pattern) allows.

    SNS signs for every account alike: the secret is the ARN of the one topic to hear. Source: "Verifying the signatures of Amazon
    SNS messages". Version 1 is SHA-1, version 2 SHA-256.
    """

    scheme: str = "sns"
    label: str = field(default="Topic ARN", compare=False)
    hosts: str = r"sns\.[a-z0-9-]{3,40}\.amazonaws\.com(\.cn)?"
    versions: tuple[Literal["1", "2"], ...] = ("1", "2")
    tolerance: int = 3600
    """Seconds; SNS repeats a delivery for an hour with the signature of the first."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for a pattern that is none, no version, or a tolerance that is none."""
        try:
            re.compile(self.hosts)
        except re.error:
            raise ValueError("`hosts` is no regular expression") from None
        if not self.versions or "/" in self.hosts:
            raise ValueError("name the signature versions, and a pattern of host names alone")
        check_tolerance(self.tolerance)


@dataclass(frozen=True, kw_only=True)
class SignedJwt(Verify):
    """A JSON Web Token (RFC 7519) of a declared issuer, as in OIDC push: `Authorization: Bearer …`.

    Its keys come from `jwks_url` alone. The secret is the audience that was set at the provider; where `claim` names a claim
    that must agree too (an issuer signs for everybody), its value follows after a space.
    """

    scheme: str = "jwt"
    label: str = field(default="Audience", compare=False)
    issuer: str
    jwks_url: str
    header: str = "authorization"
    prefix: str = "Bearer "
    algorithms: tuple[Literal["RS256", "ES256"], ...] = ("RS256", "ES256")
    claim: str = ""
    leeway: int = 60

    def __post_init__(self) -> None:
        """Raises `ValueError` where keys would come over an open line, or no algorithm is named."""
        if not self.jwks_url.startswith("https://") or not self.issuer or not self.algorithms:
            raise ValueError("a JWT scheme needs an issuer, an https:// address of its keys, and an algorithm")


@dataclass(frozen=True, kw_only=True)
class BasicPassword(Verify):
    """The provider sends a user name and password that the hub made and put into the webhook's URL (RFC 7617).

    The secret is `user:password`.
    """

    scheme: str = "basic"
    made_by: MadeBy = field(default="hub", compare=False)
    label: str = field(default="User name and password", compare=False)


@dataclass(frozen=True, kw_only=True)
class StaticToken(Verify):
    """The same secret with every delivery: in a `header` (after `prefix`), or in the `query` parameter of that name.

    `element` names an element of an XML body instead, for providers that only say who they are there; it must stand there once.
    """

    scheme: str = "token"
    made_by: MadeBy = field(default="hub", compare=False)
    label: str = field(default="Token", compare=False)
    header: str = ""
    prefix: str = ""
    query: str = ""
    element: str = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` unless exactly one place is named."""
        if sum(map(bool, (self.header, self.query, self.element))) != 1:
            raise ValueError("a token stands in one place: a header, a query parameter or an element")
        if self.element and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", self.element):
            raise ValueError("an element has a plain name")


@dataclass(frozen=True, kw_only=True)
class Unverified(Verify):
    """The provider proves nothing. `reason` says why that cannot be helped; it is shown in red wherever the provider is."""

    scheme: str = "none"
    made_by: MadeBy = field(default="none", compare=False)
    label: str = field(default="", compare=False)
    reason: str

    def __post_init__(self) -> None:
        """Raises `ValueError` for no reason."""
        if not self.reason.strip():
            raise ValueError("an unverified webhook needs a reason")


SCHEMES: tuple[type[Verify], ...] = (
    Hmac,
    Ecdsa,
    StandardWebhooks,
    TwilioSigned,
    HubSpotSigned,
    MailgunSigned,
    SnsSigned,
    SignedJwt,
    BasicPassword,
    StaticToken,
    Unverified,
)
"""Those that a hub can compare; an adapter names one of them and adds none."""


def check_message(message: str, *, dated: bool) -> None:
    """Raises `ValueError` for a message that leaves the body out, reads a time that is not there, or holds unknown braces."""
    if "{body}" not in message:
        raise ValueError("a signature that does not cover the body proves nothing: put {body} into `message`")
    if "{timestamp}" in message and not dated:
        raise ValueError("{timestamp} needs `timestamp`, the header that holds it")
    if "{" in (rest := PLACEHOLDER.sub("", message)) or "}" in rest:
        raise ValueError("`message` knows {body}, {timestamp}, {method}, {url}, {path}, {query} and {header:name}")


def check_tolerance(seconds: int) -> None:
    """Raises `ValueError` for a tolerance outside 1 second to 1 day."""
    if not 1 <= seconds <= 86_400:
        raise ValueError("`tolerance` is 1 to 86,400 seconds")
