"""Secrets that travel in bodies: filled in on the way out, taken out on the way in, and nowhere else."""

import json

import pytest

from powerstrip.adapter import Content, Request, Response
from powerstrip.edge import Lift, Refused
from powerstrip.edge.handles import filled, lifted

MARK = "endpoint-secret-abcdef"
SECRET = 'invented "quoted" secret & more/é'
JSON = (("Content-Type", "application/json; charset=utf-8"),)


def test_a_placeholder_in_json_becomes_the_secret() -> None:
    body = json.dumps({"config": {"secret": MARK}, "name": "web"}).encode()
    out = filled(Request("POST", "https://x.test/hooks", headers=JSON, body=body), {MARK: SECRET})
    assert json.loads(bytes(out.body))["config"]["secret"] == SECRET  # pyright: ignore[reportArgumentType]


def test_a_placeholder_in_a_form_becomes_the_secret() -> None:
    form = (("content-type", "application/x-www-form-urlencoded"),)
    out = filled(Request("POST", "https://x.test/", headers=form, body=f"secret={MARK}&a=b".encode()), {MARK: "a b&c"})
    assert out.body == b"secret=a+b%26c&a=b"


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", f"https://x.test/{MARK}", headers=JSON),
        Request("GET", "https://x.test/", params=(("q", MARK),)),
        Request("POST", "https://x.test/", headers=(*JSON, ("X-Odd", MARK))),
        Request("POST", "https://x.test/", headers=(("content-type", "text/plain"),), body=MARK.encode()),
    ],
    ids=["path", "query", "header", "text"],
)
def test_anywhere_else_it_is_refused(request_: Request) -> None:
    with pytest.raises(Refused) as refusal:
        filled(request_, {MARK: SECRET})
    assert SECRET not in str(refusal.value)


def test_what_holds_no_placeholder_stays_as_it_is() -> None:
    plain = Request("POST", "https://x.test/", headers=JSON, body=b"{}")
    assert filled(plain, {MARK: SECRET}) is plain
    streamed = Request("POST", "https://x.test/", headers=JSON, body=Content(MARK.encode()))
    assert filled(streamed, {MARK: SECRET}) is streamed


def test_a_secret_that_the_provider_made_is_taken_and_hidden_everywhere_in_the_answer() -> None:
    taken: list[str] = []

    def take(secret: str) -> str:
        taken.append(secret)
        return MARK

    body = json.dumps({"data": {"secret": "whsec_invented"}, "echo": "made whsec_invented"}).encode()
    answer = lifted(Response(200, {"x-echo": "whsec_invented"}, body), Lift("data.secret", take))
    assert taken == ["whsec_invented"]
    assert json.loads(answer.body)["data"]["secret"] == MARK
    assert "whsec_invented" not in str(answer)


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b'{"data": "text"}', b'{"data": {"secret": 7}}', b'{"data": {}}'])
def test_an_answer_without_one_stays_as_it_is(body: bytes) -> None:
    answer = Response(200, {}, body)
    assert lifted(answer, Lift("data.secret", lambda _: pytest.fail("nothing to take"))) is answer
