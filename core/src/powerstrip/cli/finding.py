"""Things named by people: an integration, a principal or a role by its id or its name."""

from powerstrip.cli.failures import Stop
from powerstrip.client import Client
from powerstrip.client.shapes import Integration, Principal, Role


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


async def find_principal(hub: Client, reference: str) -> Principal:
    """The principal with this id or name. Stops where there is none, or more than one."""
    if reference.startswith("prn_"):
        return await hub.principals.get(reference)
    found = [each for each in await hub.principals.list(include_disabled=True) if each["name"] == reference]
    if len(found) == 1:
        return found[0]
    problem = f"Several principals are named {reference}" if found else f"There is no principal {reference}"
    raise Stop(problem, hint="give the id; powerstrip principals list", code="ambiguous" if found else "not_found")


def find_role(roles: list[Role], reference: str) -> Role:
    """The role with this id or name, upper or lower case. Stops where there is none."""
    for role in roles:
        if reference == role["id"] or reference.casefold() == role["name"].casefold():
            return role
    raise Stop(f"There is no role {reference}", hint=f"there are: {', '.join(each['name'] for each in roles)}", code="not_found")
