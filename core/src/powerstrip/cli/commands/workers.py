"""`powerstrip workers`: who does the project's worker actions, and their jobs."""

from powerstrip.cli import lists
from powerstrip.cli.context import Context
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import fields, plain, table, when
from powerstrip.client.actions import Job

STATUSES = ("queued", "claimed", "completed", "failed", "cancelled", "dead")


def configure(parser: Parser) -> None:
    """Arguments of `workers`."""
    parser.command("list", "the project's workers", list_workers)
    drain_parser = parser.command("drain", "let one finish what it has, and end", drain)
    drain_parser.add_argument("session", help="its session's id, wsess_…")
    jobs_parser = parser.command("jobs", "the project's jobs; --status dead for those that nobody could finish", list_jobs)
    jobs_parser.add_argument("--status", choices=STATUSES, help="only these")
    jobs_parser.add_argument("--action", help="of this action")
    lists.add_paging(jobs_parser)
    for name, words, run in (
        ("job", "one job", show_job),
        ("cancel", "stop a job", cancel),
        ("retry", "give a dead job out again", retry),
    ):
        parser.command(name, words, run).add_argument("job", help="its id, job_…")


async def list_workers(context: Context) -> None:
    """Print the workers."""
    async with context.project() as hub:
        found = await hub.workers.list()
    rows = [
        (
            each["worker_instance_id"],
            each["instance_status"],
            f"{each['busy_job_count']}/{each['concurrency_limit']}",
            ", ".join(each["action_names"]) or "any",
            when(each.get("last_seen_at")),
            each["id"],
        )
        for each in found["items"]
    ]
    empty = "No worker was seen yet. Run one:  powerstrip worker --module my_actions"
    context.console.put(found, table(("WORKER", "STATE", "JOBS", "ACTIONS", "SEEN", "ID"), rows) if rows else empty)


async def drain(context: Context) -> None:
    """Send a worker home."""
    async with context.project() as hub:
        found = await hub.workers.drain(context.args.session)
    context.console.put(found, "It takes no more jobs, and ends when it has finished what it has.")


async def list_jobs(context: Context) -> None:
    """Print the jobs."""
    async with context.project() as hub:
        page = await lists.read(context, hub.workers.jobs(status=context.args.status, action=context.args.action))
    rows = [
        (
            when(each["created_at"]),
            each["action_name"],
            each["status"],
            f"{each['claim_attempt']}/{each['max_attempts']}",
            each.get("error_message", ""),
            each["id"],
        )
        for each in page.items
    ]
    lists.put(context, page, table(("WHEN", "ACTION", "STATUS", "ATTEMPT", "ERROR", "ID"), rows), "No jobs.")


async def show_job(context: Context) -> None:
    """Print one job."""
    async with context.project() as hub:
        found = await hub.workers.job(context.args.job)
    context.console.put(found, describe(found))


async def cancel(context: Context) -> None:
    """Stop a job."""
    async with context.project() as hub:
        found = await hub.workers.cancel(context.args.job)
    words = "Cancelled." if found["status"] == "cancelled" else f"Its worker was told. It is {plain(found['status'])}."
    context.console.put(found, words)


async def retry(context: Context) -> None:
    """Give a dead job out again."""
    async with context.project() as hub:
        found = await hub.workers.retry(context.args.job)
    context.console.put(found, "It waits for a worker again.")


def describe(entry: Job) -> str:
    """A job as lines."""
    return fields(
        (
            ("Action", entry["action_name"]),
            ("Status", entry["status"]),
            ("Queue", entry["queue"]),
            ("Attempt", f"{entry['claim_attempt']} of {entry['max_attempts']}"),
            ("Error", entry.get("error_message")),
            ("Run", entry.get("run_id")),
            ("Invocation", entry.get("invocation_id")),
            ("Id", entry["id"]),
            ("Created", when(entry["created_at"])),
            ("Ended", when(entry.get("completed_at"))),
        )
    )
