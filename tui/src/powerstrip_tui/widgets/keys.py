"""The line of keys at the foot of a screen: whole ones, as many as there is room for."""

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey  # pyright: ignore[reportPrivateUsage] - Footer yields them, and does not export them

PALETTE = "-command-palette"
"""The class of the key that stays at the right: help, where those are told that found no room."""


class Keys(Footer):
    """The keys in the order of the bindings: those of the screen first. One that would be cut is left to the help."""

    def __init__(self) -> None:
        super().__init__(compact=True)

    def compose(self) -> ComposeResult:
        """Those that fit."""
        keys = [each for each in super().compose() if isinstance(each, FooterKey)]
        kept = [each for each in keys if each.has_class(PALETTE)]
        room = self.screen.size.width - sum(map(_width, kept))
        for each in keys:
            if not each.has_class(PALETTE) and (wide := _width(each)) <= room:
                room -= wide
                yield each
        yield from kept

    def on_resize(self) -> None:
        """More or fewer of them."""
        self.call_after_refresh(self.recompose)


def _width(key: FooterKey) -> int:
    """Columns: the key, its word, and what is between them and after, or the line before help."""
    return cell_len(key.key_display) + 1 + cell_len(key.description) + 1
