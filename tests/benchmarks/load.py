"""An HTTP load driver on asyncio streams: one JSON line with rate and latencies of 2xx answers."""

import asyncio
import hashlib
import hmac
import itertools
import json
import sys
import time
from urllib.parse import urlsplit


def _message(url: str, data: bytes, headers: dict[str, str]) -> bytes:
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    lines = {"Host": parts.netloc, "Content-Type": "application/json", "Content-Length": str(len(data)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target} HTTP/1.1\r\n{head}\r\n".encode() + data


def _signed(url: str, body: str, secret: str, number: int) -> bytes:
    """A delivery of its own: `NUMBER` in the body is filled in, and Slack's signature made."""
    data, at = body.replace("NUMBER", str(number)).encode(), str(int(time.time()))
    mac = hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + data, hashlib.sha256).hexdigest()
    return _message(url, data, {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={mac}"})


async def drive(
    url: str, connections: int, seconds: float, body: str, headers: dict[str, str], secret: str = "", rate: float = 0
) -> dict[str, float]:
    """`rate` is how many requests a second are sent at most; as many as go where it is 0."""
    parts, same = urlsplit(url), _message(url, body.encode(), headers)
    numbers = itertools.count(time.time_ns())
    turns = itertools.count()
    took: list[float] = []
    errors: list[bytes] = []
    begun = time.perf_counter()
    end = begun + seconds

    async def turn() -> float:
        if rate:
            await asyncio.sleep(max(0.0, begun + next(turns) / rate - time.perf_counter()))
        return time.perf_counter()

    async def one() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while (started := await turn()) < end:
            writer.write(_signed(url, body, secret, next(numbers)) if secret else same)
            answer = await reader.readuntil(b"\r\n\r\n")
            low = answer.lower()
            length = int(low.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in low else 0
            rest = await reader.readexactly(length)
            if answer[9:10] == b"2":
                took.append(time.perf_counter() - started)
            else:
                errors.append(answer[:80] + rest[:300])
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    wall = seconds if rate else time.perf_counter() - begun  # at a fixed rate the last turns are waited for and not taken
    took.sort()
    if not took:
        raise SystemExit(f"no answer was 2xx: {errors[:1]}")
    return {
        "requests": len(took),
        "errors": len(errors),
        "rps": round(len(took) / wall, 1),
        "p50_ms": round(took[len(took) // 2] * 1e3, 3),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1e3, 3),
    }


if __name__ == "__main__":
    import uvloop

    job = json.loads(sys.stdin.read())
    print(json.dumps(uvloop.run(drive(**job))))
