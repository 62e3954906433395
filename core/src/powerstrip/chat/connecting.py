"""Connecting a provider by conversation: one question at a time, each with its reason."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from powerstrip.catalog import AuthManifest, ProviderManifest
from powerstrip.chat.desk import Desk
from powerstrip.chat.offering import Offering
from powerstrip.chat.parser.settings import connection_name, settings_of
from powerstrip.chat.parser.text import fold, read
from powerstrip.chat.parser.things import Things
from powerstrip.chat.pocket import Pocket
from powerstrip.chat.state import Choice, Person, Reply, State
from powerstrip.chat.wording import (
    fields_of,
    first_sentence,
    form_of,
    is_complex,
    label,
    listed,
    plain,
    plan_of,
    reason,
)
from powerstrip.connect import IntegrationChanges, NewIntegration
from powerstrip.problems import Problem

SKIP = re.compile(
    r"\W*(?:default|skip|none|no(?:pe)?|no thanks?|leave it|keep it|ok(?:ay)?|yes|yep|sure|fine|next|done|weiter|nein|ja|si|oui|non|create it|that s (?:it|all))\b.{0,20}"
)
YES = re.compile(
    r"\W*(?:yes|yep|yeah|sure|ok(?:ay)?|do it|go ahead|please do|confirm\w*|use it|save(?: it)?|create it|default|ja|si|oui|sim|claro|gern\w*|apply|send it|y)\b"
)
NAMES = {
    "base_url": ("base_url", "instance_url", "site", "endpoint", "server_url"), "instance_url": ("instance_url", "base_url"), "site": ("site", "base_url"),
    "endpoint": ("endpoint", "base_url"), "from_address": ("from_address", "sender"), "username": ("username", "user", "email"), "email": ("email", "username"),
    "message_stream": ("message_stream", "stream"),
}  # fmt: skip
"""How a setting that a sentence states may be called by an adapter."""

DYNAMIC = {"api_key": ("auth_header",), "hmac": ("auth_header", "signed_message")}
"""Optional settings that are asked for where a provider is any API, by the way to sign in."""


class Connecting:
    """Steps from a provider's name to an integration."""

    def __init__(self, desk: Desk, person: Person, state: State, pocket: Pocket) -> None:
        self.desk, self.person, self.state, self.pocket = desk, person, state, pocket
        self.offering = Offering(desk, person, state)

    async def manifest(self) -> ProviderManifest:
        """The manifest of the provider that is being connected."""
        return await asyncio.to_thread(self.desk.catalog.provider, self.state.provider)

    def title(self, manifest: ProviderManifest) -> str:
        """What is being connected, in the person's words: a vendor without an adapter by its own name."""
        return str(self.state.goal.get("vendor") or manifest.title) if manifest.dynamic else manifest.title

    async def next(self) -> Reply:
        """Ask for what is missing next, or connect."""
        if not self.state.provider:
            return self._which()
        if not self.desk.catalog.has(self.state.provider):
            return self._not_installed()
        manifest = await self.manifest()
        auth = self.auth(manifest)
        if auth is None:
            return self._how(manifest)
        if missing := self._missing_setting(manifest):
            return self._ask_setting(manifest, missing)
        if auth.connect == "redirect":
            return self._consent(auth)
        return await self._credentials(manifest, auth)

    # -- questions

    def _which(self) -> Reply:
        self.state.waiting = "provider"
        known = self.desk.parser.lexicon.providers
        ids = self.state.options or self._ids()
        choices = tuple(Choice(each, self.desk.title(each), known[each].difference if each in known else "") for each in ids)
        lines = "\n".join(f"- {each.title}: {each.detail}" for each in choices)
        return Reply(f"Which one should it be?\n{lines}", choices=choices)

    def _ids(self) -> list[str]:
        return [each.id for each in self.desk.catalog.providers() if not each.built_in]

    def _not_installed(self) -> Reply:
        title = self.state.goal.get("vendor") or self.desk.title(self.state.provider)
        self.state.waiting = ""
        return Reply(
            f"No adapter for {title} is installed here, so it cannot be connected yet. Installing its plugin makes it ready; "
            "`powerstrip providers list` shows what is installed.",
            done=True,
        )

    def _how(self, manifest: ProviderManifest) -> Reply:
        self.state.waiting = "auth"
        choices = tuple(
            Choice(auth.kind, plain(auth.kind), first_sentence(auth.help) or _ways[auth.connect]) for auth in manifest.auths
        )
        lines = "\n".join(f"- {each.title}: {each.detail}" for each in choices)
        inline = next((auth for auth in manifest.auths if auth.connect == "inline"), None)
        form = (
            form_of(manifest, inline, set())
            if inline and len([each for each in manifest.auths if each.connect == "inline"]) == 1
            else None
        )
        return Reply(f"How shall the hub sign in to {self.title(manifest)}?\n{lines}", choices=choices, form=form)

    def _ask_setting(self, manifest: ProviderManifest, name: str) -> Reply:
        schema = manifest.config_schema["properties"][name]
        self.state.waiting = f"config:{name}"
        return Reply(f"{self.title(manifest)} needs {label(name, schema)}.{reason(schema)} What is it?")

    def _consent(self, auth: AuthManifest) -> Reply:
        self.state.waiting = "consent"
        hint = f"powerstrip connect {self.state.provider}"
        return Reply(
            f"{self.desk.title(self.state.provider)} is connected by signing in there. {first_sentence(auth.help)} "
            f"Start the sign-in (`{hint}`), approve it, and say done.",
            plan={"consent": {"provider": self.state.provider, "config": self.state.config, "name": self.state.name or None}},
        )

    async def _credentials(self, manifest: ProviderManifest, auth: AuthManifest) -> Reply:
        missing = self._missing_fields(auth)
        if missing and (pasted := self._usable(auth)):
            self.state.waiting = "pasted"
            return Reply(
                f"A key was found in what you wrote ({pasted}). It was taken out of the conversation and is not stored. Shall it be used for "
                f"{self.title(manifest)}? As it was written in the open, make a new one at the provider soon.",
                choices=(Choice("yes", "Use it"), Choice("no", "Ask me in the masked form")),
            )
        if missing:
            self.state.waiting = "form"
            form = form_of(manifest, auth, set(self.pocket.filled))
            return Reply(
                f"{plan_of(self.state, self.title(manifest))} Please type {listed(missing)} in the masked field. {auth.help}".strip(),
                form=form,
                plan=self._plan(),
            )
        if self.state.waiting not in ("form", "pasted", "create_agreed"):
            self.state.waiting = "create"
            return Reply(
                f"{plan_of(self.state, self.title(manifest))} Create it?",
                choices=(Choice("yes", "Create it"), Choice("no", "Leave it")),
                plan=self._plan(),
            )
        return await self._create(manifest, auth)

    def _plan(self) -> dict[str, Any]:
        return {
            "do": "connect",
            "provider": self.state.provider,
            "name": self.state.name or self.state.provider,
            "config": dict(self.state.config),
        }

    # -- answers

    def fill(self, values: Mapping[str, str], manifest: ProviderManifest) -> None:
        """Take fields of the masked form. Their names may be the adapter's or plain ones where only one secret is asked."""
        if not self.state.auth_kind:
            chosen = next((auth for auth in manifest.auths if set(values) & set(fields_of(auth))), None)
            chosen = chosen or next((auth for auth in manifest.auths if auth.connect == "inline"), None)
            self.state.auth_kind = chosen.kind if chosen else ""
        auth = self.auth(manifest)
        known = fields_of(auth) if auth else []
        for name, value in values.items():
            open_secrets = [each for each in (auth.secret_fields if auth else ()) if each not in self.pocket.filled]
            field = name if name in known else next(iter(open_secrets), name)
            self.pocket.filled[field] = value.strip()
        self.state.waiting = "form"

    def use_pasted(self, manifest: ProviderManifest) -> None:
        """Put pasted secrets into the form's open fields."""
        auth = self.auth(manifest)
        if auth is None:
            return
        kinds = self.pocket.pasted
        for field in [each for each in fields_of(auth) if each not in self.pocket.filled]:
            wants_id = field in ("access_key_id", "api_key_sid")
            for handle, (value, kind) in list(kinds.items()):
                if (wants_id and kind in ("aws_access_key", "twilio_key")) or (
                    field in auth.secret_fields and not wants_id and kind != "aws_access_key"
                ):
                    self.pocket.filled[field] = value
                    del kinds[handle]
                    break

    def absorb(self, text: str, manifest: ProviderManifest | None) -> bool:
        """Take the settings that a message states; True where there were any."""
        things = Things(read(text))
        stated = settings_of(self.state.provider, things, connects=True)
        before = (dict(self.state.config), self.state.name, self.state.auth_kind)
        if name := connection_name(things) or stated.pop("name", ""):
            self.state.name = str(name)
        stated.pop("name", None)
        scheme = stated.pop("auth_scheme", None)
        if scheme and manifest:
            self._choose_auth(str(scheme), manifest)
        self.state.config.update(stated)
        return before != (self.state.config, self.state.name, self.state.auth_kind)

    def choose_auth(self, text: str, manifest: ProviderManifest) -> bool:
        """Take the way to sign in that a message names."""
        words = set(re.findall(r"[a-z0-9]+", fold(text)))
        scored = [
            (len(words & set(re.findall(r"[a-z0-9]+", fold(f"{auth.kind} {plain(auth.kind)}")))), auth.kind)
            for auth in manifest.auths
        ]
        best = max(scored, default=(0, ""))
        if best[0] and not (len(scored) > 1 and sum(score == best[0] for score, _ in scored) > 1):
            self.state.auth_kind = best[1]
            return True
        if re.search(r"\b(?:default|token|key|secret|password)\b", fold(text)):
            self.state.auth_kind = next(
                (auth.kind for auth in manifest.auths if auth.connect == "inline"), manifest.auths[0].kind
            )
            return True
        if re.search(r"\b(?:sign in|login|browser|consent|oauth)\b", fold(text)) and (
            redirect := [each.kind for each in manifest.auths if each.connect == "redirect"]
        ):
            self.state.auth_kind = redirect[0]
            return True
        return False

    def set_field(self, name: str, text: str) -> None:
        """A bare answer to the question for a setting."""
        value = (
            re.sub(r"^\W*(?:it s|it is|is|use|the \w+ is|its)\s+", "", text.strip(), flags=re.IGNORECASE)
            .strip()
            .strip("\"'")
            .rstrip(".")
        )
        if value and len(value) <= 500 and "<secret-" not in value:
            self.state.config[name] = value

    # -- doing

    async def _create(self, manifest: ProviderManifest, auth: AuthManifest) -> Reply:
        self.person.require("integrations.manage")
        name = self.state.name or await self._free_name()
        credentials = {**self._prefilled(auth), **self.pocket.filled} or None
        new = NewIntegration(name, manifest.id, credentials, self._config(manifest), auth.kind)
        probe = manifest.account_check and bool(credentials)
        if probe:
            self.person.hear("probing", manifest.title)
        try:
            row = await self.desk.integrations.create(self.person.project, self.person.actor, new, probe=probe)
        except Problem as problem:
            return self._refused(problem, manifest, auth)
        self.pocket.empty()
        self.state.integration_id, self.state.name = row.id, row.name
        self.state.made.append(row.id)
        self.person.hear("saved", row.name)
        self.state.waiting = ""
        return Reply(f"{self.title(manifest)} is connected as {row.name}.")

    def _refused(self, problem: Problem, manifest: ProviderManifest, auth: AuthManifest) -> Reply:
        self.pocket.filled.clear()
        if not auth.secret_fields:
            self.state.waiting = "create"
            return Reply(f"That did not work: {problem.message} Change what is wrong, or say cancel.")
        self.state.waiting = "form"
        return Reply(
            f"That did not work: {problem.message} Nothing was kept. Please type it again.",
            form=form_of(manifest, auth, set()),
            plan=self._plan(),
        )

    async def _free_name(self) -> str:
        taken = {
            row.name for row in await self.desk.integrations.list(self.person.project.id, provider=self.state.provider, limit=200)
        }
        vendor = re.sub(r"[^a-z0-9]+", "-", fold(str(self.state.goal.get("vendor", "")))).strip("-")
        stem, number = vendor or self.state.provider, 1
        while (name := stem if number == 1 else f"{stem}-{number}") in taken:
            number += 1
        return name

    async def optional(self, manifest: ProviderManifest) -> Reply | None:
        """The next question for a setting that may be left out, with the provider's own values to choose from; None where all were asked."""
        self.state.offer = {}
        if self.state.queue or self.state.goal.get("intent") != "connect":
            return None
        for name, schema in manifest.config_schema.get("properties", {}).items():
            if manifest.dynamic and name not in DYNAMIC.get(self.state.auth_kind, ()):
                continue
            if name not in self._config(manifest) and name not in self.state.asked and not is_complex(schema):
                self.state.asked.append(name)
                self.state.waiting = f"optional:{name}"
                choices = await self.offering.offer(self.state.integration_id, schema, self._config(manifest))
                return Reply(f"{label(name, schema).capitalize()}?{reason(schema)} Say default to leave it.", choices=choices)
        if (
            "name" not in self.state.asked
            and not self.state.goal.get("config", {}).get("name")
            and self.state.name.startswith(self.state.provider)
        ):
            self.state.asked.append("name")
            self.state.waiting = "name"
            return Reply(f"It is called {self.state.name}. Another name, or default?")
        return None

    async def apply(self, manifest: ProviderManifest) -> str:
        """Bring what was said after the connection was made to it. Gives what went wrong, or nothing."""
        changes = IntegrationChanges(name=self.state.name or None, config=self._config(manifest))
        try:
            row = await self.desk.integrations.update(self.person.project, self.person.actor, self.state.integration_id, changes)
        except Problem as problem:
            return problem.message
        self.state.name = row.name
        return ""

    def farewell(self, manifest: ProviderManifest) -> Reply:
        """What can be done now."""
        self.state.waiting = ""
        known = self.desk.parser.lexicon.providers.get(manifest.id)
        deed = next(
            (action for action in manifest.actions if known and action.name == known.default), next(iter(manifest.actions), None)
        )
        now = (
            f" Now you can: {deed.title.lower() or deed.id} (say it in a sentence), or ask what {manifest.title} can do."
            if deed
            else ""
        )
        settings = ", ".join(f"{name} {value}" for name, value in self._config(manifest).items())
        return Reply(
            f"{self.title(manifest)} is connected as {self.state.name}{f' ({settings})' if settings else ''}.{now}", done=True
        )

    # -- reading manifests

    def auth(self, manifest: ProviderManifest) -> AuthManifest | None:
        """The way to sign in, as far as it is settled."""
        if self.state.auth_kind:
            return next((auth for auth in manifest.auths if auth.kind == self.state.auth_kind), None)
        if len(manifest.auths) == 1:
            return manifest.auths[0]
        scheme = self.state.goal.get("config", {}).get("auth_scheme")
        if scheme:
            self._choose_auth(str(scheme), manifest)
        elif self.pocket.pasted or self.pocket.filled:
            inline = [auth for auth in manifest.auths if auth.connect == "inline"]
            self.state.auth_kind = inline[0].kind if inline else ""
        return (
            next((auth for auth in manifest.auths if auth.kind == self.state.auth_kind), None) if self.state.auth_kind else None
        )

    def _choose_auth(self, scheme: str, manifest: ProviderManifest) -> None:
        for auth in manifest.auths:
            if auth.kind == scheme or auth.kind in scheme or scheme in auth.kind:
                self.state.auth_kind = auth.kind
                return

    def _config(self, manifest: ProviderManifest) -> dict[str, Any]:
        """What was stated, by the adapter's names; what it does not have is left out."""
        fields = manifest.config_schema.get("properties", {})
        found: dict[str, Any] = {}
        for name, value in self.state.config.items():
            named = (
                name,
                *NAMES.get(name, ()),
                *((manifest.base_url_field,) if name in ("base_url", "instance_url", "site") else ()),
            )
            if field := next((each for each in named if each in fields), ""):
                found.setdefault(field, value)
        return found

    def _prefilled(self, auth: AuthManifest) -> dict[str, Any]:
        fields = [name for name in fields_of(auth) if name not in auth.secret_fields]
        found: dict[str, Any] = {}
        for name, value in self.state.config.items():
            if field := next((each for each in (name, *NAMES.get(name, ())) if each in fields), ""):
                found[field] = value
        return found

    def _missing_setting(self, manifest: ProviderManifest) -> str:
        have = self._config(manifest)
        return next((name for name in manifest.config_schema.get("required", ()) if name not in have), "")

    def _missing_fields(self, auth: AuthManifest) -> list[str]:
        have = {*self.pocket.filled, *self._prefilled(auth)}
        return [name for name in auth.form.get("required", ()) if name not in have]

    def _usable(self, auth: AuthManifest) -> str:
        kinds = [kind for _, kind in self.pocket.pasted.values()]
        return ", ".join(dict.fromkeys(plain(kind) for kind in kinds)) if auth.secret_fields and kinds else ""


_ways = {
    "inline": "a key or password that is typed once",
    "redirect": "signing in at the provider in a browser",
    "service": "a service's own key",
}
