"""The default meaning of HTTP statuses, and the words taken from error bodies."""

import json

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from powerstrip.adapter import AuthFailed, PowerstripError, RateLimited, Rejected, Response, Unavailable, already_gone
from powerstrip.adapter.statuses import check_status, default_error, message_of, retry_after


def answer(status: int, body: object = b"", **headers: str) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AuthFailed),
        (403, AuthFailed),
        (429, RateLimited),
        (408, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
        (599, Unavailable),
        (400, Rejected),
        (404, Rejected),
        (422, Rejected),
        (301, Rejected),
        (307, Rejected),
    ],
)
def test_a_status_means_one_error(status: int, error: type[PowerstripError]) -> None:
    with pytest.raises(error, match=str(status)):
        check_status(answer(status))


@pytest.mark.parametrize("status", [200, 201, 204, 206, 304])
def test_a_fine_answer_raises_nothing(status: int) -> None:
    check_status(answer(status, {"message": "all is well"}))


def test_a_refusal_keeps_its_status() -> None:
    error = default_error(answer(404))
    assert isinstance(error, Rejected)
    assert error.status == 404


@time_machine.travel("2026-01-01T00:00:00Z", tick=False)
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0.5 ", 0.5),
        ("-5", 0.0),
        ("1000000000", 3600.0),
        ("9" * 400, 3600.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 00:00:30 -0000", 30.0),
        ("Wed, 01 Jan 2025 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 3600.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_and_clamped(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}) == seconds


@pytest.mark.parametrize("status", [429, 503])
def test_the_error_carries_retry_after(status: int) -> None:
    error = default_error(answer(status, retry_after="12"))
    assert isinstance(error, RateLimited | Unavailable)
    assert error.retry_after == 12.0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"ErrorCode": 300, "Message": "Invalid 'From' address."}, "Invalid 'From' address."),
        ({"error": {"type": "invalid_request_error", "message": "No such customer"}}, "No such customer"),
        ({"error": "invalid_grant", "error_description": "Token was revoked"}, "Token was revoked"),
        ({"errors": [{"message": "Bad template", "field": "template_id"}]}, "Bad template"),
        ({"errors": ["Name is taken"]}, "Name is taken"),
        ([{"message": "Session expired", "errorCode": "INVALID_SESSION_ID"}], "Session expired"),
        ({"error": "channel_not_found"}, "channel_not_found"),
        ({"code": "not_found"}, "not_found"),
        ({"message": "", "detail": "Gone"}, "Gone"),
        ({"nothing": "of use"}, ""),
        ("plain words", "plain words"),
    ],
)
def test_the_providers_words_are_found_in_json(body: object, words: str) -> None:
    assert message_of(answer(400, body)) == words


def test_the_providers_words_are_found_in_xml() -> None:
    body = b'<?xml version="1.0"?><Error xmlns="urn:x"><Code>NoSuchKey</Code><Message>Not there</Message></Error>'
    assert message_of(answer(404, body, content_type="application/xml")) == "NoSuchKey: Not there"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-7"])
def test_a_bomb_of_entities_is_not_opened_in_any_encoding(encoding: str) -> None:
    body = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Error><Message>&b;</Message></Error>'
    assert message_of(answer(500, body.encode(encoding), content_type="application/xml")) == ""


def test_a_web_page_is_not_shown() -> None:
    assert message_of(answer(502, b"<html><title>Bad gateway</title></html>", content_type="text/html")) == ""


def test_words_are_short_and_on_one_line() -> None:
    words = message_of(answer(400, {"message": "a\r\n\x1b[31mb\u202e" + "c" * 1000}))
    assert len(words) == 500
    assert words.isprintable()


@pytest.mark.parametrize("body", [b"[" * 50_000, b'{"a":' * 50_000, b"{", b"\xff\xfe", b"<a>", b"<a"])
def test_a_body_out_of_order_is_no_message(body: bytes) -> None:
    assert message_of(answer(500, body)) == ""


@given(st.binary(max_size=300), st.sampled_from(["text/plain", "application/json", "text/html", "application/xml", ""]))
def test_no_body_breaks_the_reading(body: bytes, kind: str) -> None:
    assert len(message_of(Response(500, {"content-type": kind}, body))) <= 500


def test_the_adapters_own_mapping_goes_first() -> None:
    with pytest.raises(AuthFailed, match="token_revoked"):
        check_status(answer(200, {"ok": False}), lambda response: AuthFailed("token_revoked"))


def test_the_table_holds_where_the_adapter_finds_nothing() -> None:
    with pytest.raises(RateLimited):
        check_status(answer(429), lambda response: None)


def test_the_table_holds_where_the_adapter_cannot_read_an_error_page() -> None:
    with pytest.raises(RateLimited):
        check_status(answer(429, b"<html>"), lambda response: Rejected(response.json()["error"]))


def test_a_fine_status_with_an_unreadable_body_stays_the_adapters_error() -> None:
    with pytest.raises(Unavailable, match="not JSON"):
        check_status(answer(200, b"<html>"), lambda response: Rejected(response.json()["error"]))


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_already_need_not_be_removed(status: int) -> None:
    with already_gone():
        raise Rejected("No such webhook", status)


@pytest.mark.parametrize("error", [Rejected("Not yours", 403), Rejected("No"), Unavailable("Later"), AuthFailed("Who?")])
def test_any_other_no_to_a_removal_is_one(error: PowerstripError) -> None:
    with pytest.raises(type(error)), already_gone():
        raise error
