"""Which hub is talked to, and what is said when it refuses, is strange, or is not there."""

import json

import pytest
from werkzeug import Request, Response

KEY = "mbx_invented-cli-key"
PROJECT = {"id": "prj_1", "name": "Shop", "handle": "shop", "access_mode": "org_open", "mode": "live"}
TIMES = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}


@pytest.fixture
def strange_hub(httpserver, monkeypatch: pytest.MonkeyPatch):
    """A hub made of canned answers."""
    httpserver.expect_request("/v1/projects").respond_with_json({"items": [PROJECT | TIMES]})
    monkeypatch.setenv("POWERSTRIP_URL", httpserver.url_for("").rstrip("/"))
    monkeypatch.setenv("POWERSTRIP_API_KEY", KEY)
    return httpserver


def test_both_spellings_of_the_variables_are_read(cli, httpserver, monkeypatch: pytest.MonkeyPatch) -> None:
    httpserver.expect_request("/v1/projects/shop/integrations", headers={"Authorization": f"Bearer {KEY}"}).respond_with_json(
        {"items": [], "has_more": False}
    )
    for prefix, url, key in (("MOBIUS", "API_URL", "API_KEY"), ("POWERSTRIP", "URL", "API_KEY")):
        with monkeypatch.context() as patch:
            patch.setenv(f"{prefix}_{url}", httpserver.url_for(""))
            patch.setenv(f"{prefix}_{key}", KEY)
            patch.setenv(f"{prefix}_PROJECT", "shop")
            assert cli("integrations", "list").code == 0


def test_an_option_wins_over_the_environment(cli, strange_hub) -> None:
    ran = cli("integrations", "list", "--url", "http://127.0.0.1:9", "--project", "shop")
    assert ran.code == 3
    assert strange_hub.log == []


def test_a_data_option_wins_over_a_url_in_the_environment(cli, strange_hub, tmp_path) -> None:
    ran = cli("integrations", "list", "--data", str(tmp_path / "none"))
    assert (ran.code, strange_hub.log) == (1, [])
    assert "There is no hub" in ran.err


def test_a_url_needs_a_key(cli, httpserver) -> None:
    ran = cli("integrations", "list", "--url", httpserver.url_for(""))
    assert ran.code == 2
    assert "POWERSTRIP_API_KEY" in ran.err
    assert httpserver.log == []


def test_a_hub_that_is_not_there_ends_with_3(cli) -> None:
    words = ("integrations", "list", "--url", "http://127.0.0.1:9", "--api-key", KEY, "--project", "shop")
    ran = cli(*words)
    assert (ran.code, ran.out) == (3, "")
    assert "http://127.0.0.1:9" in ran.err
    assert "powerstrip serve" in ran.err
    assert KEY not in ran.err
    assert cli(*words, "--json").json["error"]["code"] == "unreachable"


@pytest.mark.parametrize(("status", "hint"), [(401, "POWERSTRIP_API_KEY"), (403, "permission"), (429, "try again in 60 s")])
def test_a_refusal_says_what_to_do_next(cli, strange_hub, status: int, hint: str) -> None:
    error = {"error": {"code": "refused", "message": "No.", "details": {}}}
    strange_hub.expect_request("/v1/projects/shop/integrations").respond_with_json(error, status, {"Retry-After": "60"})
    ran = cli("integrations", "list")
    assert ran.code == 1
    assert ran.err.splitlines()[0] == "error: No."
    assert hint in ran.err
    assert KEY not in ran.err


def test_each_field_at_fault_is_named_once(cli, strange_hub) -> None:
    errors = [{"path": "name", "message": "too long"}, {"path": "config.region", "message": "unknown"}]
    error = {"error": {"code": "invalid_request", "message": "This is not valid: name: too long", "details": {"errors": errors}}}
    strange_hub.expect_request("/v1/projects/shop/integrations").respond_with_json(error, 400)
    ran = cli("integrations", "list", "--json")
    assert "error: This is not valid: name: too long; config.region: unknown\n" in ran.err
    assert ran.json["error"]["details"]["errors"] == errors


def test_something_that_is_no_hub_is_recognised(cli, httpserver) -> None:
    httpserver.expect_request("/v1/projects").respond_with_data("<html>Welcome</html>", content_type="text/html")
    ran = cli("integrations", "list", "--url", httpserver.url_for(""), "--api-key", KEY)
    assert ran.code == 1
    assert "hub" in ran.err


def test_names_that_would_steer_a_terminal_are_shown_not_obeyed(cli, strange_hub) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202e\nerror"
    entry = {"id": "int_1", "name": evil, "provider": evil, "status": "active", "config": {evil: evil}, **TIMES}
    strange_hub.expect_request("/v1/projects/shop/integrations").respond_with_json({"items": [entry], "has_more": False})
    strange_hub.expect_request("/v1/projects/shop/integrations/int_1").respond_with_json(entry)
    strange_hub.expect_request("/v1/projects/shop/integrations/int_2").respond_with_json(
        {"error": {"code": "x", "message": evil, "details": {}}}, 400
    )
    for words in (["list"], ["show", "int_1"], ["show", "int_2"], ["list", "--json"], ["show", "int_2", "--json"]):
        ran = cli("integrations", *words)
        said = ran.out + ran.err
        assert "owned" in said
        assert not {letter for letter in said if not letter.isprintable()} - {"\n"}


def test_a_delete_asks_nobody_where_there_is_nobody(cli, strange_hub) -> None:
    deleted: list[str] = []
    plan = {"operation": "delete", "provider": "postmark", "integration_name": "mail", "changes": [], "breaks": [], "impact": {}}

    def delete(request: Request) -> Response:
        if request.args.get("plan"):
            return Response(json.dumps(plan), content_type="application/json")
        deleted.append(request.path)
        return Response(status=204)

    entry = {"id": "int_1", "name": "mail", "provider": "postmark", "status": "active", **TIMES}
    strange_hub.expect_request("/v1/projects/shop/integrations/int_1", method="GET").respond_with_json(entry)
    strange_hub.expect_request("/v1/projects/shop/integrations/int_1", method="DELETE").respond_with_handler(delete)
    assert cli("integrations", "delete", "int_1").code == 0
    assert deleted == ["/v1/projects/shop/integrations/int_1"]


def test_an_integration_whose_name_is_used_twice_must_be_told_apart(cli, strange_hub) -> None:
    entries = [{"id": f"int_{p}", "name": "main", "provider": p, "status": "active", **TIMES} for p in ("slack", "s3")]
    strange_hub.expect_request("/v1/projects/shop/integrations").respond_with_json({"items": entries, "has_more": False})
    ran = cli("integrations", "show", "main")
    assert ran.code == 1
    assert "slack/main, s3/main" in ran.err


@pytest.mark.parametrize(
    ("error_type", "hint"),
    [
        ("auth_failed", "integrations rotate mail"),
        ("rate_limited", "wait a minute"),
        ("unavailable", "is the service up"),
        ("rejected", "settings"),
    ],
)
def test_the_hint_after_a_test_fits_the_reason(cli, strange_hub, error_type: str, hint: str) -> None:
    entry = {"id": "int_1", "name": "mail", "provider": "postmark", "status": "active", **TIMES}
    probe = {"ok": False, "simulated": False, "error": "No", "error_type": error_type}
    strange_hub.expect_request("/v1/projects/shop/integrations/int_1", method="GET").respond_with_json(entry)
    strange_hub.expect_request("/v1/projects/shop/integrations/int_1/test", method="POST").respond_with_json(probe)
    ran = cli("integrations", "test", "int_1")
    assert ran.code == 1
    assert hint in ran.err
    assert ("rotate" in ran.err) is (error_type == "auth_failed")


def test_fields_of_the_api_are_named_as_options(cli, strange_hub) -> None:
    errors = [{"path": "created_after", "message": "no time"}]
    message = "Several integrations: say which with `integration`, or add `sandbox`. The sandbox stays"
    error = {"error": {"code": "invalid_request", "message": message, "details": {"errors": errors}}}
    strange_hub.expect_request("/v1/projects/shop/integrations").respond_with_json(error, 400)
    said = cli("integrations", "list").err
    assert "say which with --integration, or add --sandbox. The sandbox stays; --since: no time" in said
