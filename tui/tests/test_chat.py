"""The conversation beside any screen: connect by keys, the secret unseen, gone on with later."""

from pressing import SMALL, WIDE, press, screen, settled, type_text, until

from powerstrip.client.chat import Chats
from powerstrip_tui import Dashboard, OpenDoor

TOKEN = "pm-canary-invented-0123456789"


async def test_a_provider_is_connected_in_a_conversation_and_its_key_is_never_seen(app, client, remembered) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "5")
        await pilot.press("C")
        await until(pilot, lambda: "Say what you want" in screen(app))
        await type_text(pilot, "Connect to Postmark to send transactional emails.")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query_one("#say").password)
        await type_text(pilot, TOKEN)
        assert TOKEN not in screen(app)
        await pilot.press("enter")
        await until(pilot, lambda: "••••••••" in screen(app))
        for _ in range(8):
            if await client.integrations.list().all():
                break
            await until(pilot, lambda: app.screen.query_one("#choices").display or not app.screen.query_one("#say").password)
            await type_text(pilot, "default")
            await pilot.press("enter")
            await settled(pilot)
        made = await client.integrations.list().all()
        assert [each["provider"] for each in made] == ["postmark"]
        assert TOKEN not in screen(app)
        await pilot.press("escape")
        await until(pilot, lambda: "Verify chain" in screen(app))
        for words in ("hello there", "hello again"):  # it can be opened again and again, and spoken to each time
            await pilot.press("C")
            await until(pilot, lambda: "Say something" in screen(app))
            await type_text(pilot, words)
            await pilot.press("enter")
            await until(pilot, lambda words=words: f"› {words}" in screen(app))
            await settled(pilot)
            await pilot.press("escape")
            await until(pilot, lambda: "Verify chain" in screen(app))
    again = Dashboard(OpenDoor(client), remembered)
    async with again.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("C")
        await until(pilot, lambda: "hello again" in screen(again))
        assert TOKEN not in screen(again)


async def test_a_value_of_the_provider_is_chosen_or_typed(app, monkeypatch) -> None:
    said: list[str] = []

    async def say(self: Chats, id: str, text: str) -> dict:
        said.append(text)
        choices = (
            [] if text == "#ward-7" else [{"value": f"#{name}", "title": f"#{name}", "detail": ""} for name in ("ward", "lab")]
        )
        reply = {
            "text": "Default channel?" if choices else "Taken.",
            "form": None,
            "choices": choices,
            "plan": None,
            "done": not choices,
        }
        return {"reply": reply}

    monkeypatch.setattr(Chats, "say", say)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("C")
        await until(pilot, lambda: "Say what you want" in screen(app))
        await type_text(pilot, "connect slack")
        await pilot.press("enter")
        await until(pilot, lambda: "#lab" in screen(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: said[-1] == "#lab")
        await until(pilot, lambda: app.screen.query_one("#choices").has_focus)
        await type_text(pilot, "#ward-7")
        assert app.screen.query_one("#say").value == "#ward-7"
        await pilot.press("enter")
        await until(pilot, lambda: "Taken." in screen(app))
        assert said == ["connect slack", "#lab", "#ward-7"]
