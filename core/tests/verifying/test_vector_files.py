"""Files of vectors: what they hold, how they are judged, and the command that does it."""

import asyncio
import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import signhouse as sh
from signhouse import GENUINE, Signed

from powerstrip.adapter import Delivery, Incoming, Rejected
from powerstrip.adapter.testing.vectors import NotVectors, read_vectors
from powerstrip.inbound.verifying import known_scheme, run_vectors

POWERSTRIP = str(Path(sys.executable).with_name("powerstrip"))
OF_PROVIDERS = {
    "stripe": sh.stripe(),
    "slack": sh.slack(b'{"type":"url_verification","challenge":"c"}'),
    "github": sh.github(),
    "linear": sh.linear(),
    "openai": sh.standard(),
    "twilio": sh.twilio(),
    "sendgrid": sh.sendgrid(),
    "hubspot": sh.hubspot(),
    "mailgun": sh.mailgun(),
    "s3": sh.sns(),
    "postmark": sh.basic(),
    "fhir": sh.in_header(),
    "salesforce": sh.in_element(),
}


def vector(signed: Signed, id: str, valid: bool = True, **changes: Any) -> dict[str, Any]:
    fields = {"id": id, "method": signed.method, "url": signed.url, "headers": signed.headers, "secret": signed.secret}
    return {**fields, "body_base64": base64.b64encode(signed.body).decode(), "at": signed.at, "valid": valid, **changes}


def file_of(signed: Signed, *vectors: dict[str, Any], **fields: Any) -> bytes:
    documents = {url: text.decode() for url, text in signed.documents.items()}
    return json.dumps({"provider": "x", "documents": documents, "vectors": vectors, **fields}).encode()


@pytest.mark.parametrize("provider", OF_PROVIDERS)
async def test_known_providers_are_judged_by_their_scheme(provider: str) -> None:
    signed, scheme = OF_PROVIDERS[provider], known_scheme(provider)
    assert scheme == signed.scheme
    forged = vector(signed, "forged", valid=False, headers={}, body_base64="e30=", url="https://hub.example.com/other")
    judged = await run_vectors(scheme, read_vectors(file_of(signed, vector(signed, "genuine"), forged)))
    assert [(each.verdict, each.problem) for each in judged] == [("accepted", ""), ("refused", "")]


async def test_what_comes_out_otherwise_is_told() -> None:
    signed = sh.github()
    vectors = read_vectors(
        file_of(
            signed,
            vector(signed, "wrongly-invalid", valid=False),
            vector(signed, "wrongly-valid", secret="another"),
            vector(signed, "may-be-refused", secret="another", lenient=True),
        )
    )
    problems = {each.id: each.problem for each in await run_vectors(signed.scheme, vectors)}
    assert problems["wrongly-invalid"].startswith("accepted")
    assert problems["wrongly-valid"].startswith("refused (bad_signature)")
    assert problems["may-be-refused"] == ""


async def test_the_adapters_function_reads_what_is_genuine_only() -> None:
    signed, given = sh.github(), list[Delivery]()

    def receive(delivery: Delivery) -> Incoming:
        given.append(delivery)
        if len(given) == 1:
            raise Rejected("no event of ours")
        raise KeyError("id")

    vectors = read_vectors(
        file_of(signed, vector(signed, "a"), vector(signed, "b"), vector(signed, "c", valid=False, secret="another"))
    )
    judged = await run_vectors(signed.scheme, vectors, receive)
    assert [each.problem for each in judged] == ["", "the adapter's `receive` fails with KeyError", ""]
    assert len(given) == 2
    assert given[0].headers["x-hub-signature-256"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b"[" * 100_000,
        b"{}",
        b'{"vectors": []}',
        b'{"vectors": [{}]}',
        b'{"vectors": [{"id": "a", "url": "u", "secret": "invented-s", "valid": "yes"}]}',
        b'{"vectors": [{"id": "a", "url": "u", "secret": "invented-s", "valid": true, "at": "now"}]}',
        b'{"vectors": [{"id": "a", "url": "u", "secret": "invented-s", "valid": true, "body_base64": "%"}]}',
    ],
)
def test_a_file_that_holds_no_vectors(raw: bytes) -> None:
    with pytest.raises(NotVectors) as caught:
        read_vectors(raw)
    assert "invented-s" not in str(caught.value)


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([POWERSTRIP, "plugin", "vectors", *words], capture_output=True, text=True, timeout=60)


def test_the_command_counts_and_ends_with_one_where_any_fails(tmp_path: Path) -> None:
    path, signed = tmp_path / "v.json", OF_PROVIDERS["slack"]
    path.write_bytes(file_of(signed, vector(signed, "genuine"), provider="slack"))
    ran = command("slack", str(path))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "1 passed, 0 failed\n", "")
    path.write_bytes(file_of(signed, vector(signed, "genuine"), vector(signed, "other", secret="another"), provider="stripe"))
    ran = command("slack", str(path))
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[0].startswith("other: refused (bad_signature)")
    assert ran.stdout.splitlines()[-1] == "1 passed, 1 failed"
    assert "for stripe" in ran.stderr
    told = json.loads(command("slack", str(path), "--json").stdout)
    assert (told["passed"], told["failed"], told["scheme"]) == (1, 1, "hmac")
    assert signed.secret not in json.dumps(told)


def test_the_command_takes_a_folder_of_files_and_says_in_which_one_fails(tmp_path: Path) -> None:
    signed = OF_PROVIDERS["slack"]
    (tmp_path / "good.json").write_bytes(file_of(signed, vector(signed, "genuine"), provider="slack"))
    (tmp_path / "late.json").write_bytes(file_of(signed, vector(signed, "other", secret="another"), provider="slack"))
    ran = command("slack", str(tmp_path))
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[0].startswith("late.json: other: refused (bad_signature)")
    assert ran.stdout.splitlines()[-1] == "1 passed, 1 failed"


def test_the_command_on_what_it_cannot_use(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    path.write_text('{"vectors": [{"id": "a"}]}')
    (empty := tmp_path / "empty").mkdir()
    for words, said in [
        (("slack", str(path)), "holds no vectors: vectors.0.url"),
        (("slack", str(tmp_path / "none.json")), "No such file"),
        (("slack", str(tmp_path)), "v.json holds no vectors"),
        (("slack", str(empty)), "holds no *.json"),
    ]:
        ran = command(*words)
        assert ran.returncode == 1
        assert said in ran.stderr
    path.write_bytes(file_of(GENUINE["github"], vector(GENUINE["github"], "a")))
    ran = command("slak", str(path))
    assert (ran.returncode, "There is no provider" in ran.stderr) == (1, True)


def test_every_genuine_delivery_can_be_written_as_a_vector() -> None:
    for name, signed in GENUINE.items():
        judged = asyncio.run(run_vectors(signed.scheme, read_vectors(file_of(signed, vector(signed, name)))))
        assert [each.problem for each in judged] == [""]
