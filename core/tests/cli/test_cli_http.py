"""`powerstrip http`: descriptions in every spelling, what is printed of them, and how poor ones end."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Cli, Served

NAME = {"type": "object", "properties": {"name": {"type": "string"}}}
MODERN: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Acme", "version": "1"},
    "servers": [{"url": "https://api.acme.example"}],
    "paths": {
        "/users/{id}": {
            "get": {
                "operationId": "getUser",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": NAME}}}},
            }
        }
    },
    "components": {"securitySchemes": {"own": {"type": "http", "scheme": "bearer"}}},
}
SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Acme", "version": "1"},
    "host": "api.acme.example",
    "schemes": ["https"],
    "securityDefinitions": {"own": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    "paths": {
        "/users": {"get": {"operationId": "listUsers", "responses": {"200": {"description": ""}}}},
        "/trace": {"options": {"operationId": "ask", "responses": {}}},
    },
}
YAML = """\
openapi: 3.0.3
info: {title: Acme, version: "1"}
servers: [{url: "https://api.acme.example"}]
paths:
  /users:
    get:
      responses:
        200: {description: fine}
"""
ANCHORS = """\
openapi: 3.0.3
info: {title: Acme, version: "1"}
servers: [{url: "https://api.acme.example"}]
x-page: &page {name: page, in: query, schema: {type: integer}}
x-fine: &fine {responses: {200: {description: fine}}}
paths:
  /users: {get: {<<: *fine, parameters: [*page]}}
  /teams: {get: {<<: [*fine], parameters: [*page], operationId: teams}}
"""


@pytest.fixture
def described(tmp_path: Path) -> Any:
    """Write a description into a file; gives its path."""

    def write(content: Any) -> str:
        data = (
            content
            if isinstance(content, bytes)
            else content.encode()
            if isinstance(content, str)
            else json.dumps(content).encode()
        )
        path = tmp_path / "description"
        path.write_bytes(data)
        return str(path)

    return write


@pytest.mark.parametrize(
    ("content", "operations", "imported", "auth"),
    [
        (MODERN, 1, 1, ["bearer"]),
        (SWAGGER, 2, 1, ["api_key"]),
        (YAML, 1, 1, []),
        (ANCHORS, 2, 2, []),
        ("\ufeff" + json.dumps(MODERN), 1, 1, ["bearer"]),
    ],
    ids=["3.1", "2.0", "yaml", "anchors", "byte order mark"],
)
def test_a_dry_run_needs_no_hub(cli: Cli, described: Any, content: Any, operations: int, imported: int, auth: list[str]) -> None:
    ran = cli("http", "import", described(content), "--dry-run", "--json")
    assert ran.code == 0, ran.err
    assert list(ran.json)[:4] == ["operations", "imported", "auth", "warnings"]
    assert (ran.json["operations"], ran.json["imported"], ran.json["auth"]) == (operations, imported, auth)
    assert len(ran.json["refused"]) == operations - imported
    assert all(any(words.startswith(name) for words in ran.json["warnings"]) for name in ran.json["refused"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (gzip.compress(b"{}"), "compressed"),
        ("<html>Not found</html>", "cannot be read"),
        ('{"openapi": "3.1.0", "paths": {', "not JSON at line 1"),
        ('{"openapi": "3.1.0", "openapi": "2"}', "twice"),
        ("[" * 3000, "cannot be read"),
        ({"openapi": "4.0.0", "paths": {"/x": {}}}, "4.0.0"),
        ({"openapi": "3.1.0"}, "no `paths`"),
        ({"title": "a page"}, "no `openapi`"),
    ],
    ids=["empty", "utf-16", "gzip", "html", "cut off", "key twice", "deep", "version", "no paths", "neither"],
)
def test_what_is_no_description_is_refused_with_the_reason(cli: Cli, described: Any, content: Any, words: str) -> None:
    for more in ((), ("--json",)):
        ran = cli("http", "import", described(content), "--dry-run", *more)
        said = ran.json["error"]["message"] if more else ran.err
        assert ran.code == 1
        assert words in said


def test_a_file_that_is_not_there_is_told(cli: Cli) -> None:
    assert "There is no file /nowhere" in cli("http", "import", "/nowhere", "--dry-run").err


def test_importing_again_shows_what_changes_before_it_is_done(on_served: Served, cli: Cli, described: Any) -> None:
    made = cli("http", "import", described(MODERN), "--name", "acme", "--json")
    assert made.code == 0, made.err
    handle = made.json["handle"]
    other = MODERN | {"paths": {"/users": {"get": {"operationId": "listUsers", "responses": {"200": {"description": ""}}}}}}

    planned = cli("http", "import", described(other), "--name", "acme", "--dry-run", "--json")
    changes = {(each["kind"], each["where"]) for each in planned.json["changes"]}
    assert changes == {("breaking", f"{handle}.get_user"), ("additive", f"{handle}.list_users")}
    refused = cli("http", "import", described(other), "--name", "acme")
    assert refused.code == 1
    assert "would break" in refused.err
    assert f"{handle}.get_user" in refused.err
    assert "--yes" in refused.err
    assert "accept_breaking" not in refused.err
    same = cli("http", "import", described(MODERN), "--name", "acme", "--dry-run")
    assert "Nothing changes for who uses it." in same.out
    assert "http.acme.get_user" in cli("http", "show", "acme").out
    assert "given with the import:  powerstrip http import" in same.out

    applied = cli("http", "import", described(other), "--name", "acme", "--yes")
    assert applied.code == 0
    assert "breaking" in applied.out
    assert f"powerstrip integrations update {made.json['integration_id']} --config" in applied.out
    assert cli("http", "show", "acme", "--json").json["actions"] == [f"http.{handle}.list_users"]
    called = cli("call", f"http.{handle}.list_users", "--json")
    assert called.code == 0, called.err
    assert called.json["would_have_sent"][0]["url"] == "https://api.acme.example/users"
