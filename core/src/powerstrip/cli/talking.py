"""A conversation at the terminal: sentences in, answers out, secrets in masked prompts alone."""

import getpass
import sys
from typing import Any

from powerstrip.cli.console import Console
from powerstrip.cli.text import block, plain
from powerstrip.client import Client
from powerstrip.client.chat import ChatReply

ENDS = ("bye", "exit", "quit")


class Talk:
    """One conversation with one hub."""

    def __init__(self, hub: Client, console: Console, session_id: str) -> None:
        self._hub, self._console, self._id = hub, console, session_id

    async def say(self, text: str) -> ChatReply:
        """Say one thing; forms that it brings are filled at once where there is a terminal."""
        return await self._answered((await self._hub.chats.say(self._id, text))["reply"])

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
            values = self._ask(form["fields"])
            if not values:
                return reply
            reply = (await self._hub.chats.fill(self._id, values))["reply"]
            self._show(reply)
        return reply

    def _show(self, reply: ChatReply) -> None:
        self._console.say(block(reply["text"]))

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
