"""The Adapter object: what a provider's package exports."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

import pluggy
from pydantic import ValidationError

from powerstrip.adapter.auth import Auth, NoAuth, Settings
from powerstrip.adapter.dynamic import Dynamic
from powerstrip.adapter.errors import PowerstripError
from powerstrip.adapter.http import Http, Presigner, Response, Sender
from powerstrip.adapter.mail import Mail, MailServers
from powerstrip.adapter.model import Model
from powerstrip.adapter.picker import Page, Query
from powerstrip.adapter.poll import Look, Poll, Since
from powerstrip.adapter.subscription import AnySubscription
from powerstrip.adapter.verify import Verify
from powerstrip.adapter.webhook import Acknowledgement, Delivery, Incoming, Reply

PROJECT = "powerstrip"
hookimpl = pluggy.HookimplMarker(PROJECT)
CONTRACT = 1
"""The newest adapter contract this hub speaks."""

In = TypeVar("In", bound=Model)
Out = TypeVar("Out", bound=Model)
E = TypeVar("E", bound=type[Model])
D = TypeVar("D", Http, Mail)
"""The door that an adapter's functions are given."""
F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S", bound=AnySubscription)

Run: TypeAlias = Callable[[D, In], Awaitable[Out]]
Pages: TypeAlias = Callable[[D, Query], Awaitable[Page]]
Receive: TypeAlias = Callable[[Delivery], Incoming | Reply | list[Incoming]]
Check: TypeAlias = Callable[[Response], PowerstripError | None]
Change: TypeAlias = Literal["", "upserted", "deleted"]
"""What a data-change event does to its thing; empty where its id tells."""
VerifyBy: TypeAlias = Callable[[Settings], Verify]
"""The webhook scheme of one integration, from its settings. Raises `ValueError` with what to mend in them."""
WhoAmI: TypeAlias = Callable[[D], Awaitable["Account"]]


@dataclass(frozen=True)
class Annotations:
    """Safe-use hints.

    `read_only` has no effect: it is repeated freely and fit for dry runs. `idempotent` may be repeated. `destructive` cannot be
    undone: people are asked first.
    """

    read_only: bool = False
    idempotent: bool = False
    destructive: bool = False


@dataclass(frozen=True)
class IdempotencyKey:
    """How the provider takes an idempotency key: the name of a request header."""

    header: str


@dataclass(frozen=True)
class Rate:
    """At most `calls` requests in `seconds`, shared by everything one integration does."""

    calls: int
    seconds: float = 1.0


@dataclass(frozen=True)
class Account:
    """Whose credential it is at the provider. `id` is stable: it routes webhooks and tells one account from another.

    `unsupported` names actions, by id, that this account or server says it cannot do, each with the reason for people: the
    catalog shows them as not ready until the connection is tested again.
    """

    id: str
    name: str
    detail: str = ""
    unsupported: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Action(Generic[In, Out]):
    """One thing a provider can do. `id` is unique in its provider; `aliases` are other spellings it answers to."""

    id: str
    title: str
    summary: str
    input: type[In]
    output: type[Out]
    run: Run[Any, In, Out]
    annotations: Annotations = field(default_factory=Annotations)
    aliases: tuple[str, ...] = ()
    deprecated: str = ""
    """Why not to use it any more and what to use instead; empty while it stands."""
    idempotency: IdempotencyKey | None = None
    scopes: tuple[str, ...] = ()
    """What the credential must be granted for it, in the provider's words; empty where that is not declared."""
    integration: str = ""
    """The id of the one integration that it belongs to, where it was made of that integration's definition."""


@dataclass(frozen=True)
class Event:
    """One thing that happens at a provider: the model of its data, told apart from others by the model's `Literal` fields.

    A data-change event names the `entity` it changes and the field that is its `key` (dotted where it lies deeper). Whether it
    makes or deletes the thing is told by the last word of its id, or by `change`.
    """

    id: str
    summary: str
    model: type[Model]
    entity: str = ""
    key: str = ""
    change: Change = ""


@dataclass(frozen=True)
class Picker:
    """A list of the provider's values.

    `searches` when the provider searches itself; `depends` names the fields that must be filled first.
    """

    id: str
    summary: str
    pages: Pages[Any]
    searches: bool = False
    depends: tuple[str, ...] = ()


@dataclass
class Adapter:
    """One provider. Its parts are added by the decorators below; making and reading it does no I/O.

    `base_url` may hold `{names}` of `config` fields; `base_url_field` names a config field that replaces it where it is filled.
    `apis` are base URLs of further APIs of the provider, by name: a path `verify:/v2/Services` is below that of `verify`, and the
    credential goes there too.
    `hosts` are further hosts the provider hands out addresses on (`*.` for any name below). `aka` are words people say for it.
    """

    id: str
    title: str
    base_url: str
    auth: Auth | tuple[Auth, ...] = field(default_factory=NoAuth)
    description: str = ""
    category: str = "Web and Data"
    config: type[Model] = Model
    base_url_field: str = ""
    hosts: tuple[str, ...] = ()
    apis: dict[str, str] = field(default_factory=dict[str, str])
    mail: MailServers | None = None
    """Where its servers are, of a provider that is spoken to by SMTP and IMAP. Its functions are given a `Mail`, no `Http`."""
    rate: Rate | None = None
    idempotency: IdempotencyKey | None = None
    aka: tuple[str, ...] = ()
    docs_url: str = ""
    icon: str = ""
    built_in: bool = False
    planned: bool = False
    """Documented only: it is shown in the catalog, and nothing of it can be called yet."""
    contract: int = CONTRACT
    actions: dict[str, Action[Any, Any]] = field(default_factory=dict[str, Action[Any, Any]])
    events: dict[str, Event] = field(default_factory=dict[str, Event])
    pickers: dict[str, Picker] = field(default_factory=dict[str, Picker])
    polls: dict[str, Poll] = field(default_factory=dict[str, Poll])
    subscribes: AnySubscription | None = None
    receive: Receive | None = None
    verify: Verify | None = None
    verify_by: VerifyBy | None = None
    """Where each integration's settings choose the scheme; `verify` is then what they choose unless told otherwise."""
    acknowledges: Acknowledgement | None = None
    """What the provider hears once a delivery's events are kept; nothing but a 200 where it is None."""
    dynamic: Dynamic | None = None
    """Where integrations have actions of their own, made of a definition that is kept with each."""
    whoami: WhoAmI[Any] | None = None
    check: Check | None = None

    @hookimpl
    def powerstrip_adapter(self) -> "Adapter":
        """The one hook: the object is its own plugin."""
        return self

    @property
    def auths(self) -> tuple[Auth, ...]:
        """Every way to sign in, the first being the one to prefer."""
        return self.auth if isinstance(self.auth, tuple) else (self.auth,)

    def door(self, sender: Sender, config: Settings, presigner: Presigner | None = None) -> Http | Mail:
        """The way to the provider that this adapter's functions are given, over this sender."""
        return Mail(sender, config) if self.mail else Http(sender, config, presigner)

    def action(
        self,
        id: str,
        *,
        title: str = "",
        read_only: bool = False,
        idempotent: bool = False,
        destructive: bool = False,
        aliases: tuple[str, ...] = (),
        deprecated: str = "",
        idempotency: IdempotencyKey | None = None,
        scopes: tuple[str, ...] = (),
    ) -> Callable[[Run[D, In, Out]], Run[D, In, Out]]:
        """Register `async def act(http, input) -> output`. The docstring is its description, the type hints are its schemas."""

        def register(run: Run[D, In, Out]) -> Run[D, In, Out]:
            self._new(self.actions, "action", id)
            hints = get_type_hints(run)
            output = hints.pop("return", None)
            inputs = [hint for hint in hints.values() if inspect.isclass(hint) and issubclass(hint, Model)]
            if len(inputs) != 1 or not (inspect.isclass(output) and issubclass(output, Model)):
                raise TypeError(f"{self.id}.{id}: an action takes (http, one Model) and returns a Model")
            self.actions[id] = Action(
                id=id,
                title=title or _title(id),
                summary=inspect.getdoc(run) or "",
                input=inputs[0],
                output=output,
                run=run,
                annotations=Annotations(read_only, idempotent, destructive),
                aliases=aliases,
                deprecated=deprecated,
                idempotency=idempotency or self.idempotency,
                scopes=scopes,
            )
            return run

        return register

    def event(self, id: str, *, entity: str = "", key: str = "", change: Change = "") -> Callable[[E], E]:
        """Register the model of an event's data. The class's docstring is its description."""

        def register(model: E) -> E:
            self._new(self.events, "event", id)
            self.events[id] = Event(id, inspect.cleandoc(model.__doc__ or ""), model, entity, key, change)
            return model

        return register

    def picker(self, id: str, *, searches: bool = False, depends: tuple[str, ...] = ()) -> Callable[[Pages[D]], Pages[D]]:
        """Register `async def pages(http, query) -> Page`. Where the provider cannot search, the hub pages and filters."""

        def register(pages: Pages[D]) -> Pages[D]:
            self._new(self.pickers, "picker", id)
            self.pickers[id] = Picker(id, inspect.getdoc(pages) or "", pages, searches, depends)
            return pages

        return register

    def webhook(
        self, *, verify: Verify, by: VerifyBy | None = None, acknowledges: Acknowledgement | None = None
    ) -> Callable[[Receive], Receive]:
        """Register `def receive(delivery) -> Incoming | Reply`, called with verified deliveries only.

        With `by` each integration's settings choose the scheme; `verify` is what they choose unless told otherwise.
        `acknowledges` is what the provider hears once the events are kept.
        """

        def register(receive: Receive) -> Receive:
            self.receive, self.verify, self.verify_by, self.acknowledges = receive, verify, by, acknowledges
            return receive

        return register

    def scheme(self, settings: Settings | None = None) -> Verify | None:
        """The webhook scheme, of an integration with these settings where they choose it. Raises `ValueError` for poor ones."""
        return self.verify if self.verify_by is None or settings is None else self.verify_by(settings)

    def poll(self, id: str, *, seconds: int = 300) -> Callable[[Look[D]], Look[D]]:
        """Register `async def look(http, since: Since[Watch]) -> Polled`. The hub looks every `seconds` unless told otherwise."""

        def register(look: Look[D]) -> Look[D]:
            self._new(self.polls, "poll", id)
            self.polls[id] = Poll(id, inspect.getdoc(look) or "", _watched(look), look, seconds)
            return look

        return register

    def subscription(self, kind: type[S]) -> type[S]:
        """Register the class that keeps the provider's own webhook registrations."""
        self.subscribes = kind()
        return kind

    def account(self, whoami: WhoAmI[D]) -> WhoAmI[D]:
        """Register the call that tells whose credential it is. It doubles as the connection test."""
        self.whoami = whoami
        return whoami

    def errors(self, check: Check) -> Check:
        """Register how this provider says no, where HTTP status codes do not tell. Return None for an answer that is fine."""
        self.check = check
        return check

    def name_event(self, data: object) -> str | None:
        """The first declared event whose model accepts this payload; None when none does."""
        for name, event in self.events.items():
            try:
                event.model.model_validate(data)
            except ValidationError:
                continue
            return name
        return None

    def _new(self, table: dict[str, Any], kind: str, id: str) -> None:
        if id in table:
            raise ValueError(f"{self.id} declares the {kind} {id} twice")


def _watched(look: Look[Any]) -> type[Model]:
    """The model of `Since[…]` in the function's type hints."""
    for hint in get_type_hints(look).values():
        if get_origin(hint) is Since and isinstance(model := get_args(hint)[0], type) and issubclass(model, Model):
            return model
    raise TypeError("a poll takes (http, since: Since[Model]) and returns Polled")


def _title(id: str) -> str:
    """`email.send_with_template` as words: "Send with template email"."""
    noun, _, verb = id.rpartition(".")
    words = f"{verb} {noun}".replace("_", " ").replace(".", " ").strip()
    return words[:1].upper() + words[1:]
