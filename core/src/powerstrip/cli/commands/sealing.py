"""The rotation of what seals: `keys rotate-data`, `keys rotate-master`, `keys status`, and `integrations confirm|rollback`."""

import asyncio
from typing import Any

from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, OK, Stop
from powerstrip.cli.finding import find_integration
from powerstrip.cli.parser import YES, Parser
from powerstrip.cli.text import plain, table, when
from powerstrip.client import Client
from powerstrip.client.secrets import RotationJob, SealingKeyStatus, Step

POLL_SECONDS = 0.3
"""Between two looks at a rotation."""


def configure_keys(parser: Parser) -> None:
    """The sub-commands of `keys` for the keys that seal."""
    data = parser.command("rotate-data", "make new data keys, and seal with them what is kept", rotate_data)
    data.add_argument("--only", metavar="PROJECT", help="one project's handle; platform for what belongs to none")
    _add_steps(data)
    _add_steps(parser.command("rotate-master", "make a new master key, and wrap the data keys by it", rotate_master))
    parser.command("status", "the sealing keys: which of them seals how much", status)


def _add_steps(parser: Parser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--finalise", action="store_true", help="end the rotation: the old key is destroyed")
    group.add_argument("--roll-back", action="store_true", help="go back to the old key; until --finalise")
    parser.add_argument("--yes", action="store_true", help=YES)


def configure_integrations(parser: Parser) -> None:
    """The sub-commands of `integrations` that follow a rotation."""
    for name, words, run in (
        ("versions", "the versions of its credential that are kept", credential_versions),
        ("confirm", "after rotate: the new credential is good, destroy the one before", confirm),
        ("rollback", "after rotate: go back to the credential before", roll_back),
    ):
        command = parser.command(name, words, run)
        command.add_argument("integration", help="its id or its name")
        if name == "confirm":
            command.add_argument("--yes", action="store_true", help=YES)


async def rotate_data(context: Context) -> int:
    """Run a step and tell how far it is; interrupted, the hub goes on, and a killed one goes on when this is run again."""
    step = _step(context, "Destroy the old data keys? There is no way back from there.")
    async with context.hub() as hub:
        await hub.sealing_keys.rotate_data(step, project=context.args.only)
        job = await _watch(context, hub)
    text = _told(step, job)
    if job["state"] == "failed":
        context.console.put(job, text)
        context.console.trouble(job.get("error", "The rotation failed"), "powerstrip keys status")
        return FAILED
    context.console.put(job, text)
    for row in job["broken"]:
        context.console.note(f"does not open, and keeps its key: {row}")
    return FAILED if job["broken"] else OK


async def _watch(context: Context, hub: Client) -> RotationJob:
    said = -1
    while True:
        job = await hub.sealing_keys.job()
        if job["state"] != "running":
            return job
        if job["looked_at"] != said and not context.console.json:
            said = job["looked_at"]
            context.console.note(f"{job['projects_done']} of {job['projects']} keys, {said:,} rows looked at")
        await asyncio.sleep(POLL_SECONDS)


def _told(step: Step, job: RotationJob) -> str:
    if step == "finalise":
        return f"Destroyed {job['projects_done']} old data keys."
    ending = "\nThe old keys are kept as a way back: end it with  powerstrip keys rotate-data --finalise"
    return f"Sealed {job['sealed_anew']:,} rows anew, under {job['projects_done']} data keys." + ending


async def rotate_master(context: Context) -> None:
    """Do a step."""
    step = _step(context, "Destroy the old master key's wrappings? It opens nothing any more then.")
    async with context.hub() as hub:
        found = await hub.sealing_keys.rotate_master(step)
    words = {
        "rotate": f"Every data key is wrapped by {found.get('next')} too; the hub starts with either master key.\n"
        "Keep a copy of the new one, then end it with  powerstrip keys rotate-master --finalise",
        "finalise": f"The master key is {found['current']} now, and the old one opens nothing.",
        "roll_back": f"The master key is {found['current']}, as before.",
    }
    context.console.put(found, words[step])


async def status(context: Context) -> None:
    """Print both layers."""
    async with context.hub() as hub:
        found = await hub.sealing_keys.status()
    context.console.put(found, _status(found))


def _status(found: SealingKeyStatus) -> str:
    master = found["master"]
    next_key = f", and {master['next']} is to follow" if "next" in master else ""
    wrapped = ", ".join(f"{count} of {master['data_keys']} by {key}" for key, count in sorted(master["wrapped"].items()))
    rows: list[tuple[str, ...]] = []
    for each in found["data"]:
        for key in sorted({*each["boxes"], each.get("current", ""), each.get("previous", "")} - {""}):
            state = "current" if key == each.get("current") else "previous" if key == each.get("previous") else "unknown"
            rows.append((each["project_id"], state, f"{each['boxes'].get(key, 0):,}", key))
    head = f"Master key {master['current']} from {plain(master['source'])}{next_key}\nData keys wrapped: {wrapped}\n\n"
    return head + table(("PROJECT", "STATE", "BOXES", "DATA KEY"), rows)


def _step(context: Context, question: str) -> Step:
    args = context.args
    if args.finalise:
        if not (args.yes or context.console.agreed(question)):
            raise Stop("Nothing was destroyed", code="declined")
        return "finalise"
    return "roll_back" if args.roll_back else "rotate"


async def credential_versions(context: Context) -> None:
    """Print the versions."""
    async with context.project() as hub:
        entry = await find_integration(hub, context.args.integration)
        found = await hub.credential_rotation.versions(entry["id"])
    rows = [(str(each["version"]), each["state"], when(each["created_at"]), each.get("created_by", "")) for each in found]
    context.console.put({"items": found}, table(("VERSION", "STATE", "MADE", "BY"), rows))


async def confirm(context: Context) -> None:
    """Destroy the credential before."""
    async with context.project() as hub:
        entry = await find_integration(hub, context.args.integration)
        question = f"Destroy the previous credential of {entry['name']}? There is no way back from there."
        if not (context.args.yes or context.console.agreed(question)):
            raise Stop("Nothing was destroyed", code="declined")
        changed: Any = await hub.credential_rotation.confirm(entry["id"])
    context.console.put(changed, f"{plain(entry['name'])} keeps its new credential; the one before is destroyed.")


async def roll_back(context: Context) -> None:
    """Use the credential before again."""
    async with context.project() as hub:
        entry = await find_integration(hub, context.args.integration)
        changed: Any = await hub.credential_rotation.roll_back(entry["id"])
    context.console.put(changed, f"{plain(entry['name'])} uses the credential before again; the other is destroyed.")
