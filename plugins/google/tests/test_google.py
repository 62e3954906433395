import base64
import json
from datetime import date, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Content, Query, RateLimited, Rejected, Response, Unavailable
from powerstrip.adapter.testing import check, provider
from powerstrip_google import google
from powerstrip_google.calendars import (
    Deletion,
    EventChange,
    EventList,
    NewEvent,
    OneEvent,
    calendars,
    coming,
    create_event,
    delete_event,
    get_event,
    list_events,
    update_event,
)
from powerstrip_google.documents import (
    DocumentRef,
    MoreText,
    NewDocument,
    Replacement,
    append_text,
    create_document,
    get_document,
    replace_text,
)
from powerstrip_google.files import Search, documents, folders, search_files, spreadsheets
from powerstrip_google.mails import (
    Attachment,
    MailSearch,
    NewMail,
    OneAttachment,
    OneMail,
    get_attachment,
    get_mail,
    labels,
    messages,
    search_mails,
    send_mail,
)
from powerstrip_google.provider import account, file_id
from powerstrip_google.sheets import (
    Clearing,
    NewRows,
    NewSpreadsheet,
    Reading,
    Writing,
    append_rows,
    clear,
    create,
    read,
    sheet_tabs,
    update,
)

test_contract = check(google)

SHEET = "sheets:/spreadsheets/1AbC"
TABS = {"sheets": [{"properties": {"sheetId": 0, "title": "Leads"}}, {"properties": {"sheetId": 7, "title": "O'Hara"}}]}
UPDATED = {"updatedRange": "Leads!A7:C7", "updatedRows": 1, "updatedCells": 3}
EVENTS = "calendar:/calendars/primary/events"
EVENT = {
    "id": "ev1",
    "summary": "Review",
    "start": {"dateTime": "2026-12-03T14:00:00+01:00"},
    "end": {"dateTime": "2026-12-03T15:30:00+01:00"},
}
MESSAGE = {
    "id": "m1",
    "threadId": "t1",
    "labelIds": ["INBOX"],
    "snippet": "Hi",
    "historyId": "7",
    "internalDate": "1764500000000",
    "payload": {
        "mimeType": "multipart/mixed",
        "headers": [
            {"name": "From", "value": "Grace <grace@example.com>"},
            {"name": "Subject", "value": "Hello"},
            {"name": "Message-ID", "value": "<one@example.com>"},
            {"name": "References", "value": "<zero@example.com>"},
        ],
        "parts": [
            {
                "mimeType": "multipart/alternative",
                "parts": [
                    {"mimeType": "text/plain", "body": {"size": 5, "data": "R3LDvMOfZQ"}},
                    {"mimeType": "text/html", "body": {"size": 5, "data": "PGI-SGk8L2I-"}},
                ],
            },
            {"mimeType": "text/plain", "filename": "notes.txt", "body": {"size": 3, "attachmentId": "a1"}},
        ],
    },
}
SENT = {"id": "m9", "threadId": "t9", "labelIds": ["SENT"]}


def body(http: Any, number: int = -1) -> Any:
    return json.loads(http.sent[number].body)


# Sheets


@pytest.mark.parametrize("values", [[["Ana", 42, None]], ["Ana", 42, None]])
async def test_rows_or_one_row_go_below_the_last(values: Any) -> None:
    path = f"{SHEET}/values/%27O%27%27Hara%27:append"
    http = provider(google, {f"POST {path}": {"updates": UPDATED}})
    made = await append_rows(http, NewRows(spreadsheet="1AbC", sheet_tab="O'Hara", values=values))
    assert (made.range, made.rows) == ("Leads!A7:C7", 1)
    assert body(http) == {"values": [["Ana", 42, None]]}
    assert ("valueInputOption", "USER_ENTERED") in http.sent[0].params


async def test_records_go_into_their_columns_of_the_first_tab() -> None:
    answers = {
        f"GET {SHEET}": TABS,
        f"GET {SHEET}/values/%27Leads%27%211%3A1": {"values": [["Name", "Age", "City"]]},
        f"POST {SHEET}/values/%27Leads%27:append": {"updates": UPDATED},
    }
    http = provider(google, answers)
    new = NewRows(
        spreadsheet="https://docs.google.com/spreadsheets/d/1AbC/edit#gid=0", records=[{"City": "Lisbon", "Name": "Ana"}]
    )
    await append_rows(http, new)
    assert body(http) == {"values": [["Ana", None, "Lisbon"]]}
    with pytest.raises(Rejected, match="no column Town"):
        await append_rows(http, NewRows(spreadsheet="1AbC", records=[{"Town": "Lisbon"}]))


@pytest.mark.parametrize("wrong", [{}, {"values": [["a"]], "records": [{"A": 1}]}, {"values": []}])
def test_rows_are_given_in_one_way(wrong: Any) -> None:
    with pytest.raises(ValidationError, match="as values, or as records"):
        NewRows(spreadsheet="1AbC", **wrong)


async def test_a_range_is_read_by_name_and_written_and_emptied() -> None:
    path = f"{SHEET}/values/%27Leads%27%21A1%3AC9"
    held = {"range": "Leads!A1:C9", "values": [["Name", "", "City"], ["Ana", "x"], []]}
    http = provider(google, {f"GET {path}": held, f"PUT {path}": UPDATED, f"POST {path}:clear": {"clearedRange": "Leads!A1:C9"}})
    where = {"spreadsheet": "1AbC", "sheet_tab": "Leads", "range": "A1:C9"}
    found = await read(http, Reading(**where, header=True, show="plain"))
    assert found.records == [{"Name": "Ana", "City": None}, {"Name": None, "City": None}]
    assert http.sent[0].params == (("valueRenderOption", "UNFORMATTED_VALUE"),)
    assert (await update(http, Writing(**where, values=["=1+1"], entry="as_is"))).cells == 3
    assert (http.sent[1].params, body(http)) == ((("valueInputOption", "RAW"),), {"values": [["=1+1"]]})
    assert (await clear(http, Clearing(**where))).cleared_range == "Leads!A1:C9"


async def test_a_spreadsheet_is_made_and_its_tabs_are_offered() -> None:
    made = {"spreadsheetId": "1New", "spreadsheetUrl": "https://docs.google.com/spreadsheets/d/1New/edit"}
    http = provider(google, {"POST sheets:/spreadsheets": made, f"GET {SHEET}": TABS})
    assert (await create(http, NewSpreadsheet(title="Intake", sheet_tabs=["Leads"]))).spreadsheet == "1New"
    assert body(http) == {"properties": {"title": "Intake"}, "sheets": [{"properties": {"title": "Leads"}}]}
    page = await sheet_tabs(http, Query(values={"spreadsheet": "1AbC"}))
    assert [each.value for each in page.choices] == ["Leads", "O'Hara"]


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("1AbC", "1AbC"),
        ("https://docs.google.com/spreadsheets/d/1AbC/edit#gid=0", "1AbC"),
        ("https://docs.google.com/document/u/1/d/1XyZ/edit", "1XyZ"),
        ("https://drive.google.com/file/d/1F-_9/view", "1F-_9"),
        ("https://evil.example.com/spreadsheets/d/1AbC", "https://evil.example.com/spreadsheets/d/1AbC"),
    ],
)
def test_a_file_may_be_named_by_its_address(text: str, id: str) -> None:
    assert file_id(text) == id


# Docs


async def test_a_document_is_made_with_its_text() -> None:
    answers = {"POST docs:/documents": {"documentId": "1XyZ"}, "POST docs:/documents/1XyZ:batchUpdate": {"documentId": "1XyZ"}}
    http = provider(google, answers)
    made = await create_document(http, NewDocument(title="Minutes", text="Hi"))
    assert made.url == "https://docs.google.com/document/d/1XyZ/edit"
    assert body(http) == {"requests": [{"insertText": {"endOfSegmentLocation": {}, "text": "Hi"}}]}
    await create_document(http, NewDocument(title="Empty"))
    assert len(http.sent) == 3, "an empty document takes one request"
    await append_text(http, MoreText(document="1XyZ", text="More"))
    assert body(http)["requests"][0]["insertText"]["text"] == "More"


async def test_a_document_is_read_as_text_with_its_tables() -> None:
    cell = {"content": [{"paragraph": {"elements": [{"textRun": {"content": "Who\n"}}]}}]}
    pieces = [
        {"sectionBreak": {}},
        {
            "paragraph": {
                "elements": [{"textRun": {"content": "Min"}}, {"inlineObjectElement": {}}, {"textRun": {"content": "utes\n"}}]
            }
        },
        {"table": {"tableRows": [{"tableCells": [cell, cell]}]}},
    ]
    held = {"documentId": "1XyZ", "title": "Minutes", "revisionId": "r1", "body": {"content": pieces}}
    http = provider(google, {"GET docs:/documents/1XyZ": held})
    found = await get_document(http, DocumentRef(document="https://docs.google.com/document/d/1XyZ/edit"))
    assert (found.text, found.revision) == ("Minutes\nWho\tWho\n", "r1")


async def test_a_placeholder_is_replaced() -> None:
    answer = {"documentId": "1XyZ", "replies": [{"replaceAllText": {"occurrencesChanged": 2}}, {}]}
    http = provider(google, {"POST docs:/documents/1XyZ:batchUpdate": answer})
    assert (await replace_text(http, Replacement(document="1XyZ", find="{{name}}", text=""))).replaced == 2
    change = body(http)["requests"][0]["replaceAllText"]
    assert change == {"containsText": {"text": "{{name}}", "matchCase": True}, "replaceText": ""}


# Calendar


@pytest.mark.parametrize(
    ("given", "start", "end"),
    [
        ({"start": "2026-12-03"}, {"date": "2026-12-03"}, {"date": "2026-12-04"}),
        (
            {"start": "2026-12-03", "end": "2026-12-05"},
            {"date": "2026-12-03"},
            {"date": "2026-12-06"},
        ),
        (
            {"start": "2026-12-03T14:00:00Z"},
            {"dateTime": "2026-12-03T14:00:00+00:00"},
            {"dateTime": "2026-12-03T15:00:00+00:00"},
        ),
        (
            {"start": "2026-12-03 14:00", "end": "2026-12-03 15:30"},
            {"dateTime": "2026-12-03T14:00:00", "timeZone": "Europe/Lisbon"},
            {"dateTime": "2026-12-03T15:30:00", "timeZone": "Europe/Lisbon"},
        ),
    ],
)
async def test_days_and_times_are_as_people_mean_them(given: Any, start: Any, end: Any) -> None:
    http = provider(google, {"GET calendar:/calendars/primary": {"timeZone": "Europe/Lisbon"}, f"POST {EVENTS}": EVENT})
    new = NewEvent.model_validate_json(json.dumps({"title": "Review", **given}))
    made = await create_event(http, new)
    assert (made.title, made.start) == ("Review", "2026-12-03T14:00:00+01:00")
    assert (body(http)["start"], body(http)["end"]) == (start, end)


async def test_an_event_has_guests_repetition_and_a_meeting() -> None:
    http = provider(google, {f"POST {EVENTS}": EVENT})
    new = NewEvent(
        title="Review",
        start=datetime.fromisoformat("2026-12-03T14:00:00+01:00"),
        time_zone="Europe/Berlin",
        guests=["grace@example.com"],
        recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"],
        meeting=True,
        id="order1042",
        notify="none",
    )
    await create_event(http, new)
    asked = body(http)
    assert (asked["attendees"], asked["id"], asked["start"]["timeZone"]) == (
        [{"email": "grace@example.com"}],
        "order1042",
        "Europe/Berlin",
    )
    assert http.sent[0].params == (("sendUpdates", "none"), ("conferenceDataVersion", "1"))
    await create_event(http, new)
    assert body(http)["conferenceData"] == asked["conferenceData"], "the same event asks for one and the same meeting"


async def test_a_day_and_a_time_do_not_make_an_event() -> None:
    with pytest.raises(Rejected, match="both be days"):
        await create_event(
            provider(google, {}), NewEvent(title="x", start=date(2026, 12, 3), end=datetime.fromisoformat("2026-12-03T15:00:00Z"))
        )


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_a_time_zone_is_one(zone: str) -> None:
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        NewEvent(title="x", start=date(2026, 12, 3), time_zone=zone)


async def test_a_moved_event_keeps_its_length() -> None:
    http = provider(google, {f"GET {EVENTS}/ev1": EVENT, f"PATCH {EVENTS}/ev1": EVENT})
    await update_event(http, EventChange(event="ev1", start=datetime.fromisoformat("2026-12-04T09:00:00+01:00")))
    assert body(http)["end"]["dateTime"] == "2026-12-04T10:30:00+01:00"
    await update_event(http, EventChange(event="ev1", start=date(2026, 12, 4)))
    assert body(http)["end"] == {"date": "2026-12-05", "dateTime": None}
    await update_event(http, EventChange(event="ev1", title="New", guests=[]))
    assert body(http) == {"summary": "New", "attendees": []}


async def test_events_are_listed_in_the_calendars_own_days() -> None:
    page = {"items": [EVENT], "nextPageToken": "n"}
    http = provider(google, {"GET calendar:/calendars/primary": {"timeZone": "Europe/Lisbon"}, f"GET {EVENTS}": page})
    found = await list_events(http, EventList(start=date(2026, 12, 1), end=date(2026, 12, 31), cursor="c"))
    assert (found.events[0].id, found.next) == ("ev1", "n")
    asked = dict(http.sent[1].params)
    assert (asked["timeMin"], asked["timeMax"]) == ("2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00")
    assert asked["pageToken"] == "c"


async def test_a_calendar_in_an_unknown_time_zone_is_told() -> None:
    http = provider(google, {"GET calendar:/calendars/primary": {"timeZone": "Mars/Olympus"}})
    with pytest.raises(Unavailable, match="with their offset"):
        await list_events(http, EventList(start=date(2026, 12, 1)))


async def test_an_event_is_read_and_deleted_once_or_twice() -> None:
    http = provider(google, {f"GET {EVENTS}/ev1": EVENT, f"DELETE {EVENTS}/ev1": Response(204)})
    assert (await get_event(http, OneEvent(event="ev1"))).end == "2026-12-03T15:30:00+01:00"
    assert (await delete_event(http, Deletion(event="ev1"))).event == "ev1"
    for status, wrong in ((410, None), (404, Rejected)):
        http = provider(google, {f"DELETE {EVENTS}/ev1": (status, {"error": {"code": status, "message": "Not here"}})})
        if wrong is None:
            await delete_event(http, Deletion(event="ev1"))
        else:
            with pytest.raises(wrong, match="Not here"):
                await delete_event(http, Deletion(event="ev1"))


async def test_calendars_and_events_are_offered() -> None:
    rows = {
        "items": [{"id": "ada@example.com", "summary": "x", "summaryOverride": "Mine", "primary": True}],
        "nextPageToken": "n",
    }
    http = provider(google, {"GET calendar:/users/me/calendarList": rows, f"GET {EVENTS}": {"items": [EVENT]}})
    page = await calendars(http, Query(cursor="c"))
    assert (page.choices[0].label, page.next) == ("Mine", "n")
    shown = (await coming(http, Query(search="rev", values={"calendar": "primary"}))).choices[0]
    assert (shown.label, shown.detail) == ("Review", "2026-12-03T14:00:00+01:00")


# Gmail


def sent_mail(http: Any) -> Any:
    return message_from_bytes(base64.urlsafe_b64decode(body(http)["raw"]), policy=default)


async def test_a_mail_has_all_its_parts() -> None:
    http = provider(google, {"POST gmail:/users/me/messages/send": SENT})
    mail = NewMail(
        to=["Ada Lovelace <ada@example.com>", "b@example.com"],
        cc="Zoë <z@example.com>",
        subject="Grüße",
        text="Hallo\nWelt",
        html="<p>Hallo</p>",
        attachments=[Attachment(name="ü.bin", content=Content(b"\x00\xff"), content_type="application/x-thing")],
    )
    assert (await send_mail(http, mail)).thread_id == "t9"
    written = sent_mail(http)
    assert (written["To"], written["Subject"]) == ("Ada Lovelace <ada@example.com>, b@example.com", "Grüße")
    assert written["Cc"].addresses[0].display_name == "Zoë"
    assert written.get_body(("plain",)).get_content().split() == ["Hallo", "Welt"]
    assert written.get_body(("html",)).get_content().strip() == "<p>Hallo</p>"
    (file,) = written.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("ü.bin", b"\x00\xff")


async def test_an_answer_joins_its_conversation() -> None:
    http = provider(google, {"GET gmail:/users/me/messages/m1": MESSAGE, "POST gmail:/users/me/messages/send": SENT})
    await send_mail(http, NewMail(to="grace@example.com", subject="Re: Hello", html="<p>Yes</p>", in_reply_to="m1"))
    written = sent_mail(http)
    assert body(http)["threadId"] == "t1"
    assert (written["In-Reply-To"], written["References"]) == ("<one@example.com>", "<zero@example.com> <one@example.com>")
    assert written.get_content_type() == "text/html"


async def test_a_large_mail_is_uploaded_and_a_larger_one_refused() -> None:
    http = provider(google, {"POST gmail_upload:/users/me/messages/send": SENT})
    file = Attachment(name="a.bin", content=Content(b"x" * 6_000_000))
    await send_mail(http, NewMail(to="ada@example.com", subject="Big", text="See", attachments=[file]))
    upload = http.sent[0]
    kind, _, boundary = (upload.header("Content-Type") or "").partition("; boundary=")
    assert kind == "multipart/related"
    assert isinstance(upload.body, bytes)
    facts, mail = upload.body.split(f"\r\n--{boundary}\r\nContent-Type: message/rfc822\r\n\r\n".encode())
    assert facts.endswith(b"{}")
    assert message_from_bytes(mail, policy=default)["Subject"] == "Big"
    with pytest.raises(Rejected, match="25 MB"):
        await send_mail(http, NewMail(to="a@b.io", subject="Bigger", text="x", attachments=[file] * 4))
    assert len(http.sent) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "nobody"},
        {"to": "a@b.io\r\nBcc: evil@example.com"},
        {"subject": "Hi\r\nBcc: evil@example.com"},
        {"sender": "a@b.io\nX: y"},
        {"text": None},
        {"to": ["ada@example.com", "nobody"]},
    ],
)
def test_what_is_no_mail_is_not_sent(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        NewMail(**{"to": "ada@example.com", "subject": "Hi", "text": "x"} | wrong)


async def test_mails_are_found_page_by_page() -> None:
    listed = {"messages": [{"id": "m1", "threadId": "t1"}], "nextPageToken": "n"}
    http = provider(google, {"GET gmail:/users/me/messages": listed, "GET gmail:/users/me/messages/m1": MESSAGE})
    page = await search_mails(http, MailSearch(query="from:grace", label="INBOX", cursor="c"))
    assert (page.messages[0].subject, page.messages[0].received_at.isoformat(), page.next) == (
        "Hello",
        "2025-11-30T10:53:20+00:00",
        "n",
    )
    assert ("pageToken", "c") in http.sent[0].params
    assert (await messages(http, Query(search="grace"))).choices[0].detail == "Grace <grace@example.com>"


async def test_a_mail_is_read_with_its_attachment() -> None:
    path = "gmail:/users/me/messages/m1"
    http = provider(google, {f"GET {path}": MESSAGE, f"GET {path}/attachments/a1": {"size": 5, "data": "aGVsbG8"}})
    mail = await get_mail(http, OneMail(message="m1"))
    assert (mail.text, mail.html) == ("Grüße", "<b>Hi</b>")
    assert [(each.name, each.attachment) for each in mail.attachments] == [("notes.txt", "a1")]
    assert (await get_attachment(http, OneAttachment(message="m1", attachment="a1"))).content.read() == b"hello"
    broken = provider(google, {f"GET {path}/attachments/a1": {"size": 5, "data": "%%%"}})
    with pytest.raises(Unavailable, match="base64"):
        await get_attachment(broken, OneAttachment(message="m1", attachment="a1"))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?nosuch?q?x?=", "=?nosuch?q?x?="),
        ("=?utf-8?b?%%?=", "=?utf-8?b?%%?="),
        ("Plain =?", "Plain =?"),
    ],
)
async def test_encoded_subjects_are_read_and_broken_ones_shown(written: str, shown: str) -> None:
    message = MESSAGE | {"payload": {"headers": [{"name": "subject", "value": written}]}}
    http = provider(google, {"GET gmail:/users/me/messages/m1": message})
    assert (await get_mail(http, OneMail(message="m1"))).subject == shown


async def test_labels_are_offered() -> None:
    http = provider(google, {"GET gmail:/users/me/labels": {"labels": [{"id": "Label_7", "name": "Orders", "type": "user"}]}})
    assert (await labels(http, Query())).choices[0].label == "Orders"


# Drive


async def test_files_are_found_by_name_kind_and_folder() -> None:
    row = {
        "id": "1AbC",
        "name": "Intake",
        "mimeType": "application/vnd.google-apps.spreadsheet",
        "modifiedTime": "2026-11-29T10:00:00Z",
    }
    http = provider(google, {"GET drive:/files": {"files": [row], "nextPageToken": "n"}})
    page = await search_files(http, Search(query="it's a \\ test", kind="pdf", folder="1Fold", cursor="c"))
    assert (page.files[0].name, page.next) == ("Intake", "n")
    assert dict(http.sent[0].params)["q"] == (
        r"trashed = false and name contains 'it\'s a \\ test' and mimeType = 'application/pdf' and '1Fold' in parents"
    )
    for picker, kind in ((spreadsheets, "spreadsheet"), (documents, "document"), (folders, "folder")):
        choices = await picker(http, Query(search="in", cursor="p"))
        assert (choices.choices[0].detail, choices.next) == ("2026-11-29", "n")
        assert f"google-apps.{kind}'" in dict(http.sent[-1].params)["q"]


# Whose it is, and how Google says no


@pytest.mark.parametrize("who", [{"id": "1002"}, {"sub": "1002"}])
async def test_the_account_is_known_by_its_number(who: Any) -> None:
    http = provider(google, {"GET /oauth2/v2/userinfo": {"email": "ada@example.com", "name": "Ada", **who}})
    found = await account(http)
    assert (found.id, found.name, found.detail) == ("1002", "ada@example.com", "Ada")


def no(message: str, **more: Any) -> Any:
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize(
    ("status", "answer", "kind", "words"),
    [
        (400, no("Unable to parse range: X"), Rejected, "Unable to parse range"),
        (401, no("Request had invalid authentication credentials."), AuthFailed, "invalid authentication"),
        (403, no("The caller does not have permission", status="PERMISSION_DENIED"), Rejected, "have permission$"),
        (403, no("Rate Limit Exceeded", errors=[{"reason": "rateLimitExceeded"}]), RateLimited, "Rate Limit"),
        (403, no("Quota exceeded", details=[{"reason": "RATE_LIMIT_EXCEEDED"}, 7]), RateLimited, "Quota"),
        (403, no("Insufficient", details=[{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]), Rejected, "connect it again"),
        (403, no("Not used before", errors=[{"reason": "accessNotConfigured"}]), Rejected, "enable this API"),
        (403, {"odd": 1}, Rejected, "Google refused"),
        (404, no("Requested entity was not found."), Rejected, "not found"),
        (429, no("Quota exceeded for quota metric"), RateLimited, "Quota"),
        (503, no("The service is currently unavailable."), Unavailable, "unavailable"),
    ],
)
async def test_googles_no_in_its_own_words(status: int, answer: Any, kind: type[Exception], words: str) -> None:
    http = provider(google, {"GET docs:/documents/1XyZ": (status, answer)})
    with pytest.raises(kind, match=words):
        await get_document(http, DocumentRef(document="1XyZ"))


async def test_google_names_how_long_to_wait() -> None:
    said = json.dumps(no("Slow", errors=[{"reason": "userRateLimitExceeded"}])).encode()
    http = provider(google, {"GET docs:/documents/1XyZ": Response(403, {"retry-after": "9"}, said)})
    with pytest.raises(RateLimited) as caught:
        await get_document(http, DocumentRef(document="1XyZ"))
    assert caught.value.retry_after == 9
