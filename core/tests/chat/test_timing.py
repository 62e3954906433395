"""Schedules in words, and requests told by their form."""

import pytest

from powerstrip.chat.parser.everyday import everyday, pairs, several
from powerstrip.chat.timing import in_words


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 9 * * 1", "every Monday at 09:00 (UTC)"),
        ("30 7 * * 1-5", "from Monday to Friday at 07:30 (UTC)"),
        ("*/15 * * * *", "every 15 minutes (UTC)"),
        ("0 * * * *", "every hour (UTC)"),
        ("0 8,17 * * *", "every day at 08:00 and 17:00 (UTC)"),
        ("0 6 1 * *", "on day 1 of every month at 06:00 (UTC)"),
        ("0 6 1 1 *", "on day 1 of January at 06:00 (UTC)"),
        ("*/5 9-16 * * 1,3", "every 5 minutes from 09:00 to 16:59, every Monday and Wednesday (UTC)"),
        ("7 */3 2-9 * 5", "by the schedule 7 */3 2-9 * 5 (UTC)"),
    ],
)
def test_a_schedule_is_said_in_words_where_words_are_clear(cron, words) -> None:
    assert in_words(cron) == words


def test_inputs_of_a_run_are_read_by_their_names() -> None:
    assert pairs('n = 3 and name: "Ann and Bo", note is "x"') == {"n": "3", "name": "Ann and Bo", "note": "x"}
    assert pairs("n 3, m 4") == {"n": "3", "m": "4"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("run nightly in the sandbox", "run"),
        ("please start the automation nightly", "run"),
        ("halt nightly", "pause"),
        ("unpause Nightly", "resume"),
        ("hi there", "greet"),
        ("is everything ok?", "overview"),
        ("check all connections", "test_all"),
        ("how many runs failed yesterday", "count"),
        ("any errors this week?", "failures"),
        ("why did nightly fail", "failures"),
        ("change the region of store to eu", "set"),
    ],
)
def test_requests_about_what_is_there(text, kind) -> None:
    found = everyday(text, ["team"], ["nightly"])
    assert found
    assert found.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "run the tests in github",
        "pause team",
        "set up slack with default channel #a",
        "hello, connect slack",
        "list the open issues",
        "why didn't my trigger fire for the GitHub push?",
        "connect the incoming webhook https://example.com/x",
        "send hello to #general",
    ],
)
def test_what_is_no_such_request_is_left_to_others(text) -> None:
    assert everyday(text, ["team"], ["nightly"]) is None


def test_a_list_of_services_is_told_from_one_with_a_clause() -> None:
    assert several("connect slack, postmark and github") == ["slack", "postmark", "github"]
    assert several("connect slack") == []
    assert several("connect slack and post a message to everybody who is there") == []
