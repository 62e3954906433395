"""Providers of the hub's own: they are in the catalog like any other, and the hub itself does what they are asked.

Their actions are given the caller instead of a way to a provider. What they work with (the store, say) they were made with.
"""

from collections.abc import Awaitable, Callable
from inspect import getdoc
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_type_hints

from powerstrip.adapter import Adapter, Http, Model, Rejected
from powerstrip.value import Value, field

if TYPE_CHECKING:  # the catalog's child process, which looks into plugins, needs no database
    from powerstrip.store import Actor, Project

In = TypeVar("In", bound=Model)
Out = TypeVar("Out", bound=Model)


class Caller(Value):
    """Who calls a built-in action, in which project, live or in a sandbox."""

    project: "Project"
    actor: "Actor"
    mode: Literal["live", "sandbox"]
    invocation_id: str

    @property
    def writes(self) -> bool:
        """Whether the call may change what is kept: a sandboxed call changes nothing of a live project."""
        return self.project.mode == self.mode


Handler: TypeAlias = Callable[[Caller, In], Awaitable[Out]]


class BuiltIn(Value):
    """An adapter without a provider behind it, and what does its actions. Handlers raise what adapters raise."""

    adapter: Adapter
    handlers: dict[str, Handler[Any, Any]] = field(default_factory=dict[str, Handler[Any, Any]])
    """By action id."""

    def action(
        self, id: str, *, title: str = "", read_only: bool = False, idempotent: bool = False, destructive: bool = False
    ) -> Callable[[Handler[In, Out]], Handler[In, Out]]:
        """Register `async def act(caller, input) -> output`, as `Adapter.action` does."""

        def register(handler: Handler[In, Out]) -> Handler[In, Out]:
            declare = self.adapter.action(id, title=title, read_only=read_only, idempotent=idempotent, destructive=destructive)
            declare(_declared(handler))
            self.handlers[id] = handler
            return handler

        return register


def _declared(handler: Handler[Any, Any]) -> Any:
    """The handler's types and words as an adapter declares them."""
    hints = {name: hint for name, hint in get_type_hints(handler).items() if hint is not Caller}

    async def run(http: Http, input: Any) -> Any:
        raise Rejected("This action is the hub's own: it is not sent anywhere")

    run.__annotations__, run.__doc__ = hints, getdoc(handler)
    return run
