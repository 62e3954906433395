"""Consents whose endpoints the server itself names, as SMART App Launch has it."""

import pytest

from powerstrip.adapter import Model
from powerstrip.catalog import Catalog

from .conftest import House, Provider, asked_of, make_acme, make_strict

WELL_KNOWN = "/.well-known/smart-configuration"


class Where(Model):
    """Settings of a server that names its endpoints."""

    place: str = ""
    authorize_url: str | None = None
    token_url: str | None = None


@pytest.fixture
def catalog(provider: Provider) -> Catalog:
    acme = make_acme(
        authorize_url="{authorize_url}",
        token_url="{token_url}",
        well_known=WELL_KNOWN,
        revoke_url="",
        device_url="",
        authorize_params=(("aud", "{place}"),),
    )
    acme.config = Where
    return Catalog.of(acme, make_strict())


async def test_the_server_names_where_to_sign_in(house: House, provider: Provider) -> None:
    named = {"authorization_endpoint": f"{provider.url}/authorize", "token_endpoint": f"{provider.url}/token"}
    provider.server.expect_request(WELL_KNOWN).respond_with_json(named)
    begun = await house.begin(config={"place": "https://fhir.example.com/r4"})
    assert begun["authorize_url"].startswith(f"{provider.url}/authorize?")
    assert asked_of(begun)["aud"] == "https://fhir.example.com/r4"
    assert asked_of(begun)["code_challenge_method"] == "S256"
    answer = await house.callback(begun)
    assert answer.status_code == 200, answer.text
    assert [form["grant_type"] for form in provider.questions("/token")] == ["authorization_code"]


@pytest.mark.parametrize(
    "endpoint", ["https://evil.example/authorize", "http://127.0.0.1:1/authorize", "javascript:alert(1)", 7, ""]
)
async def test_an_endpoint_elsewhere_is_refused(house: House, provider: Provider, endpoint: object) -> None:
    provider.server.expect_request(WELL_KNOWN).respond_with_json({"authorization_endpoint": endpoint})
    answer = await house.ask("POST", "integrations/connect", {"provider": "acme", "name": "main"})
    assert answer.status_code >= 400
    assert "evil" not in answer.text
    await house.nothing_stored()


async def test_what_an_admin_fills_in_is_not_looked_up(house: House, provider: Provider) -> None:
    begun = await house.begin(config={"authorize_url": "https://sign-in.example.com/authorize"})
    assert begun["authorize_url"].startswith("https://sign-in.example.com/authorize?")
    assert [path for path, _, _ in provider.asked] == []
