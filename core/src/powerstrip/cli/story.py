"""What the demo does, step by step, and the words it says. Every credential in it is invented."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from powerstrip.cli.commands.audit import as_table as audit_table
from powerstrip.cli.commands.providers import badge
from powerstrip.cli.commands.sandbox import as_request
from powerstrip.cli.console import Console
from powerstrip.cli.text import plain, table
from powerstrip.client import Client
from powerstrip.client.demo import STEPS, call, connect
from powerstrip.client.shapes import AuditEntry, AuditReport, CallResult, Integration, Provider, SandboxRequest

SHOWN = 3
"""Requests of the ledger that are shown in full."""
AUDIT_ROWS = 6


async def tell(hub: Client, console: Console) -> dict[str, Any]:
    """Connect, call, look back. Returns the facts for programs."""
    console.say("Powerstrip demo: a hub in a temporary folder, a project in sandbox mode. Nothing leaves this machine.")
    integrations = await connect(hub)
    console.say(section(1, "Connect three providers, with invented credentials", connected(integrations)))
    results = await call(hub)
    console.say(section(2, "Call actions by name; mocks answer, one trouble is asked for", called(results)))
    sent = [entry for result in results for entry in result.get("would_have_sent") or []]
    console.say(
        section(3, f"What would have been sent ({SHOWN} of {len(sent)} requests; secrets are placeholders)", ledger(sent))
    )
    entries, report = await hub.audit.list().all(), await hub.audit.verify()
    console.say(section(4, "Who did what, in a chain that shows any change", trail(entries, report)))
    providers = await hub.providers.list()
    console.say(section(5, "What this hub can do", catalogue(providers)))
    return {
        "integrations": integrations,
        "calls": [{"action": step.action, **result} for step, result in zip(STEPS, results, strict=True)],
        "audit": {"entries": len(entries), **report},
        "providers": [entry["name"] for entry in providers],
    }


def section(number: int, title: str, text: str) -> str:
    """One part of the story under its title, indented."""
    body = "\n".join(f"   {line}".rstrip() for line in text.split("\n"))
    return f"\n{number}. {title}\n{body}"


def connected(integrations: Iterable[Integration]) -> str:
    """The connections that were made."""
    rows = [(each["name"], each["provider"], each.get("auth_kind", ""), each["status"]) for each in integrations]
    return table(("NAME", "PROVIDER", "SIGNS IN BY", "STATUS"), rows)


def called(results: Iterable[CallResult]) -> str:
    """Each call and its answer in short."""
    rows = [(step.action, result["status"], _answer(result)) for step, result in zip(STEPS, results, strict=True)]
    return table(("ACTION", "CAME TO", "ANSWER"), rows)


def _answer(result: CallResult) -> str:
    if result["status"] == "failed":
        return result.get("error") or ""
    output = result.get("output") or {}
    shown = (f"{name}={_short(value)}" for name, value in list(output.items())[:2])
    return ", ".join(shown)


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"  # pyright: ignore[reportUnknownArgumentType] - any list has a length
    return str(value)


def ledger(entries: list[SandboxRequest]) -> str:
    """The first requests as they would have gone out."""
    return "\n\n".join(as_request(entry) for entry in entries[:SHOWN])


def trail(entries: list[AuditEntry], report: AuditReport) -> str:
    """The newest audit entries, and what the check of the chain says."""
    verdict = "holds" if report["intact"] else f"is broken: {plain(report.get('reason'))}"
    return f"{audit_table(entries[:AUDIT_ROWS])}\n({len(entries)} entries.) The chain {verdict}."


def catalogue(providers: Iterable[Provider]) -> str:
    """The providers in short."""
    rows = [(each["name"], each["display_name"], badge(each), len(each["actions"]), len(each["events"])) for each in providers]
    return table(("PROVIDER", "TITLE", "STATE", "ACTIONS", "EVENTS"), rows)


def next_steps(kept: Path | None, environ: Mapping[str, str]) -> str:
    """What to type next. Under `uv run` the command is not on the person's own path, so that comes first."""
    there = environ.get("VIRTUAL_ENV") if "UV" in environ else None
    on_path = f"   . {os.path.relpath(there)}/bin/activate" if there else ""
    look = f"\n{on_path:<53}   puts powerstrip on your path" if there else ""
    look += f"\n   powerstrip sandbox requests --data {kept} --full     look around in the demo's folder" if kept else ""
    return f"""
Next{look}
   powerstrip init --data ./hub --mode sandbox          a hub of your own; without --mode its calls are real
   powerstrip integrations create slack --name team --data ./hub
   powerstrip call slack.message.post --input channel=#general --input text=Hi --data ./hub
   powerstrip serve --data ./hub                        the HTTP API; its documentation is at /docs
   powerstrip --help"""
