"""A link as a QR code made of letters, for a telephone's camera."""

from io import StringIO

import segno
from textual.content import Content


def qr_code(text: str) -> Content:
    """Two modules a letter, light ones drawn. It looks the same with every theme: cameras want the contrast."""
    out = StringIO()
    segno.make(text, error="l", micro=False).terminal(out, compact=True, border=1)
    return Content.styled(out.getvalue().rstrip("\n"), "#ffffff on #000000")
