"""Tags: up to eight words of one's own on a resource, and filters over them."""

from collections.abc import Iterable, Mapping, Sequence

from powerstrip.names import unfit
from powerstrip.problems import BadInput
from powerstrip.value import Value

MAX_TAGS = 8
MAX_KEY = 128
MAX_VALUE = 256
RESERVED = ("mobius:", "powerstrip:")


def check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags, if they are within the limits. Raises `BadInput`."""
    if len(tags) > MAX_TAGS:
        raise _refused(f"has more than {MAX_TAGS} entries")
    for key, value in tags.items():
        if not 1 <= len(key) <= MAX_KEY:
            raise _refused(f"has a key that is empty or longer than {MAX_KEY} characters")
        if len(value) > MAX_VALUE:
            raise _refused(f"has a value longer than {MAX_VALUE} characters")
        if unfit(key + value):
            raise _refused("has a control or direction-changing character in it")
        if key.lower().startswith(RESERVED):
            raise _refused(f"has a key that starts with {' or '.join(RESERVED)}, which the hub keeps for itself")
    return dict(tags)


class TagFilter(Value):
    """`Key:Value`, `Key:*` or `Key:a,b,c`; several must all hold."""

    wanted: tuple[tuple[str, frozenset[str] | None], ...] = ()

    @classmethod
    def read(cls, texts: Iterable[str]) -> "TagFilter":
        """Raises `BadInput` for a filter of another form."""
        return cls(tuple(_one(text) for text in texts))

    def fits(self, tags: Mapping[str, str]) -> bool:
        """True where each wanted key is there with one of its wanted values."""
        return all(key in tags and (values is None or tags[key] in values) for key, values in self.wanted)


def _one(text: str) -> tuple[str, frozenset[str] | None]:
    key, colon, value = text.partition(":")
    if not key or not colon or ":" in value or not value:
        raise BadInput("A tag filter reads Key:Value, Key:* or Key:a,b,c", details=_at("tag", "has another form"))
    return key, None if value == "*" else frozenset(value.split(","))


def _refused(reason: str) -> BadInput:
    return BadInput(f"The tag map {reason}", details=_at("tags", reason))


def _at(path: str, reason: str) -> dict[str, Sequence[dict[str, str]]]:
    return {"errors": [{"path": path, "message": reason}]}
