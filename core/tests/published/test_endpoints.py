"""HTTP actions of one's own: signed as the published verifier reads it, checked, retried only where that is safe."""

import base64
import json

import pytest
from deepnoodle import mobius

from powerstrip.client import HubError


async def make(served, endpoint, **more):
    async with served.client() as hub:
        return await hub.actions.create("charge-card", url=endpoint.url, **more)


async def test_the_published_verifier_takes_a_call(served, endpoint) -> None:
    made = await make(served, endpoint)
    key = base64.b64decode(made["signing_secret"])
    async with served.client() as hub:
        result = await hub.call("charge-card", {"amount": 7, "name": "Ada é"})
        assert (result["status"], result["output"], result["mode"]) == ("completed", {"ok": True}, "live")
        [(headers, body)] = endpoint.calls
        verified = mobius.verify_signed_delivery(body, headers, key=key)
        told = mobius.parse_action_invocation(verified)
        assert (told["action"], told["parameters"]) == ("charge-card", {"amount": 7, "name": "Ada é"})
        assert verified.secret_ref == made["secret_ref"]
        assert verified.delivery_id == result["invocation_id"] == told["id"]
        with pytest.raises(mobius.InvalidSignatureError):
            mobius.verify_signed_delivery(body + b" ", headers, key=key)
        shown = json.dumps([await hub.actions.get("charge-card"), await hub.invocations.get(result["invocation_id"])])
        assert made["signing_secret"] not in shown


async def test_rotation_signs_with_both_for_the_overlap(served, endpoint) -> None:
    old = base64.b64decode((await make(served, endpoint))["signing_secret"])
    async with served.client() as hub:
        rotated = await hub.actions.rotate_secret("charge-card", overlap_seconds=60)
        assert rotated["secret_version"] == 2
        await hub.call("charge-card", {})
        headers, body = endpoint.calls[-1]
        mobius.verify_signed_delivery(body, headers, key=base64.b64decode(rotated["signing_secret"]))
        before = headers | {"X-Mobius-Signature": headers["X-Mobius-Previous-Signature"]}
        mobius.verify_signed_delivery(body, before, key=old)
        await hub.actions.rotate_secret("charge-card", overlap_seconds=0)
        await hub.call("charge-card", {})
        assert "X-Mobius-Previous-Signature" not in endpoint.calls[-1][0]


async def test_only_idempotent_actions_are_tried_again(served, endpoint) -> None:
    await make(served, endpoint)
    async with served.client() as hub:
        endpoint.say({}, 503)
        result = await hub.call("charge-card", {})
        assert (result["status"], result["error_type"], len(endpoint.calls)) == ("failed", "unknown", 1)
        await hub.actions.update("charge-card", hints={"idempotent": True})
        endpoint.say({}, 503)
        result = await hub.call("charge-card", {})
        assert (result["status"], len(endpoint.calls)) == ("completed", 3)
        ids = {headers["X-Mobius-Delivery-Id"] for headers, _ in endpoint.calls[1:]}
        assert ids == {result["invocation_id"]}


async def test_schemas_are_checked_on_both_sides(served, endpoint) -> None:
    number = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}, "additionalProperties": False}
    await make(served, endpoint, input_schema=number, output_schema=number)
    async with served.client() as hub:
        with pytest.raises(HubError) as refused:
            await hub.call("charge-card", {"n": "secret-looking-value"})
        assert refused.value.status == 400
        assert "secret-looking-value" not in str(refused.value)
        assert endpoint.calls == []
        for body in ({"n": "seven"}, [], "no json", '{"n": 1, "n": 2}'):
            endpoint.say(body)
            assert (await hub.call("charge-card", {"n": 1}))["status"] == "failed"
        endpoint.say({"n": 2})
        assert (await hub.call("charge-card", {"n": 1}))["output"] == {"n": 2}


async def test_a_sandbox_sends_nothing(served, endpoint) -> None:
    schema = {"type": "object", "properties": {"receipt": {"type": "string"}}, "required": ["receipt"]}
    made = await make(served, endpoint, output_schema=schema)
    async with served.client() as hub:
        result = await hub.call("charge-card", {"amount": 7}, sandbox=True)
    assert endpoint.calls == []
    [row] = result["would_have_sent"]
    assert (row["method"], row["url"], row["provider"]) == ("POST", endpoint.url, "custom")
    assert json.loads(row["body"])["parameters"] == {"amount": 7}
    assert dict(map(tuple, row["headers"]))["X-Mobius-Signature"] == "<signature>"
    assert isinstance(result["output"]["receipt"], str)
    assert made["signing_secret"] not in json.dumps(result)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "mobius.call"}, 400),
        ({"name": "powerstrip"}, 400),
        ({"name": "Upper"}, 400),
        ({"name": "slack.message.post"}, 409),
        ({"name": "slack.mine"}, 409),
        ({"endpoint_url": "http://169.254.169.254/latest"}, 422),
        ({"endpoint_url": "http://[::1]/x"}, 422),
        ({"endpoint_url": "file:///etc/passwd"}, 422),
        ({"endpoint_url": None}, 400),
        ({"endpoint_kind": "worker"}, 400),
        ({"input_schema": {"$ref": "https://evil.example/schema"}}, 400),
        ({"input_schema": {"type": "array"}}, 400),
        ({"input_schema": {"properties": {"a": {"pattern": "(a)\\1"}}}}, 400),
        ({"secret_sealed": "x"}, 400),
        ({"timeout_seconds": 0}, 400),
    ],
    ids=str,
)
async def test_what_cannot_be_registered(served, change, status) -> None:
    body = {"name": "charge-card", "endpoint_url": "https://example.com/charge"} | change
    async with served.client() as hub:
        with pytest.raises(HubError) as refused:
            await hub._session.ask("POST", "/v1/projects/main/actions", body={k: v for k, v in body.items() if v is not None})
    assert refused.value.status == status
