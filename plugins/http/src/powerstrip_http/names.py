"""From a document's names to ours."""

import hashlib
import re

MAX_ID = 72
"""Characters of an operation's id: with provider and handle before it, it fits an action's name."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def snake(text: str) -> str:
    """Lower-case words joined by `_`: `getUserByID` is `get_user_by_id`."""
    return re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub("_", text).lower()).strip("_")


def operation_id(given: str) -> str:
    """An operation's id as ours: words, and a dot where the document groups with `/` or `.`; empty where nothing is left."""
    parts = [part for each in re.split(r"[/.]", given) if (part := snake(each))]
    text = ".".join(parts)
    return _short(text if not text[:1].isdigit() else f"op_{text}")


def made_id(method: str, path: str) -> str:
    """An id for an operation without one: `GET /users/{id}/posts` is `get_users_by_id_posts`."""
    words = [f"by_{snake(part)}" if "{" in part else snake(part) for part in path.split("/") if part]
    return _short("_".join([method.lower(), *[word for word in words if word]]))


def told_apart(id: str, method: str, path: str) -> str:
    """An id that several operations would have, made this one's own: the same at every import."""
    return f"{id[: MAX_ID - 7]}_{_digest(method + path)}"


def field_name(name: str) -> str:
    """A parameter's name as a field's: as it stands where that can be, else in words."""
    return name if _PLAIN.fullmatch(name) else snake(name) or "value"


def singular(word: str) -> str:
    """`companies` is `company`, `statuses` is `status`, `users` is `user`."""
    word = snake(word)
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "uses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def one_line(text: object, limit: int = 300) -> str:
    """A document's words on one line, at most so many characters."""
    words = " ".join(text.split()) if isinstance(text, str) else ""
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def _short(text: str) -> str:
    return text if len(text) <= MAX_ID else f"{text[: MAX_ID - 7]}_{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
