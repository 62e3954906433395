"""What each tier asks, one line each. The page `docs/adapters/tiers.md` is made from this table."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from powerstrip.catalog import Tier

State: TypeAlias = Literal["shown", "not shown", "not needed"]
TIERS: Final[tuple[Tier, ...]] = ("bronze", "silver", "gold", "platinum")
MEANING: Final[dict[Tier, str]] = {
    "bronze": "a hub takes it, and people can read what it does",
    "silver": "it behaves, also when the provider does not",
    "gold": "people need not type ids, deliveries are proved, everything was tried",
    "platinum": "it is held against the provider's own description",
}


@dataclass(frozen=True)
class Requirement:
    """One rule: what must be shown for a tier, and how to pass it."""

    id: str
    tier: Tier
    title: str
    how: str


REQUIREMENTS: Final = (
    Requirement("contract", "bronze", "The contract's rules hold", "Mend what `test_contract = check(adapter)` says."),
    Requirement(
        "schemas",
        "bronze",
        "Schemas and examples are valid",
        "Type every field; `examples` must fit their own field.",
    ),
    Requirement(
        "mocks", "bronze", "Mocks round-trip", "A made-up value must survive writing and reading: check aliases and validators."
    ),
    Requirement(
        "import", "bronze", "Importing opens nothing", "No socket, file or program at import, and no HTTP library of your own."
    ),
    Requirement("docstrings", "bronze", "Everything has a docstring", "Describe the adapter, each action, event and picker."),
    Requirement(
        "hosts", "silver", "Requests stay on declared hosts", "Put values into paths with `segment`; name other hosts in `hosts`."
    ),
    Requirement(
        "auth_failure",
        "silver",
        "A refused credential asks to reconnect",
        "A 401 must end as `AuthFailed` in every action, picker and the account check; leave it to the default.",
    ),
    Requirement(
        "rate_limit",
        "silver",
        "A rate limit is honoured",
        "A 429 with Retry-After must end as `RateLimited` with these seconds; leave it to the default.",
    ),
    Requirement(
        "errors",
        "silver",
        "Errors are one of four words",
        "A 422, a 503, HTML, empty, cut-off or spoiled answers must end as one of the four errors: read answers with `returns=`.",
    ),
    Requirement("account", "silver", "It tells whose credential it is", "Register `@adapter.account`."),
    Requirement(
        "deliveries",
        "silver",
        "Bad deliveries are rejected, events told apart",
        "Raise `Rejected` for what makes no sense; give event models `Literal` fields that differ.",
    ),
    Requirement("tests", "silver", "Its own tests pass", "Begin `tests/` with `test_contract = check(adapter)`."),
    Requirement(
        "pickers",
        "gold",
        "Every input that names a thing has a picker",
        'Annotate fields that end in `id`, `ids` or `sid` with `Pick("…")`, or say with `NoPick("why")` that there is nothing to '
        "choose from.",
    ),
    Requirement(
        "paging",
        "gold",
        "Lists come page by page",
        "A list or search takes `cursor` and gives `next`; the cursor must change the request. A picker that gives `next` reads "
        "`query.cursor`.",
    ),
    Requirement(
        "docs",
        "gold",
        "The documentation is complete",
        "Describe every input field, setting and way to sign in (`help=`); set `docs_url`; keep a README.",
    ),
    Requirement(
        "vectors",
        "gold",
        "Webhook vectors, genuine and forged",
        "Keep signed deliveries with an invented secret in `tests/vectors.json`, at least one valid and one not (webhooks.md).",
    ),
    Requirement(
        "tried",
        "gold",
        "Every action, picker and poll is tried by its tests",
        "Call each once with `provider(adapter, {…})`; what the contract's own suite calls does not count.",
    ),
    Requirement(
        "description",
        "platinum",
        "Held against the provider's description",
        'Mark tests that hold requests against the provider\'s own description: `@pytest.mark.shows("description")`. All must '
        "pass, none be skipped.",
    ),
    Requirement(
        "types",
        "platinum",
        "Types are strict",
        "Ship `py.typed`; basedpyright must find nothing in strict mode. Where it is not installed, nothing is shown.",
    ),
    Requirement(
        "size",
        "platinum",
        "It is small",
        "At most 400 lines a module, and 300 lines of code in all or 30 for each action, event, picker, poll and way to sign in.",
    ),
)


def page() -> str:
    """The documentation of the tiers, as Markdown."""
    lines = [
        "# Tiers",
        "",
        "`powerstrip plugin check PACKAGE` computes a tier from evidence. A tier is reached when all its rules and those of the",
        "tiers below it are shown, or do not apply. What cannot be computed counts as not shown.",
        "",
        "This page is made from the kit; a test keeps it true.",
    ]
    for tier in TIERS:
        lines += ["", f"## {tier.title()}: {MEANING[tier]}", "", "| rule | what is shown | how to pass it |", "|---|---|---|"]
        lines += [f"| `{each.id}` | {each.title} | {each.how} |" for each in REQUIREMENTS if each.tier == tier]
    return "\n".join([*lines, "", *_EVIDENCE, ""])


_EVIDENCE = (
    "## Where the evidence comes from",
    "",
    "- Rules about the adapter itself run it in a process of its own, against answers that the kit makes up. Nothing is sent.",
    "- `tests`, `tried` and `description` run the project's tests with pytest. They are looked for in `tests/` of the folder, or",
    "  of the checkout that an editable installation leads to; a wheel has none. Other places are named in `pyproject.toml`:",
    "",
    "```toml",
    "[tool.powerstrip.check]",
    'tests = ["tests", "contract/test_described.py"]',
    "```",
    "",
    "- `vectors` reads `vectors*.json` in these folders and judges them as a hub would ([Webhooks](webhooks.md)).",
    "- `powerstrip plugin check --write` keeps the tier in `tier.json` beside the code, so that it is shipped with the package.",
    "  The catalogue shows it for exactly this code: after any edit it shows none until it is computed again.",
)
