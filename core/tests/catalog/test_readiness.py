"""What is missing before something can be called."""

import pytest

from powerstrip.catalog import Connection, readiness
from powerstrip.catalog.manifest import AuthSummary, ProviderSummary

KEY = AuthSummary(kind="api_key", connect="inline")
OAUTH = AuthSummary(kind="oauth2", connect="redirect", needs_token=True)
SERVICE = AuthSummary(kind="service_account", connect="service", needs_token=True)


def acme(*auth: AuthSummary, **facts: object) -> ProviderSummary:
    return ProviderSummary.model_validate({"id": "acme", "title": "Acme", "auth": auth, "action_ids": ("order.place",), **facts})


def connection(status: str, name: str = "main") -> Connection:
    return Connection(f"int_{status}", name, status)


def test_connected() -> None:
    ready = readiness(acme(KEY), [connection("active")])
    assert (ready.state, ready.reason, ready.ready) == ("connected", None, True)
    assert ready.connection == connection("active")


def test_what_the_connected_account_cannot_do_is_not_ready_and_the_rest_is() -> None:
    ward = Connection("int_1", "ward", "active", unsupported={"order.place": "The server declares no create"})
    able = Connection("int_2", "able", "active")
    ready = readiness(acme(KEY), [ward], "order.place")
    assert (ready.state, ready.reason, ready.ready) == ("catalog_only", "not_implemented", False)
    assert ready.message == "ward cannot do this: The server declares no create. Test the integration to ask again"
    assert readiness(acme(KEY), [ward]).ready
    assert readiness(acme(KEY, action_ids=("order.place", "order.get")), [ward], "order.get").ready
    assert readiness(acme(KEY), [ward, able], "order.place").connection == able
    gone = Connection("int_1", "ward", "expired", unsupported={"order.place": "The server declares no create"})
    assert readiness(acme(KEY), [gone], "order.place").reason == "expired"


def test_nothing_connected_yet() -> None:
    ready = readiness(acme(KEY))
    assert (ready.state, ready.reason, ready.ready) == ("needs_setup", "not_configured", False)


@pytest.mark.parametrize("status", ["inactive", "expired"])
def test_a_connection_that_cannot_be_used(status: str) -> None:
    ready = readiness(acme(KEY), [connection(status)])
    assert (ready.state, ready.reason) == ("needs_setup", status)
    assert "main" in ready.message


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (["inactive", "expired", "active"], "active"),
        (["inactive", "expired"], "expired"),
        (["inactive", "inactive"], "inactive"),
        (["unknown", "inactive"], "inactive"),
    ],
)
def test_the_connection_that_tells_most_is_told(statuses: list[str], told: str) -> None:
    ready = readiness(acme(KEY), [connection(status) for status in statuses])
    assert ready.connection is not None
    assert ready.connection.status == told


def test_built_in() -> None:
    assert readiness(acme(built_in=True)).state == "built_in"
    assert readiness(acme(built_in=True)).ready


@pytest.mark.parametrize("provider", [acme(KEY, planned=True), acme(planned=True, built_in=True)])
def test_documented_only(provider: ProviderSummary) -> None:
    ready = readiness(provider, [connection("active")])
    assert (ready.state, ready.reason) == ("catalog_only", "not_implemented")


def test_an_action_that_is_not_there_yet() -> None:
    assert readiness(acme(KEY), [connection("active")], "order.place").ready
    ready = readiness(acme(KEY), [connection("active")], "order.refund")
    assert (ready.state, ready.reason) == ("catalog_only", "not_implemented")


def test_oauth_without_the_platforms_client() -> None:
    ready = readiness(acme(OAUTH))
    assert (ready.state, ready.reason) == ("unavailable", "provider_unavailable")
    assert ready.message == "OAuth client id and secret are not configured for Acme"


def test_other_token_kinds_do_not_speak_of_oauth_clients() -> None:
    ready = readiness(acme(SERVICE))
    assert (ready.state, ready.reason) == ("needs_setup", "not_configured")
    assert "OAuth" not in ready.message


def test_oauth_with_the_platforms_client() -> None:
    ready = readiness(acme(OAUTH), platform={"acme"})
    assert (ready.state, ready.reason) == ("needs_setup", "not_configured")
    assert readiness(acme(OAUTH), platform={"other"}).state == "unavailable"


def test_a_second_way_in_is_enough() -> None:
    assert readiness(acme(OAUTH, KEY)).state == "needs_setup"


def test_a_connection_made_before_counts() -> None:
    assert readiness(acme(OAUTH), [connection("active")]).state == "connected"


def test_a_caller_without_the_permission() -> None:
    ready = readiness(acme(KEY), [connection("active")], permitted=False)
    assert (ready.state, ready.reason) == ("needs_setup", "permission_missing")


def test_an_adapter_that_failed_to_be_imported() -> None:
    ready = readiness(acme(KEY, problem="it cannot be loaded"), [connection("active")])
    assert (ready.state, ready.reason) == ("unavailable", "provider_unavailable")
    assert "it cannot be loaded" in ready.message
