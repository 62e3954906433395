"""Pages and their cursors: complete, in order, and good for one list alone."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerstrip.api.cursors import Cursors
from powerstrip.problems import BadInput

from .conftest import House, problem


async def names(house: House, path: str, limit: int) -> list[str]:
    """Every name of a list, walked page by page."""
    found: list[str] = []
    cursor = ""
    while True:
        page = await house.ok("GET", f"{path}?limit={limit}{cursor}")
        assert len(page["items"]) <= limit
        assert page["has_more"] is ("next_cursor" in page)
        found += [row["name"] for row in page["items"]]
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def fill(house: House, count: int) -> None:
    for number in range(count):
        body = {"name": f"mail {number}", "provider": "postmark", "credentials": {"server_token": "pm-invented-token"}}
        await house.ok("POST", "integrations", body)


async def test_pages_hold_everything_once_newest_first(house) -> None:
    await fill(house, 7)
    expected = [f"mail {number}" for number in reversed(range(7))]
    for limit in (1, 2, 3, 6, 7, 8, 200):
        assert await names(house, "integrations", limit) == expected
    roles = await names(house, "roles", 2)
    assert sorted(roles) == ["Admin", "Builder", "Owner", "Viewer", "Worker"]
    page = await house.ok("GET", "integrations?limit=2")
    assert page["data"] == page["items"]


async def test_a_cursor_is_good_for_its_list_alone(house) -> None:
    await fill(house, 3)
    cursor = (await house.ok("GET", "integrations?limit=1&provider=postmark"))["next_cursor"]
    await house.ok("GET", f"integrations?limit=2&provider=postmark&cursor={cursor}")
    other = await house.another("Other")
    for path, project in (
        ("integrations?limit=1", "main"),
        ("integrations?limit=1&provider=slack", "main"),
        ("integrations?limit=1&provider=postmark&status=active", "main"),
        ("roles?limit=1", "main"),
        ("audit-logs?limit=1", "main"),
        ("integrations?limit=1&provider=postmark", other.handle),
    ):
        told = problem(await house.ask("GET", f"{path}&cursor={cursor}", project=project), 400)
        assert told["details"]["errors"][0]["path"] == "cursor"


async def test_a_changed_cursor_is_refused(house) -> None:
    await fill(house, 2)
    cursor = (await house.ok("GET", "integrations?limit=1"))["next_cursor"]
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    flipped = []
    for place in (0, 15, 16, len(raw) - 1):
        changed = bytearray(raw)
        changed[place] ^= 1
        flipped.append(base64.urlsafe_b64encode(changed).decode().rstrip("="))
    for bad in (*flipped, "", cursor[:-1], cursor[:10], cursor + "A", cursor + "=", "%2B" + cursor, "eyJ9", "null", "1"):
        problem(await house.ask("GET", f"integrations?limit=1&cursor={bad}"), 400)


async def test_a_cursor_is_of_no_use_once_the_role_is_lost(house) -> None:
    await fill(house, 2)
    key = await house.member("viewer")
    cursor = (await house.ok("GET", "integrations?limit=1", key=key))["next_cursor"]
    held = [row for row in (await house.ok("GET", "role-assignments"))["items"] if row["role_name"] == "Viewer"]
    await house.ok("DELETE", f"role-assignments/{held[0]['id']}")
    problem(await house.ask("GET", f"integrations?limit=1&cursor={cursor}", key=key), 404)


async def test_the_audit_log_is_paged_while_it_grows(house) -> None:
    first = await house.ok("GET", "audit-logs?limit=2")
    await fill(house, 2)
    second = await house.ok("GET", f"audit-logs?limit=200&cursor={first['next_cursor']}")
    ids = [row["id"] for row in first["items"] + second["items"]]
    assert len(ids) == len(set(ids))
    assert not any(row["resource_type"] == "integration" for row in second["items"])


@given(st.text(), st.tuples(st.text(), st.text()))
def test_what_is_written_is_read(binding, place) -> None:
    cursors = Cursors(b"k" * 32)
    try:
        encoded = cursors.write(binding, place)
    except UnicodeEncodeError:
        return
    assert encoded.isascii()
    assert cursors.read(binding, encoded) == place
    with pytest.raises(BadInput):
        cursors.read(binding + "x", encoded)
    with pytest.raises(BadInput):
        Cursors(b"l" * 32).read(binding, encoded)


@given(st.text(max_size=200))
def test_any_text_is_a_cursor_or_bad_input(text) -> None:
    with pytest.raises(BadInput):
        Cursors(b"k" * 32).read("list", text)
