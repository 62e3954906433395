"""Imports of adapters into this process: each in a thread of its own, for a limited time, so that one cannot hold up the rest."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import TypeAlias

from powerstrip.adapter import Adapter
from powerstrip.catalog.loading import LoadFailed, told
from powerstrip.clock import monotonic

_Answer: TypeAlias = Future[Adapter | str]
"""The adapter, or why there is none."""


class Imports:
    """Imports each provider's adapter once, on first use. Safe to share by threads.

    `load` imports one or raises `LoadFailed`; `limit` is in seconds for each. An import that hangs cannot be ended: its thread
    is left behind, and nobody waits for it again. One that ends after its time was only slow: what it gave is taken then.
    """

    def __init__(self, load: Callable[[str], Adapter], limit: float) -> None:
        self._load = load
        self._limit = limit
        self._lock = Lock()
        self._begun: dict[str, tuple[_Answer, float]] = {}
        self._done: dict[str, Adapter] = {}
        self._failed: dict[str, str] = {}

    def get(self, provider: str) -> Adapter:
        """The adapter, waited for until `limit` seconds after its import began. Raises `LoadFailed`, from then on at once.

        What failed stays so until the hub restarts; what is late is asked for again each time.
        """
        if found := self._done.get(provider):
            return found
        if reason := self._failed.get(provider):
            raise LoadFailed(reason)
        answer, until = self._attempt(provider)
        try:
            loaded = answer.result(timeout=max(until - monotonic(), 0.0))
        except TimeoutError:
            raise LoadFailed(
                f"it did not load within {self._limit:g} seconds: it is used once it has loaded; where it never does, mend it"
                " and restart the hub"
            ) from None
        if isinstance(loaded, str):
            raise LoadFailed(self._failed.setdefault(provider, loaded))
        return self._done.setdefault(provider, loaded)

    def has(self, provider: str) -> bool:
        """Whether the adapter is there, without waiting."""
        return provider in self._done or (
            provider in self._begun and self._begun[provider][0].done() and not isinstance(self._begun[provider][0].result(), str)
        )

    def _attempt(self, provider: str) -> tuple[_Answer, float]:
        with self._lock:
            if provider not in self._begun:
                answer = _Answer()
                self._begun[provider] = answer, monotonic() + self._limit
                Thread(target=self._work, args=(provider, answer), name=f"import {provider}", daemon=True).start()
            return self._begun[provider]

    def _work(self, provider: str, answer: _Answer) -> None:
        try:
            answer.set_result(self._load(provider))
        except LoadFailed as error:
            answer.set_result(error.reason)
        except BaseException as error:  # noqa: BLE001 - whatever a plugin raises ends here: somebody waits
            answer.set_result(f"it cannot be loaded: {told(error)}")
