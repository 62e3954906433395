"""Audit, secrets, access, endpoints, workers, hub: each by keys, and what must not be seen."""

from pressing import SMALL, WIDE, press, screen, settled, type_text, until

CANARY = "canary-sesame-4711"


async def test_every_screen_opens_at_both_sizes_without_a_trouble(app) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        for size in (SMALL, WIDE):
            await pilot.resize_terminal(*size)
            for key in "1234567890i":
                await press(pilot, key)
                assert not app.screen.query_one(".trouble").display, screen(app)


async def test_a_secret_goes_in_unseen_and_never_comes_out(app, client) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "6")
        await pilot.press("n")
        await until(pilot, lambda: "A new secret's name" in screen(app))
        await type_text(pilot, "billing")
        await pilot.press("enter")
        await until(pilot, lambda: "Which field?" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "The value of value" in screen(app))
        await type_text(pilot, CANARY)
        assert CANARY not in screen(app)
        await pilot.press("enter")
        await until(pilot, lambda: "billing" in screen(app) and app.screen.current)
        await pilot.press("s")
        await until(pilot, lambda: "Which field?" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "The value of value" in screen(app))
        await type_text(pilot, CANARY + "2")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.current["version"] == 2)
        await pilot.press("X")
        await until(pilot, lambda: "Delete billing for good?" in screen(app))
        await pilot.press("n")
        assert [each["name"] for each in await client.secrets.list().all()] == ["billing"]


async def test_a_key_is_made_shown_once_and_revoked(app, client) -> None:
    principal = await client.principals.create("robot")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "7")
        await pilot.press("n")
        await until(pilot, lambda: "Whose key?" in screen(app))
        await type_text(pilot, "robot")
        await pilot.press("enter")
        await until(pilot, lambda: "What is it for?" in screen(app))
        await type_text(pilot, "nightly")
        await pilot.press("enter")
        await until(pilot, lambda: "shown this once" in screen(app))
        key = next(word for word in screen(app).split() if word.startswith("mbx_") and len(word) > 30)
        await pilot.press("escape")
        await until(pilot, lambda: "nightly" in screen(app))
        assert key not in screen(app)
        await until(pilot, lambda: "robot" in screen(app))
        await pilot.press("X")
        await until(pilot, lambda: "Revoke nightly" in screen(app))
        await pilot.press("y")
        await until(pilot, lambda: "nightly" not in screen(app) or "ago" in screen(app))
    kept = [each for each in await client.keys.list().all() if each["principal_id"] == principal["id"]]
    assert all(each.get("revoked_at") for each in kept)


async def test_an_address_is_made_switched_off_and_deleted(app, client) -> None:
    await client.integrations.create("mail", "postmark", credentials={"server_token": "pm-invented-token"}, probe=False)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "8")
        await pilot.press("n")
        await until(pilot, lambda: "An address for which integration?" in screen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "/v1/hooks/" in screen(app))
        await pilot.press("escape")
        await until(pilot, lambda: "● on" in screen(app))
        await pilot.press("s")
        await until(pilot, lambda: "○ off" in screen(app))
        await pilot.press("X")
        await until(pilot, lambda: "Whoever sends there" in screen(app))
        await pilot.press("y")
        await until(pilot, lambda: "/v1/hooks/" not in screen(app))
    assert await client.endpoints.list() == []


async def test_the_audit_trail_is_narrowed_and_verified(app, client) -> None:
    await client.secrets.create("made-before", {"value": CANARY})
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await settled(pilot)
        await press(pilot, "5")
        await until(pilot, lambda: "made-before" in screen(app))
        await pilot.press("V")
        await until(pilot, lambda: "The chain holds" in screen(app))
        await pilot.press("f")
        await until(pilot, lambda: "Show only" in screen(app) and "refuse" in screen(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "only: use" in screen(app))
        assert CANARY not in screen(app)


async def test_the_hub_says_what_its_operator_allowed_to_its_operator_alone(app, served) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "0")
        await until(pilot, lambda: "shown to its operator" in screen(app) or "Exceptions from the safe defaults" in screen(app))
        assert "Powerstrip" in screen(app)
