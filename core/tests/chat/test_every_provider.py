"""Every installed provider is connected by conversation alone, offline: forms are filled, consents are offered, in a sandbox.

The providers are those that are installed where the test runs, so that an adapter which is added later is walked through too.
"""

import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx2

from powerstrip.api import Hub
from powerstrip.settings import Settings, installation_index

INSTALLED = sorted({each.name for each in entry_points(group="powerstrip")})
CANARY = "canary-of-the-walk-31f7"
TURNS = 25
VALUES = {
    "base_url": "https://api.walk.example/v1",
    "instance_url": "https://walk.my.salesforce.com",
    "site": "https://walk.atlassian.net",
    "domain": "mg.walk.example",
    "region": "eu-central-1",
    "bucket": "walk-files",
    "host": "smtp.walk.example",
    "imap_host": "imap.walk.example",
    "token_url": "https://id.walk.example/token",
    "from_address": "care@walk.example",
    "email": "care@walk.example",
}
"""What a person would answer to a required setting of this name."""


def stated(schema: dict[str, Any], name: str) -> str:
    """An answer that the schema of a setting or of a form's field takes."""
    if schema.get("enum"):
        return str(schema["enum"][0])
    if schema.get("examples"):
        return str(schema["examples"][0])
    if schema.get("default") is not None:
        return str(schema["default"])
    return VALUES.get(name, "https://api.walk.example" if schema.get("format") == "uri" else "walk-1")


def secret(schema: dict[str, Any], name: str) -> str:
    """A credential's field, filled as the form asks."""
    if schema.get("pattern") or schema.get("examples") or schema.get("enum"):
        return stated(schema, name)
    if "private_key" in name:
        return KEY_BLOCK
    return VALUES.get(name, f"{CANARY}-{name}")


KEY_BLOCK = f"-----BEGIN PRIVATE {'KEY'}-----\n{'MC4CAQAwBQYDK2VwBCIEIA' + 'A' * 42}\n-----END PRIVATE {'KEY'}-----\n"


async def test_each_is_connected_by_chat_alone(tmp_path: Path) -> None:
    hub = await Hub.open(Settings(data=tmp_path / "data", catalog=installation_index(os.environ)), {})
    try:
        key = (await hub.access.bootstrap("main", mode="sandbox")).key
        walked = [each for each in INSTALLED if hub.catalog.has(each)]
        left = {provider: how for provider in walked if (how := await walk(hub, key, provider))}
    finally:
        await hub.close()
    assert len(walked) > 5
    slow = {provider for provider, how in left.items() if "did not load within" in how}
    assert len(slow) < len(walked) / 2, "this machine is too busy to load adapters"
    assert {provider: how for provider, how in left.items() if provider not in slow} == {}
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


async def walk(hub: Hub, key: str, provider: str) -> str:
    """Connect one provider; gives what went wrong, or nothing."""
    manifest = hub.catalog.provider(provider)
    transport, headers = httpx2.ASGITransport(app=hub.app), {"authorization": f"Bearer {key}"}
    where = "http://hub.test/v1/projects/main"
    async with httpx2.AsyncClient(transport=transport, base_url=where, headers=headers) as client:

        async def turn(way: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = await client.post(f"/chat/sessions/{session}/{way}", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

        session = (await client.post("/chat/sessions")).json()["id"]
        said = await turn("messages", {"text": f"please connect {manifest.title}"})
        for _ in range(TURNS):
            reply = said["reply"]
            if reply["done"] or (reply.get("plan") or {}).get("consent"):
                break
            said = await answered(turn, reply, manifest)
        whole = str((await client.get(f"/chat/sessions/{session}")).json())
        rows = (await client.get("/integrations", params={"provider": provider})).json()["items"]
    assert CANARY not in whole
    if consent := (said["reply"].get("plan") or {}).get("consent"):
        redirects = all(auth.connect != "inline" for auth in manifest.auths)
        return "" if consent["provider"] == provider and redirects else "a consent was asked for where a form would do"
    connected = said["reply"]["done"] and [row["provider"] for row in rows] == [provider]
    return "" if connected else str(said["reply"]["text"])[:300]


async def answered(turn: Any, reply: dict[str, Any], manifest: Any) -> dict[str, Any]:
    """What a person answers: the form is filled, a way to sign in is chosen, a setting is stated, the rest is left as it is."""
    form = reply.get("form")
    if form and any(field["secret"] for field in form["fields"]):
        auth = next(each for each in manifest.auths if each.kind == form["auth_kind"])
        fields = auth.form["properties"]
        return await turn("forms", {"values": {name: secret(fields[name], name) for name in auth.form.get("required", fields)}})
    kinds = {auth.kind: auth for auth in manifest.auths}
    offered = [each["value"] for each in reply.get("choices", ()) if each["value"] in kinds]
    if offered:
        forms = [kind for kind in offered if kinds[kind].connect == "inline"]
        return await turn("messages", {"text": (forms or offered)[0]})
    if any(each["value"] == "yes" for each in reply.get("choices", ())):
        return await turn("messages", {"text": "yes"})
    asked = reply["text"].partition(f"{manifest.title} needs ")[2].lower()
    for name in manifest.config_schema.get("required", ()):
        schema = manifest.config_schema["properties"][name]
        if asked.startswith(str(schema.get("title") or name.replace("_", " ")).lower()):
            return await turn("messages", {"text": stated(schema, name)})
    return await turn("messages", {"text": "default"})
