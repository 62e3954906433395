"""The pages at the end of a consent: it worked, or what went wrong and what to do next."""

from collections.abc import Sequence

from powerstrip.api.pages.layout import Html, element, page
from powerstrip.api.problems import Answer, answer_of
from powerstrip.problems import Problem

CALLBACK = "/v1/oauth/callback/"
SESSION = "/connect/"
_TITLES = {
    "session_over": "This link is over",
    "unknown_state": "This page was already used",
    "denied": "Access was not given",
    "other_account": "This is another account",
    "expired": "That took too long",
}
_NEXT = "You can close this window. Nothing was stored."


def is_page(path: str) -> bool:
    """True for the addresses that a person opens in a browser."""
    return path.startswith((CALLBACK, SESSION))


def failed(error: BaseException) -> Answer:
    """The page of a failure. It says what the JSON answer would, and no more."""
    known = answer_of(error)
    if isinstance(error, Problem):
        title, words = _TITLES.get(error.code, "It did not work"), error.message
    else:
        title, words = "It did not work", "The hub could not do this. Start again, or ask who runs it"
    calm = isinstance(error, Problem) and error.code == "session_over"
    sentence = words if words.endswith((".", "!", "?")) else f"{words}."
    parts = (element("p", sentence), element("p", _NEXT, class_="soft"))
    return page(title, "calm" if calm else "bad", *parts, status=known.status)


def connected(title: str, name: str, project: str, account: str | None, missing: Sequence[str]) -> Answer:
    """The page that says that it worked, whose account it is, and what was not granted."""
    facts = [("Account", account or "not told"), ("Connection", name), ("Project", project)]
    rows = [element("div", element("dt", label), element("dd", value)) for label, value in facts]
    parts: list[Html] = [element("p", f"The hub can use {title} now."), element("dl", *rows)]
    if missing:
        words = f"Not granted: {', '.join(missing)}. What needs it will be refused; connect again to grant it."
        parts.append(element("p", words, class_="notice", role="status"))
    parts.append(element("p", "You can close this window.", class_="soft"))
    return page(f"{title} is connected", "good", *parts)
