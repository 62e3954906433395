"""Mailgun's adapter against Prism, which refuses what Mailgun's documentation does not allow."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from parts.through_the_edge import Connected, connected, replayed

from powerstrip.adapter import AuthFailed, Content, Rejected, Wish
from powerstrip.adapter.testing.samples import sample
from powerstrip_mailgun import mailgun
from powerstrip_mailgun.events import Watched

pytestmark = [pytest.mark.part, pytest.mark.shows("description")]

KEY = {"api_key": "invented-mailgun-key"}
CONFIG = {"region": "eu", "domain": "mg.example.com", "from_address": "Shop <shop@mg.example.com>"}
MAIL = {"to": ["ada@example.com"], "subject": "Hello", "text": "Hi Ada"}


@pytest.fixture
async def mail(mailgun_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(mailgun, mailgun_url, tmp_path, KEY, **CONFIG) as connection:
        yield connection


async def test_a_mail_with_everything_is_taken(mail: Connected) -> None:
    extras: dict[str, Any] = {
        "cc": ["b@example.com"],
        "bcc": ["c@example.com"],
        "reply_to": "care@example.com",
        "html": "<p>Hi</p>",
        "tags": ["hello"],
        "headers": {"X-Order": "42"},
        "variables": {"order": "42"},
        "recipient_variables": {"ada@example.com": {"name": "Ada"}},
        "send_at": "2026-11-30T12:00:00Z",
        "tracking": "no",
        "require_tls": True,
        "test_mode": True,
        "attachments": [{"name": "a.txt", "content": Content(b"hello")}, {"name": "b.png", "content": b"x", "inline": True}],
    }
    sent = await mail.call("email.send", **MAIL, **extras)
    assert sent.id == "<20261123101500.1.0A1B2C@mg.example.com>"


@pytest.mark.parametrize("action", sorted(mailgun.actions))
async def test_the_example_of_every_action_is_taken(mail: Connected, action: str) -> None:
    example = sample(mailgun.actions[action].input)
    assert example is not None
    assert await mail.call(action, **example.model_dump(exclude_defaults=True))


async def test_pages_follow_each_other(mail: Connected) -> None:
    events = await mail.call("event.list", limit=1)
    assert (events.events[0].recipient, events.next) == ("ada@example.com", "W3siYSI6")
    assert (await mail.call("event.list", cursor=events.next)).next is None
    bounces = await mail.call("suppression.list", limit=1)
    assert (bounces.suppressions[0].code, bounces.next) == ("550", "ada@example.com")
    assert (await mail.call("suppression.list", limit=1, cursor=bounces.next)).suppressions


async def test_there_is_something_to_choose_from(mail: Connected) -> None:
    for picker, value in (("domain", "mg.example.com"), ("template", "welcome"), ("mailing_list", "news@mg.example.com")):
        assert [choice.value for choice in (await mail.pick(picker)).choices] == [value]


async def test_the_domain_is_the_account_and_its_password_stays_out(mail: Connected) -> None:
    account = await mail.account()
    assert (account.id, account.name) == ("5b32f9b0", "mg.example.com")
    verified = await mail.call("domain.verify")
    assert "invented-smtp-password" not in repr(account) + verified.model_dump_json()


async def test_webhooks_are_kept(mail: Connected) -> None:
    hooks, url = mailgun.subscribes, "https://hub.example.com/v1/hooks/ep_1"
    assert hooks is not None
    http = mail.http("hooks", read_only=False)
    wish = Wish(url, ("email.delivered", "email.failed"), Watched())
    made = await hooks.create(http, wish)
    assert [each.url for each in await hooks.list(http, Watched())] == [url]
    await hooks.change(http, made, wish)
    await hooks.delete(http, made, Watched())


async def test_a_refusal_is_in_mailguns_words(mail: Connected) -> None:
    with pytest.raises(Rejected, match="not a valid address") as caught:
        await mail.call("email.send", **MAIL, domain="nodots")
    assert caught.value.status == 400


async def test_no_key_is_refused(mail: Connected) -> None:
    with pytest.raises(AuthFailed):
        await Connected(mail.edge, mail.adapter, mail.config, {}).account()


async def test_what_a_sandbox_writes_down_is_what_mailgun_takes(mail: Connected, mailgun_url: str) -> None:
    """The recorded request, with a key in place of its placeholder, passes the same check as a real one."""
    (row,) = await mail.sandboxed("email.send", **MAIL, attachments=[{"name": "a.txt", "content": Content(b"hello")}])
    assert row["url"] == f"{mailgun_url}/v3/mg.example.com/messages"
    headers = dict(json.loads(row["headers"]))
    assert headers["Authorization"] == "Basic api:<api_key>"
    assert KEY["api_key"] not in json.dumps(row)
    proof = "Basic " + base64.b64encode(b"api:another-invented-key").decode()
    for body, status in ((row["body"], 200), (row["body"].replace('name="to"', 'name="too"'), 400)):
        assert replayed(row, body, proof) == status
