"""Secrets do not come back."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerstrip.adapter import Basic, Bearer, Content, Mtls, Rejected, Response, ServiceAccount, SigV4
from powerstrip.edge.scrub import Scrub
from powerstrip.edge.signing import secrets_of

SECRETS = [
    "pm-invented-token-0001",
    'inv"ented/se+cret=ü\n',
    "-----BEGIN INVENTED KEY-----\nabc+/=\n-----END INVENTED KEY-----\n",
]

FORMS = {
    "raw": lambda s: s,
    "JSON": lambda s: json.dumps({"a": s}),
    "JSON, not ASCII": lambda s: json.dumps({"a": s}, ensure_ascii=False),
    "JSON with escaped slashes": lambda s: json.dumps({"a": s}).replace("/", "\\/"),
    "URL": lambda s: f"?a={quote(s, safe='')}&b=c",
    "URL, slashes kept": lambda s: f"?a={quote(s)}&b=c",
    "URL, lower case": lambda s: quote(s, safe="").lower() if s.isascii() and s.lower() == s else quote(s, safe=""),
    "form": lambda s: quote_plus(s),
    "hex": lambda s: s.encode().hex(),
    "HEX": lambda s: s.encode().hex().upper(),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 of a pair": lambda s: base64.b64encode(f"user:{s}".encode()).decode(),
    "base64 in the middle": lambda s: base64.b64encode(f"xy{s}zzz".encode()).decode(),
    "base64url": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found_in_body_header_and_message(secret, form):
    text = f"before {FORMS[form](secret)} after"
    scrub = Scrub([secret])

    response = scrub.response(Response(200, {"x-echo": text, "x-plain": "kept"}, text.encode()))
    error = Rejected(text, 400)
    scrub.error(error)

    for said in (response.text(), response.headers["x-echo"], error.message, str(error)):
        assert "[secret]" in said
        assert secret not in said
        assert said.startswith("before ")
        assert said.endswith(" after")
    assert response.headers["x-plain"] == "kept"
    assert error.status == 400


@given(st.text(min_size=12, max_size=60), st.binary(max_size=5), st.binary(max_size=5))
def test_base64_of_anything_around_it_keeps_no_twelve_characters(secret, before, after):
    raw = secret.encode()
    whole = base64.b64encode(before + raw + after).decode()
    left = Scrub([secret]).text(whole)

    inside = base64.b64encode(raw).decode().rstrip("=")[:-2]
    assert inside not in left
    assert "[secret]" in left


def test_an_answer_without_secrets_is_the_same_object():
    response = Response(200, {"a": "b"}, b"{}")

    assert Scrub(SECRETS).response(response) is response


def test_a_small_streamed_answer_is_cleaned_too():
    response = Scrub(["pm-invented-token"]).response(
        Response(200, {}, content=Content(b"a pm-invented-token b", media_type="text/plain"))
    )

    assert response.content is not None
    assert response.content.read() == b"a [secret] b"
    assert response.content.media_type == "text/plain"


def test_values_too_short_to_mean_anything_are_left():
    assert Scrub(["", "a", "abc"]).text("abcabc") == "abcabc"


@pytest.mark.parametrize(
    ("auth", "credentials", "secret"),
    [
        (Basic(), {"username": "someone", "password": "p"}, ["p"]),
        (SigV4(service="s3"), {"access_key_id": "AKIA-INVENTED", "secret_access_key": "s", "session_token": "t"}, ["s", "t"]),
        (Bearer(), {"token": "t"}, ["t"]),
        (ServiceAccount(), {"key": "k", "subject": "someone", "access_token": "t"}, ["k", "t"]),
        (Mtls(), {"certificate": "c", "private_key": "k"}, ["k"]),
    ],
)
def test_user_names_and_key_ids_are_no_secrets(auth, credentials, secret):
    assert sorted(secrets_of(auth, credentials)) == sorted(secret)


@pytest.mark.parametrize("secret", [*SECRETS, "pm-invented-Token/" * 3000])
@pytest.mark.parametrize("form", ["raw", "base64 in the middle", "HEX"])
@pytest.mark.parametrize("size", [1, 7, 70_001])
async def test_a_stream_is_cleaned_wherever_its_pieces_end(secret, form, size):
    held = FORMS[form](secret).encode()
    plain = b"before " + held + b" between " + held + held + b" " * 300_000 + held[:-1]
    if size < 70_001 and len(held) > 1000:
        plain = plain[: 3 * len(held)]

    async def source():
        for at in range(0, len(plain), size):
            yield plain[at : at + size]

    clean = b"".join([piece async for piece in Scrub([secret]).pieces(source())])

    assert clean == Scrub([secret]).data(plain)
    assert clean.startswith(b"before ")
    assert secret.encode() not in clean
    assert held not in clean


async def test_a_stream_without_secrets_stays_as_it_is():
    plain = bytes(range(256)) * 2000

    async def source():
        for at in range(0, len(plain), 9_999):
            yield plain[at : at + 9_999]

    for scrub in (Scrub([]), Scrub(SECRETS)):
        assert b"".join([piece async for piece in scrub.pieces(source())]) == plain


@pytest.mark.parametrize("secret", ["PM-Invented-Token-0001", "pm-invented-token-0001"])
def test_a_header_s_name_is_cleaned_too_whatever_its_case(secret):
    headers = {f"x-amz-meta-{secret.lower()}": "v", "x-amz-meta-plain": "kept", f"X-{secret.encode().hex()}": "w"}

    response = Scrub([secret]).response(Response(200, headers))

    assert response.headers == {"x-amz-meta-[secret]": "v", "x-amz-meta-plain": "kept", "x-[secret]": "w"}
