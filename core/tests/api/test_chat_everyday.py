"""Everyday requests about what a project has, and changes of mind: what is answered, what waits for a yes, what is not lost."""

import pytest

from .conftest import House
from .talking import Talk

BOT = "xoxb-invented-0000"
KEY = "pm-invented-key-7f31c2"


@pytest.fixture
async def talk(house: House) -> Talk:
    new = {"name": "team", "provider": "slack", "credentials": {"bot_token": BOT}, "config": {"default_channel": "#ops"}}
    await house.ok("POST", "integrations", new)
    return await Talk.begun(house)


async def mail(house: House) -> None:
    await house.ok("POST", "integrations", {"name": "mail", "provider": "postmark", "credentials": {"server_token": KEY}})


async def automation(house: House, handle: str, **spec: object) -> None:
    await house.ok("POST", "automations", {"handle": handle, "name": handle})
    step = {"name": "post", "action": "slack.message.post", "action_kind": "server", "parameters": {"text": "Hi"}}
    await house.ok("POST", f"automations/{handle}/versions", {"spec": {"steps": [step], **spec}})
    await house.ok("POST", f"automations/{handle}/versions/1/publication")


async def test_a_connection_is_renamed_after_a_yes(house, talk) -> None:
    reply = await talk.say("rename team to crew")
    assert "rename team to crew" in reply["text"]
    assert (await talk.integrations())[0]["name"] == "team"
    assert "called crew now" in (await talk.say("yes"))["text"]
    assert (await talk.integrations())[0]["name"] == "crew"
    assert "no connection harbour" in (await talk.say("rename harbour to port"))["text"]
    await talk.say("please rename the Slack connection to Front desk")
    await talk.say("no")
    assert (await talk.integrations())[0]["name"] == "crew"


async def test_a_setting_of_what_is_connected_is_changed_and_nothing_new_connected(house, talk) -> None:
    reply = await talk.say("set slack default channel to #general")
    assert "from #ops to #general" in reply["text"]
    assert (await talk.say("no wait, to #alerts"))["plan"]["to"] == "#alerts"
    assert (await talk.integrations())[0]["config"] == {"default_channel": "#ops"}
    await talk.say("actually, to #general")
    await talk.say("yes")
    (row,) = await talk.integrations()
    assert (row["name"], row["config"]) == ("team", {"default_channel": "#general"})
    assert (await talk.say("change the default channel of team to #night"))["plan"]["to"] == "#night"


async def test_connecting_what_is_connected_already_says_so(house, talk) -> None:
    assert "There is already team (Slack, active); this makes another one." in (await talk.say("connect slack"))["text"]
    assert "already" not in (await talk.say("connect postmark"))["text"]


async def test_an_automation_is_started_by_its_handle_with_inputs_from_the_sentence(house, talk) -> None:
    await automation(house, "big", inputs={"n": {"type": "integer", "required": True}})
    assert "needs n" in (await talk.say("run big"))["text"]
    assert "does not take m" in (await talk.say("run big with m = 3"))["text"]
    reply = await talk.say("run big with n = 3")
    assert reply["plan"]["inputs"] == {"n": 3}
    assert "in the sandbox" in reply["text"]
    assert (await house.ok("GET", "runs"))["items"] == []
    assert "completed" in (await talk.say("yes"))["text"]
    (run,) = (await house.ok("GET", "runs"))["items"]
    assert run["inputs"] == {"n": 3}
    worker = await Talk.begun(house, await house.member("worker"))
    assert "cannot be done" in (await worker.say("run big with n = 3"))["text"]


async def test_an_automation_is_paused_and_resumed_and_says_why_it_did_not_run(house, talk) -> None:
    await automation(house, "ticker", triggers=[{"key": "time", "kind": "schedule", "cron": "0 7 * * 1-5"}])
    assert "start nothing" in (await talk.say("pause ticker"))["text"]
    await talk.say("yes")
    assert (await house.ok("GET", "automations/ticker"))["status"] == "paused"
    why = (await talk.say("why did the ticker not run?"))["text"]
    assert "ticker is paused" in why
    assert "from Monday to Friday at 07:00 (UTC)" in why
    await talk.say("resume ticker")
    await talk.say("yes")
    assert (await house.ok("GET", "automations/ticker"))["status"] == "active"


async def test_what_was_called_and_what_failed_is_told_from_the_log(house, talk) -> None:
    await mail(house)
    assert "No such call has failed" in (await talk.say("why did my last email fail?"))["text"]
    await talk.say('post "Hi" to #ops on slack')
    await talk.say("yes")
    sent = {"to": "ann@example.com", "subject": "Hi", "text_body": "See you"}
    await house.ask("POST", "actions/postmark.email.send/invocations", {"input": sent})
    assert "2 calls today (UTC), 1 of them failed" in (await talk.say("how many calls did I make today"))["text"]
    assert "Say who sends" in (await talk.say("why did my last email fail?"))["text"]
    wrong = (await talk.say("what went wrong today"))["text"]
    assert "postmark.email.send: Say who sends" in wrong
    assert "slack" not in wrong


async def test_everything_at_once(house, talk) -> None:
    status = (await talk.say("what is the status?"))["text"]
    assert "- team (Slack): active" in status
    assert "Today (UTC): 0 calls, 0 failed." in status
    assert "- team works." in (await talk.say("test everything"))["text"]
    assert "connect Slack" in (await talk.say("hello"))["text"]
    assert "team: Slack" in (await talk.say("quels services sont connectés ?"))["text"]


async def test_a_webhook_to_others_is_made_and_its_secret_not_told(house, talk) -> None:
    reply = await talk.say("make a webhook to https://example.com/hook for all runs")
    assert reply["plan"]["events"] == ["run.*"]
    assert (await house.ok("GET", "webhooks"))["items"] == []
    reply = await talk.say("yes")
    (made,) = (await house.ok("GET", "webhooks"))["items"]
    assert (made["name"], made["url"], made["events"]) == ("example.com", "https://example.com/hook", ["run.*"])
    assert "whsec" not in str(talk.session) + str(reply)


async def test_a_plan_and_a_draft_take_a_change_and_are_shown_again(house, talk) -> None:
    await talk.say('post "Hi" to #ops on slack')
    reply = await talk.say("no wait, to #alerts")
    assert reply["plan"]["inputs"] == {"channel": "#alerts", "text": "Hi"}
    assert "channel: #alerts, text: Hi" in reply["text"]
    assert "Say yes" in (await talk.say("hmm, let me think"))["text"]
    assert (await talk.say("no"))["done"]
    assert (await house.ok("GET", "action-invocations"))["items"] == []

    reply = await talk.say('every monday at 9 post "Plan the week" to #ops on slack')
    assert "every Monday at 09:00 (UTC)" in reply["text"]
    reply = await talk.say('change the text to "guten morgen"')
    assert reply["plan"]["spec"]["steps"][0]["parameters"] == {"channel": "#ops", "text": "guten morgen"}
    reply = await talk.say("make it every friday at 16:30")
    assert reply["plan"]["spec"]["triggers"][0]["cron"] == "30 16 * * 5"
    await talk.say("yes")
    assert len((await house.ok("GET", "automations"))["items"]) == 1


async def test_another_field_is_changed_while_one_is_asked_for(house, talk) -> None:
    await mail(house)
    reply = await talk.say('every monday at 9 email bo@example.com with subject "Plan" and body "Go" with postmark')
    assert "needs the sender" in reply["text"]
    assert "needs the sender" in (await talk.say('change the subject to "Week plan"'))["text"]
    reply = await talk.say("shop@example.com")
    given = reply["plan"]["spec"]["steps"][0]["parameters"]
    assert (given["subject"], given["sender"]) == ("Week plan", "shop@example.com")


async def test_while_a_key_is_asked_for_a_question_is_answered_and_another_service_taken(talk) -> None:
    await talk.say("connect postmark")
    reply = await talk.say("what is a server token?")
    assert reply["text"].startswith("Server API token:")
    assert reply["form"]["provider"] == "postmark"
    assert (await talk.say("actually I meant linear"))["text"].count("Linear")
    assert [each["provider"] for each in await talk.integrations()] == ["slack"]


async def test_a_call_that_failed_goes_on_with_what_was_missing(house, talk) -> None:
    await mail(house)
    await talk.say('send an email to ann@example.com via postmark with subject "Hi" and body "See you"')
    assert "Say who sends" in (await talk.say("yes"))["text"]
    reply = await talk.say("from shop@example.com")
    assert reply["plan"]["inputs"]["sender"] == "shop@example.com"
    assert reply["plan"]["inputs"]["subject"] == "Hi"
    assert (await talk.say("yes"))["text"].startswith("Done.")


async def test_services_in_one_sentence_are_connected_one_after_another(talk) -> None:
    reply = await talk.say("connect postmark, twilio and github")
    assert reply["text"].startswith("One after another: Postmark, Twilio, GitHub.")
    await talk.fill(server_token=KEY)
    await talk.say("default")
    await talk.say("default")
    reply = await talk.say("default")
    assert "Next, Twilio:" in reply["text"]
    assert not reply["done"]
    assert (await talk.say("cancel"))["done"]
    assert {each["provider"] for each in await talk.integrations()} == {"slack", "postmark"}
