"""Actions of the hub's own providers: run here, beside the edge."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

from powerstrip.actions.beginning import Begun, Wanted
from powerstrip.adapter import AuthFailed, Model, PowerstripError, RateLimited, Unavailable
from powerstrip.catalog import BuiltIn, Caller

Work: TypeAlias = Callable[[], Awaitable[Any]]
Handler: TypeAlias = Callable[[Caller, Any], Awaitable[Any]]

_SIMULATED: dict[str, Callable[[], PowerstripError]] = {
    "unauthorized": lambda: AuthFailed("Simulated: the caller is refused"),
    "rate_limited": lambda: RateLimited("Simulated: fewer calls are asked for", 30),
    "server_error": lambda: Unavailable("Simulated: out of order"),
    "timeout": lambda: Unavailable("Simulated: no answer in time"),
}


class BuiltIns:
    """The handlers of built-in providers, by full action name."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def add(self, provider: BuiltIn) -> None:
        """Take in a provider's handlers."""
        self._handlers |= {f"{provider.adapter.id}.{name}": act for name, act in provider.handlers.items()}

    def work(self, begun: Begun, wanted: Wanted, model: Model) -> Work | None:
        """What to run for a call; None where the action is no handler's."""
        handler = self._handlers.get(wanted.target.name)
        if handler is None:
            return None
        if wanted.call.simulate is not None:
            return partial(_fail, wanted.call.simulate)
        return partial(handler, Caller(wanted.project, wanted.actor, begun.mode, begun.id), model)


async def _fail(kind: str) -> None:
    """The failure that a sandboxed call asks for."""
    raise _SIMULATED[kind]()
