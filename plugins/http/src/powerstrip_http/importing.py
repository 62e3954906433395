"""From a description to a definition: which operations there are, what each takes and gives, and what a person must confirm."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from powerstrip.adapter import DocumentRefused, Imported, SignIn
from powerstrip_http.answers import Answers, summary_of
from powerstrip_http.documents import Document, Found, absolute, read_document, servers_of
from powerstrip_http.fields import Bodies, CannotImport, Fields
from powerstrip_http.names import made_id, operation_id, told_apart
from powerstrip_http.paging import page_of
from powerstrip_http.picking import guess
from powerstrip_http.refs import Node
from powerstrip_http.shapes import Shapes
from powerstrip_http.signing_in import SignIns

FORMAT = 1
"""Of definitions."""
MAX_OPERATIONS = 5_000
MAX_DEFINITION = 12 * 1024 * 1024
"""Bytes of a definition as JSON."""
MAX_WARNINGS = 100
ONESELF = ("me", "self", "user", "account", "whoami", "profile", "myself", "server")
"""Last words of paths that tell who is signed in."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def read(document: Mapping[str, Any]) -> Imported:
    """Import a parsed document. Raises `DocumentRefused`. Everything that is left out is in the result with its reason."""
    try:
        imported = _Import(read_document(document)).run(str(document.get("x-powerstrip-source", "")))
    except RecursionError:
        raise DocumentRefused("The document is nested too deeply") from None
    base = document.get("x-powerstrip-base")
    return _onto(cast(Node, base), imported) if isinstance(base, dict) else imported


def _onto(base: Node, imported: Imported) -> Imported:
    """The operations beside those of a definition that is there. Raises `DocumentRefused` where schemas of one name differ."""
    added = imported.definition
    for name, schema in added["schemas"].items():
        if base["schemas"].get(name, schema) != schema:
            raise DocumentRefused(f"There is another schema {name} already: give this one another name")
    merged = {part: {**base[part], **added[part]} for part in ("operations", "schemas", "pickers")}
    return replace(imported, definition={**base, **merged})


class _Import:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.told: Counter[str] = Counter()
        self.shapes = Shapes(document.refs, lambda words: self.told.update([words]))
        self.bodies = Bodies(document, self.shapes)
        self.answers = Answers(document, self.shapes)
        self.refused: dict[str, str] = {}
        self.operations: dict[str, Node] = {}
        self.carried: list[tuple[str, str]] = []
        self.todo: list[str] = []
        self.base = ""

    def run(self, source: str) -> Imported:
        found = list(self.document.operations())
        if len(found) > MAX_OPERATIONS:
            raise DocumentRefused(f"The document has {len(found)} operations; at most {MAX_OPERATIONS} are imported")
        self._base(source)
        for each, name in zip(found, self._ids(found), strict=True):
            try:
                self.operations[name] = self._operation(each)
            except CannotImport as error:
                self.refused[each.name] = str(error)
        pickers = guess(self.operations, self.shapes)
        sign_ins = SignIns(self.document)
        ways = sign_ins.read(self.carried)
        definition = self._definition(pickers, ways)
        warnings = self._warnings(sign_ins.warnings)
        self._confirm(pickers, ways)
        config = ({"base_url": self.base} if self.base else {}) | (dict(ways[0].config) if ways else {})
        return Imported(
            definition=definition,
            title=self.document.title,
            operations=len(found),
            refused=self.refused,
            sign_in=tuple(ways),
            config=config,
            warnings=tuple(warnings[:MAX_WARNINGS]),
            todo=tuple(self.todo),
        )

    def _base(self, source: str) -> None:
        servers = servers_of(self.document.node, self.document.swagger)
        whole = [url for each in servers if (url := absolute(each, source))]
        self.base = next((url for url in whole if url.startswith("https://")), next(iter(whole), ""))
        if not self.base:
            self.todo.append("Give the address: the document names none that is whole (setting base_url)")
        elif len(set(whole)) > 1:
            others = ", ".join(dict.fromkeys(url for url in whole if url != self.base))[:300]
            self.todo.append(f"Confirm the address: {self.base} is taken; the document also names {others}")
        else:
            self.todo.append(f"Confirm the address: {self.base}")
        if self.base.startswith("http://"):
            self.todo.append("The address is plain http, which the operator must allow; use https where the API has it")

    def _ids(self, found: list[Found]) -> list[str]:
        """An id for each, the same at every import; those of one name are told apart by method and path."""
        ids = [operation_id(str(each.node.get("operationId") or "")) or made_id(each.method, each.path) for each in found]
        counts = Counter(ids)
        if missing := sum(not each.node.get("operationId") for each in found if not each.problem):
            these = (
                "1 operation has no operationId: it is" if missing == 1 else f"{missing} operations have no operationId: they are"
            )
            self.told[f"{these} named by method and path"] += 1
        for name in (each for each, count in counts.items() if count > 1):
            self.told[f"The operation id {name} stands at {counts[name]} operations: each is told apart by method and path"] += 1
        return [
            told_apart(name, each.method, each.path) if counts[name] > 1 else name for name, each in zip(ids, found, strict=True)
        ]

    def _operation(self, found: Found) -> Node:
        if found.problem:
            raise CannotImport(found.problem)
        if found.method not in METHODS:
            raise CannotImport(f"the hub does not send {found.method}")
        if "#" in found.path:
            raise CannotImport("its path holds a fragment (#)")
        if (
            any(part in (".", "..") for part in unquote(found.path).split("/"))
            or not found.path.isprintable()
            or "\\" in found.path
        ):
            raise CannotImport("its path climbs, or holds what no address can: nothing could be sent there")
        fields = Fields(self.shapes)
        fields.parameters(found)
        body = self.bodies.read(found, fields)
        self.carried += fields.credentials
        answer = self.answers.read(found)
        title, summary = summary_of(found)
        made: Node = {
            "method": found.method,
            "path": self._prefix(found) + found.path.partition("?")[0],
            "title": title,
            "summary": summary,
            "fields": fields.wire,
            "input": fields.schemas,
            "required": fields.required,
            "answer": answer,
        }
        optional = {"body": body, "fixed": fields.fixed, "idempotency": fields.idempotency}
        made |= {name: value for name, value in optional.items() if value}
        if found.node.get("deprecated") is True:
            made["deprecated"] = True
        if page := page_of(fields.wire, answer, self.shapes) if found.method == "GET" else None:
            made["page"] = page
        return made

    def _prefix(self, found: Found) -> str:
        """What stands between the base URL and the path, for an operation with a server of its own."""
        own = servers_of(found.node, swagger=False) if "servers" in found.node else []
        if not own:
            return ""
        server = absolute(own[0], self.base + "/")
        if server == self.base or (not self.base and not server):
            return ""
        inside = urlsplit(server).path if self.base and server.startswith(self.base + "/") else ""
        if not inside:
            raise CannotImport(f"it lives at another address ({own[0][:100]}): import it as an integration of its own")
        return server.removeprefix(self.base)

    def _definition(self, pickers: dict[str, Node], ways: list[SignIn]) -> Node:
        made: Node = {
            "format": FORMAT,
            "title": self.document.title,
            "base_url": self.base,
            "operations": self.operations,
            "schemas": self._used(),
            "pickers": pickers,
            "auth": [{"kind": each.kind, "config": dict(each.config)} for each in ways],
        }
        if (size := len(json.dumps(made, separators=(",", ":")))) > MAX_DEFINITION:
            raise DocumentRefused(f"The operations take {size // 1024 // 1024} MB: remove those that you do not need")
        return made

    def _used(self) -> dict[str, Node]:
        """The shared schemas that an operation leads to."""
        used: dict[str, Node] = {}
        waiting: list[object] = [[each["input"], each["answer"]] for each in self.operations.values()]
        while waiting:
            node = waiting.pop()
            if isinstance(node, list):
                waiting.extend(cast("list[object]", node))
            elif isinstance(node, dict):
                given = cast(Node, node)
                name = str(given.get("$ref", "")).removeprefix("#/$defs/")
                if name in self.shapes.defs and name not in used:
                    used[name] = self.shapes.defs[name]
                    waiting.append(used[name])
                waiting.extend(given.values())
        return used

    def _warnings(self, more: list[str]) -> list[str]:
        told = [words if count == 1 else f"{words} ({count} times)" for words, count in self.told.items()]
        refused = [f"{name} is not imported: {reason}" for name, reason in self.refused.items()]
        return [*refused, *more, *told]

    def _confirm(self, pickers: dict[str, Node], ways: list[SignIn]) -> None:
        for each in ways[:1]:
            self.todo.append(f"Sign in by {each.kind}: fill in {', '.join(each.fill_in) or 'nothing'}")
        if about := next((each["path"] for each in self.operations.values() if _about_oneself(each)), ""):
            self.todo.append(f"To test the connection with a call, set check_path={about}")
        if len(ways) > 1:
            self.todo.append(f"Or sign in by {', '.join(each.kind for each in ways[1:])}")
        if pickers:
            named = ", ".join(f"{name} from {each['operation']}" for name, each in list(pickers.items())[:12])
            self.todo.append(f"Confirm the pickers, which were guessed: {named}")
        paged = [f"{name} ({each['page']['style']})" for name, each in self.operations.items() if "page" in each]
        if paged:
            self.todo.append(f"Confirm how lists are paged, which was guessed: {', '.join(paged[:12])}")
        if open_ended := [name for name, each in self.operations.items() if each["answer"]["kind"] == "open"]:
            self.todo.append(f"These say nothing of their answer, so anything is passed on: {', '.join(open_ended[:12])}")


def _about_oneself(operation: Node) -> bool:
    """Whether an operation tells who is signed in: it needs nothing, and its path says so."""
    path = str(operation["path"])
    return operation["method"] == "GET" and not operation["required"] and path.rpartition("/")[2] in ONESELF and "{" not in path
