"""A conversation beside any screen: sentences in, answers out; choices and forms inline, secrets in masked fields alone."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from powerstrip.client import HubError
from powerstrip.client.chat import ChatReply
from powerstrip_tui.standing import telling
from powerstrip_tui.texts import line, literal, paragraphs
from powerstrip_tui.widgets.keys import Keys

if TYPE_CHECKING:
    from powerstrip_tui.app import Dashboard

HELLO = "Say what you want, such as “Connect to Postmark to send transactional emails”. Keys are asked for in a masked field."


class Chat(ModalScreen[None]):
    """One conversation; it is gone on with when the panel, or the dashboard, is opened again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", key_display="Esc", id="chat.leave"),
        Binding("ctrl+n", "anew", "Begin anew", id="chat.anew"),
    ]
    DEFAULT_CLASSES = "beside"
    app: "Dashboard"

    def __init__(self) -> None:
        super().__init__()
        self._session = ""
        self._choices: list[dict[str, Any]] = []
        self._fields: list[dict[str, Any]] = []
        self._values: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """What was said, what is asked for, and a line to type on."""
        with Vertical(classes="panel"):
            yield VerticalScroll(Static(Content(HELLO), classes="hint"), id="talk", can_focus=False)
            yield Static(id="asked", markup=False)
            yield OptionList(id="choices", compact=True)
            yield Input(placeholder="Say something", compact=True, select_on_focus=False, id="say")
        yield Keys()

    def on_mount(self) -> None:
        """Begin on the line; go on with the conversation of before, where there is one."""
        self.query_one(Vertical).border_title = Content("Chat")
        self.query_one("#choices").display = False
        self.query_one("#asked").display = False
        self.query_one(Input).focus()
        self._resume(self.app.remembered.of(self._place).get("chat", ""))

    @property
    def _place(self) -> str:
        return f"{self.app.link.where} {self.app.link.project}"

    @work(group="chat")
    async def _resume(self, id: str) -> None:
        if not id:
            return
        async with self._asking("Reading the conversation"):
            try:
                found = await self.app.hub.chats.get(id)
            except HubError:  # it was deleted, or is somebody else's: the next sentence begins another
                return
            self._session = found["id"]
            for each in found["transcript"]:
                self._tell(str(each.get("text", "")), "bold" if each.get("role") == "person" else "")

    def _tell(self, text: str, style: str = "") -> None:
        """Put words into the conversation."""
        words = Content(paragraphs(text))
        told = (
            Content.assemble(("› ", "bold"), words.stylize("bold"))
            if style == "bold"
            else words.stylize(style)
            if style
            else words
        )
        talk = self.query_one("#talk", VerticalScroll)
        talk.mount(Static(told, classes="said"))
        self.call_after_refresh(talk.scroll_end, animate=False)

    # Asking and answering

    @on(Input.Submitted, "#say")
    def _said(self, event: Input.Submitted) -> None:
        text, field = event.value, self._fields[0] if self._fields else None
        event.input.value = ""
        if field is None:
            if text.strip():
                self._tell(text.strip(), "bold")
                self._say(text.strip())
            return
        if not text.strip() and field.get("required", True):
            self._tell(f"{line(field['title'])} is needed; Ctrl+N begins anew.", "$text-warning")
            return
        if text.strip():
            self._values[field["name"]] = text.strip()
        self._tell(f"{line(field['title'])}: {'••••••••' if field.get('secret') else text.strip()}", "bold")
        self._fields.pop(0)
        if self._fields:
            self._ask_field()
        else:
            self._plain()
            self._fill()

    @on(OptionList.OptionSelected, "#choices")
    def _taken(self, event: OptionList.OptionSelected) -> None:
        choice = self._choices[event.option_index]
        self._tell(str(choice.get("title") or choice.get("value")), "bold")
        self._say(str(choice["value"]))

    def on_key(self, event: Key) -> None:
        """Letters that are typed on the choices go to the line: they may name what is not among them, or narrow a long list."""
        say = self.query_one(Input)
        if self.focused is self.query_one("#choices") and event.is_printable and event.character:
            event.stop()
            say.focus()
            say.insert_text_at_cursor(event.character)

    @work(group="chat", exclusive=True)
    async def _say(self, text: str) -> None:
        async with self._asking("Thinking"):
            if not self._session:
                self._session = (await self.app.hub.chats.begin())["id"]
                self.app.remembered.keep(self._place, chat=self._session)
            self._answered((await self.app.hub.chats.say(self._session, text))["reply"])

    @work(group="chat", exclusive=True)
    async def _fill(self) -> None:
        values, self._values = self._values, {}
        async with self._asking("Trying it at the provider"):
            self._answered((await self.app.hub.chats.fill(self._session, values))["reply"])

    def _asking(self, doing: str) -> AbstractAsyncContextManager[None]:
        """Ask the hub inside; an error of the client ends the block and is told in the conversation."""
        return telling(self, doing, lambda words: self._tell(words, "$text-error"))

    def _answered(self, reply: ChatReply) -> None:
        """Show an answer, with what it asks for."""
        self.app.heard(None)
        self._tell(reply["text"])
        self._choices = [*(reply.get("choices") or [])]
        form = reply.get("form")
        listing = self.query_one("#choices", OptionList)
        listing.clear_options()
        listing.display = bool(self._choices)
        self._plain()
        if self._choices:
            listing.add_options([self._option(each) for each in self._choices])
            listing.highlighted = 0
            listing.focus()
            self.query_one(Input).placeholder = "or type an answer, or a part of one"
        elif form:
            self._fields, self._values = [*form["fields"]], {}
            self._ask_field()

    def _option(self, choice: dict[str, Any]) -> Option:
        return Option(
            Content.assemble(
                literal(choice.get("title") or choice.get("value"), "bold"),
                "  ",
                literal(choice.get("detail", ""), "$foreground-muted"),
            )
        )

    def _ask_field(self) -> None:
        """Make the line that of the next field; a secret one shows nothing of what is typed."""
        field = self._fields[0]
        asked = self.query_one("#asked", Static)
        asked.display = True
        optional = "" if field.get("required", True) else " (may be left empty)"
        asked.update(
            Content.assemble(
                literal(field["title"] + optional, "bold"), "  ", literal(field.get("help", ""), "$foreground-muted")
            )
        )
        say = self.query_one(Input)
        say.password = bool(field.get("secret"))
        say.placeholder = "typed unseen" if say.password else line(field["title"])
        say.focus()

    def _plain(self) -> None:
        """Make the line one for sentences again."""
        self._fields = []
        self.query_one("#asked").display = False
        say = self.query_one(Input)
        say.password, say.placeholder = False, "Say something"
        say.focus()

    # Keys

    def action_leave(self) -> None:
        """Close the panel; the conversation stays."""
        self.dismiss(None)
        from powerstrip_tui.view import View

        behind = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        if isinstance(behind, View):
            behind.reload(quietly=True)

    def action_anew(self) -> None:
        """Leave this conversation as it is, and begin another."""
        self._session = ""
        self.app.remembered.keep(self._place, chat="")
        self.query_one("#choices").display = False
        self._plain()
        self.query_one("#talk", VerticalScroll).remove_children()
        self._tell(HELLO, "$foreground-muted")
