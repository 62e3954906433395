"""A conversation as a client drives it."""

import json

from .conftest import House


class Talk:
    """One conversation. It writes down what was said and answered."""

    def __init__(self, house: House, id: str, key: str | None = None, project: str = "main") -> None:
        self.house, self.id, self.key, self.project = house, id, key, project
        self.session: dict = {}

    @classmethod
    async def begun(cls, house: House, key: str | None = None, project: str = "main") -> "Talk":
        return cls(house, (await house.ok("POST", "chat/sessions", key=key, project=project))["id"], key, project)

    async def say(self, text: str) -> dict:
        return await self._turn("messages", {"text": text})

    async def fill(self, **values: str) -> dict:
        return await self._turn("forms", {"values": values})

    async def _turn(self, where: str, body: dict) -> dict:
        turn = await self.house.ok("POST", f"chat/sessions/{self.id}/{where}", body, key=self.key, project=self.project)
        self.session = turn["session"]
        return turn["reply"]

    async def integrations(self, project: str | None = None) -> list[dict]:
        return (await self.house.ok("GET", "integrations", project=project or self.project))["items"]

    async def steps(self, after: int = 0) -> list[dict]:
        """What the stream of the conversation tells now."""
        headers = {"last-event-id": str(after)} if after else {}
        answer = await self.house.ask("GET", f"chat/sessions/{self.id}/events?seconds=0", headers=headers, key=self.key)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.text.splitlines()
        told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
        assert [line for line in lines if line.startswith("id: ")] == [f"id: {each['id']}" for each in told]
        return told
