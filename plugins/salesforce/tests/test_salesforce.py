import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Delivery, Incoming, Query, RateLimited, Rejected, Response, Since, Unavailable
from powerstrip.adapter.testing import check, provider
from powerstrip_salesforce import salesforce
from powerstrip_salesforce.actions import create, create_many, delete, update, upsert
from powerstrip_salesforce.events import receive
from powerstrip_salesforce.models import (
    Described,
    Many,
    NewRecord,
    Nothing,
    RecordChange,
    RecordRef,
    RecordUpsert,
    Search,
    ViewRef,
    WhichRecord,
)
from powerstrip_salesforce.models import Query as Wanted
from powerstrip_salesforce.polls import Watched, changed
from powerstrip_salesforce.provider import account
from powerstrip_salesforce.reading import describe, get, limits, list_view, query, search

test_contract = check(salesforce)

ID, OWNER = "003000000000001AAA", "005000000000001AAA"
DATA = "/services/data/v62.0"
KING = {"attributes": {"type": "Contact", "url": f"{DATA}/sobjects/Contact/{ID}"}, "Id": ID, "LastName": "King"}


def body(http: Any, number: int = 0) -> Any:
    return json.loads(http.sent[number].body)


def page(*rows: Any, following: str | None = None) -> dict[str, Any]:
    more = {"nextRecordsUrl": f"{DATA}/query/{following}"} if following else {}
    return {"totalSize": len(rows), "done": following is None, "records": rows, **more}


async def test_a_record_is_made_changed_and_deleted() -> None:
    made = {"id": ID, "success": True, "errors": []}
    path = f"{DATA}/sobjects/Contact"
    http = provider(
        salesforce,
        {f"POST {path}": (201, made), f"PATCH {path}/{ID}": Response(204), f"DELETE {path}/{ID}": Response(204)},
    )
    assert (await create(http, NewRecord(object="Contact", fields={"LastName": "King"}, owner=OWNER))).id == ID
    assert body(http) == {"LastName": "King", "OwnerId": OWNER}
    await update(http, RecordChange(object="Contact", id=ID, fields={"Email": None}))
    assert body(http, 1) == {"Email": None}, "a field is emptied by null"
    assert (await delete(http, RecordRef(object="Contact", id=ID))).id == ID
    with pytest.raises(Rejected, match="nothing to change"):
        await update(http, RecordChange(object="Contact", id=ID, fields={}))


async def test_another_version_of_the_api_is_asked_where_it_is_set() -> None:
    http = provider(salesforce, {"GET /services/data/v60.0/limits": {"X": {"Max": 5, "Remaining": 4}}}, {"api_version": "v60.0"})
    assert [(each.name, each.remaining) for each in (await limits(http, Nothing())).limits] == [("X", 4)]


async def test_an_upsert_is_by_external_id_and_encodes_it() -> None:
    path = f"{DATA}/sobjects/Account/Number__c/a%2Fb%20c"
    http = provider(salesforce, {f"PATCH {path}": (201, {"id": ID, "success": True, "errors": [], "created": True})})
    wanted = RecordUpsert(object="Account", field="Number__c", value="a/b c", fields={"Name": "Acme", "number__C": "a/b c"})
    assert (await upsert(http, wanted)).created
    assert body(http) == {"Name": "Acme"}, "Salesforce refuses the external id among the fields"
    assert salesforce.actions["record.upsert"].annotations.idempotent
    several = provider(salesforce, {f"PATCH {path}": Response(300, {"content-type": "application/json"}, b'["/a","/b"]')})
    with pytest.raises(Rejected, match="More than one"):
        await upsert(several, wanted)


async def test_many_are_made_at_once_and_each_is_told_of() -> None:
    refused = {
        "success": False,
        "errors": [{"statusCode": "X", "message": "Required fields are missing", "fields": ["LastName"]}],
    }
    http = provider(salesforce, {f"POST {DATA}/composite/sobjects": [{"id": ID, "success": True, "errors": []}, refused]})
    rows = [NewRecord(object="Contact", fields={"LastName": "King"}), NewRecord(object="Contact", fields={})]
    done = await create_many(http, Many(records=rows))
    assert (done.failed, done.results[0].id, done.results[1].error) == (1, ID, "Required fields are missing (LastName)")
    assert body(http)["records"][0] == {"attributes": {"type": "Contact"}, "LastName": "King"}


async def test_a_record_is_read_by_id_and_by_external_id() -> None:
    path = f"{DATA}/sobjects/Contact"
    http = provider(salesforce, {f"GET {path}/{ID}": KING, f"GET {path}/Number__c/7": KING})
    found = await get(http, WhichRecord(object="Contact", id=ID, show=["LastName", "Account.Name"]))
    assert (found.object, found.fields) == ("Contact", {"Id": ID, "LastName": "King"})
    assert dict(http.sent[0].params) == {"fields": "LastName,Account.Name"}
    assert (await get(http, WhichRecord(object="Contact", field="Number__c", value="7"))).id == ID
    with pytest.raises(ValidationError, match="name the record"):
        WhichRecord(object="Contact", field="Number__c")


@pytest.mark.parametrize("name", ["Contact/../User", "Con tact", "", "1st", "a" * 81])
def test_an_objects_name_is_a_name(name: str) -> None:
    with pytest.raises(ValidationError):
        RecordRef(object=name, id=ID)


async def test_a_query_goes_on_by_the_end_of_the_address_alone() -> None:
    inner = {"totalSize": 1, "done": True, "records": [{"attributes": {"type": "Contact"}, "Id": ID}]}
    row = {
        "attributes": {"type": "Account"},
        "Id": ID,
        "Owner": {"attributes": {"type": "User"}, "Name": "Bo"},
        "Contacts": inner,
    }
    http = provider(
        salesforce,
        {
            f"GET {DATA}/query": page(row, following="01g000000000001AAA-2000"),
            f"GET {DATA}/query/01g000000000001AAA-2000": page(KING),
            f"GET {DATA}/queryAll": page(),
        },
    )
    first = await query(http, Wanted(query="SELECT Id, Owner.Name FROM Account", limit=200))
    assert first.records[0].fields == {"Id": ID, "Owner": {"Name": "Bo"}, "Contacts": [{"Id": ID}]}
    assert first.next == "01g000000000001AAA-2000"
    assert http.sent[0].header("Sforce-Query-Options") == "batchSize=200"
    assert (await query(http, Wanted(query="SELECT Id FROM Account", cursor=first.next))).next is None
    await query(http, Wanted(query="SELECT Id FROM Account", deleted=True))
    with pytest.raises(ValidationError):
        Wanted(query="DELETE FROM Account")


async def test_words_are_looked_for_in_one_object_or_in_all_and_sosl_is_taken_as_it_is() -> None:
    found = {"searchRecords": [KING, KING]}
    http = provider(salesforce, {f"POST {DATA}/parameterizedSearch": found, f"GET {DATA}/search": found})
    one = await search(http, Search(query="King", object="Contact", show=["Email"], limit=2, cursor="2"))
    assert one.next == "4"
    assert body(http) == {
        "q": "King",
        "overallLimit": 2,
        "sobjects": [{"name": "Contact", "fields": ["Id", "Email"], "limit": 2}],
        "offset": 2,
    }
    assert (await search(http, Search(query="King"))).next is None
    await search(http, Search(query="FIND {King} RETURNING Contact(Id)"))
    assert dict(http.sent[2].params) == {"q": "FIND {King} RETURNING Contact(Id)"}
    for poor in (Search(query="FIND {King}", object="Contact"), Search(query="King", show=["Email"])):
        with pytest.raises(Rejected):
            await search(http, poor)


FIELDS = [
    {"name": "Id", "label": "Record id", "type": "id", "nillable": False, "defaultedOnCreate": True, "idLookup": True},
    {"name": "LastName", "label": "Last name", "type": "string", "nillable": False, "createable": True, "length": 80},
    {"name": "Number__c", "label": "Number", "type": "string", "createable": True, "externalId": True},
    {
        **{"name": "Level__c", "type": "picklist", "updateable": True, "referenceTo": []},
        "picklistValues": [{"value": "Gold"}, {"value": "Old", "active": False}],
    },
]


async def test_an_object_says_what_it_wants() -> None:
    http = provider(
        salesforce, {f"GET {DATA}/sobjects/Contact/describe": {"name": "Contact", "label": "Contact", "fields": FIELDS}}
    )
    told = {each.name: each for each in (await describe(http, Described(object="Contact"))).fields}
    assert [name for name, each in told.items() if each.required] == ["LastName"]
    assert [name for name, each in told.items() if each.external_id] == ["Number__c"]
    assert (told["Level__c"].values, told["LastName"].length) == (["Gold"], 80)


async def test_a_list_view_is_read_row_by_row() -> None:
    columns = [{"fieldNameOrPath": "Id", "value": ID}, {"fieldNameOrPath": "Name", "value": None}]
    view = "00B000000000001AAA"
    path = f"{DATA}/sobjects/Contact/listviews/{view}/results"
    http = provider(salesforce, {f"GET {path}": {"records": [{"columns": columns}], "size": 1}})
    rows = await list_view(http, ViewRef(object="Contact", view=view, limit=1, cursor="1"))
    assert (rows.records[0].id, rows.records[0].fields["Name"], rows.next) == (ID, None, "2")
    assert dict(http.sent[0].params) == {"limit": "1", "offset": "1"}


async def test_values_are_offered_by_what_people_know() -> None:
    answers = {
        f"GET {DATA}/sobjects": {"sobjects": [{"name": "Case", "label": "Case"}, {"name": "X", "queryable": False}]},
        f"GET {DATA}/sobjects/Case/describe": {"name": "Case", "fields": FIELDS},
        f"GET {DATA}/sobjects/Case/listviews": {
            "listviews": [{"id": "00B1", "label": "Mine", "developerName": "My"}],
            "done": False,
        },
        f"GET {DATA}/query": page({**KING, "CaseNumber": "00001", "Name": "Bo", "Email": "bo@example.com"}),
    }
    http = provider(salesforce, answers)
    asked = Query(search="O'Neil %", values={"object": "Case"})
    told = {name: (await each.pages(http, asked)).choices for name, each in salesforce.pickers.items()}
    assert [each.value for each in told["object"]] == ["Case"]
    assert [each.value for each in told["external_id"]] == ["Number__c"]
    assert len(told["field"]) == len(FIELDS)
    assert [(each.value, each.label) for each in told["record"]] == [(ID, "00001")]
    assert [each.detail for each in told["user"]] == ["bo@example.com"]
    assert [each.detail for each in told["list_view"]] == ["My"]
    texts = [dict(each.params)["q"] for each in http.sent if each.target.endswith("/query")]
    assert all(r"LIKE '%O\'Neil" in text for text in texts)
    for picker in ("record", "field", "list_view"):
        with pytest.raises(Rejected, match="Choose the object"):
            await salesforce.pickers[picker].pages(http, Query(values={"object": "Case WHERE x"}))


def refusal(code: str, message: str, **more: Any) -> list[dict[str, Any]]:
    return [{"errorCode": code, "message": message, **more}]


@pytest.mark.parametrize(
    ("status", "answer", "kind", "words", "wait"),
    [
        (401, refusal("INVALID_SESSION_ID", "Session expired or invalid"), AuthFailed, "Session expired", None),
        (403, refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), RateLimited, "Limit exceeded", 3600),
        (403, refusal("INSUFFICIENT_ACCESS", "insufficient access rights"), Rejected, "insufficient access", None),
        (400, refusal("REQUIRED_FIELD_MISSING", "Missing", fields=["LastName"]), Rejected, r"Missing \(LastName\)", None),
        (400, refusal("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access"), Unavailable, "exclusive", 5),
        (404, refusal("NOT_FOUND", "The requested resource does not exist"), Rejected, "does not exist", None),
        (503, refusal("SERVER_UNAVAILABLE", "Server too busy"), Unavailable, "too busy", None),
    ],
)
async def test_salesforces_no_in_its_own_words(
    status: int, answer: Any, kind: type[Exception], words: str, wait: float | None
) -> None:
    http = provider(salesforce, {f"POST {DATA}/sobjects/Contact": (status, answer)})
    with pytest.raises(kind, match=words) as caught:
        await create(http, NewRecord(object="Contact", fields={"FirstName": "Ada"}))
    assert getattr(caught.value, "retry_after", None) == wait


async def test_the_account_is_the_organisation() -> None:
    organization = {"attributes": {"type": "Organization"}, "Id": "00D000000000001AAA", "Name": "Acme"}
    http = provider(salesforce, {f"GET {DATA}/query": page(organization)}, {"instance_url": "https://acme.my.salesforce.com"})
    found = await account(http)
    assert (found.id, found.name, found.detail) == ("00D000000000001AAA", "Acme", "https://acme.my.salesforce.com")


VECTOR = json.loads(Path(__file__).with_name("vectors.json").read_text())["vectors"][0]["body"]


def delivered(text: str) -> list[Incoming]:
    return receive(Delivery(text.encode()))


def test_an_outbound_message_is_as_many_events() -> None:
    made, changed_ = delivered(VECTOR)
    assert (made.key, made.account) == ("04l000000000001AAA", "00D000000000001AAA")
    assert made.data["fields"]["LastName"] == "King & Co"
    assert changed_.data["fields"]["Email"] is None
    assert [salesforce.name_event(each.data) for each in (made, changed_)] == ["record.created", "record.updated"]
    assert (made.data["object"], made.data["id"]) == ("Contact", ID)


def test_a_session_that_comes_along_is_in_no_event() -> None:
    stolen = VECTOR.replace('<SessionId xsi:nil="true"/>', "<SessionId>00D!invented-session</SessionId>")
    assert "invented-session" not in json.dumps([each.data for each in delivered(stolen)])


def test_salesforce_hears_ack() -> None:
    said = salesforce.acknowledges
    assert said is not None
    assert said.media_type == "text/xml"
    assert '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>' in said.text


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "{}",
        "<a/>",
        VECTOR.replace("<Notification>", "<Notification><Id/>", 1).replace("<Id>04l000000000001AAA</Id>", ""),
        VECTOR.replace("?>", f"?>{BOMB}", 1).replace("King", "&b;"),
        VECTOR.replace("?>", f"?>{OUTSIDE}", 1).replace("King", "&a;"),
        VECTOR.replace("King", "&nobody;"),
        VECTOR.replace("<sf:Id>003000000000001AAA</sf:Id>", ""),
        VECTOR[:-9],
        "<a>" * 50_000,
    ],
    ids=["empty", "json", "other", "no id", "bomb", "file", "entity", "no record", "cut", "deep"],
)
def test_what_is_no_outbound_message_is_refused(bad: str) -> None:
    with pytest.raises(Rejected):
        delivered(bad)


def test_other_encodings_hide_nothing() -> None:
    with pytest.raises(Rejected):
        receive(Delivery(VECTOR.replace("?>", f"?>{BOMB}", 1).encode("utf-16")))


START = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)


class Organisation:
    """Answers the poll's queries from rows that it keeps, as far as they are asked for."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def keep(self, id: str, made: int, last: int, **fields: Any) -> None:
        times = {"CreatedDate": self._time(made), "SystemModstamp": self._time(last)}
        self.rows[id] = {"attributes": {"type": "Contact"}, "Id": id, "IsDeleted": False, **times, **fields}

    def http(self) -> Any:
        return provider(salesforce, {f"GET {DATA}/queryAll": self._answer, f"GET {DATA}/query": self._answer})

    def _answer(self, request: Any) -> Any:
        text = dict(request.params)["q"]
        rows = sorted(self.rows.values(), key=lambda row: (row["SystemModstamp"], row["Id"]))
        if "DESC" in text:
            return page(*rows[-1:])
        bound = text.partition("SystemModstamp >")[2].lstrip("= ").split()[0].replace("Z", "+0000")
        if ">=" in text:
            found = [row for row in rows if row["SystemModstamp"] >= bound]
        else:
            after = text.partition("Id > '")[2].partition("'")[0]
            found = [row for row in rows if (row["SystemModstamp"], row["Id"]) > (bound, after)]
        return page(*found[:200])

    def _time(self, seconds: int) -> str:
        return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


async def look(
    organisation: Organisation, cursor: str | None, known: set[str], **watch: Any
) -> tuple[str, list[tuple[str, str]]]:
    """Look to the end, and give what the hub would take: a key that it has seen is a repeat."""
    fresh: list[tuple[str, str]] = []
    while True:
        polled = await changed(organisation.http(), Since(Watched(object="Contact", **watch), cursor))
        for each in polled.events:
            if each.key not in known:
                known.add(str(each.key))
                fresh.append((each.data["change"], each.data["id"]))
        cursor = polled.cursor
        if not polled.more:
            return cursor, fresh


async def test_a_poll_tells_each_change_once() -> None:
    organisation, known = Organisation(), set[str]()
    organisation.keep("old", 0, 0)
    cursor, fresh = await look(organisation, None, known)
    assert fresh == [], "what was there before is no news"

    organisation.keep("new", 10, 10)
    cursor, fresh = await look(organisation, cursor, known)
    assert fresh == [("created", "new")]
    organisation.keep("new", 10, 20)
    organisation.keep("old", 0, 21)
    organisation.keep("both", 22, 23)
    organisation.keep("late", 5, 5)  # committed after the look that passed its time
    cursor, fresh = await look(organisation, cursor, known)
    assert fresh == [("created", "late"), ("updated", "new"), ("updated", "old"), ("created", "both"), ("updated", "both")]

    organisation.keep("old", 0, 500, IsDeleted=True)
    cursor, fresh = await look(organisation, cursor, known)
    assert fresh == [("deleted", "old")]
    cursor, fresh = await look(organisation, cursor, known)
    assert fresh == []


async def test_a_poll_reads_page_by_page() -> None:
    organisation, known = Organisation(), set[str]()
    cursor, _ = await look(organisation, None, known)
    for number in range(450):
        organisation.keep(f"003{number:015}", 100, 100)
    cursor, fresh = await look(organisation, cursor, known)
    assert len(fresh) == len({id for _, id in fresh}) == 450


async def test_a_poll_asks_for_what_is_watched() -> None:
    http = Organisation().http()
    first = await changed(http, Since(Watched(object="Opportunity"), None))
    watch = Watched(object="Opportunity", show=["Amount", "Id"], where="StageName = 'Closed Won'", deletions=False)
    await changed(http, Since(watch, first.cursor))
    assert http.sent[1].target.endswith("/query")
    assert dict(http.sent[1].params)["q"] == (
        "SELECT Id, CreatedDate, SystemModstamp, Amount FROM Opportunity WHERE SystemModstamp >= 1970-01-01T00:00:00.000Z "
        "AND (StageName = 'Closed Won') ORDER BY SystemModstamp, Id LIMIT 200"
    )
    assert "FIELDS(ALL)" not in str(http.sent)


async def test_a_poll_without_times_says_so() -> None:
    http = provider(salesforce, {f"GET {DATA}/queryAll": page({"attributes": {"type": "Contact"}, "Id": ID})})
    with pytest.raises(Unavailable, match="without SystemModstamp"):
        await changed(http, Since(Watched(object="Contact"), None))
