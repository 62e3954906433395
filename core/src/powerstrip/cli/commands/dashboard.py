"""`powerstrip` alone at a terminal: the dashboard, a package of its own."""

from powerstrip.cli.context import Context


async def dashboard(context: Context) -> None:
    """Run the dashboard on the hub that is meant."""
    from powerstrip_tui import run

    async with context.project() as hub:
        await run(hub)
