"""The API's description: true to the routes, valid, and shown without any help from outside."""

import json
import re

import jsonschema
import pytest
from litestar import get

from powerstrip.api.app import UndeclaredRoute, create_inner
from powerstrip.api.documents import Documents
from powerstrip.api.given import NAMES
from powerstrip.api.route import PUBLIC, route
from powerstrip.api.routes import HANDLERS

from .table import ROUTES


@pytest.fixture(scope="module")
def document() -> dict:
    return json.loads(Documents(HANDLERS, NAMES).openapi)


def operations(document: dict) -> dict[str, tuple[str, str, dict]]:
    return {
        told["operationId"]: (method.upper(), path, told)
        for path, item in document["paths"].items()
        for method, told in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def test_every_route_is_described_under_its_operation_id(document) -> None:
    told = {id: (method, path) for id, (method, path, _) in operations(document).items()}
    assert told == {each.operation: (each.method, each.path) for each in ROUTES}
    assert document["openapi"].startswith("3.1")


def test_every_operation_says_what_it_is_and_how_it_fails(document) -> None:
    for id, (_, path, told) in operations(document).items():
        assert told["summary"], id
        assert told["description"], id
        assert told["tags"], id
        assert {"400", "401", "404"} <= set(told["responses"]), id
        errors = told["responses"]["404"]["content"]["application/json"]["schema"]
        assert errors == {"$ref": "#/components/schemas/ErrorResponse"}, id
        open_to_all = not path.startswith("/v1") or id in {"getOAuthCallback", "deliverHTTPTrigger"}
        assert bool(told.get("security")) is not open_to_all, id


def test_what_the_hub_gives_is_no_parameter(document) -> None:
    for id, (_, path, told) in operations(document).items():
        names = {each["name"] for each in told.get("parameters", [])}
        assert not names & {"visit", "hub", "documents", "data"}, id
        in_path = {each["name"] for each in told.get("parameters", []) if each["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path)), id


def test_bodies_are_closed_and_references_lead_somewhere(document) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith("Request") and name != "SandboxRequest":
            assert schema["additionalProperties"] is False, name
    for reference in re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document)):
        assert reference in schemas
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_the_models_have_the_names_that_clients_know(document) -> None:
    known = {
        "Project", "ProjectListResponse", "CreateProjectRequest", "UpdateProjectRequest", "Principal", "CreatePrincipalRequest",
        "Role", "RoleAssignment", "CreateRoleAssignmentRequest", "PermissionCatalogResponse", "APIKey", "APIKeyCreateResult",
        "CreateAPIKeyRequest", "Integration", "IntegrationListResponse", "CreateIntegrationRequest", "CopyIntegrationRequest",
        "IntegrationProvidersResponse", "IntegrationProvider", "ActionCatalogEntry", "EventCatalogResponse",
        "InvokeActionRequest", "ActionInvocationResult", "ActionInvocationEntry", "AuditLogEntry", "ErrorResponse",
    }  # fmt: skip
    assert known <= set(document["components"]["schemas"])


def test_no_example_looks_like_a_credential(document) -> None:
    text = json.dumps(document)
    assert not re.search(r"mbx_[a-z2-7]{8}|xox[bp]-|sk_live|AKIA", text)


async def test_the_page_names_no_outside_host(house) -> None:
    page = await house.ask("GET", "/docs", key="")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.search(r"https?:|//[a-z]|@import|url\(", page.text.replace("</", "<"))
    assert (await house.ask("GET", "/openapi.json", key="")).headers["content-type"] == "application/json"


async def test_health_tells_that_it_is_there_and_nothing_else(house) -> None:
    told = await house.ok("GET", "/health", key="")
    assert set(told) == {"status", "version"}
    assert told["status"] == "ok"


def test_a_route_without_a_permission_stops_the_start() -> None:
    @get("/v1/forgotten", sync_to_thread=False)
    def forgotten() -> None: ...

    @route("GET", "/v1/declared", PUBLIC, id="x", tag="x", summary="x")
    async def declared() -> None: ...

    with pytest.raises(UndeclaredRoute) as caught:
        create_inner(_Parts(), _Parts(), [declared, forgotten])  # pyright: ignore[reportArgumentType]
    assert "/v1/forgotten" in str(caught.value)


class _Parts:
    """As much of a hub as putting the application together asks for."""

    class settings:  # noqa: N801
        rate_limit = 1

    access = None
