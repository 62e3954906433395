"""What tests put into a hub before they look at it: apart, since test modules of one name in two folders hide each other."""

GREET = """\
name: Greet
inputs:
  who: {type: string}
steps:
  - name: tell
    action: slack.message.post
    action_kind: server
    parameters: {channel: "#ops", text: "Hello ${inputs.who}"}
"""
WAITS = """\
name: Wait
steps:
  - name: answer
    wait_for_event: {event: signal.approved}
"""


async def made(client, source: str, handle: str, *, publish: bool = True) -> None:
    await client.automations.create(handle, handle.title())
    version = await client.automations.add_version(handle, source=source)
    if publish:
        await client.automations.publish(handle, version["version"])


async def slack(client) -> None:
    await client.integrations.create("ops", "slack", credentials={"bot_token": "xoxb-000000000000-invented-token"}, probe=False)


async def fired(client, text: str = "hello") -> str:
    """A test event of Slack that came in; its id."""
    sample = next(each for each in await client.events.samples(provider="slack") if each["event_type"] == "slack.message.posted")
    payload = sample["payload"] | {"text": text}
    await client.events.fire(mode="deliver", event_type=sample["event_type"], payload=payload)
    return (await client.events.list().page(limit=1)).items[0]["id"]
