"""How far a conversation is, what it answers, and who speaks. Everything here may be stored: no secret is in it."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from powerstrip.store import Actor, Project
from powerstrip.value import Value, asdict


class Person(Value):
    """Who speaks: everything is done with their permissions."""

    actor: Actor
    project: Project
    require: Callable[[str], None]
    """Raises `Forbidden` where they lack a permission in this project."""
    may_execute: Callable[[str], bool]
    elsewhere: Callable[[str], Awaitable[Project]]
    """Another project by handle or id, whose integrations they manage. Raises `NotFound` and `Forbidden`."""
    hear: Callable[[str, str], None] = lambda step, about: None
    """Told of each step while a message is worked on: its name, and what it is about, in words that hold no secret."""


@dataclasses.dataclass
class State:
    """The place in a conversation."""

    goal: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    """The intent it is about, as a row."""
    waiting: str = ""
    """What the last question asked for: `provider`, `auth`, `config:NAME`, `form`, `pasted`, `create`, `optional:NAME`, `name`,
    `rotate`, `integration`, `project`, `confirm`, `input:NAME`, `fields`, `map:NAME`, `save`, `mend` (a call that failed), `description`, `operation`, `sample`, `import`;
    empty where nothing is open."""
    options: list[str] = dataclasses.field(default_factory=list[str])
    offer: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    """A picker's choices that the last question offered, and how to get at more of them."""
    provider: str = ""
    auth_kind: str = ""
    config: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    name: str = ""
    integration_id: str = ""
    queue: list[str] = dataclasses.field(default_factory=list[str])
    """Providers that are still to be connected for the goal."""
    asked: list[str] = dataclasses.field(default_factory=list[str])
    """Optional settings that were asked for."""
    later: list[str] = dataclasses.field(default_factory=list[str])
    """Providers that were asked for in the same sentence, to be connected one after another."""
    made: list[str] = dataclasses.field(default_factory=list[str])
    """Integrations that this conversation made for its goal."""
    plan: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    """What a yes would do."""
    saved: str = ""
    """The automation that this conversation saved last: what `it` is."""
    handles: int = 0
    """Secrets that were taken out of messages so far."""

    def take(self, other: "State") -> None:
        """Become what another one is."""
        vars(self).update(vars(other))

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return dataclasses.asdict(self)

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "State":
        """From what was stored, perhaps by another version."""
        known = {each.name for each in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})


class Choice(Value):
    """One of several answers; `value` is what to say to take it."""

    value: str
    title: str
    detail: str = ""


YES_NO = (Choice("yes", "Go ahead"), Choice("no", "Leave it"))


class Field(Value):
    """One field of a form. Secret ones are masked, and go to the form's address alone."""

    name: str
    title: str
    help: str = ""
    secret: bool = False
    required: bool = True


class Form(Value):
    """Fields for a provider's credential."""

    provider: str
    auth_kind: str
    title: str
    fields: tuple[Field, ...]
    help: str = ""


class Reply(Value):
    """An answer: text, and what a client can show beside it."""

    text: str
    form: Form | None = None
    choices: tuple[Choice, ...] = ()
    plan: dict[str, Any] | None = None
    done: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it goes to clients."""
        return asdict(self)
