"""What a change would do, and what uses an integration, as people read it."""

from collections.abc import Iterable, Sequence

from textual.content import Content

from powerstrip.client.shapes import Dependent, Impact, Plan, Use
from powerstrip_tui.texts import line, when
from powerstrip_tui.widgets.facts import facts, heading

MOST = 12


def plan_of(plan: Plan) -> Content:
    """The changes, and what would stop."""
    changes = facts((each["field"], f"{each.get('before', '-')} → {each.get('after', '-')}") for each in plan["changes"])
    breaks = plan["breaks"]
    if not breaks:
        return Content.assemble(changes, "\n\nIt stops nothing.")
    named = [f"  ✕ {line(each['kind'])} {line(each.get('name') or each.get('id') or '')}: {line(each['why'])}" for each in breaks]
    return Content.assemble(changes, "\n\n", (f"It stops {len(breaks)}:", "bold $text-error"), "\n", "\n".join(_most(named)))


def impact_tree(impact: Impact) -> Content:
    """What is built on it, with the steps that use it; then who called with it."""
    branches: list[tuple[str, list[str]]] = []
    for kind in dict.fromkeys(each["kind"] for each in impact["dependents"]):
        branches.append((f"{kind}s", [_dependent(each) for each in impact["dependents"] if each["kind"] == kind]))
    branches.append(("actions", [_use(each) for each in impact["actions"]]))
    branches.append(("principals", [_use(each) for each in impact["principals"]]))
    branches.append(("API keys", [_use(each) for each in impact["keys"]]))
    parts: list[Content] = []
    for title, entries in branches:
        if entries:
            parts.append(Content.assemble(heading(f"{title} ({len(entries)})"), "\n", "\n".join(_branches(_most(entries)))))
    if not parts:
        return Content("Nothing uses it.")
    if not impact["complete"]:
        parts.append(Content.styled("It is used so much that these figures are lower bounds.", "$foreground-muted"))
    return Content("\n").join(parts)


def _dependent(each: Dependent) -> str:
    places = ", ".join(map(line, each["parts"]))
    version = f" v{line(each.get('version'))}" if each.get("version") else ""
    return f"{line(each['name'])}{version}" + (f": {places}" if places else "")


def _use(each: Use) -> str:
    count = each.get("calls", each.get("uses", 0))
    failed = f", {each.get('failures', 0):,} failed" if each.get("failures") else ""
    return f"{line(each.get('name') or each.get('id') or '?')}  {count:,}{failed}, last {when(each['last_used_at'])}"


def _most(entries: Sequence[str]) -> list[str]:
    more = [f"and {len(entries) - MOST} more"] if len(entries) > MOST else []
    return [*entries[:MOST], *more]


def _branches(entries: Sequence[str]) -> Iterable[str]:
    last = len(entries) - 1
    return (f"{'└' if at == last else '├'} {entry}" for at, entry in enumerate(entries))
