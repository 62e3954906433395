"""What is said beside a question while a provider is connected: what a field is, and what is there already."""

from powerstrip.chat.connecting import Connecting
from powerstrip.chat.parser.text import fold
from powerstrip.chat.state import Reply
from powerstrip.chat.wording import explained
from powerstrip.value import replace


async def explain(connecting: Connecting, text: str) -> Reply:
    """What the fields that a question names are and where they are found, as the adapter says; then the open question again."""
    manifest = await connecting.manifest()
    about = explained(manifest, connecting.auth(manifest), fold(text))
    again = await connecting.next()
    return replace(again, text=f"{about} {again.text}".strip())


async def already(connecting: Connecting) -> str:
    """A word on connections of the provider that are there; empty where there are none, and where it stands for any API."""
    desk, state = connecting.desk, connecting.state
    rows = await desk.matching(connecting.person.project.id, state.provider, "")
    if not rows or (desk.catalog.has(state.provider) and desk.catalog.summary(state.provider).dynamic):
        return ""
    names = " and ".join(f"{row.name} ({desk.title(row.provider)}, {row.status})" for row in rows[:3])
    return f"There is already {names}{' and more' if len(rows) > 3 else ''}; this makes another one. "
