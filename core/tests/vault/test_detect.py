"""The search for plaintext secrets. The keys here are put together, so that none stands in a file."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerstrip.vault import find_secrets

HEX = "0123456789abcdef"
MIXED = "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cE1gI3kM5oQ7s"
FORTY = "wJalr" + "/" + "K7MDENG" + "+" + "bPxRfiCYINVENTEDKEY0000000"

SECRETS = {
    "powerstrip_api_key": "mbx_" + "a2b3c4d5" * 5,
    "slack_token": "xoxb-" + "123456789012-" + MIXED[:24],
    "slack_webhook_url": "https://hooks.slack.com/" + "services/T0000/B0000/" + MIXED[:24],
    "stripe_key": "sk_" + "live_" + MIXED[:24],
    "stripe_webhook_secret": "whsec_" + MIXED[:32],
    "github_token": "ghp_" + MIXED[:36],
    "gitlab_token": "glpat-" + MIXED[:20],
    "sendgrid_key": "SG." + MIXED[:22] + "." + MIXED,
    "postmark_token": "X-Postmark-Server-Token: " + "01234567-89ab-cdef-0123-456789abcdef",
    "openai_key": "sk-" + "proj-" + MIXED,
    "twilio_key": "SK" + HEX * 2,
    "google_api_key": "AIza" + MIXED[:35],
    "shopify_token": "shpat_" + HEX * 2,
    "npm_token": "npm_" + MIXED[:36],
    "private_key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE",
    "url_password": "postgres://user:" + "hunter2@db.example/x",
    "aws_secret_key": "AKIA" + "ABCDEFGHIJKLMNOP" + " and " + FORTY,
}
OTHERS = {
    "slack user": ("xoxp-" + "1-2-" + MIXED[:20], "slack_token"),
    "slack refresh": ("xoxe.xoxp-" + "1-" + MIXED[:20], "slack_token"),
    "slack app": ("xapp-" + "1-A0-" + MIXED[:20], "slack_token"),
    "stripe restricted": ("rk_" + "test_" + MIXED[:24], "stripe_key"),
    "github fine-grained": ("github_pat_" + MIXED[:30], "github_token"),
    "github app": ("ghs_" + MIXED[:36], "github_token"),
    "plain private key": ("-----BEGIN " + "PRIVATE KEY-----", "private_key"),
    "service account": ('{"private_key": "-----BEGIN ' + 'PRIVATE KEY-----\\nMII"}', "private_key"),
    "openssh key": ("-----BEGIN OPENSSH " + "PRIVATE KEY-----", "private_key"),
    "password without user": ("redis://:" + "hunter2@host", "url_password"),
    "temporary AWS key": ("ASIA" + "ABCDEFGHIJKLMNOP" + ":" + FORTY, "aws_secret_key"),
}
HARMLESS = [
    "",
    "Hello, world",
    "The xoxb- prefix marks bot tokens",
    "use sk-learn-tutorial-for-all-beginners-and-more",
    "sk_live_ goes here",
    "see https://user@example.com/path:8080 and http://[::1]:8080/a@b",
    "https://example.com/a:b@c",
    "postgres://user:<password>@host/db and https://{{user}}:{{password}}@host and amqp://u:$PASSWORD@h",
    "mail to someone@example.com: thanks",
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "AKIA" + "ABCDEFGHIJKLMNOP",  # a key id alone opens nothing: presigned links carry it
    FORTY,  # forty letters alone may be a git commit
    "0123456789abcdef0123456789abcdef01234567",
    "desk-" + MIXED,
    "SKU" + HEX * 2,
    "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "mbx_short",
]


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("around", ["{}", "my key is {}, thanks", '"{}"', "token={}&x=1", "\n{}\n"])
def test_a_secret_is_found_wherever_it_stands(kind: str, around: str) -> None:
    text = around.replace("{}", SECRETS[kind])
    assert kind in [found.kind for found in find_secrets(text)]
    assert [found.path for found in find_secrets({"blocks": [{"text": text}]}) if found.kind == kind] == ["blocks.0.text"]


@pytest.mark.parametrize("name", OTHERS)
def test_relatives_are_found(name: str) -> None:
    text, kind = OTHERS[name]
    assert [found.kind for found in find_secrets([text])] == [kind]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_alike_is_let_pass(text: str) -> None:
    assert find_secrets({"text": text, "list": [text]}) == []


@pytest.mark.parametrize("value", [None, True, 1, 1.5, [], {}, [None, {"a": 1}]])
def test_values_that_are_no_text_hold_none(value: object) -> None:
    assert find_secrets(value) == []


def test_an_aws_pair_is_found_in_the_fields_of_an_object() -> None:
    pair = {"access_key_id": "AKIA" + "ABCDEFGHIJKLMNOP", "secret_access_key": FORTY}
    assert [(found.path, found.kind) for found in find_secrets({"aws": pair})] == [("aws.secret_access_key", "aws_secret_key")]


def test_a_secret_in_a_key_is_found_and_not_repeated() -> None:
    found = find_secrets({"headers": {SECRETS["slack_token"]: "x"}})
    assert [(each.path, each.kind) for each in found] == [("headers", "slack_token")]
    assert SECRETS["slack_token"] not in repr(found)


def test_a_secret_below_a_secret_key_is_not_repeated_in_the_path() -> None:
    found = find_secrets({SECRETS["slack_token"]: {"a": SECRETS["github_token"]}})
    assert [(each.path, each.kind) for each in found] == [("", "slack_token"), ("….a", "github_token")]
    assert SECRETS["slack_token"] not in repr(found)


def test_the_report_is_bounded() -> None:
    assert len(find_secrets([SECRETS["slack_token"]] * 1000)) == 20
    deep: object = SECRETS["slack_token"]
    for _ in range(5000):
        deep = [deep]
    assert find_secrets(deep) == []  # deeper than any input the strict decoder lets in


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json_is_read(value: object) -> None:
    assert isinstance(find_secrets(value), list)


HOSTILE = [
    "xoxb-", "xox", "SG.", "SG.aaaaaaaaaaaaaaaaaaaa", "sk-", " sk-" + "a" * 40, "://a:", "://" + "a" * 128, "://:", "gh", "ghp_",
    "AKIA" * 5 + " ", " AKIAAAAAAAAAAAAAAAAA" + "a" * 39, "-----BEGIN ", "-----BEGIN AA BB CC ", "sk_live_", "SK", "SK01234567",
    "X-Postmark-Server-Token: ", "hooks.slack.com/", "hooks.slack.com/services/", "mbx_", "AIza", "\u0000", "ß",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_no_longer_in_proportion(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        started = time.thread_time()
        find_secrets({"text": text})
        return time.thread_time() - started

    assert seconds(1_000_000) < max(40 * min(seconds(100_000) for _ in range(3)), 0.1)
