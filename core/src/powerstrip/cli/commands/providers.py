"""`powerstrip providers`: services that can be connected."""

from collections.abc import Iterable

from powerstrip.cli.context import Context
from powerstrip.cli.parser import Parser
from powerstrip.cli.schema import field_table
from powerstrip.cli.text import block, fields, plain, table
from powerstrip.client.shapes import AuthForm, Provider, ProviderForms

BADGES = {
    "connected": "connected",
    "built_in": "built in",
    "needs_setup": "needs setup",
    "catalog_only": "catalogue only",
    "unavailable": "unavailable",
}


def configure(parser: Parser) -> None:
    """Arguments of `providers`."""
    listing = parser.command("list", "every provider and whether it is ready", list_providers)
    listing.add_argument(
        "--search", default="", metavar="TEXT", help="only those with TEXT in name, title, category or description"
    )
    show = parser.command("show", "one provider: how to connect it, what it can do", show_provider)
    show.add_argument("provider")


async def list_providers(context: Context) -> None:
    """Print the provider catalog."""
    async with context.project() as hub:
        providers = [entry for entry in await hub.providers.list() if matches(entry, context.args.search)]
    rows = [_row(entry) for entry in providers]
    text = table(("PROVIDER", "TITLE", "CATEGORY", "TIER", "STATE", "CONNECTION"), rows) if rows else "No provider fits."
    context.console.put({"providers": providers}, text)


async def show_provider(context: Context) -> None:
    """Print one provider."""
    async with context.project() as hub:
        provider = await hub.providers.get(context.args.provider)
    context.console.put(provider, describe(provider))


def matches(entry: Provider, search: str) -> bool:
    """True where every word is found in what is said of the provider."""
    said = " ".join(str(entry.get(part, "")) for part in ("name", "display_name", "category", "description")).lower()
    return all(word in said for word in search.lower().split())


def badge(entry: Provider) -> str:
    """The readiness in words."""
    state = str(entry.get("readiness", ""))
    return BADGES.get(state, state.replace("_", " "))


def _row(entry: Provider) -> tuple[str, ...]:
    category, tier = entry.get("category") or "", entry.get("tier") or "-"
    return entry["name"], entry["display_name"], category, tier, badge(entry), _about(entry)


def _about(entry: Provider) -> str:
    connection = entry["connection"]
    return str(connection.get("integration_name") or entry.get("message") or "")


def describe(provider: ProviderForms) -> str:
    """A provider on a page."""
    head = fields(
        (
            ("Provider", provider["name"]),
            ("Title", provider["display_name"]),
            ("Category", provider.get("category")),
            ("Tier", _tier(provider)),
            ("State", badge(provider)),
            ("Connection", _about(provider)),
            ("Sends to", provider.get("base_url")),
            ("Documentation", provider.get("docs_url")),
        )
    )
    settings = provider["config_schema"]
    parts = [
        head,
        block(provider.get("description", "")),
        *(_way(way) for way in provider["auth"]),
        f"Settings\n{field_table(settings)}" if settings.get("properties") else "",
        _names("Actions", ((each["name"], each.get("description", "")) for each in provider["actions"])),
        _names("Events", ((each["name"], each.get("description", "")) for each in provider["events"])),
        _names("Pickers", ((each["id"], each["description"]) for each in provider.get("reference_types", []))),
        f"Connect it\n  powerstrip integrations create {plain(provider['name'])} --name NAME",
    ]
    return "\n\n".join(part for part in parts if part)


def _tier(provider: Provider) -> str | None:
    tier, day = provider.get("tier"), (provider.get("tier_computed_at") or "")[:10]
    return f"{tier} (computed {day})" if tier else None


def _way(auth: AuthForm) -> str:
    told = [field.get("description") for field in auth["form"].get("properties", {}).values()]
    words = f"  {plain(auth['help'])}\n" if auth["help"] and auth["help"] not in told else ""
    return f"Sign in by {plain(auth['kind'])}\n{words}{field_table(auth['form'])}"


def _names(title: str, entries: Iterable[tuple[str, str]]) -> str:
    rows = [(name, about.partition("\n")[0]) for name, about in entries]
    if not rows:
        return ""
    _, *lines = table(("", ""), rows).split("\n")
    return "\n".join([title, *(f"  {line}" for line in lines)])
