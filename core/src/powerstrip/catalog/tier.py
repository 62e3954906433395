"""The tier of an adapter, as its author's kit computed it and its package carries it.

`powerstrip plugin check --write` keeps a record beside the adapter's code. It holds for that code alone: a digest over the
package's Python files tells, and a record of other code counts as none.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import ValidationError

from powerstrip.catalog.manifest import Value

Tier: TypeAlias = Literal["bronze", "silver", "gold", "platinum"]
RECORD = "tier.json"
MAX_RECORD = 4096
"""Bytes of a record that are read."""


class TierRecord(Value):
    """What was shown, when (RFC 3339), of which code, and by which version of the kit."""

    tier: Tier
    computed_at: str
    digest: str
    kit: str


def shipped_tier(roots: Iterable[str]) -> TierRecord | None:
    """The record that lies in an adapter's package and holds for its code; None where there is none."""
    for root in map(Path, roots):
        try:
            with (root / RECORD).open("rb") as file:
                record = TierRecord.model_validate_json(file.read(MAX_RECORD))
        except (OSError, ValidationError):
            continue
        if record.digest == code_digest(root):
            return record
    return None


def code_digest(package: Path) -> str:
    """One digest over the names and contents of a package's Python files; the same from a checkout and from a wheel."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(package.rglob("*.py")):
        code = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(package).as_posix()}\0{len(code)}\n".encode() + code)
    return digest.hexdigest()
