"""An HTTP load driver on asyncio streams: one JSON line with rate and latencies of 2xx answers."""

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit


async def drive(url: str, connections: int, seconds: float, body: str, headers: dict[str, str]) -> dict[str, float]:
    parts, data = urlsplit(url), body.encode()
    lines = {"Host": parts.netloc, "Content-Type": "application/json", "Content-Length": str(len(data)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    message = f"POST {parts.path} HTTP/1.1\r\n{head}\r\n".encode() + data
    took: list[float] = []
    errors: list[bytes] = []
    end = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while (started := time.perf_counter()) < end:
            writer.write(message)
            answer = await reader.readuntil(b"\r\n\r\n")
            low = answer.lower()
            length = int(low.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in low else 0
            rest = await reader.readexactly(length)
            if answer[9:10] == b"2":
                took.append(time.perf_counter() - started)
            else:
                errors.append(answer[:80] + rest[:300])
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    wall = time.perf_counter() - started
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
