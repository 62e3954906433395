"""A conversation at the terminal: sentences in, answers out, secrets in masked prompts alone."""

import asyncio
import getpass
import shutil
import sys
import textwrap
from collections.abc import Coroutine
from typing import Any

from powerstrip.cli.console import Console
from powerstrip.cli.text import block, plain
from powerstrip.client import Client
from powerstrip.client.chat import ChatReply, ChatTurn

QUICK = ("understanding", "answered")
"""Steps that nobody waits for."""
ENDS = ("bye", "exit", "quit")


class Talk:
    """One conversation with one hub."""

    def __init__(self, hub: Client, console: Console, session_id: str) -> None:
        self._hub, self._console, self._id = hub, console, session_id
        self._choices: list[dict[str, Any]] = []
        self._seen = 0

    async def say(self, text: str) -> ChatReply:
        """Say one thing; forms that it brings are filled at once where there is a terminal."""
        if (number := text.strip()).isdigit() and 0 < int(number) <= len(self._choices):
            text = str(self._choices[int(number) - 1]["value"])
        return await self._answered((await self._followed(self._hub.chats.say(self._id, text)))["reply"])

    async def go_on(self) -> None:
        """Talk until the person has had enough."""
        while True:
            self._console.err.write("> ")
            self._console.err.flush()
            line = sys.stdin.readline()
            if not line or line.strip().lower() in ENDS:
                return
            if line.strip():
                await self.say(line.strip())

    async def _answered(self, reply: ChatReply) -> ChatReply:
        self._show(reply)
        while (form := reply.get("form")) and self._console.interactive and not reply.get("choices"):
            self._console.note("  (Enter alone leaves the form: then ask, or say something else.)")
            values = self._ask(form["fields"])
            if not values:
                return reply
            reply = (await self._followed(self._hub.chats.fill(self._id, values)))["reply"]
            self._show(reply)
        return reply

    async def _followed(self, turn: Coroutine[Any, Any, ChatTurn]) -> ChatTurn:
        """A turn; at a terminal it is told meanwhile what is being done."""
        if not self._console.interactive:
            return await turn
        telling = asyncio.create_task(self._tell())
        try:
            return await turn
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _tell(self) -> None:
        async for step in self._hub.chats.progress(self._id, after=self._seen):
            self._seen = step["id"]
            if step["step"] not in QUICK:
                self._console.note(f"  … {step['text']}")

    def _show(self, reply: ChatReply) -> None:
        """The answer, and the choices that it does not name itself, each by a number that takes it."""
        text = block(reply["text"])
        self._console.say(wrapped(text, shutil.get_terminal_size().columns) if self._console.interactive else text)
        self._choices = [each for each in reply.get("choices") or () if each["value"] not in ("yes", "no")]
        if any(str(each["title"]) in reply["text"] for each in self._choices):
            return
        for number, each in enumerate(self._choices, 1):
            self._console.say(plain(f"  {number:>2}  {each['title']}  {each.get('detail', '')}").rstrip())

    def _ask(self, fields: list[dict[str, Any]]) -> dict[str, str]:
        """The fields of a form; what is left empty is left out, and an empty required one stops asking."""
        values: dict[str, str] = {}
        for field in fields:
            label = plain(f"{field['title']}{'' if field['required'] else ' (optional)'}: ")
            if field["secret"]:
                value = getpass.getpass(label, stream=self._console.err).strip()
            else:
                self._console.err.write(label)
                self._console.err.flush()
                value = sys.stdin.readline().strip()
            if value:
                values[field["name"]] = value
            elif field["required"]:
                return {}
        return values


def wrapped(text: str, columns: int) -> str:
    """Lines of at most so many columns, broken between words; what belongs to a list stays under its dash."""
    lines: list[str] = []
    for line in text.split("\n"):
        hang = " " * (len(line) - len(line.lstrip(" -")))
        lines += textwrap.wrap(
            line, max(columns, 20), subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
        ) or [""]
    return "\n".join(lines)
