"""Dark, light, and colours that the colour-blind can tell apart. Every badge has a glyph and a word besides."""

from textual.theme import Theme

DARK = Theme(
    name="powerstrip-dark",
    primary="#7aa2c8",
    secondary="#8f93a8",
    accent="#c8a86a",
    success="#7fb88f",
    warning="#d9b36c",
    error="#d9777f",
    foreground="#d4d7dd",
    background="#14171c",
    surface="#1a1e25",
    panel="#232832",
    dark=True,
    variables={"footer-key-foreground": "#c8a86a", "block-cursor-text-style": "bold", "border": "#3a4250"},
)
LIGHT = Theme(
    name="powerstrip-light",
    primary="#2b5d8a",
    secondary="#5a6172",
    accent="#8a5a00",
    success="#256b3a",
    warning="#8a5a00",
    error="#a8242f",
    foreground="#22262e",
    background="#f6f6f3",
    surface="#ecece8",
    panel="#e0e1dc",
    dark=False,
    variables={"footer-key-foreground": "#8a5a00", "block-cursor-text-style": "bold", "border": "#b9bcb6"},
)
# Blue, orange and a bright yellow of Okabe and Ito's palette: told apart with every common kind of colour blindness.
SAFE = Theme(
    name="powerstrip-colour-blind",
    primary="#56b4e9",
    secondary="#999999",
    accent="#f0e442",
    success="#56b4e9",
    warning="#f0e442",
    error="#e69f00",
    foreground="#e8e8e8",
    background="#101214",
    surface="#181b1f",
    panel="#24282e",
    dark=True,
    variables={"footer-key-foreground": "#f0e442", "block-cursor-text-style": "bold", "border": "#50565e"},
)
THEMES = (DARK, LIGHT, SAFE)
