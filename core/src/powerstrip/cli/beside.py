"""A served hub in a process of its own, for as long as this one needs it."""

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from powerstrip.cli.failures import Stop
from powerstrip.kit.dev import COMMAND

START_SECONDS = 60.0
STOP_SECONDS = 35.0
"""Longer than a hub takes to finish what it is at."""


@asynccontextmanager
async def hub_beside(data: Path, environ: Mapping[str, str]) -> AsyncGenerator[str]:
    """`powerstrip serve` on a data folder and a free port of this machine; gives its address. Stops where it does not start."""
    words = ("serve", "--data", str(data), "--port", "0", "--json")
    process = await asyncio.create_subprocess_exec(*COMMAND, *words, stdout=PIPE, env=dict(environ))
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            told = (await process.stdout.read(4096)).decode()
            while told.count("{") != told.count("}") or not told:
                more = (await process.stdout.read(4096)).decode()
                if not more:
                    raise Stop("The hub did not start", hint="see the lines above, and `powerstrip doctor`")
                told += more
        yield json.loads(told)["url"]
    except TimeoutError:
        raise Stop(f"The hub did not start within {START_SECONDS:g} seconds", hint="powerstrip doctor") from None
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
