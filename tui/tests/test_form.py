"""Forms made from JSON Schemas, and pickers."""

from typing import Any

import pytest
from pressing import press, screen, settled, type_text, until
from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Input, TextArea

from powerstrip.client.pages import Page
from powerstrip_tui.dialogs.picker import Picker
from powerstrip_tui.view import View
from powerstrip_tui.widgets.form import Form, Secret

SCHEMA = {
    "type": "object",
    "properties": {
        "token": {"type": "string", "title": "Token", "format": "password", "writeOnly": True, "minLength": 5},
        "name": {"type": "string", "title": "Name", "description": "What it is called.", "maxLength": 8},
        "count": {"anyOf": [{"type": "integer", "minimum": 2}, {"type": "null"}], "default": None, "title": "Count"},
        "colour": {"enum": ["red", "green"], "title": "Colour", "default": "green"},
        "loud": {"type": "boolean", "title": "Loud", "default": False},
        "tags": {"type": "array", "items": {"type": "string"}, "title": "Tags"},
        "place": {"$ref": "#/$defs/Place"},
        "channel": {"anyOf": [{"type": "string", "x-picker": "channel"}, {"type": "null"}], "title": "Channel"},
    },
    "required": ["name", "token"],
    "additionalProperties": False,
    "$defs": {"Place": {"type": "object", "title": "Place", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}


class Choices:
    """Made-up values of a picker, that remember what they were asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def __call__(self, picker: str, search: str, values: dict[str, str]) -> Any:
        self.asked.append((picker, search, values))
        return Paged([f"#{search}{number}" for number in range(60)])


class Paged:
    def __init__(self, names: list[str]) -> None:
        self.names = names

    async def page(self, cursor: str | None = None, limit: int | None = None) -> Page:
        at = int(cursor or 0)
        found = [{"value": f"C{name}", "label": name} for name in self.names[at : at + 20]]
        return Page(found, str(at + 20) if at + 20 < len(self.names) else None)


class Filling(View):
    EVERY = None

    def __init__(self, pick: Choices, values: dict[str, Any] | None = None) -> None:
        super().__init__()
        self._form = Form(SCHEMA, pick=pick, values=values)
        self.got: list[dict[str, Any]] = []

    def body(self) -> ComposeResult:
        yield self._form

    def on_mount(self) -> None:
        self._form.begin()

    @on(Form.Submitted)
    def _got(self, event: Form.Submitted) -> None:
        self.got.append(event.values)


@pytest.fixture
def choices() -> Choices:
    return Choices()


@pytest.fixture
async def filling(app, choices):
    async with app.run_test(size=(90, 60)) as pilot:
        await settled(pilot)
        view = Filling(choices)
        await app.push_screen(view)
        await settled(pilot)
        yield pilot, view


def field(view: View, title: str) -> Any:
    return next(each for each in view.query("FormField") if each.spec.name == title)


async def test_a_form_is_filled_by_keys_and_gives_typed_values(filling) -> None:
    pilot, view = filling
    await type_text(pilot, "secret-token")
    await press(pilot, "enter")
    await type_text(pilot, "lamp")
    await press(pilot, "tab")
    await type_text(pilot, "3")
    field(view, "tags").query_one(TextArea).text = "one\n two \n\n"
    field(view, "place").query_one(TextArea).text = '{"city": "Bonn"}'
    await press(pilot, "ctrl+s")
    assert view.got == [
        {
            "token": "secret-token",
            "name": "lamp",
            "count": 3,
            "colour": "green",
            "tags": ["one", "two"],
            "place": {"city": "Bonn"},
        }
    ]


async def test_secrets_are_masked_and_pasted_whole(filling) -> None:
    pilot, view = filling
    secret = field(view, "token").query_one(Secret)
    secret.focus()
    await pilot.pause()
    secret.post_message(events.Paste("-----BEGIN KEY-----\ninvented\n-----END KEY-----\n"))
    await until(pilot, lambda: "invented" in secret.value)
    assert "invented" not in screen(pilot.app)
    field(view, "name").query_one(Input).value = "lamp"
    await press(pilot, "ctrl+s")
    assert view.got[0]["token"] == "-----BEGIN KEY-----\ninvented\n-----END KEY-----"


async def test_what_is_wrong_is_told_while_typing_and_never_repeats_a_secret(filling) -> None:
    pilot, view = filling
    await type_text(pilot, "abc")
    assert "At least" not in screen(pilot.app), "nobody is told off in the middle of a word"
    await press(pilot, "tab")
    assert "✕ At least 5 characters." in screen(pilot.app)
    await type_text(pilot, "much-too-long")
    await press(pilot, "tab")
    assert "✕ At most 8 characters." in screen(pilot.app)
    await type_text(pilot, "1")
    await press(pilot, "tab")
    assert "✕ Not below 2." in screen(pilot.app)
    field(view, "place").query_one(TextArea).text = '{"city": '
    await press(pilot, "ctrl+s")
    assert "This is not JSON yet (line 1, column 10)." in screen(pilot.app)
    assert view.got == []
    assert "abc" not in screen(pilot.app)


async def test_the_first_place_that_is_wrong_gets_the_cursor(filling) -> None:
    pilot, view = filling
    field(view, "token").query_one(Input).value = "long enough"
    await press(pilot, "ctrl+s")
    assert "✕ This is needed." in screen(pilot.app)
    assert pilot.app.focused is field(view, "name").query_one(Input)


async def test_the_hubs_own_reasons_stand_at_their_fields(filling) -> None:
    pilot, view = filling
    view._form.tell([("config.name", "It is taken."), ("credentials.token", "It does not begin with x.")])
    await settled(pilot)
    assert "✕ It is taken." in screen(pilot.app)
    assert "✕ It does not begin with x." in screen(pilot.app)


async def test_a_picker_searches_pages_and_fills_its_field(filling, choices) -> None:
    pilot, view = filling
    field(view, "name").query_one(Input).value = "lamp"
    field(view, "channel").query_one(Input).focus()
    await press(pilot, "down")
    assert isinstance(pilot.app.screen, Picker)
    await until(pilot, lambda: "20 found, more as you go down" in screen(pilot.app))
    assert choices.asked[0] == ("channel", "", {"name": "lamp", "colour": "green"})
    await press(pilot, "down", *["down"] * 18)
    await until(pilot, lambda: "40 found" in screen(pilot.app))
    await press(pilot, "home", "up")
    await type_text(pilot, "ops")
    await until(pilot, lambda: "#ops0" in screen(pilot.app))
    await pilot.press("enter")
    await until(pilot, lambda: field(view, "channel").query_one(Input).value == "C#ops0")
