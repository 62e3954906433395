"""What the dashboard says of a provider. Texts from outside are shown literally: no markup, no control characters."""

from collections.abc import Iterable, Iterator

from textual.content import Content

from powerstrip.client.shapes import Integration, Provider, ProviderAction, ProviderEvent

BADGES = {
    "connected": ("●", "connected", "$text-success"),
    "built_in": ("●", "built in", "$text-success"),
    "needs_setup": ("○", "needs setup", "$text-warning"),
    "catalog_only": ("·", "catalogue only", "$text-muted"),
    "unavailable": ("✕", "unavailable", "$text-error"),
}
OTHERS = "Other"


def literal(value: object) -> str:
    """A text that is safe to draw: what does not print (escape sequences, direction marks) is replaced."""
    text = "" if value is None else str(value)
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def badge(provider: Provider) -> Content:
    """The readiness, as a mark and in words."""
    state = provider.get("readiness", "")
    mark, words, style = BADGES.get(state, ("?", literal(state) or "unknown", "$text-muted"))
    return Content.assemble((f"{mark} {words}", style))


def line(provider: Provider, columns: int) -> Content:
    """A provider in the list: its title, then its badge."""
    title = literal(provider["display_name"])[:columns]
    return Content.assemble(("  ", ""), (title.ljust(columns), "bold"), (" ", ""), badge(provider))


def fits(provider: Provider, search: str) -> bool:
    """True where every word of the search is found in what is said of the provider."""
    said = (
        f"{provider['name']} {provider['display_name']} {provider.get('category', '')} {provider.get('description', '')}".lower()
    )
    return all(word in said for word in search.lower().split())


def by_category(providers: Iterable[Provider]) -> dict[str, list[Provider]]:
    """Providers under their categories, both in alphabetical order."""
    found: dict[str, list[Provider]] = {}
    for provider in sorted(providers, key=lambda each: each["display_name"].lower()):
        found.setdefault(provider.get("category") or OTHERS, []).append(provider)
    return dict(sorted(found.items()))


def page(provider: Provider, integrations: Iterable[Integration]) -> Content:
    """Everything the detail pane shows of a provider."""
    return Content("\n").join(_page(provider, [each for each in integrations if each["provider"] == provider["name"]]))


def _page(provider: Provider, integrations: list[Integration]) -> Iterator[Content]:
    yield Content.assemble(
        (literal(provider["display_name"]), "bold"), (f"  {literal(provider['name'])}  ", "$text-muted"), badge(provider)
    )
    for part in (provider.get("message"), provider.get("description")):
        if part:
            yield Content(f"\n{literal(part)}")
    yield heading(f"Integrations ({len(integrations)})")
    for each in integrations:
        yield _integration(each)
    if not integrations:
        yield Content(f"  Connect one:  powerstrip integrations create {literal(provider['name'])} --name NAME")
    yield from _named("Actions", provider["actions"])
    yield from _named("Events", provider["events"])


def heading(text: str) -> Content:
    """A section's title, after an empty line."""
    return Content.assemble(("\n", ""), (text, "bold underline"))


def _integration(each: Integration) -> Content:
    mode = "SANDBOX" if each.get("mode") == "sandbox" else "LIVE"
    why = f"  {literal(each.get('status_reason'))}" if each.get("status_reason") else ""
    return Content(f"  {literal(each['name'])}  {each['status']}  {mode}{why}")


def _named(title: str, entries: Iterable[ProviderAction | ProviderEvent]) -> Iterator[Content]:
    known = list(entries)
    if known:
        yield heading(f"{title} ({len(known)})")
    for entry in known:
        about = literal(entry.get("description", "").partition("\n")[0])
        yield Content.assemble((f"  {literal(entry['name'])}", "$text-accent"), (f"  {about}", ""))
