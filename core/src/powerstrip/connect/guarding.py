"""An adapter's synchronous code: validators, forms and signatures. It is somebody else's, as its functions are."""

from collections.abc import Generator
from contextlib import contextmanager

from powerstrip.adapter import PowerstripError
from powerstrip.connect.running import broken
from powerstrip.problems import Problem, Unprocessable


@contextmanager
def plugin_code(what: str) -> Generator[None]:
    """Around a call into an adapter; `what` says in the log what ran.

    Lets the adapter's four errors and the hub's own pass. Anything else is `Unprocessable` with the code `adapter_broken`, and
    its text goes nowhere: it may hold what was filled in.
    """
    try:
        yield
    except (PowerstripError, Problem):
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, and its text must not get out
        raise Unprocessable(broken(error, what).message, code="adapter_broken") from None
