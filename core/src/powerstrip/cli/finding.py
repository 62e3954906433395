"""Things named by people: an integration by its id or its name."""

from powerstrip.cli.failures import Stop
from powerstrip.client import Client
from powerstrip.client.shapes import Integration


async def find_integration(hub: Client, reference: str) -> Integration:
    """The integration with this id or name, or `provider/name` where a name is used twice. Stops where there is none."""
    if reference.startswith("int_"):
        return await hub.integrations.get(reference)
    provider, slash, name = reference.partition("/")
    everything = await hub.integrations.list(provider=provider if slash else None).all()
    found = [entry for entry in everything if entry["name"] == (name if slash else reference)]
    if len(found) == 1:
        return found[0]
    if found:
        ways = ", ".join(f"{entry['provider']}/{entry['name']}" for entry in found)
        raise Stop(f"Several integrations are named {reference}", hint=f"say which: {ways}", code="ambiguous")
    known = ", ".join(entry["name"] for entry in everything) or "none"
    raise Stop(f"There is no integration {reference}", hint=f"there are: {known}", code="not_found")
