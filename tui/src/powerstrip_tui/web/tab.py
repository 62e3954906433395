"""One tab: the process that draws it, and its end."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any

from textual_serve.app_service import AppService

PAGE = (sys.executable, "-P", "-m", "powerstrip_tui.web.page")
PATIENCE = 5.0
"""Seconds that a tab's process has to end by itself."""


class Tab(AppService):
    """A process of the dashboard whose screen is a tab. It knows one API key, and ends with the tab."""

    def __init__(self, key: str, hub: str, project: str, **more: Any) -> None:
        super().__init__(" ".join(PAGE), **more)
        self._given = {"POWERSTRIP_API_KEY": key, "POWERSTRIP_URL": hub, "POWERSTRIP_PROJECT": project}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = {name: text for name, text in os.environ.items() if not name.startswith(("POWERSTRIP_", "MOBIUS_"))}
        environment |= self._build_environment(width=width, height=height) | self._given
        self._process = await asyncio.create_subprocess_exec(
            *PAGE, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True
        )
        self._stdin = self._process.stdin
        return self._process

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        found = super()._build_environment(width, height)
        return {name: text for name, text in found.items() if name not in os.environ or name in ("COLUMNS", "ROWS")}

    async def stop(self) -> None:
        """Ask the process to end; end it, where it does not."""
        try:
            async with asyncio.timeout(PATIENCE):
                await super().stop()
        except TimeoutError:
            pass  # what does not end by itself is ended below
        finally:
            process = self._process
            if process is not None and process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
