"""The least code that does the hot path: raw ASGI on uvicorn, no hub around it.

/action   parse, validate, decrypt, call the provider, validate the answer, one audit row in a group commit, answer
/mock     the same with a ready answer in place of the call
/three    three actions one after the other, each call kept: what a durable run of three steps does
/intake   a signed delivery: HMAC over the raw body, parse, one row per id in a group commit, answer
Environment: BARE_DB (an SQLite file, or the URL of a PostgreSQL database), BARE_PROVIDER (the provider's base URL).
"""

import asyncio
import hashlib
import hmac
import json
import os
import queue
import sqlite3
import threading
import time

import aiohttp
import jsonschema_rs
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY, NONCE = b"k" * 32, b"n" * 12
SEALED = AESGCM(KEY).encrypt(NONCE, b'{"server_token":"bench-token"}', b"credential-1")
TEXT = {"type": "string", "maxLength": 200}
INPUT = jsonschema_rs.validator_for(
    {
        "type": "object",
        "required": ["sender", "to", "subject"],
        "additionalProperties": False,
        "properties": {"sender": TEXT, "to": TEXT, "subject": TEXT, "text_body": TEXT},
    }
)
OUTPUT = jsonschema_rs.validator_for(
    {"type": "object", "required": ["MessageID", "SubmittedAt"], "properties": {"MessageID": TEXT, "SubmittedAt": TEXT}}
)
READY = {"MessageID": "00000000-0000-4000-8000-000000000000", "SubmittedAt": "2026-01-01T00:00:00Z"}


class Group:
    """One writer thread, one commit for all that waits."""

    def __init__(self, path):
        self.queue, self.path, self.loop = queue.SimpleQueue(), path, asyncio.get_running_loop()
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        if self.path.startswith("postgresql:"):
            return self.work_on_postgresql()
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute("pragma journal_mode=wal")
        db.execute("pragma synchronous=full")
        db.execute("create table if not exists event(id text primary key, body blob, at real)")
        db.execute("create table if not exists audit(id integer primary key, action text, status int, ms real, at real)")
        while True:
            batch = [self.queue.get()]
            while len(batch) < 512 and not self.queue.empty():
                batch.append(self.queue.get())
            db.execute("begin immediate")
            db.executemany("insert into audit(action, status, ms, at) values (?, ?, ?, ?)", [r for r, _ in batch if len(r) == 4])
            db.executemany("insert or ignore into event(id, body, at) values (?, ?, ?)", [r for r, _ in batch if len(r) == 3])
            db.execute("commit")
            self.loop.call_soon_threadsafe(lambda waiting=[f for _, f in batch]: [f.set_result(None) for f in waiting])

    def work_on_postgresql(self):
        """Deliveries alone: the rows of a batch by one statement, one commit."""
        import psycopg

        db = psycopg.connect(self.path, autocommit=True)
        db.execute("create table if not exists event(id text primary key, body bytea, at float8)")
        while True:
            batch = [self.queue.get()]
            while len(batch) < 512 and not self.queue.empty():
                batch.append(self.queue.get())
            columns = [list(column) for column in zip(*(row for row, _ in batch), strict=True)]
            insert = "insert into event select * from unnest(%s::text[], %s::bytea[], %s::float8[]) on conflict do nothing"
            db.execute(insert, columns)
            self.loop.call_soon_threadsafe(lambda waiting=[f for _, f in batch]: [f.set_result(None) for f in waiting])

    async def put(self, *row):
        future = self.loop.create_future()
        self.queue.put((row, future))
        await future


class App:
    async def boot(self):
        self.group, self.provider = Group(os.environ["BARE_DB"]), os.environ.get("BARE_PROVIDER", "")
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def call(self, data, token):
        async with self.http.post(self.provider + "/email", json=data, headers={"X-Postmark-Server-Token": token}) as reply:
            return await reply.json()

    async def action(self, path, body):
        started = time.perf_counter()
        data = json.loads(body)
        INPUT.validate(data)
        token = json.loads(AESGCM(KEY).decrypt(NONCE, SEALED, b"credential-1"))["server_token"]
        output = READY if path == "/mock" else await self.call(data, token)
        OUTPUT.validate(output)
        await self.group.put("email.send", 200, (time.perf_counter() - started) * 1e3, time.time())
        return output

    async def three(self, body):
        return [await self.action("/action", body) for _ in range(3)]

    async def intake(self, headers, body):
        sent = dict(headers)
        text = b"v0:" + sent[b"x-slack-request-timestamp"] + b":" + body
        made = b"v0=" + hmac.new(b"bench-secret-0001", text, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(made, sent[b"x-slack-signature"]):
            raise PermissionError
        await self.group.put(json.loads(body)["event_id"], body, time.time())
        return {}

    async def answer(self, scope, body):
        if scope["path"] == "/health":
            return {"ok": True}
        match scope["path"]:
            case "/intake":
                return await self.intake(scope["headers"], body)
            case "/three":
                return await self.three(body)
            case path:
                return await self.action(path, body)

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                if message["type"] == "lifespan.startup":
                    await self.boot()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        output = await self.answer(scope, body)
        raw = json.dumps(output).encode()
        length = str(len(raw)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": raw})


app = App()


def litestar_app():
    """A bare Litestar and SQLModel server: what start-up is compared with."""
    from litestar import Litestar, post
    from sqlmodel import SQLModel

    class In(SQLModel):
        name: str
        total: float = 0

    class Out(SQLModel):
        ok: bool

    @post("/health", status_code=200)
    async def health(data: In) -> Out:
        return Out(ok=bool(data.name))

    return Litestar([health])
