"""States as a glyph and a word, so that colour only helps."""

from collections.abc import Mapping

from textual.content import Content

from powerstrip_tui.texts import line

Badge = tuple[str, str, str]
"""Glyph, word, style."""

READINESS: Mapping[str, Badge] = {
    "connected": ("●", "Connected", "$text-success"),
    "ready": ("●", "Ready", "$text-success"),
    "built_in": ("◆", "Built in", "$text-success"),
    "needs_setup": ("○", "Needs setup", "$text-warning"),
    "expired": ("◐", "Expired", "$text-error"),
    "catalog_only": ("·", "Catalog-only", "$foreground-muted"),
    "unavailable": ("✕", "Unavailable", "$text-error"),
}
STATUS: Mapping[str, Badge] = {
    "active": ("●", "active", "$text-success"),
    "inactive": ("○", "off", "$foreground-muted"),
    "expired": ("◐", "expired", "$text-error"),
}


def badge(known: Mapping[str, Badge], state: str) -> Content:
    """A state as people see it; one that is not known in its own word."""
    glyph, word, style = known.get(state, ("?", line(state) or "unknown", "$foreground-muted"))
    return Content.assemble((f"{glyph} {word}", style))


PROCESSING: Mapping[str, Badge] = {
    "pending": ("◌", "pending", "$foreground-muted"),
    "processing": ("◌", "processing", "$text-warning"),
    "succeeded": ("●", "succeeded", "$text-success"),
    "retrying": ("◐", "retrying", "$text-warning"),
    "failed": ("✕", "failed", "$text-error"),
    "dead": ("✕", "dead", "$text-error"),
    "missing": ("·", "none", "$foreground-muted"),
    "refused": ("✕", "refused", "$text-error"),
    "conflict": ("◐", "conflict", "$text-warning"),
}
STAGE: Mapping[str, Badge] = {
    "done": ("●", "done", "$text-success"),
    "stopped": ("✕", "stopped", "$text-error"),
    "waiting": ("◌", "waiting", "$text-warning"),
    "skipped": ("·", "skipped", "$foreground-muted"),
}
CALL: Mapping[str, Badge] = {
    "active": ("▶", "under way", "$text-warning"),
    "completed": ("●", "completed", "$text-success"),
    "failed": ("✕", "failed", "$text-error"),
}
RUN: Mapping[str, Badge] = {
    "queued": ("◌", "queued", "$foreground-muted"),
    "pending": ("◌", "pending", "$foreground-muted"),
    "running": ("▶", "running", "$text-warning"),
    "suspended": ("◐", "waiting", "$text-warning"),
    "completed": ("●", "completed", "$text-success"),
    "failed": ("✕", "failed", "$text-error"),
    "cancelled": ("○", "cancelled", "$foreground-muted"),
    "skipped": ("·", "skipped", "$foreground-muted"),
}
ATTENTION: Mapping[str, Badge] = {
    "dead": ("✕", "Dead", "$text-error"),
    "failed": ("✕", "Failed", "$text-error"),
    "refused": ("✕", "Refused", "$text-error"),
    "stopped": ("✕", "Stopped", "$text-error"),
    "waits": ("◌", "Waits", "$text-warning"),
    "warning": ("▲", "Warning", "$text-warning"),
    "broken": ("✕", "Broken", "$text-error"),
}
AUTOMATION: Mapping[str, Badge] = {
    "active": ("●", "active", "$text-success"),
    "draft": ("◌", "draft", "$foreground-muted"),
    "paused": ("○", "paused", "$text-warning"),
    "archived": ("·", "archived", "$foreground-muted"),
}
