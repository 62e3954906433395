"""An operation of an API in words and a sample of its answer, as the importer of descriptions takes it."""

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any, cast

_VERB = re.compile(r"\b(get|head|post|put|patch|delete)\b(?=\s+[`\"']?(?:https?://\S+?)?/)", re.IGNORECASE)
_PATH = re.compile(r"(?<![\w:/])/(?:[\w.~{}:%-]+/?)*(?:\?[\w.~=&{}\[\]%-]*)?")
_DEEDS = (
    ("delete", r"delet\w*|remov\w*|cancel\w*|l[oö]sch\w*|supprim\w*|borr\w*"), ("post", r"creat\w*|add\w*|send\w*|submit\w*|book\w*|mak\w*|open\w*|post\w*|anleg\w*|cr[eé]\w*"),
    ("patch", r"updat\w*|chang\w*|edit\w*|set\w*"), ("get", r"get\w*|read\w*|list\w*|show\w*|fetch\w*|find\w*|look\w*|search\w*|return\w*|give\w*"),
)  # fmt: skip
_FIELDS = re.compile(
    r"\b(?:with(?: the)?(?: fields?)?|fields?:?|takes?|taking|needs?)\s+((?:[a-z_]\w*)(?:(?:\s*,\s*|\s+and\s+)[a-z_]\w*)*)",
    re.IGNORECASE,
)
_NAMES = {"post": "create", "put": "replace", "patch": "update", "delete": "delete", "head": "check"}
MAX_DEPTH = 8
MAX_FIELDS = 100


@dataclass
class Operation:
    """One operation. `path` may hold `{parameters}`; `sample` is an answer of it, None where none was given."""

    verb: str = ""
    path: str = ""
    summary: str = ""
    fields: list[str] = field(default_factory=list[str])
    query: list[str] = field(default_factory=list[str])
    sample: Any = None

    @property
    def id(self) -> str:
        """Such as `tickets.list`, from its path and method."""
        parts = [part for part in self.path.split("/") if part]
        nouns = [re.sub(r"\W+", "_", part).strip("_").lower() for part in parts if not part.startswith("{")]
        nouns = [each for each in nouns if each and not re.fullmatch(r"v\d+|api|rest", each)] or ["root"]
        verb = _NAMES.get(self.verb) or ("get" if parts and parts[-1].startswith("{") else "list")
        return ".".join([*nouns[-2:], verb])

    def document(self) -> str:
        """As an importer of descriptions reads it."""
        inputs = {name: {"type": "string"} for name in re.findall(r"\{(\w+)\}", self.path)}
        inputs |= {name: {} for name in self.fields}
        told: dict[str, Any] = {self.verb: self.path, "summary": self.summary, "input": inputs, "required": []}
        if self.query:
            told["query"] = {name: {"type": "string"} for name in self.query}
        if self.sample is not None:
            told["output"] = schema_of(self.sample)
        return json.dumps({"operations": {self.id: told}})

    def stored(self) -> dict[str, Any]:
        """As a conversation keeps it."""
        return asdict(self)


def operation_in(text: str, known: dict[str, Any] | None = None) -> Operation:
    """What a message says of an operation, over what is known of it."""
    said = Operation(**(known or {}))
    text, sample = _without_sample(text)
    said.sample = sample if sample is not None else said.sample
    verb, path = _VERB.search(text), _PATH.search(re.sub(r"https?://[^\s/]+", " ", text))
    if path:
        whole = re.sub(r":(\w+)", r"{\1}", path[0])
        said.path, _, query = whole.partition("?")
        said.path = said.path.rstrip("/.") or "/"
        said.query = [each.split("=")[0] for each in query.split("&") if re.fullmatch(r"\w+(?:=.*)?", each)]
    words = re.sub(r"\s+", " ", _VERB.sub(" ", _PATH.sub(" ", re.sub(r"https?://[^\s/]+", " ", text)))).strip(" ,.:;-–—`\"'")
    if fields := _FIELDS.search(words):
        said.fields = re.split(r"\s*,\s*|\s+and\s+", fields[1])
    said.summary = words[:200] or said.summary
    if verb:
        said.verb = verb[1].lower()
    elif not said.verb and said.summary:
        told = [(found.start(), each) for each, deed in _DEEDS if (found := re.search(rf"\b(?:{deed})\b", said.summary.lower()))]
        said.verb = min(told, default=(0, "get"))[1]
    if said.verb in ("get", "head", "delete") and said.fields:
        said.query, said.fields = [*said.query, *(each for each in said.fields if each not in said.query)], []
    if said.path:
        inside = re.findall(r"\{(\w+)\}", said.path)
        said.fields = [each for each in said.fields if each not in inside]
        said.query = [each for each in said.query if each not in inside]
    return said


def sample_in(text: str) -> Any:
    """The JSON in a message; None where there is none that can be read."""
    return _without_sample(text)[1]


def schema_of(value: Any, depth: int = 0) -> dict[str, Any]:
    """A JSON Schema that a sample fits, and its like: nothing is required."""
    match value:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case dict() if depth < MAX_DEPTH:
            items = list(cast(dict[str, Any], value).items())[:MAX_FIELDS]
            return {"type": "object", "properties": {name: schema_of(item, depth + 1) for name, item in items}}
        case list() if depth < MAX_DEPTH:
            entries = cast(list[Any], value)
            return {"type": "array", "items": schema_of(entries[0], depth + 1) if entries else {}}
        case _:
            return {}


def _without_sample(text: str) -> tuple[str, Any]:
    """A message without the JSON value in it, and that value."""
    decoder, value = json.JSONDecoder(), cast(Any, None)
    for found in re.finditer(r"[{\[]", text):
        try:
            value, end = decoder.raw_decode(text, found.start())
        except ValueError:
            continue
        if end - found.start() > 2:
            return text[: found.start()] + " " + text[end:], value
    return text, None
