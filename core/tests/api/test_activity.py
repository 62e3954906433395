"""The figures of a day: how much was called, heard and run in each hour."""

from powerstrip.client import Client

MAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi"}


async def test_calls_and_failures_are_counted_in_the_hour_they_began(house) -> None:
    body = {"name": "mail", "provider": "postmark", "credentials": {"server_token": "pm-invented"}}
    await house.ok("POST", "integrations", body)
    for simulate in (None, None, "server_error"):
        asked = {"input": MAIL} | ({"simulate": simulate} if simulate else {})
        await house.ok("POST", "actions/postmark.email.send/invocations", asked)
    fired = {"mode": "deliver", "event_type": "postmark.email.opened"}
    await house.ok("POST", "integrations/events/test/fires", fired)
    hours = (await house.ok("GET", "activity"))["hours"]
    assert len(hours) == 24
    assert [each["at"] for each in hours] == sorted(each["at"] for each in hours)
    assert sum(each["calls"] for each in hours[-2:]) == 3  # the hour may have turned meanwhile
    assert sum(each["call_failures"] for each in hours[-2:]) == 1
    assert sum(each["events"] for each in hours[-2:]) == 1
    assert sum(each["calls"] + each["runs"] for each in hours[:-2]) == 0


async def test_another_project_has_figures_of_its_own(house) -> None:
    other = await house.another("Other", "sandbox")
    await house.ok(
        "POST", "integrations", {"name": "mail", "provider": "postmark", "credentials": {"server_token": "pm-invented"}}
    )
    await house.ok("POST", "actions/postmark.email.send/invocations", {"input": MAIL})
    hours = (await house.ok("GET", "activity", project=other.handle))["hours"]
    assert not any(each["calls"] for each in hours)


async def test_whoever_sees_the_project_sees_its_figures_and_nobody_else(house) -> None:
    assert (await house.ask("GET", "activity", key=await house.member("viewer"))).status_code == 200
    other = await house.another("Other")
    stranger = await house.member("viewer", project=other)
    assert (await house.ask("GET", "activity", key=stranger)).status_code in (403, 404)


async def test_the_client_reads_them(house) -> None:
    import httpx2

    transport = httpx2.ASGITransport(app=house.hub.app)
    async with Client("http://hub.test", house.first.key, "main", transport=transport) as client:
        assert len(await client.projects.activity("main")) == 24
