"""Every scheme: the genuine is taken, anything else is refused with its code, and nothing raises."""

import base64
import hmac
from urllib.parse import parse_qsl

import pytest
import signhouse as sh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from signhouse import COVERING_THE_BODY, GENUINE, NOW, Signed, judge

from powerstrip.adapter import Hmac, StandardWebhooks, Unverified, signatures
from powerstrip.adapter.verify import SCHEMES
from powerstrip.inbound.verifying import RawDelivery, Refusal, Verified, check_secret, handed_over, known_scheme
from powerstrip.problems import BadInput

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def code(answer: Verified | Refusal) -> str:
    return answer.code if isinstance(answer, Refusal) else "verified"


def test_every_scheme_of_the_contract_is_tried_here() -> None:
    assert {type(each.scheme) for each in GENUINE.values()} | {Unverified} == set(SCHEMES)


@pytest.mark.parametrize("name", GENUINE)
async def test_the_genuine_is_taken(name: str) -> None:
    answer = await judge(GENUINE[name])
    assert isinstance(answer, Verified), answer
    assert answer.secret == 0


@pytest.mark.parametrize("name", GENUINE)
async def test_while_secrets_overlap_either_fits_and_it_is_told_which(name: str) -> None:
    signed = GENUINE[name]
    other = other_secret(name)
    answer = await judge(signed, other, signed.secret)
    assert isinstance(answer, Verified), answer
    assert answer.secret == 1


@pytest.mark.parametrize("name", GENUINE)
async def test_another_secret_is_refused(name: str) -> None:
    assert code(await judge(GENUINE[name], other_secret(name))) in ("bad_signature", "wrong_sender")


def other_secret(name: str) -> str:
    secret = GENUINE[name].secret
    if name == "sendgrid":
        return base64.b64encode(
            sh.ec.generate_private_key(sh.ec.SECP256R1())
            .public_key()
            .public_bytes(sh.serialization.Encoding.DER, sh.serialization.PublicFormat.SubjectPublicKeyInfo)
        ).decode()
    if name == "standard ed25519":
        raw = sh.ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        return "whpk_" + base64.b64encode(raw).decode()
    if name == "standard":
        return "whsec_" + base64.b64encode(b"another invented key 000").decode()
    return secret[:-1] + ("a" if secret[-1] != "a" else "b")


@pytest.mark.parametrize("name", GENUINE)
@pytest.mark.parametrize("secrets", [(), ("",), (" ",), (b"",), ("x", ""), ("x",) * 3])
async def test_without_a_secret_nothing_is_taken(name: str, secrets: tuple[bytes | str, ...]) -> None:
    signed = GENUINE[name]
    given_secrets = tuple(signed.secret if each == "x" else each for each in secrets)
    if given_secrets:
        assert code(await judge(signed, *given_secrets)) == "no_secret"
    else:
        assert code(await judge(signed.but(secret=""))) == "no_secret"


@pytest.mark.parametrize("name", [name for name in GENUINE if GENUINE[name].headers and not name.startswith("mailgun")])
async def test_without_its_header_or_with_an_empty_one_it_is_refused(name: str) -> None:
    signed = GENUINE[name]
    for header in signed.headers:
        if header.lower() in ("content-type", "x-hubspot-signature-version"):
            continue
        without = {key: value for key, value in signed.headers.items() if key != header}
        assert code(await judge(signed.but(headers=without))) == "no_signature"
        assert code(await judge(signed.but(headers={**without, header: ""}))) == "no_signature"


@pytest.mark.parametrize("name", [name for name in GENUINE if GENUINE[name].headers])
async def test_header_names_have_no_case_and_stand_once(name: str) -> None:
    signed = GENUINE[name]
    upper = {key.upper(): value for key, value in signed.headers.items()}
    assert isinstance(await judge(signed.but(headers=upper)), Verified)
    for header, value in signed.headers.items():
        raw = signed.raw()
        twice = RawDelivery(raw.method, raw.url, [*raw.headers, (header.lower().encode(), value.encode())], raw.body)
        if header.lower() != "content-type" or name in ("twilio", "mailgun", "mailgun parts"):
            assert code(await judge(signed, raw=twice)) == "malformed"


@pytest.mark.parametrize("name", [name for name in GENUINE if GENUINE[name].headers])
@pytest.mark.parametrize("mark", ["\u0663", "ÿ", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")])
async def test_what_is_not_ascii_is_refused_where_comparing_text_would_raise(name: str, mark: str) -> None:
    with pytest.raises(TypeError):
        hmac.compare_digest(mark, "x")
    signed = GENUINE[name]
    for header, value in signed.headers.items():
        if header.lower() != "content-type":
            assert code(await judge(signed.but(headers={**signed.headers, header: value + mark}))) == "malformed"


@pytest.mark.parametrize("name", COVERING_THE_BODY)
@QUICK
@given(data=st.data())
async def test_a_changed_body_is_refused(name: str, data: st.DataObject) -> None:
    signed = GENUINE[name]
    place = data.draw(st.integers(0, len(signed.body) - 1))
    letter = data.draw(st.integers(0, 255).filter(lambda each: each != signed.body[place]))
    changed = [
        signed.body[:place] + bytes([letter]) + signed.body[place + 1 :],
        signed.body[:place] + signed.body[place + 1 :],
        signed.body + bytes([letter]),
    ]
    for body in changed:
        if name == "twilio" and form_text(body) == form_text(signed.body):
            continue
        assert isinstance(await judge(signed.but(body=body)), Refusal)


def form_text(body: bytes) -> object:
    return "".join(
        name + value for name, value in sorted(set(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))
    )


@pytest.mark.parametrize("name", [name for name in GENUINE if GENUINE[name].headers])
@QUICK
@given(data=st.data())
async def test_a_changed_header_is_refused(name: str, data: st.DataObject) -> None:
    signed = GENUINE[name]
    header = data.draw(st.sampled_from([each for each in signed.headers if each.lower() != "content-type"] or [""]))
    if not header:
        return
    value = signed.headers[header]
    place = data.draw(st.integers(0, len(value) - 1))
    letter = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda each: each != value[place]))
    changed = value[:place] + letter + value[place + 1 :]
    if harmless(name, value, changed):
        return
    assert isinstance(await judge(signed.but(headers={**signed.headers, header: changed})), Refusal)


def harmless(name: str, value: str, changed: str) -> bool:
    """Other signatures of a list may be anything; the word `Basic` has no case (RFC 7235)."""
    if name == "composed":
        return changed.split(" ")[-1] == value.split(" ")[-1] or changed.endswith(value.split(" ")[-1])
    if name == "standard":
        return changed.split(" ")[-1] == value.split(" ")[-1] or value.split(" ")[-1] in changed.split(" ")
    if name == "basic":
        return changed.partition(" ")[2] == value.partition(" ")[2] and changed.lower() == value.lower()
    return False


@pytest.mark.parametrize("name", ["stripe", "slack", "linear", "composed", "standard", "sendgrid", "hubspot v3", "mailgun"])
async def test_a_signed_time_holds_for_a_while_in_both_directions(name: str) -> None:
    signed = GENUINE[name]
    tolerance = 60 if name == "linear" else 300
    for offset, expected in [
        (0, "verified"),
        (tolerance, "verified"),
        (-tolerance, "verified"),
        (3600, "stale"),
        (-3600, "stale"),
    ]:
        assert code(await judge(signed.but(at=NOW + offset))) == expected
    assert code(await judge(signed.but(at=NOW + tolerance + 1))) == "stale"


@pytest.mark.parametrize(
    "stamp",
    ["1e9", "-1", "+1790000000", " 1790000000", "1790000000 ", "0x6ab", "1_790_000_000", "9" * 400, "nan", "1790000000.0"],
)
@pytest.mark.parametrize("name", ["stripe", "slack", "standard", "sendgrid", "hubspot v3"])
async def test_a_time_is_plain_digits(name: str, stamp: str) -> None:
    signed = GENUINE[name]
    headers = {key: value.replace(str(NOW), stamp) if str(NOW) in value else value for key, value in signed.headers.items()}
    if name == "hubspot v3":
        headers = {**signed.headers, "X-HubSpot-Request-Timestamp": stamp}
    assert code(await judge(signed.but(headers=headers))) in (
        "malformed",
        "bad_signature" if stamp.strip() == str(NOW) else "malformed",
    )


async def test_eight_signatures_are_tried_and_no_more() -> None:
    signed = sh.stripe()
    stamp, _, good = signed.headers["stripe-signature"].partition(",v1=")
    wrong = ",v1=" + "0" * 64
    for before, expected in [(7, "verified"), (8, "bad_signature"), (200, "bad_signature")]:
        headers = {"stripe-signature": f"{stamp}{wrong * before},v1={good}"}
        assert code(await judge(signed.but(headers=headers))) == expected
    assert code(await judge(signed.but(headers={"stripe-signature": f"{stamp}{wrong * 1000}"}))) == "malformed"


async def test_only_the_version_of_the_scheme_counts() -> None:
    signed = sh.stripe()
    assert (
        code(await judge(signed.but(headers={"stripe-signature": signed.headers["stripe-signature"].replace("v1=", "v0=")})))
        == "unknown_version"
    )
    other = sh.standard()
    given_one = other.headers["webhook-signature"].split(" ")[1]
    for text in (given_one.replace("v1,", "v9,"), given_one.replace("v1,", "v1a,"), "v1", ",", "v1 " + given_one[3:]):
        assert code(await judge(other.but(headers={**other.headers, "webhook-signature": text}))) == "unknown_version"


async def test_a_public_key_is_no_secret_of_an_hmac() -> None:
    """The attack: sign with the public key as if it were the shared secret."""
    ed = sh.standard_ed25519()
    with pytest.raises(BadInput):
        check_secret(StandardWebhooks(), ed.secret)
    key = base64.b64decode(ed.secret.removeprefix("whpk_"))
    forged = "v1," + base64.b64encode(sh.mac(key, f"msg_1.{NOW}.".encode() + ed.body)).decode()
    assert code(await judge(ed.but(headers={**ed.headers, "webhook-signature": forged}))) == "unknown_version"


async def test_hubspot_is_not_talked_down_to_an_older_version() -> None:
    old, new = sh.hubspot_old("v1"), sh.hubspot()
    both = {**old.headers, "X-HubSpot-Signature-v3": "AAAA", "X-HubSpot-Request-Timestamp": str(NOW * 1000)}
    assert code(await judge(old.but(headers=both))) == "bad_signature"
    assert code(await judge(old.but(scheme=signatures.hubspot_signature("v3")))) == "no_signature"
    assert code(await judge(old.but(scheme=signatures.hubspot_signature("v3", "v2")))) == "unknown_version"
    assert code(await judge(new.but(scheme=signatures.hubspot_signature("v3")))) == "verified"


async def test_mailguns_token_is_good_for_one_body() -> None:
    seen, first = sh.Tokens(), sh.mailgun({"event": "delivered"})
    assert code(await judge(first, seen=seen)) == "verified"
    assert code(await judge(first, seen=seen)) == "verified"  # a repeat of the same delivery is no forgery
    assert code(await judge(sh.mailgun({"event": "bounced"}), seen=seen)) == "replayed"
    assert code(await judge(sh.mailgun({"event": "bounced"}, token="tok-2"), seen=seen)) == "verified"


async def test_a_forged_token_is_not_remembered() -> None:
    seen = sh.Tokens()
    assert code(await judge(sh.mailgun(), "another-secret", seen=seen)) == "bad_signature"
    assert seen.kept == {}


async def test_twilio_signs_with_or_without_the_port() -> None:
    for host in ("hub.example.com:443", "hub.example.com:1234"):
        assert code(await judge(sh.twilio().but(url=sh.URL.replace("hub.example.com", host)))) == "verified"
    assert code(await judge(sh.twilio().but(url=sh.URL.replace("hub.example.com", "hub.example.org")))) == "bad_signature"


async def test_unverified_takes_everything_and_says_why() -> None:
    signed = Signed(Unverified(reason="It signs nothing."), "", {}, b"anything")
    assert await judge(signed) == Verified("none")


def test_the_first_delivery_may_hand_the_secret_over() -> None:
    scheme = signatures.notion_signature()
    body = b'{"verification_token":"secret_invented"}'
    assert handed_over(scheme, RawDelivery("POST", sh.URL, [], body)) == "secret_invented"
    for other in (b"", b"[]", b'{"verification_token":7}', b'{"verification_token":""}', b"\xff", b"[" * 9999):
        assert handed_over(scheme, RawDelivery("POST", sh.URL, [], other)) is None
    assert handed_over(signatures.slack_signature(), RawDelivery("POST", sh.URL, [], body)) is None


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("sendgrid", "no-key"),
        ("openai", "whsec_!"),
        ("openai", "whsec_%%%"),
        ("postmark", "invented"),
        ("slack", ""),
        ("slack", "x" * 5000),
    ],
)
def test_a_secret_that_cannot_be_used_is_refused_before_it_is_kept(name: str, secret: str) -> None:
    scheme = known_scheme(name)
    assert scheme is not None
    with pytest.raises(BadInput) as caught:
        check_secret(scheme, secret)
    told = str(caught.value) + str(caught.value.details)
    assert not secret or secret not in told


def test_schemes_that_could_not_be_meant_are_refused() -> None:
    for wrong in (
        {"message": "{timestamp}"},
        {"message": "{timestamp}{body}"},
        {"message": "{body}{other}"},
        {"tolerance": 0},
        {"pair": "v1"},
        {"timestamp": "x", "timestamp_field": "y"},
    ):
        with pytest.raises(ValueError):
            Hmac(header="x", **wrong)


HOSTILE = st.one_of(
    st.binary(max_size=80), st.sampled_from([b"", b"{", b"[" * 5000, b'{"signature":[]}', b"\xff", b'{"webhookTimestamp":1e400}'])
)


@pytest.mark.parametrize("name", GENUINE)
@QUICK
@given(
    body=HOSTILE,
    noise=st.binary(max_size=60),
    url=st.text(max_size=40),
    method=st.text(max_size=8),
    kind=st.sampled_from(
        [
            b"application/json",
            b"multipart/form-data",
            b"multipart/form-data; boundary=\xff",
            b"multipart/form-data; boundary=x; boundary*0=y",
            b"application/x-www-form-urlencoded",
        ]
    ),
)
async def test_nothing_that_comes_in_raises(name: str, body: bytes, noise: bytes, url: str, method: str, kind: bytes) -> None:
    signed = GENUINE[name]
    names = [key.encode() for key in signed.headers if key.lower() != "content-type"]
    raw = RawDelivery(method, url, [*((key, noise) for key in names), (b"content-type", kind)], body)
    assert isinstance(await judge(signed, raw=raw), Refusal)
    kept = [(key.encode(), value.encode()) for key, value in signed.headers.items()]
    assert isinstance(await judge(signed, raw=RawDelivery(method, url, kept, body)), Verified | Refusal)
