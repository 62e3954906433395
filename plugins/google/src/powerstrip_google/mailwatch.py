"""New mail, found in the mailbox's history. Source: developers.google.com/workspace/gmail/api/guides/sync."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from powerstrip.adapter import Http, Incoming, Model, Pick, Polled, Rejected, Since
from powerstrip_google.mails import fetch, find, full
from powerstrip_google.provider import Wire, google

PAGE = 50
OVERLAP = timedelta(hours=1)
"""Where the history is forgotten, mail is looked for from so long before the last look on; repeats are told by their id."""


class Watched(Model):
    """Which mail."""

    label: Annotated[str, Pick("label")] = Field("INBOX", max_length=100, description="Only mail with it: its id.")


class _Mark(Model):
    history: str
    page: str | None = None
    """The next page of the history since then."""
    looked: datetime
    catching_up: bool = False
    """Whether the page is one of a search: the history went back too far for Gmail."""
    until: str = ""
    """Where the history stood when the search began."""


class _Profile(Wire):
    history_id: str = Field(examples=["1200"])


class _History(Wire):
    class Record(Wire):
        class Added(Wire):
            class Row(Wire):
                id: str

            message: Row

        messages_added: list[Added] = Field(default_factory=list[Added])

    history: list[Record] = Field(default_factory=list[Record])
    next_page_token: str | None = None
    history_id: str = Field("0", examples=["1200"])


@google.poll("mail.received", seconds=60)
async def received(http: Http, since: Since[Watched]) -> Polled:
    """Mails that came in."""
    if since.cursor is None:
        return Polled(_Mark(history=await _now(http), looked=datetime.now(UTC)).model_dump_json())
    mark = _Mark.model_validate_json(since.cursor)
    if mark.catching_up:
        return await _catch_up(http, since.watch, mark)
    params = {
        "startHistoryId": mark.history,
        "historyTypes": "messageAdded",
        "labelId": since.watch.label,
        "maxResults": PAGE,
        "pageToken": mark.page,
    }
    try:
        found = await http.get("gmail:/users/me/history", params=params, returns=_History)
    except Rejected as error:
        if error.status != 404:
            raise
        behind = mark.model_copy(update={"page": None, "catching_up": True, "until": await _now(http)})
        return Polled(behind.model_dump_json(), more=True)
    ids = [each.message.id for record in found.history for each in record.messages_added]
    if found.next_page_token:
        after = mark.model_copy(update={"page": found.next_page_token})
    else:
        after = _Mark(history=found.history_id, looked=datetime.now(UTC))
    return Polled(after.model_dump_json(), await _told(http, since.watch, ids), more=found.next_page_token is not None)


async def _now(http: Http) -> str:
    return (await http.get("gmail:/users/me/profile", returns=_Profile)).history_id


async def _catch_up(http: Http, watch: Watched, mark: _Mark) -> Polled:
    begin = int((mark.looked - OVERLAP).timestamp())
    ids, following = await find(http, f"after:{begin}", watch.label, PAGE, mark.page)
    done = _Mark(history=mark.until, looked=datetime.now(UTC))
    after = mark.model_copy(update={"page": following}) if following else done
    return Polled(after.model_dump_json(), await _told(http, watch, ids), more=following is not None)


async def _told(http: Http, watch: Watched, ids: list[str]) -> list[Incoming]:
    """The messages, once each. One that is gone meanwhile, or was moved away, is passed over."""
    told: list[Incoming] = []
    for each in dict.fromkeys(ids):
        try:
            mail = full(await fetch(http, each))
        except Rejected as error:
            if error.status != 404:
                raise
            continue
        if watch.label in mail.label_ids:
            told.append(Incoming({**mail.model_dump(mode="json", exclude_none=True), "kind": "mail"}, key=each))
    return told
