"""Names and values under each other, headings, and requests: what detail panes are made of."""

import json
from collections.abc import Iterable

from textual.content import Content

from powerstrip.client.shapes import Json, SandboxRequest
from powerstrip_tui.texts import line, paragraphs


def facts(pairs: Iterable[tuple[str, object]]) -> Content:
    """`name  value` lines; those without a value are left out. A value may be a Content that is safe already."""
    filled = [(name, value) for name, value in pairs if value not in (None, "", [], {})]
    wide = max((len(name) for name, _ in filled), default=0)
    return Content("\n").join(
        Content.assemble((name.ljust(wide), "$foreground-muted"), "  ", value if isinstance(value, Content) else line(value))
        for name, value in filled
    )


def heading(text: str) -> Content:
    """A section's title."""
    return Content.styled(line(text), "bold $text-accent")


def section(title: str, text: Content | str) -> Content:
    """A section with its title; a string is outside text."""
    return Content.assemble(heading(title), "\n", text if isinstance(text, Content) else paragraphs(text), "\n")


def request(sent: SandboxRequest) -> Content:
    """A request that a sandbox recorded, as it would have gone out; its secrets are placeholders."""
    headers = "\n".join(f"{line(name)}: {line(value)}" for name, value in sent["headers"])
    first = Content.assemble((line(sent["method"]), "bold"), " ", (line(sent["url"]), "$text-primary"))
    return Content.assemble(first, "\n", (headers, "$foreground-muted"), "\n\n", paragraphs(_body(sent)))


def _body(sent: SandboxRequest) -> str:
    body = sent.get("body") or ""
    if sent.get("body_encoding", "text") != "text":
        return f"({sent.get('body_size', 0)} bytes that are no text)"
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


def schema_lines(schema: Json) -> Content:
    """The fields of a schema, one a line: name, type, what it is for."""
    from powerstrip_tui.widgets.schema import fields_of

    fields = fields_of(schema)
    if not fields:
        return Content.styled("  nothing", "$foreground-muted")
    wide = min(24, max(len(each.name) for each in fields))
    lines: list[Content] = []
    for each in fields:
        mark = "*" if each.required else " "
        about = each.help.partition("\n")[0]
        lines.append(Content.assemble(f"{mark} ", (line(each.name).ljust(wide), "bold"), " ", (line(about), "$foreground-muted")))
    return Content("\n").join(lines)
