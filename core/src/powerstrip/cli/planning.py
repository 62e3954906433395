"""Plan, then apply: a change is shown before it is made, and made when somebody says so."""

from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import fields, plain, table, when
from powerstrip.client.shapes import Breakage, Impact, Plan

YES = "do not ask; do it although it stops what others do"
MAX_SHOWN = 20


def add_plan(parser: Parser) -> Parser:
    """`--dry-run` and `--yes`."""
    parser.add_argument("--dry-run", action="store_true", help="show what would change and what uses it; change nothing")
    parser.add_argument("--yes", action="store_true", help=YES)
    return parser


def shown(context: Context, plan: Plan) -> bool:
    """Print the plan where no more than that was asked for; says whether that is all."""
    if context.args.dry_run:
        context.console.put(plan, f"{describe(plan)}\n\nNothing was changed.")
    return context.args.dry_run


def agree(context: Context, plan: Plan, question: str, *, must: bool = False) -> bool:
    """Whether the impact is accepted. A person at a terminal sees the plan and is asked.

    Where there is none, a change goes through that stops nothing, unless somebody `must` say yes to it. Raises `Stop`.
    """
    console = context.console
    if context.args.yes:
        return True
    if console.interactive:
        for line in describe(plan).splitlines():
            console.note(line)
        if not console.confirm(question):
            raise Stop("Nothing was changed", code="declined")
        return True
    if plan["breaks"] or must:
        for line in describe(plan).splitlines():
            console.note(line)
        stops = f"{len(plan['breaks'])} that use it would stop" if plan["breaks"] else "it cannot be taken back"
        raise Stop(f"Nothing was changed: {stops}", hint="add --yes where it is meant; --dry-run shows the plan", code="impact")
    return False


def describe(plan: Plan) -> str:
    """A plan as lines: what would change, what would stop, what uses it."""
    changes = [(each["field"], each.get("before", "-"), each.get("after", "-")) for each in plan["changes"]]
    parts = [f"Would {plan['operation']} {plain(plan['provider'])}/{plain(plan['integration_name'])}"]
    parts.append(table(("FIELD", "NOW", "THEN"), changes) if changes else "Nothing would change.")
    if plan["breaks"]:
        parts.append("Would stop:\n" + "\n".join(f"  {_line(each)}" for each in plan["breaks"][:MAX_SHOWN]))
        if len(plan["breaks"]) > MAX_SHOWN:
            parts.append(f"  and {len(plan['breaks']) - MAX_SHOWN} more")
    else:
        parts.append("It would stop nothing.")
    return "\n".join(parts)


def _line(each: Breakage) -> str:
    return f"{plain(each['kind'])} {plain(each.get('name') or each.get('id') or 'unknown')}: {plain(each['why'])}"


def describe_impact(impact: Impact) -> str:
    """What uses an integration, as tables."""
    parts: list[str] = []
    if impact["dependents"]:
        rows = [
            (each["kind"], each["name"], each.get("version", ""), ", ".join(each["parts"]), each["id"])
            for each in impact["dependents"]
        ]
        parts.append(table(("BUILT ON IT", "NAME", "VERSION", "WHERE", "ID"), rows))
    for title, uses in (("PRINCIPAL", impact["principals"]), ("API KEY", impact["keys"]), ("ACTION", impact["actions"])):
        if uses:
            rows = [
                (
                    use.get("name") or use.get("id") or "the hub",
                    use.get("calls", use.get("uses", 0)),
                    use.get("failures", ""),
                    when(use["last_used_at"]),
                    " ".join(use.get("scopes", [])),
                )
                for use in uses
            ]
            parts.append(table((title, "CALLS", "FAILED", "LAST", "SCOPES" if title == "ACTION" else ""), rows))
    copies = impact["copies"]
    facts = fields(
        (
            ("Copies here", ", ".join(each["name"] for each in copies["here"])),
            ("Copies elsewhere", copies["elsewhere"] or None),
            ("Kept answers", impact["kept_calls"] or None),
            ("Scopes needed", " ".join(impact["scopes"])),
        )
    )
    parts += [facts] if facts else []
    if not parts:
        parts.append(f"Nothing has used it since {when(impact['since'])}, and nothing is built on it.")
    if not impact["complete"]:
        parts.append("There is more than was looked at: the counts are lower bounds.")
    return "\n\n".join(parts)
