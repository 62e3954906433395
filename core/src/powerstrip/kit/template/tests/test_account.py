"""Whose credential it is."""

from powerstrip_acme_notes import adapter
from powerstrip_acme_notes.provider import account

from powerstrip.adapter.testing import provider


async def test_the_account_is_told() -> None:
    found = await account(provider(adapter, {"GET /me": {"accountId": "a1", "name": "Ada"}}))
    assert (found.id, found.name) == ("a1", "Ada")
