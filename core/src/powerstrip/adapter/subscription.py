"""Subscriptions: the provider's own webhook registrations, made and kept by the hub.

An adapter says how to list, create, change and delete one. The hub holds what it finds against what it wants, and mends the
difference: publishing a hundred times leaves one registration.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from powerstrip.adapter.http import Http
from powerstrip.adapter.model import Model

Watch = TypeVar("Watch", bound=Model)


@dataclass(frozen=True)
class Wish(Generic[Watch]):
    """The registration the hub wants: where to send, which of the adapter's events, and what to watch.

    `secret` stands for the signing secret and is not it: put it into the request's JSON or form where the provider takes one,
    and the edge puts the secret in its place on the way out.
    """

    url: str
    events: tuple[str, ...]
    watch: Watch
    secret: str = ""


@dataclass(frozen=True)
class Registration:
    """A webhook as the provider has it.

    `id` is the provider's, `events` are the adapter's ids, `expires_at` is set where it ends by itself.
    """

    id: str
    url: str
    events: tuple[str, ...]
    active: bool = True
    expires_at: datetime | None = None


class Subscription(Generic[Watch]):
    """How registrations are kept at one provider. Subclass it, and register the class with `@adapter.subscription`.

    `secret_at` is the dotted path in the answer to `create` where a provider gives the signing secret it has made: the edge takes
    it from there for the hub's vault, and the adapter sees a placeholder. `lists` is false where a provider cannot say what there
    is: then what `create` gave, until it expires, is all that the hub knows. `shared` is true where a registration is an app's,
    and brings the events of every account that has the app: each goes to the integration of its account.
    """

    watch: ClassVar[type[Model]] = Model
    secret_at: ClassVar[str] = ""
    lists: ClassVar[bool] = True
    shared: ClassVar[bool] = False

    async def list(self, http: Http, watch: Watch) -> list[Registration]:
        """Every registration there is, whoever made it: the hub tells its own by their URL."""
        raise NotImplementedError

    async def create(self, http: Http, wish: Wish[Watch]) -> Registration:
        """Make one."""
        raise NotImplementedError

    async def change(self, http: Http, found: Registration, wish: Wish[Watch]) -> Registration:
        """Make an existing one fit the wish: its events, its activity, its time. Where a provider cannot, delete and create."""
        await self.delete(http, found, wish.watch)
        return await self.create(http, wish)

    async def delete(self, http: Http, found: Registration, watch: Watch) -> None:
        """Remove one. One that is gone already is no error: see `already_gone`."""
        raise NotImplementedError


AnySubscription = Subscription[Any]
