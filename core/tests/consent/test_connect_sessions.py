"""Links for people without an account: one provider, one project, once, and the secret goes nowhere else."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from powerstrip.clock import now, rfc3339
from powerstrip.store import Audit, ConnectSession, Integration

from .conftest import CODE, HUB, KEY, House, no_leaks


async def link(house: House, **more: Any) -> tuple[dict[str, Any], str]:
    """A link for Acme, and its path."""
    made = await house.ok("POST", "connect-sessions", {"provider": "acme", "name": "theirs"} | more)
    assert made["url"].startswith(f"{HUB}/connect/")
    return made, made["url"].removeprefix(HUB)


async def visit(house: House, path: str) -> tuple[str, str, str]:
    """Open a link: the page, the browser's cookie and the form's mark."""
    page = await house.browse(path)
    assert page.status_code == 200, page.text
    cookie = page.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    mark = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
    assert mark
    return page.text, cookie.partition(";")[0], mark[1]


async def submit(house: House, path: str, cookie: str, csrf: str, **fields: str):
    headers = fields.pop("headers", {})
    return await house.browse(path, cookie, method="POST", data={"csrf": csrf, **fields}, headers=headers)


async def test_a_form_is_filled_in_once(house: House, capfd) -> None:
    made, path = await link(house)
    assert "url" not in (await house.ok("GET", f"connect-sessions/{made['id']}"))
    text, cookie, csrf = await visit(house, path)
    assert "Acme → Settings → Keys." in text
    assert 'type="password"' in text
    done = await submit(house, path, cookie, csrf, auth_kind="api_key", **{"field.api_key": KEY})
    assert done.status_code == 200, done.text
    assert "Acme is connected" in done.text
    (row,) = await house.rows(Integration)
    assert (row.provider, row.name, row.account_id, row.created_by) == ("acme", "theirs", "account-1", house.first.principal.id)
    told = await house.ok("GET", f"connect-sessions/{made['id']}")
    assert (told["status"], told["integration_id"]) == ("used", row.id)
    for method in ("GET", "POST"):
        again = await house.browse(path, cookie, method=method, **({"data": {"csrf": csrf}} if method == "POST" else {}))
        assert again.status_code == 404
        assert "This link is over" in again.text
    assert (await house.ask("DELETE", f"connect-sessions/{made['id']}")).status_code == 409
    written = [(each.action, each.resource_type, each.actor_name) for each in await house.rows(Audit)]
    assert ("create", "integration", f"connect session {made['id']}") in written
    out, err = capfd.readouterr()
    no_leaks(house, out, err)
    token = path.removeprefix("/connect/")
    assert token.encode() not in house.bytes_on_disk()
    assert token not in out + err


async def test_a_consent_is_ended_by_the_browser_that_began_it(house: House) -> None:
    made, path = await link(house, auth_kinds=["oauth2"])
    text, cookie, csrf = await visit(house, path)
    assert "Continue to Acme" in text
    on = await submit(house, path, cookie, csrf, auth_kind="oauth2")
    assert on.status_code == 303
    begun = {"authorize_url": on.headers["location"]}
    state = begun["authorize_url"].partition("state=")[2].partition("&")[0]
    back = f"/v1/oauth/callback/acme?code={CODE}&state={state}"
    for other in ("", "powerstrip_browser=another-browser-of-somebody"):
        assert (await house.browse(back, other)).status_code == 422
    assert house.provider.questions("/token") == []
    assert (await house.browse(back, cookie)).status_code == 200
    assert (await house.ok("GET", f"connect-sessions/{made['id']}"))["status"] == "used"
    (row,) = await house.rows(Integration)
    assert row.created_by == house.first.principal.id
    no_leaks(house)


@pytest.mark.parametrize("how", ["mark", "cookie", "site", "nothing"])
async def test_a_form_from_elsewhere_is_refused(house: House, how: str) -> None:
    _, path = await link(house)
    _, cookie, csrf = await visit(house, path)
    if how in ("mark", "nothing"):
        csrf = "0" * 64 if how == "mark" else ""
    cookie = "powerstrip_browser=another-browser-of-somebody" if how == "cookie" else cookie
    headers: Any = {"sec-fetch-site": "cross-site"} if how == "site" else {}
    fields: dict[str, Any] = {"auth_kind": "api_key", "field.api_key": KEY, "headers": headers}
    page = await submit(house, path, cookie, csrf, **fields)
    assert page.status_code == 403
    await house.nothing_stored()


async def test_an_error_stands_at_its_field_and_the_secret_is_not_shown_again(house: House) -> None:
    _, path = await link(house)
    _, cookie, csrf = await visit(house, path)
    page = await submit(house, path, cookie, csrf, auth_kind="api_key", **{"field.api_key": "********"})
    assert page.status_code == 422
    assert re.search(r'aria-invalid="true"', page.text)
    assert 'id="api_key-api_key-error"' in page.text
    house.provider.account = None
    page = await submit(house, path, cookie, csrf, auth_kind="api_key", **{"field.api_key": KEY})
    assert page.status_code == 422
    assert KEY not in page.text
    await house.nothing_stored()


async def test_a_link_takes_no_other_way_to_sign_in(house: House) -> None:
    _, path = await link(house, auth_kinds=["api_key"])
    text, cookie, csrf = await visit(house, path)
    assert "oauth2" not in text
    assert (await submit(house, path, cookie, csrf, auth_kind="oauth2")).status_code == 422
    refused = await house.ask("POST", "connect-sessions", {"provider": "acme", "name": "x", "auth_kinds": ["basic"]})
    assert refused.status_code == 400


@pytest.mark.parametrize("end", ["revoked", "expired", "unknown", "maker disabled"])
async def test_a_link_that_is_over_opens_nothing(house: House, end: str) -> None:
    key = await house.member("admin")
    made = await house.ok("POST", "connect-sessions", {"provider": "acme", "name": "theirs"}, key=key)
    path = made["url"].removeprefix(HUB)
    later = now()
    match end:
        case "revoked":
            await house.ok("DELETE", f"connect-sessions/{made['id']}")
        case "expired":
            later += timedelta(hours=25)
        case "unknown":
            path = "/connect/invented-token-of-no-link"
        case _:
            await house.ok("PATCH", f"principals/{made['created_by']}", {"state": "disabled"})
    with time_machine.travel(later):
        page = await house.browse(path)
    assert page.status_code == 404
    assert "This link is over" in page.text


@pytest.mark.parametrize("hours", [-1, 0, 25, 24 * 365])
async def test_a_link_lives_a_day_at_most(house: House, hours: int) -> None:
    body = {"provider": "acme", "name": "x", "expires_at": rfc3339(now() + timedelta(hours=hours))}
    assert (await house.ask("POST", "connect-sessions", body)).status_code == 400
    assert await house.rows(ConnectSession) == []


async def test_who_may_not_manage_integrations_makes_no_link(house: House) -> None:
    key = await house.member("viewer")
    body = {"provider": "acme", "name": "x"}
    assert (await house.ask("POST", "connect-sessions", body, key=key)).status_code == 403
