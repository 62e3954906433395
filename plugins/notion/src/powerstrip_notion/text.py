"""Texts as Notion keeps them: rich text, and blocks. Source: developers.notion.com/reference/rich-text and /reference/block.

In what is written, a line that begins with `#`, `-`, `1.`, `[ ]` or `>` becomes a heading, a list's item, a task or a quote, and
`---` a divider; other lines are paragraphs, which blank lines part. What is read comes back the same way.
"""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ConfigDict, Field

from powerstrip.adapter import Model

MAX_TEXT = 2000
"""Characters of one piece of rich text."""
MAX_BLOCKS = 100
"""Blocks of one request."""

_MARKS: tuple[tuple[re.Pattern[str], str, dict[str, Any]], ...] = (
    (re.compile(r"### +(.*)"), "heading_3", {}),
    (re.compile(r"## +(.*)"), "heading_2", {}),
    (re.compile(r"# +(.*)"), "heading_1", {}),
    (re.compile(r"(?:[-*] )?\[ \] +(.*)"), "to_do", {"checked": False}),
    (re.compile(r"(?:[-*] )?\[[xX]\] +(.*)"), "to_do", {"checked": True}),
    (re.compile(r"[-*] +(.*)"), "bulleted_list_item", {}),
    (re.compile(r"[0-9]{1,3}[.)] +(.*)"), "numbered_list_item", {}),
    (re.compile(r"> +(.*)"), "quote", {}),
)
_BEFORE = {
    "heading_1": "# ",
    "heading_2": "## ",
    "heading_3": "### ",
    "bulleted_list_item": "- ",
    "numbered_list_item": "1. ",
    "quote": "> ",
}


class Piece(Model):
    """A piece of rich text."""

    plain_text: str = ""


def rich(text: str) -> list[dict[str, Any]]:
    """Plain text as Notion takes it, in pieces that are not too long for it."""
    return [{"type": "text", "text": {"content": text[at : at + MAX_TEXT]}} for at in range(0, len(text), MAX_TEXT)]


def plain(pieces: list[Piece]) -> str:
    """Rich text without its marks."""
    return "".join(each.plain_text for each in pieces)


def blocks(text: str) -> list[dict[str, Any]]:
    """A text as blocks."""
    return [_block(kind, words, more) for kind, words, more in _lines(text)]


def _lines(text: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        found = next(((kind, mark[1], more) for pattern, kind, more in _MARKS if (mark := pattern.fullmatch(line.strip()))), None)
        if line.strip() == "---":
            found = ("divider", "", dict[str, Any]())
        if (found or not line.strip()) and paragraph:
            yield "paragraph", "\n".join(paragraph), {}
            paragraph = []
        if found:
            yield found
        elif line.strip():
            paragraph.append(line)


def _block(kind: str, words: str, more: dict[str, Any]) -> dict[str, Any]:
    inner = {} if kind == "divider" else {"rich_text": rich(words), **more}
    return {"object": "block", "type": kind, kind: inner}


class _Words(Model):
    rich_text: list[Piece] = Field(default_factory=list[Piece])
    checked: bool = False


class Block(Model):
    """A block as Notion sends it: what it holds stands under the name of its type."""

    model_config = ConfigDict(extra="allow")

    id: str
    type: str = Field(examples=["paragraph"])

    def text(self) -> str:
        """The block as a line."""
        inner = (self.model_extra or {}).get(self.type)
        words = _Words.model_validate(inner) if isinstance(inner, dict) else _Words()
        if self.type == "divider":
            return "---"
        if self.type == "to_do":
            return f"[{'x' if words.checked else ' '}] {plain(words.rich_text)}"
        return _BEFORE.get(self.type, "") + plain(words.rich_text)
