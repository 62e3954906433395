"""A form in a window."""

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from powerstrip.client.shapes import Json
from powerstrip_tui.dialogs.dialog import Dialog
from powerstrip_tui.texts import paragraphs
from powerstrip_tui.widgets.form import Form, Pick


class Filling(Dialog[dict[str, Any]]):
    """A form in a window: answers with its values. Ctrl+s goes on."""

    BINDINGS: ClassVar[list[BindingType]] = []
    CSS = "Filling Form { height: auto; max-height: 24; padding: 0; }"

    def __init__(
        self, heading: str, schema: Json, help: str = "", *, values: Json | None = None, pick: Pick | None = None
    ) -> None:
        super().__init__(heading)
        self._schema, self._help, self._values, self._pick = schema, help, values, pick

    def body(self) -> ComposeResult:
        """What to know, and the form."""
        if self._help:
            yield Static(Content(paragraphs(self._help)), classes="hint")
        yield Form(self._schema, values=self._values, pick=self._pick)

    def on_mount(self) -> None:
        """Into the first field."""
        self.query_one(Form).begin()

    @on(Form.Submitted)
    def _submitted(self, event: Form.Submitted) -> None:
        self.dismiss(event.values)
