"""The catalog: which providers there are, what they can do, and their adapters."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from powerstrip.adapter import Adapter
from powerstrip.adapter.rules import newer, refusal, same_id
from powerstrip.catalog.describe import describe, summary_of
from powerstrip.catalog.discover import Found
from powerstrip.catalog.imports import Imports
from powerstrip.catalog.index import Index, Row, read_body, read_index
from powerstrip.catalog.loading import LoadFailed, load_adapter
from powerstrip.catalog.manifest import (
    ActionManifest,
    BrokenPlugin,
    ProviderManifest,
    ProviderSummary,
)
from powerstrip.catalog.prober import Prober
from powerstrip.catalog.refresh import blocked, canonical, look_into, refresh
from powerstrip.problems import NotFound, Unprocessable

LOAD_LIMIT = 10.0
"""Seconds that one plugin may take to be loaded and described."""
KEPT_BODIES = 16
"""Manifests that are kept in memory after they were read."""
MAX_TYPO = 128
"""Characters of a name that are compared with the known ones."""


class Catalog:
    """What is installed. Made by `load` from plugins, or by `of` from adapters at hand.

    Summaries are in memory, manifests are read when asked for, adapters are imported on first use. Safe to share by threads.
    """

    def __init__(
        self,
        summaries: Mapping[str, ProviderSummary],
        broken: Sequence[BrokenPlugin],
        body: Callable[[str], ProviderManifest],
        adapter: Callable[[str], Adapter],
        limit: float = LOAD_LIMIT,
    ) -> None:
        self._summaries = dict(sorted(summaries.items()))
        self._broken = list(broken)
        self._own: dict[str, tuple[ProviderManifest, Adapter]] = {}
        self._body: Callable[[str], ProviderManifest] = lambda name: self._own[name][0] if name in self._own else body(name)
        self._recent = lru_cache(KEPT_BODIES)(self._body)
        self._imports = Imports(lambda name: self._own[name][1] if name in self._own else adapter(name), limit)

    @classmethod
    def load(
        cls, folder: Path, block: Collection[str] = (), limit: float = LOAD_LIMIT, reserved: Collection[str] = ()
    ) -> "Catalog":
        """Find the installed plugins. `folder` keeps the index between starts.

        `block` names plugins or distributions that are never loaded; `limit` is in seconds for each plugin that is new or
        changed. `reserved` are ids of the hub's own providers, which `add` brings: no plugin may have them. A plugin that cannot
        be used is in `broken()` with its reason. Opens no connection.
        """
        index = refresh(folder, read_index(folder), block, limit)
        usable, broken = _sorted_out(index, block, frozenset(map(same_id, reserved)))
        plugins = _Plugins(folder, usable, limit)
        summaries = {row.summary.id: row.summary for row in usable.values() if row.summary}
        return cls(summaries, broken, plugins.body, plugins.adapter, limit)

    @classmethod
    def of(cls, *adapters: Adapter) -> "Catalog":
        """A catalog of these adapters alone. Raises `ValueError` for one that breaks the contract's rules."""
        manifests: dict[str, ProviderManifest] = {}
        for adapter in adapters:
            if reason := refusal(adapter):
                raise ValueError(f"{adapter.id}: {reason}")
            manifests[adapter.id] = describe(adapter)
        by_id = {adapter.id: adapter for adapter in adapters}
        summaries = {each.id: summary_of(each) for each in manifests.values()}
        return cls(summaries, (), manifests.__getitem__, by_id.__getitem__)

    def add(self, adapter: Adapter) -> None:
        """Take in one of the hub's own providers, whose id was reserved."""
        manifest = describe(adapter)
        self._own[adapter.id] = manifest, adapter
        self._summaries = dict(sorted({**self._summaries, adapter.id: summary_of(manifest)}.items()))

    def providers(self) -> list[ProviderSummary]:
        """All usable providers, by id."""
        return [self.summary(name) for name in self._summaries]

    def broken(self) -> list[BrokenPlugin]:
        """Installed plugins that are not usable, each with its reason."""
        return list(self._broken)

    def unmatched(self, block: Iterable[str]) -> list[str]:
        """Those names of a `block` that block nothing here."""
        hit = {canonical(name) for each in self._broken if each.blocked for name in (each.name, each.distribution)}
        return [name for name in block if canonical(name) not in hit]

    def has(self, provider: str) -> bool:
        """Is there an adapter for this provider?"""
        return provider in self._summaries

    def summary(self, provider: str) -> ProviderSummary:
        """One provider in short. Raises `NotFound`."""
        try:
            summary = self._summaries[provider]
        except KeyError:
            raise self._no_provider(provider) from None
        if summary.problem and self._imports.has(provider):  # it was only late
            summary = self._summaries[provider] = summary.model_copy(update={"problem": ""})
        return summary

    def provider(self, provider: str) -> ProviderManifest:
        """One provider in full. Raises `NotFound`."""
        summary = self.summary(provider)
        manifest = self._recent(provider)
        return manifest.model_copy(update={"problem": summary.problem}) if summary.problem else manifest

    def adapter(self, provider: str) -> Adapter:
        """The adapter itself, imported on first use. Raises `NotFound`, or `Unprocessable` when it does not load in time.

        It blocks for as long as the first import takes, so that an event loop asks from a thread.
        """
        summary = self.summary(provider)
        try:
            return self._imports.get(provider)
        except LoadFailed as error:
            self._summaries[provider] = summary.model_copy(update={"problem": error.reason})
            raise Unprocessable(
                f"{summary.title} is installed and cannot be used: {error.reason}",
                code="provider_unavailable",
                details={"provider": provider},
            ) from error

    def find_action(self, name: str) -> tuple[str, str]:
        """The provider's id and the action's, by `provider.action` or an alias. Raises `NotFound` with close names."""
        provider, _, action = name.partition(".")
        if summary := self._summaries.get(provider):
            if action in summary.action_ids:
                return provider, action
            if name in summary.aliases:
                return provider, summary.aliases[name]
        raise NotFound("There is no action of that name." + self._meant(name))

    def action(self, name: str) -> ActionManifest:
        """One action, by name or alias. Raises `NotFound`."""
        provider, wanted = self.find_action(name)
        return next(action for action in self.provider(provider).actions if action.id == wanted)

    def actions(self) -> Iterator[ActionManifest]:
        """Every action of every provider, read one provider at a time and not kept."""
        return (action for provider in self._summaries for action in self._body(provider).actions)

    def _no_provider(self, provider: str) -> NotFound:
        for plugin in self._broken:
            if plugin.name == provider:
                return NotFound(f"The plugin {plugin.name} is installed and cannot be used: {plugin.reason}")
        return NotFound("There is no provider of that id." + _did_you_mean(provider, list(self._summaries)))

    def _meant(self, name: str) -> str:
        """Close names of actions, looked for among providers of a close name only: all of them together would take too long."""
        provider = name[:MAX_TYPO].partition(".")[0]
        close = [provider] if provider in self._summaries else get_close_matches(provider, self._summaries, 3)
        return _did_you_mean(name, [f"{each}.{known}" for each in close for known in self._summaries[each].action_ids])


class _Plugins:
    """Manifests and adapters of the plugins that an index names."""

    def __init__(self, folder: Path, rows: Mapping[str, Row], limit: float) -> None:
        self._folder = folder
        self._found = {provider: (row.found, row.body) for provider, row in rows.items()}
        self._limit = limit

    def body(self, provider: str) -> ProviderManifest:
        """A provider's manifest. Where its file was lost, the plugin is looked into once more."""
        found, name = self._found[provider]
        if manifest := read_body(self._folder, name):
            return manifest
        with Prober(self._limit) as prober:
            row = look_into(self._folder, found, prober)
        manifest = read_body(self._folder, row.body) if row.body else None
        if manifest is None or manifest.id != provider:
            raise Unprocessable(f"The plugin {found.name} changed and cannot be used: {row.reason}", code="provider_unavailable")
        self._found[provider] = (found, row.body)
        return manifest

    def adapter(self, provider: str) -> Adapter:
        """Import a provider's adapter. Raises `LoadFailed`."""
        found, _ = self._found[provider]
        adapter = load_adapter(found.name, found.value)
        if reason := newer(adapter):
            raise LoadFailed(reason)
        if adapter.id != provider:
            raise LoadFailed("its id has changed since the hub started: restart the hub")
        return adapter


def _sorted_out(index: Index, block: Collection[str], taken: Collection[str] = ()) -> tuple[dict[str, Row], list[BrokenPlugin]]:
    """Which rows are usable, and which plugins are not and why. Who claims an id with another is refused with it.

    `taken` are ids, in the form that tells doubles, that the hub's own providers have.
    """
    broken = [_broken(found, "the operator has blocked it", True) for found in index.found if blocked(found, block)]
    rows = [row for row in index.rows if not blocked(row.found, block)]
    claims = Counter(row.claimed for row in rows if row.claimed)
    usable: dict[str, Row] = {}
    for row in rows:
        if row.claimed in taken:
            broken.append(_broken(row.found, f"the id {row.claimed!a} is a built-in provider's: the plugin must take another"))
        elif claims[row.claimed] > 1:
            broken.append(_broken(row.found, _double(row, rows)))
        elif row.summary is None:
            broken.append(_broken(row.found, row.reason))
        else:
            usable[row.summary.id] = row
    return usable, sorted(broken, key=lambda each: (each.name, each.distribution))


def _double(row: Row, rows: Sequence[Row]) -> str:
    claimants = sorted(f"{each.found.distribution} {each.found.version}" for each in rows if each.claimed == row.claimed)
    names = ", ".join(claimants)
    mend = "remove all but one, or name them in POWERSTRIP_PLUGINS_BLOCK"
    return f"{len(claimants)} plugins claim the id {row.claimed!a} ({names}), so none is used: {mend}"


def _broken(found: Found, reason: str, blocked: bool = False) -> BrokenPlugin:
    return BrokenPlugin(name=found.name, distribution=found.distribution, version=found.version, reason=reason, blocked=blocked)


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name[:MAX_TYPO], known, 3)
    return f" Did you mean {' or '.join(close)}?" if close else ""
