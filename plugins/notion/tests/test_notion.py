import json
from typing import Any

import pytest
from pydantic import ValidationError

from powerstrip.adapter import AuthFailed, Delivery, Incoming, Query, RateLimited, Rejected, Since, Unavailable
from powerstrip.adapter.testing import check, provider
from powerstrip_notion import notion, polls
from powerstrip_notion.comments import CommentList, NewComment, create_comment, list_comments
from powerstrip_notion.databases import (
    DatabaseQuery,
    DatabaseQuestion,
    Search,
    get_database,
    query_database,
    search,
)
from powerstrip_notion.events import receive
from powerstrip_notion.pages import (
    Archiving,
    MoreText,
    NewPage,
    PageChange,
    PageQuestion,
    append_blocks,
    archive_page,
    create_page,
    get_page,
    update_page,
)
from powerstrip_notion.pickers import databases, pages, users
from powerstrip_notion.properties import Property, equals, plain_value, spelled
from powerstrip_notion.provider import account, id_of
from powerstrip_notion.text import blocks

test_contract = check(notion)

ID = "59833787-2cf9-4fdf-8782-e53db20768a5"
DB = "b55c9c91-384d-452b-81db-d1ef79372b75"
SOURCE = "c174b72c-d782-432f-8dc0-b647e1c96df6"
SCHEMA = {
    "Name": {"id": "title", "type": "title"},
    "Status": {"id": "s", "type": "status"},
    "Tags": {"id": "t", "type": "multi_select"},
    "Points": {"id": "p", "type": "number"},
    "Done": {"id": "d", "type": "checkbox"},
    "Due": {"id": "u", "type": "date"},
    "Made": {"id": "m", "type": "created_time"},
    "Sum": {"id": "x", "type": "formula"},
}
HELD = {"object": "data_source", "id": SOURCE, "title": [{"plain_text": "Tasks"}], "properties": SCHEMA}
PAGE = {
    "object": "page",
    "id": ID,
    "url": "https://www.notion.so/x",
    "created_time": "2026-11-30T10:00:00.000Z",
    "last_edited_time": "2026-11-30T10:05:00.000Z",
    "in_trash": False,
    "parent": {"type": "data_source_id", "data_source_id": SOURCE, "database_id": DB},
    "properties": {
        "Name": {"id": "title", "type": "title", "title": [{"plain_text": "Kick"}, {"plain_text": "-off"}]},
        "Status": {"id": "s", "type": "status", "status": {"name": "Done"}},
    },
}


def body(http: Any, number: int = -1) -> Any:
    return json.loads(http.sent[number].body)


def no(code: str, message: str) -> Any:
    return {"object": "error", "code": code, "message": message}


async def test_a_page_goes_into_a_database_by_either_of_its_ids() -> None:
    answers = {
        f"GET /data_sources/{DB}": (404, no("object_not_found", "Could not find data source")),
        f"GET /databases/{DB}": {"object": "database", "data_sources": [{"id": SOURCE, "name": "Tasks"}]},
        f"GET /data_sources/{SOURCE}": HELD,
        "POST /pages": PAGE,
    }
    http = provider(notion, answers)
    address = f"https://www.notion.so/acme/Tasks-{DB.replace('-', '')}?v=1"
    values: dict[str, Any] = {
        "Status": "Done",
        "Tags": ["a", "b"],
        "Points": "3.5",
        "Done": "yes",
        "Due": ["2026-12-03", "2026-12-04"],
    }
    made = await create_page(http, NewPage(title="Kick-off", database=address, properties=values, text="# Agenda\n- Who"))
    assert (made.title, made.properties["Status"], made.database) == ("Kick-off", "Done", SOURCE)
    sent = body(http)
    assert sent["parent"] == {"type": "data_source_id", "data_source_id": SOURCE}
    assert sent["properties"] == {
        "title": {"title": [{"type": "text", "text": {"content": "Kick-off"}}]},
        "Status": {"status": {"name": "Done"}},
        "Tags": {"multi_select": [{"name": "a"}, {"name": "b"}]},
        "Points": {"number": 3.5},
        "Done": {"checkbox": True},
        "Due": {"date": {"start": "2026-12-03", "end": "2026-12-04"}},
    }
    assert [each["type"] for each in sent["children"]] == ["heading_1", "bulleted_list_item"]
    assert all(each.header("Notion-Version") == "2025-09-03" for each in http.sent)


async def test_a_database_without_a_source_or_without_a_name_is_told() -> None:
    gone = (404, no("object_not_found", "Could not find database with ID"))
    http = provider(notion, {f"GET /data_sources/{DB}": gone, f"GET /databases/{DB}": gone})
    with pytest.raises(Rejected, match="Could not find database"):
        await get_database(http, DatabaseQuestion(database=DB))
    http = provider(notion, {f"GET /data_sources/{DB}": gone, f"GET /databases/{DB}": {"data_sources": []}})
    with pytest.raises(Rejected, match="no data source"):
        await get_database(http, DatabaseQuestion(database=DB))
    http = provider(notion, {f"GET /data_sources/{SOURCE}": HELD})
    facts = await get_database(http, DatabaseQuestion(database=SOURCE))
    assert (facts.title, facts.properties[0].name) == ("Tasks", "Name")
    assert [each.name for each in facts.properties if not each.writable] == ["Made", "Sum"]


async def test_a_page_on_a_page_takes_its_text_in_hundreds() -> None:
    http = provider(
        notion, {"POST /pages": PAGE, f"PATCH /blocks/{ID}/children": {"results": [{"id": "b", "type": "paragraph"}]}}
    )
    await create_page(http, NewPage(title="Log", page=ID, text="\n\n".join(f"Line {number}" for number in range(250))))
    assert body(http, 0)["parent"] == {"type": "page_id", "page_id": ID}
    assert [len(body(http, number)["children"]) for number in range(3)] == [100, 100, 50]


@pytest.mark.parametrize("wrong", [{}, {"database": DB, "page": ID}, {"page": ID, "properties": {"Status": "Done"}}])
def test_a_page_goes_to_one_place(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        NewPage(title="x", **wrong)


async def test_a_page_is_changed_by_what_its_properties_are() -> None:
    typed = {"properties": SCHEMA}
    http = provider(notion, {f"GET /pages/{ID}": typed, f"PATCH /pages/{ID}": PAGE})
    await update_page(http, PageChange(page=ID, title="New", properties={"Status": None, "Tags": None, "Done": False}))
    assert body(http)["properties"] == {
        "title": {"title": [{"type": "text", "text": {"content": "New"}}]},
        "Status": {"status": None},
        "Tags": {"multi_select": []},
        "Done": {"checkbox": False},
    }
    for wrong, words in (({"Nope": 1}, "no property Nope"), ({"Sum": 1}, "itself fills"), ({"Points": "many"}, "is a number")):
        with pytest.raises(Rejected, match=words):
            await update_page(http, PageChange(page=ID, properties=wrong))  # type: ignore[arg-type]
    with pytest.raises(Rejected, match="Nothing to change"):
        await update_page(http, PageChange(page=ID))


async def test_a_page_is_read_with_its_text() -> None:
    def block(kind: str, words: str = "", **more: Any) -> Any:
        return {"id": "b", "type": kind, kind: {"rich_text": [{"plain_text": words}], **more}}

    parts = [
        {"results": [block("heading_2", "Plan"), block("to_do", "Call", checked=True), block("divider")], "next_cursor": "c2"},
        {"results": [block("paragraph", "End"), {"id": "x", "type": "unsupported"}], "next_cursor": None},
    ]
    http = provider(notion, {f"GET /pages/{ID}": PAGE, f"GET /blocks/{ID}/children": lambda request: parts.pop(0)})
    page = await get_page(http, PageQuestion(page=f"https://www.notion.so/Kick-off-{ID.replace('-', '')}#heading"))
    assert page.text == "## Plan\n[x] Call\n---\nEnd\n"
    assert ("start_cursor", "c2") in http.sent[-1].params
    await get_page(http, PageQuestion(page=ID, content=False))
    assert len(http.sent) == 4


async def test_a_page_is_put_into_the_trash_and_taken_out() -> None:
    http = provider(notion, {f"PATCH /pages/{ID}": PAGE | {"in_trash": True}})
    assert (await archive_page(http, Archiving(page=ID))).archived
    await archive_page(http, Archiving(page=ID, restore=True))
    assert [body(http, number) for number in (0, 1)] == [{"in_trash": True}, {"in_trash": False}]


async def test_text_is_appended() -> None:
    http = provider(notion, {f"PATCH /blocks/{ID}/children": {"results": [{"id": "b1", "type": "paragraph"}]}})
    assert (await append_blocks(http, MoreText(page=ID, text="Call back Ana"))).block_ids == ["b1"]
    with pytest.raises(Rejected, match="no text"):
        await append_blocks(http, MoreText(page=ID, text="\n \n"))


def test_lines_become_blocks() -> None:
    text = "# One\nTwo\nthree\n\n### Four\n- five\n* six\n1. seven\n- [ ] eight\n[x] nine\n> ten\n---\n#no heading\n-no item"
    made = blocks(text)
    assert [each["type"] for each in made] == [
        *("heading_1", "paragraph", "heading_3", "bulleted_list_item", "bulleted_list_item", "numbered_list_item"),
        *("to_do", "to_do", "quote", "divider", "paragraph"),
    ]
    assert made[1]["paragraph"]["rich_text"][0]["text"]["content"] == "Two\nthree"
    assert [each["to_do"]["checked"] for each in made if each["type"] == "to_do"] == [False, True]
    assert blocks("\n\n") == []
    long = blocks("x" * 4500)[0]["paragraph"]["rich_text"]
    assert [len(each["text"]["content"]) for each in long] == [2000, 2000, 500]


async def test_a_database_is_asked_by_values_and_pages() -> None:
    found = {"results": [PAGE], "next_cursor": "n"}
    http = provider(notion, {f"GET /data_sources/{SOURCE}": HELD, f"POST /data_sources/{SOURCE}/query": found})
    query = DatabaseQuery(database=SOURCE, where={"Status": "Done", "Points": 3}, sort_by="Due", descending=True, cursor="c")
    page = await query_database(http, query)
    assert (page.pages[0].title, page.next) == ("Kick-off", "n")
    assert body(http) == {
        "filter": {
            "and": [{"property": "Status", "status": {"equals": "Done"}}, {"property": "Points", "number": {"equals": 3}}]
        },
        "sorts": [{"property": "Due", "direction": "descending"}],
        "page_size": 50,
        "start_cursor": "c",
    }
    own = {"property": "Due", "date": {"past_week": {}}}
    await query_database(http, DatabaseQuery(database=SOURCE, filter=own))
    assert body(http) == {"filter": own, "page_size": 50}


def schema(**kinds: str) -> dict[str, Property]:
    return {name: Property(id=name, type=kind) for name, kind in kinds.items()}


def test_values_are_compared_as_their_kind_wants_it() -> None:
    kinds = schema(Tags="multi_select", Made="created_time", Who="people", Empty="rich_text", Sum="formula")
    assert equals(kinds, {"Tags": "a", "Made": "2026-12-03", "Who": "u1", "Empty": None}) == [
        {"property": "Tags", "multi_select": {"contains": "a"}},
        {"timestamp": "created_time", "created_time": {"equals": "2026-12-03"}},
        {"property": "Who", "people": {"contains": "u1"}},
        {"property": "Empty", "rich_text": {"is_empty": True}},
    ]
    with pytest.raises(Rejected, match="use `filter`"):
        equals(kinds, {"Tags": ["a"]})
    with pytest.raises(Rejected, match="no property Nope"):
        equals(kinds, {"Nope": 1})


@pytest.mark.parametrize(
    ("kind", "value", "wire"),
    [
        ("rich_text", "Hi", {"rich_text": [{"type": "text", "text": {"content": "Hi"}}]}),
        ("select", "A", {"select": {"name": "A"}}),
        ("people", "u1", {"people": [{"id": "u1"}]}),
        ("relation", ["p1", "p2"], {"relation": [{"id": "p1"}, {"id": "p2"}]}),
        ("date", "2026-12-03", {"date": {"start": "2026-12-03"}}),
        ("url", "https://x.example", {"url": "https://x.example"}),
        ("checkbox", None, {"checkbox": False}),
        ("number", None, {"number": None}),
        ("files", "https://x.example/a.pdf", {"files": [{"name": "a.pdf", "external": {"url": "https://x.example/a.pdf"}}]}),
        ("place", {"place": {"lat": 1}}, {"place": {"lat": 1}}),
    ],
)
def test_values_are_spelled_as_notion_takes_them(kind: str, value: Any, wire: Any) -> None:
    assert spelled(schema(P=kind), {"P": value}) == {"P": wire}


@pytest.mark.parametrize(("kind", "value"), [("checkbox", "maybe"), ("number", "many"), ("date", ["a", "b", "c"])])
def test_what_is_of_another_kind_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(Rejected):
        spelled(schema(P=kind), {"P": value})


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"type": "number", "number": 3}, 3),
        ({"type": "select", "select": None}, None),
        ({"type": "multi_select", "multi_select": [{"name": "a"}]}, ["a"]),
        ({"type": "people", "people": [{"id": "u1"}, {"id": "u2", "name": "Ada"}]}, ["u1", "Ada"]),
        ({"type": "date", "date": {"start": "2026-12-03", "end": None}}, "2026-12-03"),
        ({"type": "date", "date": {"start": "2026-12-03", "end": "2026-12-04"}}, ["2026-12-03", "2026-12-04"]),
        ({"type": "formula", "formula": {"type": "number", "number": 7}}, 7),
        ({"type": "formula", "formula": {"type": "date", "date": {"start": "2026-12-03"}}}, "2026-12-03"),
        ({"type": "rollup", "rollup": {"type": "array", "array": [{"type": "number", "number": 1}]}}, [1]),
        ({"type": "unique_id", "unique_id": {"number": 7, "prefix": "T"}}, "T-7"),
        ({"type": "created_time", "created_time": "2026-11-30T10:00:00.000Z"}, "2026-11-30T10:00:00.000Z"),
        ("odd", None),
    ],
)
def test_properties_are_shown_plainly(given: Any, shown: Any) -> None:
    assert plain_value(given) == shown


async def test_pages_and_databases_are_found_and_offered() -> None:
    rows = [
        PAGE,
        {"object": "data_source", "id": SOURCE, "title": [{"plain_text": "Tasks"}], "last_edited_time": "2026-11-29T10:00:00Z"},
    ]
    http = provider(notion, {"POST /search": {"results": rows, "next_cursor": "n"}})
    found = await search(http, Search(query="kick", cursor="c"))
    assert [(each.kind, each.title) for each in found.results] == [("page", "Kick-off"), ("database", "Tasks")]
    assert (found.next, body(http)["start_cursor"]) == ("n", "c")
    assert (await databases(http, Query(search="ta", cursor="p"))).choices[1].detail == "2026-11-29"
    assert body(http)["filter"] == {"property": "object", "value": "data_source"}
    assert (await pages(http, Query())).choices[0].label == "Kick-off"


async def test_comments_are_made_continued_and_listed() -> None:
    held = {"id": "c1", "discussion_id": "d1", "created_time": "2026-11-30T10:00:00Z", "rich_text": [{"plain_text": "Seen."}]}
    http = provider(notion, {"POST /comments": held, "GET /comments": {"results": [held], "next_cursor": "n"}})
    assert (await create_comment(http, NewComment(page=ID, text="Seen."))).discussion == "d1"
    await create_comment(http, NewComment(discussion="d1", text="Me too"))
    assert [sorted(body(http, number)) for number in (0, 1)] == [["parent", "rich_text"], ["discussion_id", "rich_text"]]
    page = await list_comments(http, CommentList(page=ID, cursor="c"))
    assert (page.comments[0].text, page.next) == ("Seen.", "n")
    with pytest.raises(ValidationError):
        NewComment(text="Nowhere")


async def test_people_are_offered() -> None:
    rows = [{"id": "u1", "type": "person", "name": "Ada", "person": {"email": "ada@example.com"}}, {"id": "u2", "type": "bot"}]
    http = provider(notion, {"GET /users": {"results": rows, "next_cursor": "n"}})
    page = await users(http, Query(cursor="c"))
    assert [(each.label, each.detail) for each in page.choices] == [("Ada", "ada@example.com"), ("u2", "bot")]
    assert page.next == "n"


async def test_the_account_is_the_workspace() -> None:
    me = {"id": "u1", "name": "Hub", "type": "bot", "bot": {"workspace_id": "w1", "workspace_name": "Acme"}}
    found = await account(provider(notion, {"GET /users/me": me}))
    assert (found.id, found.name, found.detail) == ("w1", "Acme", "Hub")
    assert (await account(provider(notion, {"GET /users/me": {"id": "u1", "bot": {}}}))).id == "u1"


@pytest.mark.parametrize(
    ("text", "id"),
    [
        (ID, ID),
        (ID.replace("-", "").upper(), ID),
        (f"https://www.notion.so/acme/Kick-off-{ID.replace('-', '')}?pvs=4", ID),
        (f"https://acme.notion.site/{ID.replace('-', '')}/", ID),
        ("Daily Log", "Daily Log"),
    ],
)
def test_a_page_may_be_named_by_its_address(text: str, id: str) -> None:
    assert id_of(text) == id


@pytest.mark.parametrize(
    ("status", "answer", "kind", "words"),
    [
        (400, no("validation_error", "body failed validation: x"), Rejected, "failed validation"),
        (401, no("unauthorized", "API token is invalid."), AuthFailed, "token is invalid"),
        (403, no("restricted_resource", "Insufficient permissions"), Rejected, "Insufficient.*Capabilities"),
        (403, [], Rejected, "refused"),
        (404, no("object_not_found", "Make sure the relevant pages are shared"), Rejected, "shared"),
        (409, no("conflict_error", "Conflict occurred while saving."), Unavailable, "Conflict"),
        (429, no("rate_limited", "You have been rate limited."), RateLimited, "rate limited"),
        (503, no("service_unavailable", "Notion is unavailable."), Unavailable, "unavailable"),
    ],
)
async def test_notions_no_in_its_own_words(status: int, answer: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        await archive_page(provider(notion, {f"PATCH /pages/{ID}": (status, answer)}), Archiving(page=ID))


# Events


def told(kind: str) -> bytes:
    event = {
        "id": "e1",
        "timestamp": "2026-11-30T10:00:00Z",
        "workspace_id": "w1",
        "type": kind,
        "entity": {"id": ID, "type": "page"},
    }
    return json.dumps(event).encode()


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("page.created", "page.created"),
        ("page.content_updated", "page.updated"),
        ("page.undeleted", "page.updated"),
        ("page.deleted", "page.deleted"),
        ("data_source.schema_updated", "database.updated"),
        ("database.created", "database.updated"),
        ("data_source.deleted", "database.deleted"),
        ("comment.created", "comment.created"),
        ("page.some_new_thing", None),
    ],
)
def test_events_are_told_by_notions_word(kind: str, name: str | None) -> None:
    incoming = receive(Delivery(told(kind)))
    assert isinstance(incoming, Incoming)
    assert (notion.name_event(incoming.data), incoming.key, incoming.account) == (name, "e1", "w1")


def test_a_token_that_comes_once_more_is_no_event() -> None:
    assert receive(Delivery(b'{"verification_token": "secret_invented"}')) == []


@pytest.mark.parametrize("bad", [b"[]", b"{}", b'{"id": 7, "type": "page.created"}', b"Hello"])
def test_what_is_no_event_is_refused(bad: bytes) -> None:
    with pytest.raises(Rejected):
        receive(Delivery(bad))


# The poll


def raw(id: str, made: str, edited: str) -> Any:
    return PAGE | {"id": id, "created_time": f"2026-11-30T{made}:00.000Z", "last_edited_time": f"2026-11-30T{edited}:00.000Z"}


async def look(http: Any, cursor: str, database: str | None = None) -> Any:
    return await polls.changed(http, Since(polls.Watched(database=database), cursor))


MARK = json.dumps({"start": "2026-11-30T09:00:00Z", "seen": "2026-11-30T10:00:00Z", "until": "2026-11-30T10:30:00Z"})


async def test_pages_are_told_when_their_minute_is_over() -> None:
    rows = [
        raw("late", "08:00", "10:30"),
        raw("new", "10:20", "10:25"),
        raw("edited", "08:00", "10:10"),
        raw("old", "08:00", "09:30"),
    ]
    http = provider(notion, {"POST /search": {"results": rows, "next_cursor": "c2"}})
    found = await look(http, MARK)
    assert [(notion.name_event(each.data), each.data["entity"]["id"]) for each in found.events] == [
        ("page.updated", "edited"),
        ("page.created", "new"),
        ("page.updated", "new"),
    ]
    assert found.events[0].data["page"]["title"] == "Kick-off"
    assert not found.more, "what is older is not gone through"
    after = json.loads(found.cursor)
    assert (after["seen"], "page" in after) == ("2026-11-30T10:30:00Z", False)
    again = await look(http, json.dumps(after | {"until": "2026-11-30T10:31:00Z"}))
    assert {each.key for each in found.events} & {each.key for each in again.events} == {
        each.key for each in found.events if each.data["entity"]["id"] == "new"
    }
    assert "late" in [each.data["entity"]["id"] for each in again.events]


async def test_many_changes_take_several_pages_of_one_round() -> None:
    pages_of = [
        {"results": [raw("a", "10:20", "10:20")], "next_cursor": "c2"},
        {"results": [raw("b", "08:00", "10:10")], "next_cursor": None},
    ]
    answers = {f"GET /data_sources/{SOURCE}": HELD, f"POST /data_sources/{SOURCE}/query": lambda request: pages_of.pop(0)}
    http = provider(notion, answers)
    first = await look(http, MARK, SOURCE)
    assert (first.more, [each.key for each in first.events]) == (True, ["a/created"])
    last = await look(http, first.cursor, SOURCE)
    assert (last.more, json.loads(last.cursor)["seen"]) == (False, "2026-11-30T10:30:00Z")
    assert body(http)["start_cursor"] == "c2"


async def test_the_first_look_tells_nothing() -> None:
    begun = await polls.changed(provider(notion, {}), Since(polls.Watched()))
    assert (list(begun.events), begun.more) == ([], False)
