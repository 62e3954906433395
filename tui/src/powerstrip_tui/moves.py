"""The keys of vi, for everything that arrows move."""

from textual.binding import Binding

MOVES = {
    "j": "down",
    "k": "up",
    "h": "left",
    "l": "right",
    "g": "home",
    "G": "end",
    "ctrl+d": "pagedown",
    "ctrl+u": "pageup",
    "ctrl+f": "pagedown",
    "ctrl+b": "pageup",
}


def moving() -> list[Binding]:
    """Their bindings. The app has them, and each window: in a window the app's own are off."""
    return [Binding(key, f"app.move('{move}')", move.capitalize(), show=False, system=True) for key, move in MOVES.items()]
