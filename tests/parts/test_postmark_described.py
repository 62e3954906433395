"""Postmark's adapter against Prism, which refuses what Postmark's documentation does not allow."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import AuthFailed, Content, Rejected
from powerstrip_postmark import postmark

pytestmark = [pytest.mark.part, pytest.mark.shows("description")]

MAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi Ada"}
TOKEN = {"server_token": "pm-invented-token"}


@pytest.fixture
async def mail(postmark_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(postmark, postmark_url, tmp_path, TOKEN, from_address="care@example.com") as connection:
        yield connection


async def test_a_mail_with_everything_is_taken(mail: Connected) -> None:
    extras: dict[str, Any] = {
        "cc": "b@example.com, C <c@example.com>",
        "bcc": "d@example.com",
        "reply_to": "e@example.com",
        "html_body": "<p>Hi</p>",
        "tag": "hello",
        "metadata": {"order": "42"},
        "headers": [{"name": "X-Order", "value": "42"}],
        "attachments": [{"name": "a.txt", "content": Content(b"hello"), "content_id": "cid:a"}],
        "track_opens": True,
        "track_links": "HtmlOnly",
        "message_stream": "outbound",
    }
    sent = await mail.call("email.send", **MAIL, **extras)
    assert sent.message_id == "0a129aee-e1cd-480d-b08d-4f48548ff48d"
    assert sent.submitted_at.isoformat() == "2026-02-17T07:25:01.417864-05:00"


async def test_the_from_address_of_the_integration_sends_when_the_mail_names_nobody(mail: Connected) -> None:
    assert (await mail.call("email.send", to="ada@example.com", subject="Hello", html_body="Hi")).message_id


@pytest.mark.parametrize("template", ["welcome", "1234"])
async def test_a_template_is_named_by_alias_or_number(mail: Connected, template: str) -> None:
    sent = await mail.call(
        "email.send_with_template", to="ada@example.com", template=template, template_model={"name": "Ada"}, inline_css=False
    )
    assert sent.to == "ada@example.com"


async def test_a_batch_tells_what_became_of_each_mail(mail: Connected) -> None:
    batch = await mail.call("email.send_batch", messages=[MAIL, MAIL])
    assert (batch.accepted, batch.refused) == (1, 1)
    assert "inactive" in batch.results[1].message
    assert batch.results[1].message_id is None


async def test_templates_are_listed_and_offered(mail: Connected) -> None:
    listed = await mail.call("template.list", limit=10)
    assert [(each.template_id, each.alias) for each in listed.templates] == [(1234, "activate"), (5678, None)]
    assert listed.next is None
    choices = (await mail.pick("template")).choices
    assert [choice.value for choice in choices] == ["activate", "5678"], "one without alias is chosen by number"


async def test_bounces_are_filtered_and_paged(mail: Connected) -> None:
    found = await mail.call("bounce.list", limit=50, type="HardBounce", inactive=True, email="a@b.io", from_date="2026-01-01")
    assert found.bounces[0].id == "692560173"
    assert found.next == "50"
    assert (await mail.call("bounce.list", limit=50, cursor="50")).next is None


async def test_a_sent_mail_is_read_with_its_events(mail: Connected) -> None:
    message = await mail.call("message.get", message_id="07311c54-0687-4ab9-b034-b54b5bad88ba")
    assert message.status == "Sent"
    assert message.message_events[0].details["DestinationIP"] == "192.0.2.7"


async def test_statistics_have_the_sum_and_each_kind(mail: Connected) -> None:
    stats = await mail.call("delivery.stats")
    assert [(each.type, each.count) for each in stats.bounces] == [(None, 253), ("HardBounce", 195)]


async def test_streams_to_send_through_are_offered(mail: Connected) -> None:
    assert [choice.value for choice in (await mail.pick("message_stream")).choices] == ["broadcast", "outbound"]


async def test_senders_are_those_that_sent(mail: Connected) -> None:
    choices = (await mail.pick("sender")).choices
    assert [(choice.value, choice.detail) for choice in choices] == [
        ("care@example.com", ""),
        ("shop@example.com", "The Shop"),
    ]


async def test_the_server_is_the_account_and_its_tokens_stay_out(mail: Connected) -> None:
    account = await mail.account()
    assert (account.id, account.name) == ("7", "Invented server")
    assert "pm-invented" not in repr(account)


async def test_a_refusal_is_in_postmarks_words(mail: Connected) -> None:
    with pytest.raises(Rejected, match="no confirmed sender signature") as caught:
        await mail.call("message.get", message_id="no-uuid")
    assert caught.value.status == 422


async def test_prism_really_looks_at_requests(postmark_url: str, tmp_path: Path) -> None:
    """A check of the checker: a request under another name is refused."""
    async with connected(postmark, postmark_url, tmp_path, TOKEN) as connection:
        http = connection.http("raw")
        with pytest.raises(Rejected):
            await http.post("/email", json={"From": "a@b.example", "To": "c@d.example", "Subject": "x", "Text": "misspelt"})


async def test_no_token_is_refused(postmark_url: str, tmp_path: Path) -> None:
    async with connected(postmark, postmark_url, tmp_path, TOKEN) as connection:
        bare = Connected(connection.edge, connection.adapter, {}, {})
        with pytest.raises(AuthFailed):
            await bare.account()
