"""For tests of adapters: a provider that answers as told, and the whole contract as one line.

    from powerstrip.adapter.testing import check, provider

    test_contract = check(slack)

    async def test_a_refusal_is_shown_as_slack_said_it():
        http = provider(slack, {"POST /chat.postMessage": {"ok": False, "error": "channel_not_found"}})
        with raises(Rejected, match="channel_not_found"):
            await post_message(http, Post(channel="C0", text="hi"))
        assert http.sent[0].method == "POST"

Nothing here opens a connection, and no credential is needed.
"""

from powerstrip.adapter.testing.fake import FakeHttp, FakeMail, mail_server, provider
from powerstrip.adapter.testing.suite import CONFORMANCE, check

__all__ = ["CONFORMANCE", "FakeHttp", "FakeMail", "check", "mail_server", "provider"]
