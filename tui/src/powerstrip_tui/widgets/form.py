"""A form made from a JSON Schema."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Select, Static, TextArea

from powerstrip.client import Pages
from powerstrip.client.shapes import Choice
from powerstrip_tui.texts import line
from powerstrip_tui.widgets.schema import FieldSpec, Judge, Schema, fields_of

if TYPE_CHECKING:
    from powerstrip_tui.app import Dashboard

Pick: TypeAlias = Callable[[str, str, dict[str, str]], Pages[Choice]]
"""Picker, what is searched, the other fields filled so far."""
NOTHING = "—"


class Secret(Input):
    """A masked field. A key of several lines is pasted whole."""

    def __init__(self, placeholder: str = "") -> None:
        super().__init__(password=True, placeholder=placeholder, compact=True)

    def _on_paste(self, event: events.Paste) -> None:
        self.insert_text_at_cursor(event.text)
        event.stop()
        event.prevent_default()


class FormField(Vertical):
    """A field: its title, the place to write, what it is for, and what is wrong with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "pick", "Choose from a list", show=True, id="form.pick"),
    ]
    app: "Dashboard"

    class Changed(Message):
        """Something was typed."""

    def __init__(self, spec: FieldSpec, value: Any, pick: Pick | None) -> None:
        super().__init__()
        self.spec = spec
        self._value = spec.default if value is None and spec.kind in ("choice", "yes_no") else value
        self._pick = pick if spec.picker else None
        self.touched = False

    def compose(self) -> ComposeResult:
        """The parts."""
        spec = self.spec
        kind = {"json": "JSON", "lines": "one per line", "whole": "whole number", "number": "number"}.get(spec.kind, "")
        told = [each for each in ("needed" if spec.required else "", kind) if each]
        title = Content.assemble((line(spec.title), "bold"), (f"  {', '.join(told)}" if told else "", "$foreground-muted"))
        if self._pick is not None:
            title = Content.assemble(title, ("  ↓ or Ctrl+o: choose", "$text-accent"))
        yield Static(title, classes="field-title")
        yield self._place()
        if spec.help:
            yield Static(Content(line(spec.help)), classes="field-help")
        yield Static(classes="field-wrong", markup=False)

    def _place(self) -> Widget:
        spec, text = self.spec, self.spec.write(self._value)
        hint = f"default: {line(spec.write(spec.default))}" if spec.default not in (None, "") else ""
        hint = hint or (f"such as {line(spec.example)}" if spec.example else "")
        match spec.kind:
            case "secret":
                return Secret(hint)
            case "choice":
                options = [(Content(line(each)), each) for each in spec.choices]
                start = self._value if self._value in spec.choices else Select.NULL
                blank = not spec.required or start is Select.NULL
                return Select[Any](options, value=start, prompt=NOTHING, compact=True, allow_blank=blank)
            case "yes_no" if spec.default is None and not spec.required:
                start = self._value if isinstance(self._value, bool) else Select.NULL
                return Select[Any]([("yes", True), ("no", False)], value=start, prompt=NOTHING, compact=True)
            case "yes_no":
                return Checkbox("yes", bool(self._value), compact=True)
            case "lines" | "json":
                return TextArea(text, placeholder=hint, compact=True, tab_behavior="focus", classes="field-area")
            case _:
                return Input(text, placeholder=hint, compact=True)

    def read(self) -> Any:
        """The value, None for nothing. Raises `ValueError` with a reason."""
        match self.query_one(".field-place, Input, Select, Checkbox, TextArea"):
            case Input() as field:
                return self.spec.read(field.value)
            case TextArea() as field:
                return self.spec.read(field.text)
            case Select() as field:  # pyright: ignore[reportUnknownVariableType]
                return None if field.value is Select.NULL else field.value  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            case Checkbox() as field:
                return field.value if self.spec.required or field.value != bool(self.spec.default) else None
            case _:
                return None

    def put(self, text: str) -> None:
        """Write into the field."""
        self.query_one(Input).value = text

    def wrong(self, reason: str) -> None:
        """Say what is wrong; nothing for an empty reason."""
        place = self.query_one(".field-wrong", Static)
        place.update(Content(f"✕ {line(reason)}") if reason else "")
        place.display = bool(reason)
        self.set_class(bool(reason), "is-wrong")

    def on_mount(self) -> None:
        """Nothing is wrong yet."""
        self.wrong("")

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Changed())

    def on_descendant_blur(self) -> None:
        """From now on what is wrong is told."""
        self.touched = True
        self.post_message(self.Changed())

    def on_key(self, event: events.Key) -> None:
        """Down opens the list where there is one."""
        if event.key == "down" and self._pick is not None:
            event.stop()
            self.action_pick()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The key is there where there is a list."""
        return self._pick is not None if action == "pick" else True

    def action_pick(self) -> None:
        """Choose from the provider's values."""
        form = next((each for each in self.ancestors if isinstance(each, Form)), None)
        if self._pick is None or form is None:
            return
        from powerstrip_tui.dialogs.picker import Picker

        pick, others = self._pick, form.filled(but=self.spec.name)

        def chosen(value: str | None) -> None:
            if value is not None:
                self.put(value)

        def ask(search: str) -> Pages[Choice]:
            return pick(self.spec.picker, search, others)

        self.app.push_screen(Picker(self.spec.title, ask), chosen)


class Form(VerticalScroll, can_focus=False):
    """The fields of a schema. `Ctrl+s`, or Enter in the last field, submits what is right.

    `values` are what to begin with; `pick` gives the values of pickers, where there is an integration to ask.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "submit", "Go on", key_display="^s", id="form.submit")]

    app: "Dashboard"

    class Submitted(Message):
        """Every answer is right, as far as the schema says."""

        def __init__(self, form: "Form", values: dict[str, Any]) -> None:
            super().__init__()
            self.form, self.values = form, values

        @property
        def control(self) -> "Form":
            """The form it came from."""
            return self.form

    def __init__(
        self,
        schema: Schema,
        *,
        values: Mapping[str, Any] | None = None,
        pick: Pick | None = None,
        only: Callable[[FieldSpec], bool] | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.specs = [spec for spec in fields_of(schema) if only is None or only(spec)]
        self._values, self._pick = dict(values or {}), pick
        names = {spec.name for spec in self.specs}
        self._judge = Judge({**schema, "required": [each for each in schema.get("required", []) if each in names]})

    def compose(self) -> ComposeResult:
        """The fields."""
        for spec in self.specs:
            yield FormField(spec, self._values.get(spec.name), self._pick)

    @property
    def _fields(self) -> list[FormField]:
        return [*self.query(FormField)]

    def filled(self, but: str = "") -> dict[str, str]:
        """What is written in the other fields, as texts."""
        simple = {name: value for name, value in self._read()[0].items() if isinstance(value, str | int | float)}
        return {name: str(value) for name, value in simple.items() if name != but}

    def _read(self) -> tuple[dict[str, Any], dict[str, str]]:
        values: dict[str, Any] = {}
        wrong: dict[str, str] = {}
        for field in self._fields:
            try:
                value = field.read()
            except ValueError as reason:
                wrong[field.spec.name] = str(reason)
                continue
            if value is not None:
                values[field.spec.name] = value
        return values, wrong

    def _judged(self) -> tuple[dict[str, Any], dict[str, str]]:
        values, wrong = self._read()
        known = {**self._judge.reasons(values), **wrong}
        return values, known

    @on(FormField.Changed)
    def _changed(self, event: FormField.Changed) -> None:
        """Live: what was touched is judged."""
        event.stop()
        _, reasons = self._judged()
        for field in self._fields:
            if field.touched:
                field.wrong(reasons.get(field.spec.name, ""))

    def tell(self, reasons: Sequence[tuple[str, str]]) -> None:
        """Show the hub's own reasons at their fields."""
        by_field = {path.rpartition("credentials.")[2].rpartition("config.")[2].split(".")[0]: words for path, words in reasons}
        for field in self._fields:
            if words := by_field.get(field.spec.name):
                field.wrong(words)

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        """Enter goes to the next field; in the last one it submits."""
        event.stop()
        last = self._fields[-1]
        if last in event.input.ancestors:
            self.action_submit()
        else:
            self.screen.focus_next()

    def action_submit(self) -> None:
        """Judge everything, and hand it on or go to the first place that is wrong."""
        values, reasons = self._judged()
        for field in self._fields:
            field.touched = True
            field.wrong(reasons.get(field.spec.name, ""))
        first = next((field for field in self._fields if field.spec.name in reasons), None)
        if first is not None:
            first.query("Input, Select, Checkbox, TextArea").first().focus()
        elif reasons:
            self.app.notify(line(next(iter(reasons.values()))), severity="error")
        else:
            self.post_message(self.Submitted(self, values))

    def begin(self) -> None:
        """Put the cursor into the first field."""
        places = self.query("Input, Select, Checkbox, TextArea")
        if places:
            places.first().focus()
