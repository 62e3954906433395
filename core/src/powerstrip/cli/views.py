"""An integration as people read it."""

from powerstrip.cli.text import fields, when
from powerstrip.client.shapes import Integration, Probe


def describe(entry: Integration) -> str:
    """An integration as lines."""
    return fields(
        (
            ("Name", entry["name"]),
            ("Provider", entry["provider"]),
            ("Status", entry["status"]),
            ("Why", entry.get("status_reason")),
            ("Mode", entry.get("mode")),
            ("Signs in by", entry.get("auth_kind")),
            ("Account", account(entry)),
            *_token(entry),
            ("Settings", ", ".join(f"{name}={value}" for name, value in (entry.get("config") or {}).items())),
            ("Last used", when(entry.get("last_used_at"))),
            ("Last day", _day(entry)),
            ("Id", entry["id"]),
            ("Created", when(entry["created_at"])),
        )
    )


def account(entry: Integration | Probe) -> str:
    """Whose credential it is, where that is known."""
    known = entry.get("account")
    return known.get("name") or known["id"] if known else ""


def _token(entry: Integration) -> tuple[tuple[str, str | None], ...]:
    """What the hub knows of the access token that it fetched."""
    token = entry.get("token")
    if token is None:
        return ()
    ahead = "renewed by the hub" if token["renewable"] else None
    ends = when(token.get("expires_at"))
    return (
        ("Token until", f"{ends}, {ahead}" if ends and ahead else ends or ahead),
        ("Granted", ", ".join(token.get("granted_scopes") or ())),
        ("Not granted", ", ".join(token["missing_scopes"])),
        ("No new token", token.get("problem")),
    )


def _day(entry: Integration) -> str:
    day = entry.get("last_day")
    return f"{day['calls']} calls, {day['failures']} failed" if day and day["calls"] else ""
