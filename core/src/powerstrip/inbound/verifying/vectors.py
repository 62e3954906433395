"""Running vectors: is each delivery judged as its file says, and does the adapter read the genuine ones?"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from powerstrip.adapter import Delivery, Rejected, Unavailable, Verify
from powerstrip.adapter.adapter import Receive
from powerstrip.inbound.verifying.delivery import RawDelivery, Refusal, Verified
from powerstrip.inbound.verifying.judge import verify
from powerstrip.value import Value

if TYPE_CHECKING:
    from powerstrip.adapter.testing.vectors import Vector, Vectors


class Judged(Value):
    """What came of one vector. `problem` says what is wrong with it; empty where it passed."""

    id: str
    expected: str
    verdict: str
    """accepted or refused"""
    code: str = ""
    """Why it was refused."""
    problem: str = ""


async def run_vectors(scheme: Verify, file: "Vectors", receive: Receive | None = None) -> list[Judged]:
    """Judge every vector by `scheme`, each as if it were the first delivery; `receive` must read those that are genuine.

    A clock that a vector leaves open is the present. Documents come from the file: nothing is fetched.
    """
    return [await _judged(scheme, vector, file.documents, receive) for vector in file.vectors]


async def _judged(scheme: Verify, vector: "Vector", documents: Mapping[str, bytes], receive: Receive | None) -> Judged:
    expected = "accepted" if vector.valid else "refused"
    answer = await _answer(scheme, vector, documents)
    if isinstance(answer, Refusal):
        fine = not vector.valid or vector.lenient
        return Judged(vector.id, expected, "refused", answer.code, "" if fine else f"refused ({answer.code}): {answer.reason}")
    if not vector.valid:
        return Judged(vector.id, expected, "accepted", problem="accepted, and it is not genuine")
    return Judged(vector.id, expected, "accepted", problem=_trouble(vector, receive) if receive else "")


async def _answer(scheme: Verify, vector: "Vector", documents: Mapping[str, bytes]) -> Verified | Refusal:
    async def fetch(url: str, *, fresh: bool = False) -> bytes:
        if (found := documents.get(url)) is None:
            raise Unavailable("The file holds no document of this address")
        return found

    async def seen(token: str, digest: bytes) -> bool:
        return True

    try:
        delivery = RawDelivery.of(vector.method, vector.url, vector.headers, vector.body)
    except UnicodeEncodeError:
        return Refusal("malformed", "A header or the address is no text.")
    now = time.time() if vector.at is None else vector.at
    return await verify(scheme, delivery, [vector.secret], now, fetch=fetch, seen=seen)


def _trouble(vector: "Vector", receive: Receive) -> str:
    """What went wrong in the adapter's own function. To say that a genuine delivery is no event is its right."""
    headers = {name.lower(): value for name, value in vector.headers.items()}
    try:
        receive(Delivery(vector.body, headers, vector.method, vector.url))
    except Rejected:
        return ""
    except Exception as error:  # noqa: BLE001 - whatever an adapter's function raises is told to its author
        return f"the adapter's `receive` fails with {type(error).__name__}"
    return ""
