"""The process behind one tab of a browser: the dashboard on the hub that its environment names. It ends with who started it."""

import asyncio
import os
import threading
import time

from powerstrip.client import Client
from powerstrip_tui.app import Dashboard
from powerstrip_tui.door import OpenDoor


def end_with_parent(parent: int) -> None:
    """A web server that is killed cannot end its tabs: they watch for that themselves."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


async def main() -> None:
    """Run the dashboard until the tab is closed."""
    url, key = os.environ["POWERSTRIP_URL"], os.environ.pop("POWERSTRIP_API_KEY")
    async with Client(url, key, os.environ.get("POWERSTRIP_PROJECT") or None) as client:
        await Dashboard(OpenDoor(client)).run_async()


if __name__ == "__main__":
    end_with_parent(os.getppid())
    asyncio.run(main())
