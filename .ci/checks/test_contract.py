"""The API against the contract it keeps: live answers fit its schemas, its requests and filters are taken.

The contract is a floor: answers may have further fields, and its closed answers are read as open.
"""

import copy
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest
import pytest_asyncio
import yaml

from powerstrip.access import NewKey
from powerstrip.api import Hub
from powerstrip.settings import Settings, installation_index

pytestmark = pytest.mark.asyncio(loop_scope="module")
LATER = re.compile(r"/(automations|runs|webhooks|worker-sessions|workers|triggers|integrations/events)(/|$)|\}/actions(/|$)")
"""Addresses of parts that this hub does not have yet."""
EMAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi Ada"}
WIDER = {("AuditLogEntry", "action"): "the audit log also tells of uses, calls and refusals: docs/decisions/0003"}


@dataclass
class Operation:
    """One operation of the contract."""

    id: str
    method: str
    path: str
    told: dict[str, Any]


class Contract:
    """The document, its references resolved and its answers opened."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations = {
            told["operationId"]: Operation(told["operationId"], method.upper(), path, told)
            for path, item in document["paths"].items()
            for method, told in item.items()
            if method in ("get", "post", "put", "patch", "delete")
        }

    @property
    def implemented(self) -> dict[str, Operation]:
        """Those that this hub answers."""
        own = {"invokeAction"}
        return {name: one for name, one in self.operations.items() if name in own or not LATER.search(one.path)}

    def resolve(self, value: Any) -> Any:
        while isinstance(value, dict) and "$ref" in value:
            found: Any = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value

    def answer(self, operation: Operation, status: int) -> dict[str, Any] | None:
        """The schema of an answer's body; None where it has none."""
        content = self.resolve(operation.told["responses"][str(status)]).get("content", {})
        return content.get("application/json", {}).get("schema")

    def asked(self, operation: Operation) -> dict[str, Any]:
        """The schema of a request's body; empty where it has none."""
        body = self.resolve(operation.told.get("requestBody", {})).get("content", {}).get("application/json", {})
        return self.resolve(body.get("schema", {}))

    def parameters(self, operation: Operation) -> dict[str, dict[str, Any]]:
        """The query parameters."""
        found = [self.resolve(each) for each in operation.told.get("parameters", [])]
        return {each["name"]: each for each in found if each["in"] == "query"}

    def check(self, schema: dict[str, Any], value: Any) -> None:
        """Raise where the value does not fit."""
        opened = _opened(copy.deepcopy(self.document))
        for name, field in WIDER:
            del opened["components"]["schemas"][name]["properties"][field]["enum"]
        jsonschema.Draft202012Validator({**schema, "components": opened["components"]}).validate(value)


def _opened(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable` spelled out, objects open."""
    if isinstance(node, list):
        return [_opened(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("additionalProperties") is False:
        del node["additionalProperties"]
    if node.pop("nullable", False) and "type" in node:
        node["type"] = [node["type"], "null"]
    return {key: _opened(value) for key, value in node.items()}


@pytest.fixture(scope="module")
def contract(shared: Path) -> Contract:
    return Contract(yaml.safe_load((shared / "contract" / "openapi.yaml").read_text()))


class House:
    """A hub with something of everything in it."""

    def __init__(self, hub: Hub, key: str) -> None:
        self.hub, self.key = hub, key
        self.ids: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.hub.app)
        headers = {"authorization": f"Bearer {self.key}"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers) as client:
            return await client.request(method, path, json=body)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("contract") / "data"
    hub = await Hub.open(Settings(data=folder, catalog=installation_index(os.environ)), {})
    made = await hub.access.bootstrap("main", mode="sandbox")
    admin = await hub.access.authenticate(made.key)
    await hub.access.keys.create(admin, made.project, NewKey("second", made.principal.id))
    yield House(hub, made.key)
    await hub.close()
    shutil.rmtree(folder)


STEPS: list[tuple[str, dict[str, str], Any, int, str]] = [
    # operation, parts of the address, body, status, where the id of the answer is kept
    (
        "createProject",
        {},
        {"name": "Second Project", "description": "x", "access_mode": "restricted", "tags": {"a": "b"}},
        201,
        "",
    ),
    ("listProjects", {}, None, 200, ""),
    ("getProject", {}, None, 200, "project_id"),
    ("updateProject", {"project": "second-project"}, {"name": "Second", "seed_existing_members": True}, 200, "second_id"),
    ("createRole", {}, {"name": "Reader", "permissions": ["project.view"], "description": "x"}, 201, "role"),
    ("listRoles", {}, None, 200, ""),
    ("getRole", {"id": "{role}"}, None, 200, ""),
    ("updateRole", {"id": "{role}"}, {"permissions": ["project.view", "audit.view"]}, 200, ""),
    ("createPrincipal", {}, {"name": "ci", "role_ids": ["{role}"], "metadata": {"a": 1}, "tags": {"a": "b"}}, 201, "principal"),
    ("listPrincipals", {}, None, 200, ""),
    ("getPrincipal", {"id": "{principal}"}, None, 200, ""),
    ("updatePrincipal", {"id": "{principal}"}, {"description": "x", "state": "active"}, 200, ""),
    ("createRoleAssignment", {}, {"user_id": "{principal}", "role_name": "Viewer"}, 201, "assignment"),
    ("listRoleAssignments", {}, None, 200, ""),
    ("deleteRoleAssignment", {"id": "{assignment}"}, None, 204, ""),
    ("listProjectPermissions", {}, None, 200, ""),
    ("createAPIKey", {}, {"name": "ci", "principal_id": "{principal}", "expires_at": "2100-01-01T00:00:00Z"}, 201, "key"),
    ("listAPIKeys", {}, None, 200, ""),
    ("getAPIKey", {"id": "{key}"}, None, 200, ""),
    ("revokeAPIKey", {"id": "{key}"}, None, 204, ""),
    ("deletePrincipal", {"id": "{principal}"}, None, 204, ""),
    ("deleteRole", {"id": "{role}"}, None, 204, ""),
    ("listIntegrationProviders", {}, None, 200, ""),
    (
        "createIntegration",
        {},
        {"name": "mail", "provider": "postmark", "credentials": {"server_token": "pm-invented-token"}, "config": {}},
        201,
        "integration",
    ),
    ("listIntegrations", {}, None, 200, ""),
    ("getIntegration", {"id": "{integration}"}, None, 200, ""),
    ("updateIntegration", {"id": "{integration}"}, {"name": "post", "config": {}, "status": "active"}, 200, ""),
    (
        "copyIntegration",
        {},
        {"source_project_id": "{project_id}", "source_integration_id": "{integration}", "name": "copied"},
        201,
        "",
    ),
    ("createSecret", {}, {"name": "shop", "description": "x", "values": {"token": "invented-value"}}, 201, "secret"),
    ("listSecrets", {}, None, 200, ""),
    ("updateSecret", {"secret": "shop"}, {"description": "y", "values": {"token": "invented-other"}}, 200, ""),
    ("getSecret", {"secret": "{secret}"}, None, 200, ""),
    ("listSecretVersions", {"secret": "shop"}, None, 200, ""),
    ("getSecretVersion", {"secret": "shop", "version": "latest"}, None, 200, ""),
    ("deleteSecret", {"secret": "shop"}, None, 204, ""),
    ("listCatalogActions", {}, None, 200, ""),
    ("getCatalogAction", {"action_name": "postmark.email.send"}, None, 200, ""),
    ("listCatalogEvents", {}, None, 200, ""),
    (
        "invokeAction",
        {"action_name": "postmark.email.send"},
        {"input": EMAIL, "integration": "post"},
        200,
        "",
    ),
    ("listActionInvocations", {}, None, 200, ""),
    ("listAuditLogs", {}, None, 200, ""),
    ("listOrgAuditLogs", {}, None, 200, ""),
    ("deleteIntegration", {"id": "{integration}"}, None, 204, ""),
    ("archiveProject", {"project": "second-project"}, None, 200, ""),
    ("restoreProject", {"project": "second-project"}, None, 200, ""),
    ("archiveProject", {"project": "second-project"}, None, 200, ""),
    ("deleteProject", {"project": "second-project"}, None, 204, ""),
]


async def test_every_operation_is_walked(contract: Contract) -> None:
    assert {name for name, *_ in STEPS} == set(contract.implemented)


@pytest.mark.parametrize("step", STEPS, ids=[f"{number:02}-{step[0]}" for number, step in enumerate(STEPS)])
async def test_the_answer_fits(contract: Contract, house: House, step: Any) -> None:
    name, parts, body, status, keep = step
    operation = contract.operations[name]
    filled = json.loads(_fill(json.dumps([parts, body]), house.ids))
    path = operation.path.format(**{"project": "main"} | filled[0])
    answer = await house.ask(operation.method, path, filled[1])
    assert answer.status_code == status, answer.text
    if keep:
        house.ids[keep] = answer.json()["id"]
    schema = contract.answer(operation, status)
    if schema is None:
        assert answer.content == b""
    else:
        contract.check(schema, answer.json())


def _fill(text: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace("{" + name + "}", value)
    return text


async def test_errors_fit(contract: Contract, house: House) -> None:
    schema = {"$ref": "#/components/schemas/ErrorResponse"}
    for method, path, body in (
        ("GET", "/v1/projects/nobody", None),
        ("POST", "/v1/projects", {}),
        ("POST", "/v1/projects", {"name": "main"}),
        ("GET", "/v1/projects/main/integrations/int_x", None),
        ("PUT", "/v1/projects", None),
    ):
        answer = await house.ask(method, path, body)
        assert 400 <= answer.status_code < 500
        assert answer.json().keys() == {"error"}
        contract.check(schema, answer.json())


async def test_requests_and_filters_are_taken_as_they_are_described(contract: Contract, house: House) -> None:
    ours = (await house.ask("GET", "/openapi.json")).json()
    own = {told["operationId"]: (path, told) for path, item in ours["paths"].items() for told in item.values()}
    for name, operation in contract.implemented.items():
        path, told = own[name]
        assert re.sub(r"{\w+}", "{}", path) == re.sub(r"{\w+}", "{}", operation.path), name
        taken = {each["name"] for each in told.get("parameters", []) if each["in"] == "query"}
        assert set(contract.parameters(operation)) <= taken, name
        good = {status for status in operation.told["responses"] if status < "300" and status != "202"}
        assert good <= set(told["responses"]), name
        asked = contract.asked(operation)
        if asked:
            reference = told["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            schema = ours["components"]["schemas"][reference.rpartition("/")[2]]
            assert set(asked["properties"]) <= set(schema["properties"]), name
            assert set(schema.get("required", [])) <= set(asked.get("required", [])), name
