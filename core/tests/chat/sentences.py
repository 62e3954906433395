"""Labelled sentences of our own: a text form that people can write, read into what each should be understood as.

A line is `sentence => intent provider,provider; part; part…`. Parts: `a=` action, `aa=` other right actions, `e=`
event, `ea=` other right events, `cron=`, `c.NAME=` config, `co.NAME=` config that may be given, `i.NAME=` inputs,
`io.NAME=` inputs that may be given, `vendor=`, `entity=`, `fields=`, `from=` and `into=` projects, `or=` another
right intent, `p=` providers that are right (an empty one: none), `clear=no` where a careful assistant asks. A
`{kind}` is a secret made at run time in the shape of the real thing, `{pw:…}` one written out; a few kinds are
identifiers and no secret. Lines that begin with `#` are headings.
"""

import base64
import json
import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ALNUM = string.ascii_letters + string.digits
BASE64 = ALNUM + "+/"
URLSAFE = ALNUM + "-_"
HEX = "0123456789abcdef"
IDENTIFIERS = {"uuid", "twilio_sid", "twilio_sm", "sha"}


def drawn(chance: random.Random, alphabet: str, length: int) -> str:
    return "".join(chance.choice(alphabet) for _ in range(length))


def uuid(chance: random.Random) -> str:
    return "-".join(drawn(chance, HEX, length) for length in (8, 4, 4, 4, 12))


def pem(chance: random.Random) -> str:
    lines = "\n".join(drawn(chance, BASE64, 64) for _ in range(3))
    return f"-----BEGIN PRIVATE {'KEY'}-----\n{lines}\n-----END PRIVATE {'KEY'}-----"


def jwt(chance: random.Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = part({"sub": drawn(chance, string.digits, 8), "iss": "example"})
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{claims}.{drawn(chance, URLSAFE, 43)}"


def slack_hook(chance: random.Random) -> str:
    return f"T{drawn(chance, string.ascii_uppercase, 8)}/B{drawn(chance, string.ascii_uppercase, 8)}/{drawn(chance, ALNUM, 24)}"


def strong(chance: random.Random, alphabet: str, length: int) -> str:
    """A drawn string that holds at least one lower-case letter, one upper-case letter and one digit."""
    while True:
        value = drawn(chance, alphabet, length)
        if all(
            any(character in group for character in value)
            for group in (string.ascii_lowercase, string.ascii_uppercase, string.digits)
        ):
            return value


MAKERS = {
    "slack_bot": lambda c: f"xo{'xb'}-{drawn(c, string.digits, 12)}-{drawn(c, string.digits, 13)}-{drawn(c, ALNUM, 24)}",
    "slack_user": lambda c: f"xo{'xp'}-{drawn(c, string.digits, 12)}-{drawn(c, string.digits, 12)}-{drawn(c, HEX, 32)}",
    "slack_hook": slack_hook,
    "aws_id": lambda c: "AK" + "IA" + drawn(c, string.ascii_uppercase + "234567", 16),
    "aws_secret": lambda c: strong(c, BASE64, 40),
    "word_key": lambda c: strong(c, ALNUM, 20),
    "any_secret": lambda c: strong(c, URLSAFE, 36),
    "postmark": uuid,
    "uuid": uuid,
    "sendgrid": lambda c: f"S{'G'}.{drawn(c, URLSAFE, 22)}.{drawn(c, URLSAFE, 43)}",
    "mailgun": lambda c: "key" + "-" + drawn(c, HEX, 32),
    "mailgun_new": lambda c: f"{drawn(c, HEX, 32)}-{drawn(c, HEX, 8)}-{drawn(c, HEX, 8)}",
    "app_pw": lambda c: " ".join(drawn(c, string.ascii_lowercase, 4) for _ in range(4)),
    "twilio_sid": lambda c: "A" + "C" + drawn(c, HEX, 32),
    "twilio_sm": lambda c: "S" + "M" + drawn(c, HEX, 32),
    "twilio_key": lambda c: "S" + "K" + drawn(c, HEX, 32),
    "hex32": lambda c: drawn(c, HEX, 32),
    "hex40": lambda c: drawn(c, HEX, 40),
    "hex64": lambda c: drawn(c, HEX, 64),
    "sha": lambda c: drawn(c, HEX, 40),
    "stripe_test": lambda c: "sk" + "_test_" + strong(c, ALNUM, 32),
    "stripe_live": lambda c: "sk" + "_live_" + strong(c, ALNUM, 40),
    "stripe_rk": lambda c: "rk" + "_test_" + strong(c, ALNUM, 24),
    "whsec": lambda c: "wh" + "sec_" + drawn(c, ALNUM, 32),
    "github_pat": lambda c: "gh" + "p_" + drawn(c, ALNUM, 36),
    "github_fine": lambda c: "github" + "_pat_" + drawn(c, ALNUM, 22) + "_" + drawn(c, ALNUM, 59),
    "gitlab": lambda c: "gl" + "pat-" + drawn(c, URLSAFE, 20),
    "linear": lambda c: "lin" + "_api_" + drawn(c, ALNUM, 40),
    "jira": lambda c: "ATAT" + "T3xFfGF0" + drawn(c, URLSAFE, 48) + "=" + drawn(c, "0123456789ABCDEF", 8),
    "notion": lambda c: "nt" + "n_" + drawn(c, ALNUM, 43),
    "notion_old": lambda c: "sec" + "ret_" + drawn(c, ALNUM, 43),
    "pem": pem,
    "google_cs": lambda c: "GOC" + "SPX-" + drawn(c, URLSAFE, 28),
    "google_api": lambda c: "AI" + "za" + drawn(c, URLSAFE, 35),
    "hubspot": lambda c: "pat-eu1" + "-" + uuid(c),
    "salesforce": lambda c: drawn(c, "0123456789ABCDEF", 64),
    "intercom": lambda c: "dG9r" + drawn(c, ALNUM, 55) + "=",
    "openai": lambda c: "sk" + "-proj-" + strong(c, URLSAFE, 72),
    "openai_old": lambda c: "sk" + "-" + strong(c, ALNUM, 48),
    "airtable": lambda c: "pat" + drawn(c, ALNUM, 14) + "." + drawn(c, HEX, 64),
    "shopify": lambda c: "sh" + "pat_" + drawn(c, HEX, 32),
    "discord": lambda c: f"{drawn(c, ALNUM, 24)}.{drawn(c, ALNUM, 6)}.{drawn(c, URLSAFE, 27)}",
    "telegram": lambda c: f"{drawn(c, string.digits, 10)}:AA{drawn(c, URLSAFE, 33)}",
    "jwt": jwt,
    "b64": lambda c: base64.b64encode(f"{drawn(c, string.ascii_lowercase, 6)}:{drawn(c, ALNUM, 12)}".encode()).decode(),
}


@dataclass(frozen=True)
class Sentence:
    """One labelled sentence, in the words of `docs/guide/chat.md`."""

    id: str
    text: str
    intent: str
    intents: tuple[str, ...]
    providers: tuple[str, ...]
    action: str = ""
    actions: tuple[str, ...] = ()
    event: str = ""
    events: tuple[str, ...] = ()
    schedule: str = ""
    config: dict[str, object] = field(default_factory=dict[str, object])
    config_optional: dict[str, object] = field(default_factory=dict[str, object])
    inputs: dict[str, object] = field(default_factory=dict[str, object])
    inputs_optional: dict[str, object] = field(default_factory=dict[str, object])
    vendor: str = ""
    entity: str = ""
    fields: tuple[str, ...] = ()
    source: str = ""
    target: str = ""
    unclear: bool = False
    secrets: tuple[str, ...] = ()


def listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",")) if value else ()


def value_of(text: str) -> object:
    if text.startswith("[") and text.endswith("]"):
        return [part.strip() for part in text[1:-1].split(",")]
    return int(text) if re.fullmatch(r"\d{1,5}", text) else text


def read(line: str, name: str) -> Sentence:
    """One line as a sentence, its secrets drawn from its name."""
    chance, secrets, made = random.Random(name), [], {}

    def filled(found: re.Match[str]) -> str:
        kind, _, literal = found[1].partition(":")
        if kind == "pw":
            secrets.append(literal)
            return literal
        if kind not in made:
            made[kind] = MAKERS[kind](chance)
        if kind not in IDENTIFIERS:
            secrets.append(made[kind])
        return made[kind]

    sentence, _, label = line.rpartition(" => ")
    text = re.sub(r"\{([a-z]\w*(?::[^{}]*)?)\}", filled, sentence).replace("\\n", "\n")
    label = re.sub(r"\{(\w+)\}", lambda found: made[found[1]], label)
    head, *parts = label.split("; ")
    intent, _, providers = head.partition(" ")
    given = dict(part.split("=", 1) for part in parts)

    def named(prefix: str) -> dict[str, object]:
        return {key.removeprefix(prefix): value_of(value) for key, value in given.items() if key.startswith(prefix)}

    return Sentence(
        id=name,
        text=text,
        intent=intent,
        intents=(intent, *listed(given.get("or", ""))),
        providers=listed(given.get("p", providers)),
        action=given.get("a", ""),
        actions=listed(given.get("aa", "")),
        event=given.get("e", ""),
        events=listed(given.get("ea", "")),
        schedule=given.get("cron", ""),
        config=named("c."),
        config_optional=named("co."),
        inputs=named("i."),
        inputs_optional=named("io."),
        vendor=given.get("vendor", ""),
        entity=given.get("entity", ""),
        fields=listed(given.get("fields", "")),
        source=given.get("from", ""),
        target=given.get("into", ""),
        unclear=given.get("clear") == "no",
        secrets=tuple(dict.fromkeys(secrets)),
    )


def sentences(path: Path) -> Iterator[Sentence]:
    """Those of a file, in order."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    for number, line in enumerate(lines, 1):
        yield read(line, f"{path.stem}-{number:03}")


def gold(sentence: Sentence) -> dict[str, object]:
    """The sentence as a row that a scorer of intents reads."""
    return {
        "id": sentence.id, "text": sentence.text, "intent": sentence.intent, "intent_alternatives": list(sentence.intents[1:]),
        "providers": [name for name in sentence.providers if name], "vendor": sentence.vendor, "action": sentence.action,
        "action_alternatives": list(sentence.actions), "event": sentence.event, "event_alternatives": list(sentence.events),
        "schedule": sentence.schedule, "config": sentence.config, "config_optional": sentence.config_optional,
        "inputs": sentence.inputs,
        "inputs_optional": sentence.inputs_optional, "entity": sentence.entity, "entity_fields": list(sentence.fields),
        "source_project": sentence.source, "target_project": sentence.target, "secrets": list(sentence.secrets),
        "needs_clarification": sentence.unclear,
    }  # fmt: skip


_COMPOSED = (
    "text",
    "subject",
    "title",
    "description",
    "input",
    "values",
    "fields",
    "key",
    "filename",
    "attachments",
    "name",
    "body",
)
"""Inputs that an automation puts together; a sentence need not state them."""


def _plain(value: object) -> object:
    if isinstance(value, list):
        return sorted(str(_plain(each)) for each in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return str(value).lower().removeprefix("https://").rstrip("/.").lstrip("#").strip(":\"'")


def _pairs(got: dict[str, object], gold: dict[str, object], optional: dict[str, object], left: tuple[str, ...]) -> bool:
    told = {name: _plain(value) for name, value in got.items() if name in gold or not (name in optional or name in left)}
    return told == {name: _plain(value) for name, value in gold.items()}


def mistakes(sentence: Sentence, intent: Any, secrets: list[str]) -> list[str]:
    """What is wrong about a reading, in single words; empty for a right one."""
    unclear = sentence.unclear and intent.needs_clarification
    wrong = {
        "intent": intent.intent not in sentence.intents,
        "provider": sentence.intent != "other"
        and (bool(sentence.providers) or "name" not in sentence.config)
        and not (intent.provider in (sentence.providers or ("",)) or (unclear and not intent.provider)),
        "action": bool(sentence.action)
        and intent.intent == sentence.intent
        and intent.action not in (sentence.action, *sentence.actions),
        "event": bool(sentence.event) and intent.intent == "automate" and intent.event not in (sentence.event, *sentence.events),
        "schedule": bool(sentence.schedule) and intent.schedule != sentence.schedule,
        "config": (sentence.intent == "connect" or bool(sentence.config))
        and not _pairs(intent.config, sentence.config, sentence.config_optional, ("auth_scheme", "security")),
        "inputs": sentence.intent in ("call_action", "automate")
        and intent.intent == sentence.intent
        and not _pairs(
            intent.inputs,
            sentence.inputs,
            sentence.inputs_optional,
            ("method", *(_COMPOSED if sentence.intent == "automate" else ())),
        ),
        "projects": sentence.intent == "copy"
        and (intent.source_project, intent.target_project) != (sentence.source, sentence.target),
        "vendor": bool(sentence.vendor) and _plain(intent.vendor) != _plain(sentence.vendor),
        "secret": any(not any(secret in found for found in secrets) for secret in sentence.secrets),
        "masked": bool(secrets) and not sentence.secrets,
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]
