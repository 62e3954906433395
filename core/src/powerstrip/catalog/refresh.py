"""Bringing the index up to date: only what is new or changed is looked into."""

import re
from collections.abc import Collection
from pathlib import Path

from powerstrip.catalog.discover import Found, discover, places, roots_of, stamp_of
from powerstrip.catalog.index import Index, Row, hub_stamp, write_body, write_index
from powerstrip.catalog.manifest import ProviderSummary
from powerstrip.catalog.prober import Prober
from powerstrip.clock import now

BROKEN_FOR = 3600.0
"""Seconds after which a refused plugin is looked into again, though nothing of it changed: it may have been a slow start."""


def refresh(folder: Path, old: Index, block: Collection[str], limit: float) -> Index:
    """The index as it is now, kept in `folder` where it differs from `old`. Blocked plugins are not looked into."""
    here, hub = places(), hub_stamp()
    settled = old.hub == hub and old.places == here
    found = old.found if settled else discover()
    known = {row.found: row for row in old.rows} if old.hub == hub else {}
    rows: list[Row] = []
    with Prober(limit) as prober:
        for each in found:
            row = known.get(each)
            if blocked(each, block):
                rows += [row] if row else []
            elif row and _holds(row, settled):
                rows.append(row)
            else:
                rows.append(look_into(folder, each, prober))
    new = Index(hub=hub, places=here, found=found, rows=tuple(rows))
    if not settled or any(kept is not row for kept, row in zip(old.rows, rows, strict=False)) or len(old.rows) != len(rows):
        write_index(folder, new)
    return new


def blocked(found: Found, block: Collection[str]) -> bool:
    """Has the operator blocked this plugin, by its name or its distribution's?"""
    return bool(block) and not {canonical(found.name), canonical(found.distribution)}.isdisjoint(map(canonical, block))


def canonical(name: str) -> str:
    """One spelling of a name: `My_Plugin` and `my-plugin` are the same distribution (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def look_into(folder: Path, found: Found, prober: Prober) -> Row:
    """Probe one plugin and keep its body."""
    roots = roots_of(found.value)
    stamp = stamp_of(roots)
    answer = prober.probe(found)
    summary = ProviderSummary.model_validate_json(answer["summary"]) if answer["summary"] else None
    return Row(
        found=found,
        roots=roots,
        stamp=stamp,
        at=now().timestamp(),
        claimed=answer["id"],
        reason=answer["reason"],
        summary=summary,
        body=write_body(folder, summary.id, answer["body"]) if summary else "",
    )


def _holds(row: Row, settled: bool) -> bool:
    """Does what was seen still hold? A refused plugin may be mended by what is installed beside it, so it asks for more."""
    if row.reason and not (settled and 0 <= now().timestamp() - row.at < BROKEN_FOR):
        return False
    return stamp_of(row.roots) == row.stamp
