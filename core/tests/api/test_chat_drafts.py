"""Automations by sentence: what is open is asked for, the draft is tried in the sandbox, and nothing is kept before a yes."""

import pytest

from .conftest import House
from .talking import Talk

KEY = "pm-invented-key-7f31c2"
FORM = "when the intake form is submitted, send a confirmation email to the patient with postmark"


@pytest.fixture
async def talk(house: House) -> Talk:
    new = {
        "name": "mail",
        "provider": "postmark",
        "credentials": {"server_token": KEY},
        "config": {"from_address": "care@clinic.example"},
    }
    await house.ok("POST", "integrations", new)
    return await Talk.begun(house)


async def slack(house: House, **config: str) -> None:
    await house.ok(
        "POST",
        "integrations",
        {"name": "team", "provider": "slack", "credentials": {"bot_token": "xoxb-invented-0000"}, "config": config},
    )


async def test_the_fields_of_a_form_are_asked_for_and_mapped_and_the_run_is_shown(house, talk) -> None:
    assert "Which fields has the intake" in (await talk.say(FORM))["text"]
    reply = await talk.say("first name, e-mail and birth date")
    spec = reply["plan"]["spec"]
    assert spec["inputs"] == {"first_name": {"type": "any"}, "email": {"type": "any"}, "birth_date": {"type": "any"}}
    assert spec["triggers"][0]["inputs"]["email"] == "${default(event.after.email, null)}"
    assert spec["steps"][0]["parameters"]["to"] == "${inputs.email}"
    assert spec["steps"][0]["integration"] == "mail"
    sandbox = reply["plan"]["sandbox"]
    assert sandbox["status"] == "completed"
    assert sandbox["event"]["after"]["email"] == "someone@example.com"
    (sent,) = sandbox["steps"][0]["would_send"]
    assert sent["url"] == "https://api.postmarkapp.com/email"
    assert "someone@example.com" in sent["body"]
    assert KEY not in str(reply)
    assert (await house.ok("GET", "automations"))["items"] == []
    assert (await house.ok("GET", "runs"))["items"] == []

    assert (await talk.say("no"))["text"] == "Left as it is."
    assert (await house.ok("GET", "automations"))["items"] == []


async def test_a_saved_draft_is_unpublished_and_may_be_published_as_it_was_shown(house, talk) -> None:
    await talk.say(FORM)
    await talk.say("name and email")
    await talk.say("yes")
    (made,) = (await house.ok("GET", "automations"))["items"]
    assert (made["status"], made.get("published_version")) == ("draft", None)
    await house.ok("POST", f"automations/{made['handle']}/versions/1/publication")
    assert (await house.ok("GET", "automations"))["items"][0]["status"] == "active"


async def test_a_project_s_own_entity_type_is_not_asked_about(house, talk) -> None:
    fields = [{"name": "guest_email", "type": "string"}, {"name": "nights", "type": "integer"}]
    await house.ok("POST", "entities", {"name": "booking", "fields": fields})
    reply = await talk.say("when a booking record is created send an email with postmark to desk@inn.example")
    assert reply["plan"]["spec"]["inputs"] == {"guest_email": {"type": "string"}, "nights": {"type": "integer"}}
    assert reply["plan"]["spec"]["steps"][0]["parameters"]["to"] == "desk@inn.example"


async def test_what_nothing_fits_is_asked_for_and_may_be_a_value_of_the_trigger(house, talk) -> None:
    await slack(house)
    await house.ok("POST", "integrations", {"name": "gh", "provider": "github", "credentials": {"token": "ghp-invented"}})
    reply = await talk.say("when a github issue is opened in acme/portal post to slack")
    assert "needs the channel" in reply["text"]
    assert "sender.login" in reply["text"]
    reply = await talk.say("the sender.login")
    spec = reply["plan"]["spec"]
    assert spec["steps"][0]["parameters"]["channel"] == "${inputs.event.sender.login}"
    assert spec["triggers"][0]["condition"] == 'event.repository.full_name == "acme/portal"'
    assert reply["plan"]["sandbox"]["event"]["repository"]["full_name"] == "acme/portal"


async def test_a_connection_that_settles_it_is_not_asked_about(house, talk) -> None:
    await slack(house, default_channel="#ward")
    reply = await talk.say('every monday at 9 post "Plan the week" on slack')
    assert reply["plan"]["spec"]["steps"][0]["parameters"] == {"text": "Plan the week"}
    assert reply["plan"]["sandbox"]["status"] == "completed"


async def test_who_may_not_call_the_action_sees_no_run_and_saves_nothing(house, talk) -> None:
    viewer = await Talk.begun(house, await house.member("worker"))
    await viewer.say(FORM)
    reply = await viewer.say("name and email")
    said = reply["text"] + (await viewer.say("yes"))["text"]
    assert "no permission" in said or "cannot be done" in said
    assert (await house.ok("GET", "automations"))["items"] == []


async def test_a_run_that_fails_in_the_sandbox_says_why(house, talk) -> None:
    await house.ok(
        "POST",
        "integrations",
        {
            "name": "mg",
            "provider": "mailgun",
            "credentials": {"api_key": "invented-key-01"},
            "config": {"domain": "mg.inn.example"},
        },
    )
    await house.ok("POST", "integrations", {"name": "pm2", "provider": "postmark", "credentials": {"server_token": KEY}})
    await house.ok(
        "PUT",
        "integrations/" + next(each["id"] for each in await talk.integrations() if each["name"] == "mail"),
        {"status": "inactive"},
    )
    await talk.say(FORM)
    await talk.say("name and email")
    reply = await talk.say("default")
    assert "Say who sends" in reply["text"]
    assert reply["plan"]["sandbox"]["status"] == "failed"
    assert reply["plan"]["sandbox"]["steps"][0]["would_send"] == []


async def saved(talk: Talk) -> str:
    await talk.say(FORM)
    await talk.say("name and email")
    await talk.say("yes")
    (made,) = (await talk.house.ok("GET", "automations"))["items"]
    return made["handle"]


async def test_a_draft_is_published_after_a_plan_and_a_yes_and_the_way_back_is_told_and_works(house, talk) -> None:
    handle = await saved(talk)

    async def status() -> tuple[str, int | None]:
        row = await house.ok("GET", f"automations/{handle}")
        return row["status"], row.get("published_version")

    reply = await talk.say("publish it")
    assert reply["plan"] == {"do": "publish", "name": handle, "version": 1, "before": None}
    assert "postmark.email.send through mail" in reply["text"]
    assert "it starts on intake.created." in reply["text"]
    assert await status() == ("draft", None)
    await talk.say("no")
    assert await status() == ("draft", None)
    await talk.say("please publish the draft")
    reply = await talk.say("yes")
    assert f"say unpublish {handle}" in reply["text"]
    assert await status() == ("active", 1)
    assert "published already" in (await talk.say(f"publish {handle}"))["text"]
    reply = await talk.say("unpublish it")
    assert reply["plan"]["do"] == "unpublish"
    assert await status() == ("active", 1)
    assert "draft again" in (await talk.say("yes"))["text"]
    assert await status() == ("draft", None)
    assert "nothing starts it" in (await talk.say("take it offline"))["text"]


async def test_publish_it_saves_the_draft_that_is_shown_and_plans_its_publication(house, talk) -> None:
    await talk.say(FORM)
    await talk.say("name and email")
    reply = await talk.say("save it and publish it")
    (made,) = (await house.ok("GET", "automations"))["items"]
    assert made["status"] == "draft", "the plan comes first"
    assert f"Saved as the draft {made['handle']}. Plan: publish {made['handle']}, version 1." in reply["text"]
    await talk.say("yes, publish it")
    assert (await house.ok("GET", f"automations/{made['handle']}"))["status"] == "active"


async def test_only_who_manages_automations_publishes_and_other_things_are_not_meant(house, talk) -> None:
    handle = await saved(talk)
    worker = await Talk.begun(house, await house.member("worker"))
    for words in (f"publish {handle}", "publish it"):
        assert "cannot be done" in (await worker.say(words))["text"]
    assert (await house.ok("GET", f"automations/{handle}"))["status"] == "draft"
    reply = await talk.say("publish the release v1.2 of acme/shop on github")
    assert (reply["plan"] or {}).get("do") != "publish"


async def test_a_draft_with_errors_is_not_published_and_a_newer_version_takes_the_place_of_the_older(house, talk) -> None:
    step = {"name": "post", "action": "postmark.email.send", "action_kind": "server"}
    mail = {"to": "ada@example.com", "subject": "Hi", "text_body": "Hi"}
    await house.ok("POST", "automations", {"handle": "late", "name": "late"})
    broken = {"steps": [{**step, "parameters": {**mail, "to": "${steps.nowhere.output.x}"}}]}
    await house.ok("POST", "automations/late/versions", {"spec": broken})
    assert "cannot be published as it is:\n- " in (await talk.say("publish it"))["text"]
    await house.ok("POST", "automations/late/versions", {"spec": {"steps": [{**step, "parameters": mail}]}})
    assert "has no trigger" in (await talk.say("go live with late"))["text"]
    await talk.say("yes")
    await house.ok("POST", "automations/late/versions", {"spec": {"steps": [{**step, "parameters": mail | {"subject": "Ho"}}]}})
    assert "version 3, in place of version 2" in (await talk.say("publish late"))["text"]
    assert "--version 2` goes back to version 2" in (await talk.say("yes"))["text"]
