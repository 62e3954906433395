"""Values of the provider as choices: where a field has a picker and the integration can be asked, an answer may be taken from its list."""

import re
from collections.abc import Mapping
from typing import Any

from powerstrip.adapter import PowerstripError, Query
from powerstrip.chat.desk import Desk
from powerstrip.chat.parser.text import fold
from powerstrip.chat.secrets import redact
from powerstrip.chat.state import Choice, Person, State
from powerstrip.problems import Problem

SHOWN = 10
"""Choices that are offered at once."""
MORE = re.compile(r"\W*(?:more|next|go on|others?|mehr|weitere|plus|mas|mais|altri|meer)\W*")
_AS_TYPED = "as typed"


class Offering:
    """The choices of the open question. What is on offer is part of the conversation's state; no secret is in it."""

    def __init__(self, desk: Desk, person: Person, state: State) -> None:
        self.desk, self.person, self.state = desk, person, state

    async def offer(self, integration_id: str, schema: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[Choice, ...]:
        """The first choices for a field; none where it has no picker, or its provider cannot be asked now."""
        self.state.offer = {}
        picker = picker_of(schema)
        if not picker or not integration_id:
            return ()
        plain = {name: str(value) for name, value in values.items() if isinstance(value, str | int) and "${" not in str(value)}
        return await self._page(
            {"integration": integration_id, "picker": picker, "values": plain, "search": "", "cursor": None, "at": 0}
        )

    async def answered(self, text: str) -> str | tuple[Choice, ...]:
        """The value that an answer takes; or, for "more" and for a text that several choices hold, those choices."""
        offer, said = self.state.offer, text.strip().strip("\"'")
        options: list[list[str]] = offer.get("options", [])
        if not offer:
            return said
        plain = _plain(said)
        number = re.fullmatch(r"\W*(\d{1,2})\W*", said)
        exact = [value for value, label in options if said in (value, label)] or [
            value for value, label in options if plain in (_plain(value), _plain(label))
        ]
        if exact:
            return exact[0]
        if number and 0 < int(number[1]) <= len(options):
            return options[int(number[1]) - 1][0]
        if MORE.fullmatch(fold(said)) and offer.get("more"):
            return await self._page({**offer, **offer["more"]}) or said
        found = await self._page({**offer, "search": said[:100], "cursor": None, "at": 0})
        exact = [value for value, label in self.state.offer.get("options", []) if plain in (_plain(value), _plain(label))]
        if exact or not found:
            return exact[0] if exact else said
        self.state.offer["options"].append([said, said])
        return (*found, Choice(said, said, _AS_TYPED))

    async def _page(self, offer: dict[str, Any]) -> tuple[Choice, ...]:
        """Ask, and put what comes on offer. Whoever cannot be asked offers nothing, and the value is typed instead."""
        self.person.hear("choices", offer["picker"])
        query = Query(cursor=offer["cursor"], search=offer["search"], values=offer["values"])
        try:
            self.person.require("integrations.use")
            found = await self.desk.integrations.pick(
                self.person.project, self.person.actor, offer["integration"], offer["picker"], query
            )
        except (Problem, PowerstripError):  # the question stands without a list
            self.state.offer = {}
            return ()
        at: int = offer["at"]
        listed = [each for each in found.choices if each.value and each.label]
        page = listed[at : at + SHOWN]
        more: dict[str, Any] | None = None
        if len(listed) > at + SHOWN:
            more = {"at": at + SHOWN}
        elif found.next is not None:
            more = {"at": 0, "cursor": found.next}
        choices = [Choice(_said(each.value, each.label, number), each.label, each.detail) for number, each in enumerate(page, 1)]
        self.state.offer = {**offer, "options": [[each.value, each.label] for each in page], "more": more}
        return (*choices, *((Choice("more", "More", "the next ones, or type a part of the name"),) if more else ()))


def picker_of(schema: Mapping[str, Any]) -> str:
    """The picker of a field, of its items or of one of its forms; empty where it has none."""
    parts: list[Mapping[str, Any]] = [schema, schema.get("items") or {}, *schema.get("anyOf", ())]
    return next((str(each["x-picker"]) for each in parts if "x-picker" in each), "")


def _said(value: str, label: str, number: int) -> str:
    """What a person says to take it. An id that looks like a key would be taken out of their message: its label, or its number."""
    return next((each for each in (value, label) if not redact(each).secrets and len(each) <= 200), str(number))


def _plain(text: str) -> str:
    return fold(text).strip().lstrip("#@")
