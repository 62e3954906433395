"""A consent from the terminal: the link is printed, and the command waits for its end."""

import asyncio
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from powerstrip.cli import target
from powerstrip.cli.context import Context
from powerstrip.cli.failures import Stop
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import plain
from powerstrip.client import Client
from powerstrip.client.loopback import listening
from powerstrip.client.shapes import Consent

WAIT_SECONDS = 610
POLL_SECONDS = 1.0
Begin: TypeAlias = Callable[[Any, str | None], Awaitable[Consent]]
"""Begins a consent of a way, with the redirect URI of this machine where the way is `loopback`."""


def add_ways(parser: Parser) -> None:
    """Options for how the answer comes back."""
    ways = parser.add_mutually_exclusive_group()
    words = {
        "callback": "the provider sends the browser back to the hub (where one runs)",
        "loopback": "it sends the browser to this machine, which tells the hub (otherwise)",
        "paste": "you paste the code or the address that the browser ended at",
        "device": "you enter a code at the provider, on any device",
    }
    for way, help_text in words.items():
        ways.add_argument(f"--{way}", dest="way", action="store_const", const=way, help=help_text)
    parser.add_argument("--scope", action="append", metavar="NAME", help="ask for this scope; may be repeated")
    parser.add_argument("--open", action="store_true", help="open the link in this machine's browser")


async def consent(context: Context, hub: Client, provider: str, begin: Begin) -> Consent:
    """Begin, wait, and give the end. Stops where it came to nothing."""
    way = context.args.way or _usual(context.args, context)
    if way == "loopback":
        async with listening(provider) as listener:
            begun = await begin(way, listener.uri)
            _show(context, begun)
            try:
                answer = await listener.answer(WAIT_SECONDS)
            except TimeoutError:
                raise Stop("Nobody consented in time", hint="start again", code="expired") from None
            return _ended(await hub.consents.answer(begun["id"], answer))
    begun = await begin(way, None)
    _show(context, begun)
    if way == "paste":
        return _ended(await hub.consents.answer(begun["id"], await _pasted(context)))
    return await _waited(hub, begun)


def _usual(args: Namespace, context: Context) -> str:
    """A hub that this command opens itself listens nowhere."""
    return "callback" if target.server(args, context.environ) else "loopback"


def _show(context: Context, begun: Consent) -> None:
    link = begun.get("authorize_url", "")
    context.console.note("Open this link and consent; it is good once, for ten minutes:")
    context.console.note(f"  {link}")
    if code := begun.get("user_code"):
        context.console.note(f"Enter there: {plain(code)}")
    if context.args.open:
        import webbrowser

        webbrowser.open(link)


async def _pasted(context: Context) -> str:
    context.console.note("Paste the code, or the whole address that the browser ended at:")
    line = await asyncio.to_thread(sys.stdin.readline)
    if not line.strip():
        raise Stop("Nothing was pasted", hint="start again", code="usage", exit_code=2)
    return line.strip()


async def _waited(hub: Client, begun: Consent) -> Consent:
    pause = max(float(begun.get("interval_seconds", 0)), POLL_SECONDS)
    loop = asyncio.get_running_loop()
    until = loop.time() + WAIT_SECONDS
    while loop.time() < until:
        found = await hub.consents.get(begun["id"])
        if found["status"] != "pending":
            return _ended(found)
        await asyncio.sleep(pause)
    raise Stop("Nobody consented in time", hint="start again", code="expired")


def _ended(found: Consent) -> Consent:
    if found["status"] == "connected":
        return found
    raise Stop(found.get("reason") or "The consent came to nothing", hint="start again", code=found.get("reason_code", "failed"))
