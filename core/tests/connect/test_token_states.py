"""What is told of a token, and that the token is not."""

from callhouse import House, leaks
from tokenhouse import both_kinds, settle, token

from powerstrip.api.shapes.integrations import AccessToken, Integration
from powerstrip.cli.views import describe


async def test_an_integration_tells_the_end_and_the_scopes_of_its_token(house: House) -> None:
    tick = settle(house, both_kinds(house.peer.url))
    house.peer.say("POST /token", token(scope="notes:read"))
    row = await tick.connect()
    assert await tick.tokens.state(row, tick.adapter) is None
    await tick.call()

    state = await tick.tokens.state(await tick.integration(row.id), tick.adapter)

    assert state is not None
    shown = Integration.of(row, token=AccessToken.of(state)).model_dump(mode="json", exclude_none=True)
    assert shown["token"]["granted_scopes"] == ["notes:read"]
    assert shown["token"]["missing_scopes"] == ["notes:write"]
    assert shown["token"]["expires_at"]
    assert "Not granted" in describe(shown)  # type: ignore[arg-type]
    assert leaks(str(shown)) == []
