"""The offline parser against labelled requests, and whole conversations against a hub.

The data is not part of the project: `POWERSTRIP_SHARED` names the folder that holds it, and the checks are skipped without it.
"""

import gzip
import importlib.util
import json
import os
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from powerstrip.api import Hub
from powerstrip.catalog import Catalog
from powerstrip.chat import redact
from powerstrip.chat.parser import Parser
from powerstrip.problems import Unprocessable
from powerstrip.settings import Settings, installation_index

FOLDER = Path(os.environ.get("POWERSTRIP_SHARED", "/nonexistent")) / "intents"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="POWERSTRIP_SHARED has no intents")
LEAST = {
    "intent_accuracy": 0.95, "provider_accuracy": 0.97, "action_accuracy": 0.9, "event_accuracy": 0.9, "schedule_accuracy": 0.9,
    "config_exact": 0.85, "inputs_exact": 0.85, "secret_recall": 1.0, "secret_rows_covered": 1.0,
}  # fmt: skip


def rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(FOLDER / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def scorer() -> Any:
    spec = importlib.util.spec_from_file_location("intent_score", FOLDER / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def predicted(parser: Parser, row: dict[str, Any]) -> dict[str, Any]:
    redacted = redact(row["text"])
    return {"id": row["id"], **parser.parse(redacted.text, redacted.kinds.values()).as_row(), "secrets": redacted.values()}


def test_the_offline_parser_reaches_its_targets() -> None:
    gold, parser = rows("dev.jsonl.gz"), Parser()
    reached = scorer().score(gold, [predicted(parser, row) for row in gold])
    assert {name: reached[name] for name, least in LEAST.items() if reached[name] < least} == {}
    assert reached["secrets_echoed"] == []
    assert reached["secret_precision"] > 0.9


SECRET = re.compile(r"<secret:(\w+)(:wrong)?>")


async def held(dialogue: dict[str, Any], folder: Path) -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
    """Hold a conversation in a sandbox; gives the integrations at the end, all answers as text, and the last session."""
    hub = await Hub.open(Settings(data=folder, catalog=installation_index(os.environ)), {})
    try:
        first = await hub.access.bootstrap("main", mode="sandbox")
        create = hub.integrations.create

        async def picky(project: Any, actor: Any, new: Any, **options: Any) -> Any:
            if any("wrong" in str(value) for value in (new.credentials or {}).values()):
                raise Unprocessable("The provider refuses this credential.")
            return await create(project, actor, new, **options)

        hub.integrations.create = picky  # type: ignore[method-assign]
        transport = httpx2.ASGITransport(app=hub.app)
        headers = {"authorization": f"Bearer {first.key}"}
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://hub.test/v1/projects/main", headers=headers
        ) as client:
            session = (await client.post("/chat/sessions")).json()
            said = []
            turns = [*dialogue["turns"], *(["default"] * 6)]
            for number, turn in enumerate(turns):
                if number >= len(dialogue["turns"]) and said and said[-1]["reply"]["done"]:
                    break
                if secret := SECRET.fullmatch(turn):
                    body = {"values": {secret[1]: f"invented-{'wrong' if secret[2] else secret[1]}-value"}}
                    answer = await client.post(f"/chat/sessions/{session['id']}/forms", json=body)
                else:
                    answer = await client.post(f"/chat/sessions/{session['id']}/messages", json={"text": turn})
                assert answer.status_code == 200, answer.text
                said.append(answer.json())
            made = (await client.get("/integrations")).json()["items"]
        return made, json.dumps(said), said[-1]["session"]
    finally:
        await hub.close()


def wanted(dialogue: dict[str, Any]) -> list[str]:
    return dialogue["expect"].get("providers") or [dialogue["expect"]["provider"]]


DIALOGUES = rows("dialogues-dev.jsonl.gz") if FOLDER.is_dir() else []


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog.load(installation_index(os.environ) or tmp_path_factory.mktemp("catalog"))


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda each: each["id"])
async def test_conversations_end_as_they_should(dialogue: dict[str, Any], catalog: Catalog, tmp_path: Path) -> None:
    if missing := [provider for provider in wanted(dialogue) if not catalog.has(provider)]:
        pytest.skip(f"no adapter of {', '.join(missing)} is installed")
    made, said, _ = await held(dialogue, tmp_path / "data")
    expect = dialogue["expect"]
    assert sorted(each["provider"] for each in made) == sorted(wanted(dialogue) if expect["created"] else [])
    for pasted in expect.get("secrets", []):
        assert pasted not in said
        assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file() and pasted.encode() in path.read_bytes()]
    if expect["created"] and "providers" not in expect:
        (row,) = made
        assert row["name"] == expect.get("name", row["name"])
        known = catalog.provider(row["provider"]).config_schema.get("properties", {})
        stated = {name: value for name, value in expect["config"].items() if name in known}
        assert {name: str(row["config"].get(name)).lower() for name in stated} == {
            name: str(value).lower() for name, value in stated.items()
        }
