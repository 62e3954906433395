"""One frame for every hosted page: no script, nothing from elsewhere, nothing kept."""

import base64
import hashlib
from functools import cache
from html import escape
from importlib.resources import files
from typing import Literal, TypeAlias

from powerstrip.api.problems import Answer
from powerstrip.value import Value

Tone: TypeAlias = Literal["good", "bad", "calm"]

_SHAPES = {
    "good": '<path d="M5 13l4.5 4.5L19 7"/>',
    "bad": '<path d="M12 7v6"/><path d="M12 17h.01"/>',
    "calm": '<path d="M9 3v5M15 3v5M7 8h10v3a5 5 0 0 1-10 0zM12 16v5"/>',
}


class Html(Value):
    """Text that is markup already. Everything else is escaped by `markup`."""

    text: str


Part: TypeAlias = Html | str


def markup(*parts: Part) -> Html:
    """Parts in a row: plain texts are escaped."""
    return Html("".join(part.text if isinstance(part, Html) else escape(part) for part in parts))


def element(tag: str, *parts: Part, **attributes: str | None) -> Html:
    """An element. Attributes that are None are left out; `class_` and `for_` stand for the words of Python."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items() if value is not None
    )
    return Html(f"<{tag}{given}>{markup(*parts).text}</{tag}>")


def void(tag: str, **attributes: str | None) -> Html:
    """An element without content, such as an input."""
    return Html(element(tag, **attributes).text.removesuffix(f"</{tag}>"))


def page(title: str, tone: Tone, *parts: Part, status: int = 200, goes_to: str = "") -> Answer:
    """A whole page as an answer. Its policy lets it load nothing, and send its forms here and to the origin `goes_to` alone."""
    mark = element("div", Html(f'<svg viewBox="0 0 24 24" aria-hidden="true">{_SHAPES[tone]}</svg>'), class_="mark")
    body = element("main", mark, element("h1", title), *parts, class_=tone)
    head = markup(
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", f"{title} · Powerstrip"),
        Html(f"<style>{_style()}</style>"),
    )
    foot = element("footer", "This page was served by a Powerstrip hub. It loads nothing from elsewhere.")
    text = f'<!doctype html><html lang="en"><head>{head.text}</head><body>{body.text}{foot.text}</body></html>'
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy(goes_to).encode()),
        (b"x-frame-options", b"DENY"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]
    return Answer(status, text.encode("utf-8", "replace"), headers)


def policy(goes_to: str = "") -> str:
    """The Content-Security-Policy of a page. A browser holds the place a form is redirected to against `form-action` too."""
    form = f"'self' {goes_to}".strip()
    return f"default-src 'none'; style-src '{_style_hash()}'; form-action {form}; frame-ancestors 'none'; base-uri 'none'"


@cache
def _style() -> str:
    return files("powerstrip.api.pages").joinpath("page.css").read_text("utf-8")


@cache
def _style_hash() -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
