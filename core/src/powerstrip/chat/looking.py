"""Looking back: what was called and run, what failed and why, and how everything is."""

from datetime import timedelta

from powerstrip.automations import Known
from powerstrip.chat.desk import Desk
from powerstrip.chat.parser.everyday import Everyday
from powerstrip.chat.parser.text import fold
from powerstrip.chat.state import Person, Reply
from powerstrip.chat.timing import in_words, moment
from powerstrip.clock import now, rfc3339
from powerstrip.problems import Forbidden
from powerstrip.store import Invocation, Run

SHOWN = 5
"""Failures that are told of, the newest."""
COUNTED = 1000
"""Calls or runs that are looked through."""
GREETING = (
    'Hello. Say what you want in a sentence, for example:\n- connect Slack\n- post "Hi" to #general on Slack\n'
    "- when a GitHub issue is opened, post it to #triage\n- what is connected?\n- what went wrong today?\n- run nightly in the sandbox"
)


class Looking:
    """Questions about the past and about everything at once."""

    def __init__(self, desk: Desk, person: Person) -> None:
        self.desk, self.person = desk, person

    async def answer(self, asked: Everyday) -> Reply:
        """What was asked for, from the log of calls and of runs."""
        match asked.kind:
            case "greet":
                return Reply(GREETING, done=True)
            case "overview":
                return await self._overview()
            case "test_all":
                return await self._test_all()
            case "count":
                return await self._count(asked)
            case _:
                return await self._failures(asked)

    async def _overview(self) -> Reply:
        self.person.require("integrations.view")
        project = self.person.project.id
        rows = await self.desk.integrations.list(project, limit=200)
        lines = [f"- {row.name} ({self.desk.title(row.provider)}): {row.status}" for row in rows]
        flows = await self.desk.automations.list(project, limit=200) if self._may("automations.view") else []
        lines += [f"- automation {each.row.handle}: {each.row.status}" for each in flows]
        hours = (await self.desk.actions.hours(project, _since(0))).values() if self._may("invocations.view") else ()
        calls, failed = sum(each[0] for each in hours), sum(each[1] for each in hours)
        today = f"Today (UTC): {_many(calls, 'call')}, {failed} failed."
        ask = " Ask what went wrong today." if failed else ""
        return Reply(
            "\n".join([*(lines or ["Nothing is connected yet. Say for example: connect Slack."]), today + ask]), done=True
        )

    async def _test_all(self) -> Reply:
        self.person.require("integrations.test")
        rows = await self.desk.integrations.list(self.person.project.id, limit=50)
        lines: list[str] = []
        for row in rows:
            if row.status != "active":
                lines.append(f"- {row.name} is {row.status} and was not tried.")
                continue
            self.person.hear("probing", self.desk.title(row.provider))
            probe = await self.desk.integrations.test(self.person.project, self.person.actor, row.id)
            lines.append(f"- {row.name} works." if probe.ok else f"- {row.name} does not work: {probe.error}")
        simulated = "\nThis is a sandbox: nobody was asked." if rows and self.person.project.mode == "sandbox" else ""
        return Reply(("\n".join(lines) or "Nothing is connected yet. Say for example: connect Slack.") + simulated, done=True)

    def _may(self, permission: str) -> bool:
        try:
            self.person.require(permission)
        except Forbidden:
            return False
        return True

    # -- the past

    async def _calls(self, asked: Everyday, status: str | None) -> list[Invocation]:
        self.person.require("invocations.view")
        rows = await self.desk.actions.list(self.person.project.id, status=status, limit=COUNTED)
        since, before = _window(asked.days)
        rows = [row for row in rows if since <= row.started_at < before]
        mine = f" {fold(asked.what)} "
        if " i " in mine or " my " in mine:
            rows = [row for row in rows if row.principal_id == self.person.actor.principal_id] or rows
        providers = self._meant(mine)
        return [row for row in rows if row.provider in providers] if providers else rows

    def _meant(self, words: str) -> set[str]:
        """The providers that a question is about: one that it names, or those of a kind."""
        named = self.desk.parser.parse(f"connect {words}").provider
        lexicon = self.desk.parser.lexicon
        kinds = [kind for kind, pattern in lexicon.kinds.items() if pattern.search(words)]
        of_kind = {each for kind in kinds for each in lexicon.of_kind.get(kind, ())}
        return of_kind or ({named} if named and lexicon.providers[named].title.lower() in words else set())

    async def _runs(self, asked: Everyday, status: str | None) -> list[Run]:
        self.person.require("runs.view")
        of = (await self.desk.automations.get(self.person.project.id, asked.name)).row.id if asked.name else None
        rows = await self.desk.runs.list(self.person.project.id, status=status, automation_id=of, limit=COUNTED)
        since, before = _window(asked.days)
        return [row for row in rows if since <= row.created_at < before]

    async def _count(self, asked: Everyday) -> Reply:
        failed = any(word in asked.what for word in ("fail", "error"))
        status = "failed" if failed else None
        when = _when(asked.days)
        if "run" in asked.what or asked.name:
            runs = await self._runs(asked, status)
            of = f" of {asked.name}" if asked.name else ""
            wrong = "" if failed else f", {sum(row.status == 'failed' for row in runs)} of them failed"
            return Reply(f"{_counted(len(runs), 'failed run' if failed else 'run')}{of} {when}{wrong}.", done=True)
        calls = await self._calls(asked, status)
        by: dict[str, int] = {}
        for row in calls:
            by[row.action_name] = by.get(row.action_name, 0) + 1
        lines = [f"- {name}: {number}" for name, number in sorted(by.items(), key=lambda each: -each[1])[:SHOWN]]
        wrong = "" if failed else f", {sum(row.status == 'failed' for row in calls)} of them failed"
        return Reply(
            "\n".join([f"{_counted(len(calls), 'failed call' if failed else 'call')} {when}{wrong}.", *lines]), done=True
        )

    async def _failures(self, asked: Everyday) -> Reply:
        runs = await self._runs(asked, "failed")
        if asked.name:
            return await self._of_automation(asked, runs)
        calls = await self._calls(asked, "failed")
        last = " last " in f" {asked.what} "
        shown = 1 if last else SHOWN
        lines = [f"- {moment(row.started_at)} {row.action_name}: {_sentence(row.error_message)}" for row in calls[:shown]]
        if not self._meant(f" {asked.what} ") and not last:
            names = {each.row.id: each.row.handle for each in await self.desk.automations.list(self.person.project.id, limit=200)}
            lines += [
                f"- {moment(row.created_at)} run of {names.get(row.automation_id, 'an automation')}: {_sentence(row.error_message)}"
                for row in runs[:SHOWN]
            ]
        if not lines:
            return Reply(
                f"No such call has failed {_when(asked.days)}." if asked.days is not None else "No such call has failed.",
                done=True,
            )
        head = "It failed so:" if len(lines) == 1 else "What failed, the newest first:"
        return Reply("\n".join([head, *lines]), done=True)

    async def _of_automation(self, asked: Everyday, failed: list[Run]) -> Reply:
        """Why an automation did not run, or failed: its state, its triggers, its newest failure."""
        known = await self.desk.automations.get(self.person.project.id, asked.name)
        runs = await self._runs(Everyday("count", asked.name, days=asked.days), None)
        lines = [_state(known)]
        lines += [
            _trigger(each.kind, each.config, each.next_fire_at, enabled=each.enabled and each.active) for each in known.triggers
        ]
        lines.append(
            f"Its newest run was {moment(runs[0].created_at)}: {runs[0].status}."
            if runs
            else f"It has no run {_when(asked.days)}."
        )
        if failed:
            lines.append(f"The newest that failed, {moment(failed[0].created_at)}: {_sentence(failed[0].error_message)}")
        return Reply("\n".join(lines), done=True)


def _state(known: Known) -> str:
    handle = known.row.handle
    return {
        "draft": f"{handle} is a draft: nothing starts it until it is published. Say publish {handle}.",
        "paused": f"{handle} is paused: its triggers start nothing. Say resume {handle}.",
        "archived": f"{handle} is archived: nothing starts it.",
    }.get(known.row.status, f"{handle} is active.")


def _trigger(kind: str, config: dict[str, object], following: str | None, *, enabled: bool) -> str:
    off = "" if enabled else " It is off."
    if kind == "schedule":
        cron, every = str(config.get("cron") or ""), config.get("every")
        when = in_words(cron, str(config.get("time_zone") or "UTC")) if cron else f"every {every}"
        due = f" It is due next {moment(following)}." if following and enabled else ""
        return f"It starts {when}.{due}{off}"
    what = config.get("event") or config.get("entity") or ""
    return f"It starts by {f'the event {what}' if kind == 'event' else f'a trigger of the kind {kind}'}.{off}"


def _since(days: int) -> str:
    return rfc3339(now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days))


def _window(days: int | None) -> tuple[str, str]:
    """From when to before when, as the log writes times."""
    if days is None:
        return "", "~"
    return _since(days), _since(0) if days == 1 else "~"


def _when(days: int | None) -> str:
    return {None: "so far", 0: "today (UTC)", 1: "yesterday (UTC)"}.get(days, f"in the last {days} days")


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _counted(number: int, what: str) -> str:
    return f"At least {number} {what}s" if number >= COUNTED else _many(number, what)


def _sentence(text: str | None) -> str:
    said = (text or "no reason was kept").strip()
    return said if said.endswith((".", "!", "?")) else f"{said}."
