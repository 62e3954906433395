"""What the keys of a screen do, made from its bindings."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from powerstrip_tui.dialogs.dialog import Dialog
from powerstrip_tui.registry import SCREENS
from powerstrip_tui.texts import line

MOVING = (
    ("↑ ↓ ← → or k j h l", "move"),
    ("g G, Ctrl+d Ctrl+u", "to the top, to the end, a page down, a page up"),
    ("Tab, Shift+Tab", "from one part of the screen to the next"),
    ("Enter, mouse", "open, choose"),
)


LEFT_OUT = ("open(", "app.focus_", "screen.copy_text", "page_left", "page_right", "show_cursor")
"""What is told in other lines, or moves no more than the arrows do."""


class Help(Dialog[None]):
    """The keys of one screen, then those that work everywhere."""

    HEADING = "Keys"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q,enter", "leave", "Back", show=False)]

    def __init__(self, of: Screen[Any]) -> None:
        super().__init__(f"Keys: {getattr(of, 'HEADING', '')}".rstrip(": "))
        self._of = of
        self._keys = [(each.node, each.binding) for each in of.active_bindings.values()]

    def body(self) -> ComposeResult:
        """Key by key."""
        about = getattr(self._of, "ABOUT", "")
        parts = [Content(f"{line(about)}\n")] if about else []
        own = [each for each in self._keys if not type(each[0]).__module__.startswith("textual.")]  # a list moves as all do
        here = [binding for node, binding in own if node is not self.app]
        everywhere = [binding for node, binding in self._keys if node is self.app]
        parts += [_heading("On this screen"), *self._lines(here)]
        parts += [_heading("Moving"), *(_line(key, words) for key, words in MOVING)]
        parts += [_heading("Everywhere"), *self._lines(everywhere)]
        parts += [_line(entry.key, f"{entry.title}: {entry.about}") for entry in SCREENS]
        yield Static(Content("\n").join(parts))

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        window = self.query_one(".window")
        window.can_focus = True
        window.focus()

    def _lines(self, bindings: list[Binding]) -> list[Content]:
        """A line for each thing that is done, with all of its keys."""
        keys: dict[str, list[str]] = {}
        for binding in bindings:
            if binding.description and not binding.system and not binding.action.startswith(LEFT_OUT):
                keys.setdefault(binding.description, []).append(self.app.get_key_display(binding))
        return [_line(" ".join(dict.fromkeys(each)), words) for words, each in keys.items()]


def _heading(text: str) -> Content:
    return Content.assemble("\n", (text, "bold $text-accent"))


def _line(key: str, words: str) -> Content:
    return Content.assemble("  ", (key.ljust(22), "bold"), words)
