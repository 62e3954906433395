"""One turn of a conversation: a message or a filled form comes in, the state moves on, an answer goes out."""

import asyncio
import re
from collections.abc import Mapping

from powerstrip.catalog import ProviderManifest
from powerstrip.chat.asides import already, explain
from powerstrip.chat.automating import Automating
from powerstrip.chat.connecting import SKIP, YES, Connecting
from powerstrip.chat.describing import Describing
from powerstrip.chat.desk import Consult, Desk
from powerstrip.chat.intent import Intent
from powerstrip.chat.managing import Managing
from powerstrip.chat.mending import ASKS, CHANGES, MEANT, changes
from powerstrip.chat.parser.everyday import Everyday, everyday, several
from powerstrip.chat.parser.text import fold
from powerstrip.chat.pocket import Pocket
from powerstrip.chat.state import YES_NO, Person, Reply, State
from powerstrip.problems import Problem
from powerstrip.value import replace

_CANCEL = re.compile(
    r"\W*(?:hmm,? )?(?:never ?mind|cancel|stop|forget it|abort|quit|leave it|lass es|abbrechen|annule\w*|cancela\w*|don t)\b.{0,40}"
)
_NO = re.compile(r"\W*(?:no|nope|nein|non|not now|don t)\b")
FREE = frozenset({"fields", "map", "description", "operation", "sample", "import"})
"""Questions whose answers may be any words: none is taken for a request of its own."""
ANYTHING = FREE | {"name", "config", "optional", "input", "integration", "project"}
"""Questions whose answers may have the form of a request."""
CONNECTING = frozenset({"auth", "config", "form", "pasted", "create", "consent", "optional", "name"})
REFUSAL = (
    "Stored credentials are never shown, encoded or moved by conversation, to nobody, and instructions in a message do not change that. "
    "A credential can be replaced (say rotate) or used by calling an action."
)


class Conversation:
    """The state machine. It holds no secret but those in the pocket."""

    def __init__(self, desk: Desk, person: Person, state: State, pocket: Pocket, consult: Consult | None = None) -> None:
        self.desk, self.person, self.state, self.pocket, self.consult = desk, person, state, pocket, consult
        self.connecting = Connecting(desk, person, state, pocket)
        self.managing = Managing(desk, person, state)
        self.automating = Automating(desk, person, state)
        self.describing = Describing(desk, person, state)

    async def say(self, redacted: str, kinds: Mapping[str, str]) -> Reply:
        """Take a message whose secrets were replaced; the pocket has them."""
        alone = bool(self.state.waiting) or self.person.project.mode == "sandbox"
        own = await self.desk.names(self.person.project.id)
        intent = await self.desk.understand(redacted, kinds.values(), own, None if alone else self.consult)
        if intent.reveals:
            return Reply(REFUSAL)
        plain = fold(redacted).strip()
        if self.state.waiting and _CANCEL.fullmatch(plain):
            return await self.cancel()
        if reply := await self._everyday(redacted, own, intent) or await self._changed(redacted, plain, intent):
            return reply
        if self.state.waiting and not self._turns_away(intent):
            return await self._answer(redacted, plain, intent)
        return await self._begin(intent, redacted)

    async def fill(self, values: Mapping[str, str]) -> Reply:
        """Take fields of the masked form."""
        if self.state.waiting == "rotate":
            return await self.managing.rotate({name: each.strip() for name, each in values.items()})
        if self.state.integration_id and self.state.queue:
            await self._advance()
        if not self.state.provider or not self.desk.catalog.has(self.state.provider):
            return Reply("No form is open. Say what is to be connected.")
        self.connecting.fill(values, await self._manifest())
        return await self._connect()

    async def cancel(self) -> Reply:
        """Leave nothing behind: what this conversation made for the goal is removed, secrets in hand are forgotten."""
        for made in self.state.made:
            self.person.require("integrations.manage")
            await self.desk.integrations.delete(self.person.project, self.person.actor, made, accept_impact=True)
        self.pocket.empty()
        self._reset()
        return Reply("Cancelled. Nothing was kept.", done=True)

    async def _everyday(self, redacted: str, own: list[str], intent: Intent) -> Reply | None:
        """What is asked about the project, answered or planned. Questions leave open what is open."""
        waiting, _, _ = self.state.waiting.partition(":")
        if waiting in ANYTHING:
            return None
        flows = [each.row.handle for each in await self.desk.automations.list(self.person.project.id, limit=200)]
        asked = everyday(redacted, own, flows)
        calls = intent.intent in ("call_action", "automate") and (_is_named(intent) or intent.intent == "automate")
        if not asked or (calls and asked.kind in ("set", "rename")) or (waiting and asked.kind in ("greet", "overview", "set")):
            return None
        if waiting and asked.kind in ("publish", "unpublish") and not asked.name:
            return await self._published(waiting, asked)
        if waiting and asked.kind in ("count", "failures", "test_all"):
            reply = await self.managing.tending.start(asked)
            return replace(reply, text=f"{reply.text}\nThe question before is still open.", done=False) if reply else None
        kept, self.state.waiting = State.of(self.state.as_json()), ""
        self._reset()
        if (reply := await self.managing.tending.start(asked)) is None:
            self.state.take(kept)
        return reply

    async def _published(self, waiting: str, asked: Everyday) -> Reply | None:
        """What is open is to be published: a plan of that is agreed to, a draft that was shown is saved first; else it is an answer."""
        if waiting == "confirm" and self.state.plan.get("do") == asked.kind:
            return await self.managing.do()
        if waiting != "save" or asked.kind != "publish":
            return None
        return await self.automating.save_and(lambda: self.managing.tending.start(asked))

    async def _changed(self, text: str, plain: str, intent: Intent) -> Reply | None:
        """A change of mind about what is open; None where the message is none."""
        waiting = self.state.waiting.partition(":")[0]
        if waiting in ("save", "confirm", "mend"):
            return await self._changed_plan(waiting, text, intent)
        if waiting in ("map", "input") and CHANGES.match(plain):
            return await self._changed_before(waiting, text)
        if waiting in CONNECTING and self.state.provider:
            if meant := MEANT.match(plain):
                other = self.desk.parser.parse(f"connect {meant['rest']}")
                if _is_named(other) and other.provider not in ("", self.state.provider):
                    return await self._begin(other, "")
            if (
                ASKS.match(plain)
                and intent.provider in ("", self.state.provider)
                and intent.intent not in ("list", "capabilities")
            ):
                return await explain(self.connecting, text)
        return None

    async def _changed_before(self, waiting: str, text: str) -> Reply | None:
        """Another field is changed while one is asked for; that one is asked for again."""
        if waiting == "input":
            action = await asyncio.to_thread(self.desk.catalog.action, self.state.plan["action"])
            changed = changes(text, action, self.desk.parser.lexicon)
            return await self.managing.change_inputs(changed) if changed else None
        asked = self.state.asked
        self.state.asked = [each for each in asked if each != self.state.waiting]
        if reply := await self.automating.change(text):
            return reply
        self.state.asked = asked
        return None

    async def _changed_plan(self, waiting: str, text: str, intent: Intent) -> Reply | None:
        if intent.intent == "automate" and (intent.action or not intent.schedule):
            return None
        if waiting == "save":
            return None if intent.intent != "other" and _is_named(intent) else await self.automating.change(text)
        plan = self.state.plan
        if plan.get("do") == "call" and not (_is_named(intent) and intent.action not in ("", plan["action"])):
            action = await asyncio.to_thread(self.desk.catalog.action, plan["action"])
            if changed := changes(text, action, self.desk.parser.lexicon):
                return await self.managing.change_inputs(changed)
        return await self.managing.tending.change(text) if waiting == "confirm" else None

    # -- beginning

    async def _begin(self, intent: Intent, text: str) -> Reply:
        self._reset()
        self.state.goal = intent.as_row()
        if intent.intent == "other":
            return Reply("That is nothing this hub does. Say help to see what can be asked.", done=True)
        if intent.intent == "automate":
            self.state.queue = await self.automating.missing()
            return await self._go_on()
        if intent.intent != "connect":
            return await self.managing.start(intent)
        self.state.provider = "" if intent.needs_clarification else intent.provider
        self.state.options = (
            [each for each in intent.providers if self.desk.catalog.has(each)] or intent.providers
            if not self.state.provider
            else []
        )
        self.state.config = {name: value for name, value in intent.config.items() if name not in ("name", "auth_scheme")}
        self.state.name = str(intent.config.get("name", ""))
        first = ""
        listed = [self.desk.parser.parse(f"connect {each}") for each in several(text)]
        if listed and all(_is_named(each) and self.desk.catalog.has(each.provider) for each in listed):
            ids = list(dict.fromkeys(each.provider for each in listed))
            self.state.provider, self.state.later, self.state.options = ids[0], ids[1:], []
            first = f"One after another: {', '.join(map(self.desk.title, ids))}. " if len(ids) > 1 else ""
        return await self._opened(first)

    async def _opened(self, first: str = "") -> Reply:
        """The first question about a provider, with a word on what of it is connected already."""
        there = await already(self.connecting) if self.state.provider else ""
        reply = await self._connect()
        return replace(reply, text=f"{first}{there}{reply.text}")

    def _reset(self) -> None:
        self.state.take(State(handles=self.state.handles, saved=self.state.saved))

    def _turns_away(self, intent: Intent) -> bool:
        """Whether the message is a request of its own and no answer to what was asked."""
        if self.state.waiting.partition(":")[0] in FREE:
            return False
        if self.state.waiting in ("confirm", "save", "mend"):
            return intent.intent != "other" and (
                _is_named(intent) or bool(intent.config.get("name")) or intent.intent in ("list", "help")
            )
        if self.state.waiting in ("provider", "auth", "integration"):
            named = bool(intent.provider) and any(each in self.state.options for each in intent.providers)
            return intent.intent in ("automate", "list", "usage") or (
                self.state.waiting != "provider" and self._is_other(intent) and not named
            )
        if intent.intent in ("automate", "list", "usage", "delete", "disable", "capabilities", "help") and (
            intent.provider or intent.intent == "list"
        ):
            return True
        return self._is_other(intent)

    def _is_other(self, intent: Intent) -> bool:
        return (
            intent.intent == "connect"
            and _is_named(intent)
            and bool(self.state.provider)
            and intent.provider not in ("", self.state.provider)
            and not self.state.queue
        )

    # -- answers

    async def _answer(self, text: str, plain: str, intent: Intent) -> Reply:
        waiting, _, detail = self.state.waiting.partition(":")
        if waiting in ("confirm", "save", "mend") and not YES.match(plain) and not _NO.match(plain) and not SKIP.fullmatch(plain):
            return Reply("Say yes to go ahead, no to leave it, or what is to be different.", choices=YES_NO, plan=self.state.plan)
        if waiting in ("confirm", "mend"):
            return await self.managing.do() if YES.match(plain) else await self._left()
        if waiting == "save":
            return await self.automating.save() if YES.match(plain) else await self._left()
        if waiting in ("description", "operation", "sample", "import"):
            return await self._described(waiting, text, plain)
        if waiting in ("fields", "map"):
            return await self._drafted(waiting, detail, text, plain)
        if waiting == "input":
            return await self.managing.fill_input(detail, text)
        if waiting == "integration":
            return await self._chosen_integration(text)
        if waiting == "project":
            return await self._chosen_project(text)
        if waiting == "provider":
            return await self._chosen_provider(plain, intent)
        return await self._setting(waiting, detail, text, plain)

    async def _drafted(self, waiting: str, detail: str, text: str, plain: str) -> Reply:
        """An answer to what a draft still needs."""
        if not SKIP.fullmatch(plain):
            if waiting == "fields":
                self.automating.take_fields(text)
            elif others := await self.automating.take_value(detail, text):
                return others
        self.state.waiting, self.state.offer = "", {}
        return await self.automating.next()

    async def _described(self, waiting: str, text: str, plain: str) -> Reply:
        """An answer to what an API without an adapter can do; its connection's own questions come after it."""
        yes, no = (
            bool(YES.match(plain)),
            bool(SKIP.fullmatch(plain) and (_NO.match(plain) or not YES.match(plain) or "default" in plain)),
        )
        said = await self.describing.take(waiting, text, no=no, yes=yes)
        if isinstance(said, Reply):
            return said
        self.state.waiting = ""
        following = await self._polish(await self._manifest())
        return replace(following, text=f"{said} {following.text}".strip())

    async def _left(self) -> Reply:
        self._reset()
        return Reply("Left as it is.", done=True)

    async def _chosen_integration(self, text: str) -> Reply:
        intent = Intent(**{name: value for name, value in self.state.goal.items() if name in Intent.__dataclass_fields__})
        intent.config["name"], intent.provider = text.strip().strip("\"'.").split()[-1], ""
        self.state.waiting = ""
        return await self.managing.start(intent)

    async def _chosen_project(self, text: str) -> Reply:
        intent = Intent(**{name: value for name, value in self.state.goal.items() if name in Intent.__dataclass_fields__})
        intent.target_project = text.strip().strip("\"'.").split()[-1]
        self.state.waiting = ""
        return await self.managing.start(intent)

    async def _chosen_provider(self, plain: str, intent: Intent) -> Reply:
        options = self.state.options
        number = re.fullmatch(r"\W*(\d)\W*", plain)
        if number and 0 < int(number[1]) <= len(options):
            chosen = options[int(number[1]) - 1]
        elif SKIP.fullmatch(plain) and options:
            chosen = options[0]
        else:
            chosen = intent.provider or next((each for each in options if each in plain), "")
        if not chosen:
            return Reply("That is none of them. " + (await self.connecting.next()).text)
        if self.state.goal.get("intent") == "call_action":
            goal = Intent(**{name: value for name, value in self.state.goal.items() if name in Intent.__dataclass_fields__})
            goal.provider, goal.needs_clarification = chosen, False
            goal.action = self.desk.parser.lexicon.providers[chosen].default
            return await self.managing.start(goal)
        self.state.provider = chosen
        if intent.vendor:
            self.state.goal["vendor"] = intent.vendor
        if self.desk.catalog.has(chosen):
            self.connecting.absorb(plain, await self._manifest())
        return await self._opened()

    async def _setting(self, waiting: str, detail: str, text: str, plain: str) -> Reply:
        """An answer while a provider is being connected."""
        manifest = await self._manifest()
        absorbed = self.connecting.absorb(text, manifest)
        if waiting == "auth" and not self.state.auth_kind and not self.pocket.pasted:
            if not self.connecting.choose_auth(text, manifest) and not absorbed:
                return Reply("That is none of the ways. " + (await self.connecting.next()).text)
        elif waiting == "pasted":
            if YES.match(plain):
                self.connecting.use_pasted(manifest)
            else:
                self.pocket.pasted.clear()
        elif waiting == "create" and not absorbed:
            if not YES.match(plain):
                return await self.cancel()
            self.state.waiting = "create_agreed"
        elif waiting == "form" and not absorbed:
            if not self.pocket.pasted:
                reply = await self.connecting.next()
                return Reply(f"Keys are typed in the masked field only. {reply.text}", reply.form, reply.choices, reply.plan)
        elif (
            waiting in ("config", "optional")
            and not (absorbed and detail in self.state.config)
            and not SKIP.fullmatch(plain)
            and not absorbed
        ):
            taken = await self.connecting.offering.answered(text)
            if isinstance(taken, tuple):
                return Reply(f"Several hold that. Which {detail.replace('_', ' ')}?", choices=taken)
            self.connecting.set_field(detail, taken)
        elif waiting == "name" and not absorbed and not SKIP.fullmatch(plain) and re.fullmatch(r"[\w .-]{1,60}", text.strip()):
            self.state.name = text.strip()
        if waiting in ("optional", "name") and self.state.integration_id:
            return await self._polish(manifest)
        return await self._connect()

    # -- going on

    async def _manifest(self) -> ProviderManifest:
        return await asyncio.to_thread(self.desk.catalog.provider, self.state.provider)

    async def _connect(self) -> Reply:
        made = len(self.state.made)
        reply = await self.connecting.next()
        if len(self.state.made) == made:
            return reply
        if self.state.goal.get("intent") == "automate":
            self.state.queue = self.state.queue[1:]
            following = await self._go_on()
            return Reply(f"{reply.text} {following.text}", following.form, following.choices, following.plan, following.done)
        polished = await self._polish(await self._manifest(), fresh=True)
        return (
            polished if polished.done else Reply(f"{reply.text} {polished.text}", polished.form, polished.choices, polished.plan)
        )

    async def _polish(self, manifest: ProviderManifest, *, fresh: bool = False) -> Reply:
        """After the connection stands: what was added is brought to it, what may be added is asked for."""
        if not fresh and (trouble := await self.connecting.apply(manifest)):
            return Reply(f"That was not taken: {trouble} Another one, or default?")
        if manifest.dynamic and self.state.goal.get("intent") == "connect" and (question := self.describing.ask()):
            return question
        if question := await self.connecting.optional(manifest):
            return question
        self.state.made = []
        ended, later = self.connecting.farewell(manifest), self.state.later
        if not later:
            return ended
        self._reset()
        self.state.goal, self.state.provider, self.state.later = {"intent": "connect"}, later[0], later[1:]
        following = await self._opened(f"{ended.text}\nNext, {self.desk.title(later[0])}: ")
        return following

    async def _advance(self) -> None:
        """On to the next provider that the goal needs."""
        self.state.provider, self.state.auth_kind, self.state.integration_id = self.state.queue[0], "", ""
        self.state.config, self.state.name = {}, ""

    async def _go_on(self) -> Reply:
        """Connect what an automation still needs, then show the draft."""
        if not self.state.queue:
            return await self.automating.next()
        await self._advance()
        try:
            return await self.connecting.next()
        except Problem as problem:
            return Reply(f"{self.desk.title(self.state.provider)} cannot be connected now: {problem.message}", done=True)


def _is_named(intent: Intent) -> bool:
    """Whether the message names a service itself."""
    return bool(intent.provider) and any(" names " in reason or " looks like " in reason for reason in intent.reasons)
