import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from powerstrip.adapter import (
    AuthFailed,
    Delivery,
    OAuth2,
    Query,
    RateLimited,
    Registration,
    Rejected,
    Response,
    Since,
    SmartBackend,
    Unavailable,
    Wish,
)
from powerstrip.adapter.errors import PowerstripError
from powerstrip.adapter.testing import check, provider
from powerstrip_fhir import fhir
from powerstrip_fhir.actions import create, delete, everything, history, patch, read_resource, search, transaction, update
from powerstrip_fhir.bundles import Bundle, cursor_of
from powerstrip_fhir.capability import account, get_capability
from powerstrip_fhir.events import receive
from powerstrip_fhir.models import (
    Ask,
    Change,
    Create,
    Delete,
    Everything,
    HistoryOf,
    Patch,
    Read,
    SearchFor,
    Step,
    Transaction,
    Update,
)
from powerstrip_fhir.pickers import patients, practitioners, resource_types, resources, value_sets
from powerstrip_fhir.polls import Watched, changed
from powerstrip_fhir.r4 import check_resource
from powerstrip_fhir.subscriptions import Hooks

test_contract = check(fhir)

BASE = "https://fhir.example.com/r4"
CONFIG = {"base_url": BASE}
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"versionId": "2", "lastUpdated": "2026-01-02T00:00:00Z"},
    "name": [{"family": "Lovelace", "given": ["Ada"]}],
}
ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "e1",
    "meta": {"versionId": "1", "lastUpdated": "2026-01-03T00:00:00Z"},
    "status": "in-progress",
    "class": {"code": "IMP"},
    "subject": {"reference": "Patient/p1"},
}


def bundle(*resources: dict[str, Any], after: str = "", kind: str = "searchset") -> dict[str, Any]:
    links = [{"relation": "next", "url": after}] if after else []
    return {"resourceType": "Bundle", "type": kind, "link": links, "entry": [{"resource": each} for each in resources]}


def outcome(code: str, text: str, severity: str = "error") -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code, "details": {"text": text}}]}


def server(answers: dict[str, Any]) -> Any:
    return provider(fhir, answers, CONFIG)


async def test_a_resource_is_read_whole_and_an_earlier_version_too() -> None:
    http = server({"GET /Patient/p1": PATIENT, "GET /Patient/p1/_history/1": PATIENT})
    found = await read_resource(http, Read(resource_type="Patient", id="p1"))
    assert (found.reference, found.version_id, found.resource) == ("Patient/p1", "2", PATIENT)
    await read_resource(http, Read(resource_type="Patient", id="p1", version_id="1"))
    assert http.sent[0].header("accept") == "application/fhir+json"


async def test_a_search_says_everything_that_was_asked() -> None:
    entry = [
        {"resource": ENCOUNTER, "search": {"mode": "match"}},
        {"resource": PATIENT, "search": {"mode": "include"}},
        {"resource": outcome("not-supported", "Unknown parameter: moon", "warning"), "search": {"mode": "outcome"}},
    ]
    http = server({"GET /Encounter": bundle() | {"entry": entry, "total": 1}})
    asked = SearchFor(
        resource_type="Encounter",
        parameters={"date": ["ge2026-01-01", "lt2027-01-01"], "status": "in-progress"},
        patient="p1",
        code_in="https://example.com/codes",
        include=["Encounter:subject"],
        revinclude=["Observation:encounter"],
        sort="-date",
        count=10,
    )
    page = await search(http, asked)
    assert list(http.sent[0].params) == [
        ("date", "ge2026-01-01"), ("date", "lt2027-01-01"), ("status", "in-progress"), ("patient", "p1"),
        ("code:in", "https://example.com/codes"), ("_include", "Encounter:subject"), ("_revinclude", "Observation:encounter"),
        ("_sort", "-date"), ("_count", "10"),
    ]  # fmt: skip
    assert [each.reference for each in page.resources] == ["Encounter/e1"]
    assert [each.reference for each in page.included] == ["Patient/p1"]
    assert (page.total, page.next) == (1, None)
    assert "Unknown parameter: moon" in page.warnings[0]


@pytest.mark.parametrize(
    ("link", "cursor"),
    [
        (f"{BASE}/Patient?_page=2&name=a%26b", "/Patient?_page=2&name=a%26b"),
        (f"{BASE}?_getpages=abc", "/?_getpages=abc"),
        ("https://FHIR.example.com:443/r4/Patient?x=1", "/Patient?x=1"),
        ("Patient?x=1", "/Patient?x=1"),
        ("?x=1", "/Patient?x=1"),
    ],
)
async def test_the_next_page_is_followed_below_the_base(link: str, cursor: str) -> None:
    http = server({"GET /Patient": bundle(PATIENT, after=link), "GET /": bundle()})
    page = await search(http, SearchFor(resource_type="Patient"))
    assert page.next == cursor
    await search(http, SearchFor(resource_type="Patient", cursor=page.next))
    assert http.sent[1].target == cursor.partition("?")[0]
    assert "_count" not in dict(http.sent[1].params)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/r4/Patient?x=1", "http://fhir.example.com/r4/Patient?x=1", "//evil.example/r4?x=1",
        f"{BASE}evil/Patient?x=1", f"{BASE}/../admin?x=1", f"{BASE}/Observation?x=1", f"{BASE}/Patient/p1/$everything?x=1",
        "https://fhir.example.com@evil.example/r4?x=1", "https://[", "https://fhir.example.com:99999/r4?x=1",
        "javascript:alert(1)",
        f"{BASE}/Patient?{'x' * 9000}", f"{BASE}/Patient", "https://u:p@fhir.example.com/r4/Patient?x=1",
    ],
)  # fmt: skip
async def test_a_next_page_elsewhere_is_not_followed(link: str) -> None:
    http = server({"GET /Patient": bundle(PATIENT, after=link)})
    with pytest.raises(Unavailable, match="next page"):
        await search(http, SearchFor(resource_type="Patient"))


@pytest.mark.parametrize("cursor", ["/Observation?x=1", "/Patient", "https://evil.example/?x", "/Patient/../x?y", "x"])
async def test_a_cursor_of_another_call_is_refused(cursor: str) -> None:
    with pytest.raises(Rejected, match="cursor"):
        await search(server({}), SearchFor(resource_type="Patient", cursor=cursor))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_whatever_the_link_it_stays_on_the_base_or_is_refused(text: str) -> None:
    for link in (text, f"{BASE}/{text}", f"https://{text}", f"{BASE}{quote(text)}?x"):
        page = Bundle.model_validate(bundle(after=link or "x"))
        try:
            cursor = cursor_of(page, BASE, "/Patient")
        except Unavailable:
            continue
        assert cursor is None or cursor.startswith(("/Patient?", "/?"))


async def test_writes_carry_their_conditions() -> None:
    new = {key: value for key, value in PATIENT.items() if key not in ("id", "meta")}
    answers = {"POST /Patient": (201, PATIENT), "PUT /Patient/p1": PATIENT, "PUT /Patient": PATIENT, "PATCH /Patient/p1": PATIENT}
    http = server(answers | {"DELETE /Patient/p1": Response(204)})
    made = await create(http, Create(resource=new, if_none_exist="identifier=urn:mrn|7"))
    assert (made.created, http.sent[0].header("if-none-exist")) == (True, "identifier=urn:mrn|7")
    assert http.sent[0].header("content-type") == "application/fhir+json"
    assert not (await update(http, Update(resource=PATIENT, if_match="2"))).created
    assert http.sent[1].header("if-match") == 'W/"2"'
    await update(http, Update(resource=new, where="identifier=urn:mrn|7&active=true"))
    assert http.sent[2].params == (("identifier", "urn:mrn|7"), ("active", "true"))
    move = Change.model_validate({"op": "move", "path": "/a", "source": "/b"})
    await patch(http, Patch(resource_type="Patient", id="p1", changes=[Change(op="replace", path="/gender", value="male"), move]))
    body = json.loads(http.sent[3].body)
    assert body == [{"op": "replace", "path": "/gender", "value": "male"}, {"op": "move", "path": "/a", "from": "/b"}]
    assert http.sent[3].header("content-type") == "application/json-patch+json"
    assert (await delete(http, Delete(resource_type="Patient", id="p1"))).reference == "Patient/p1"


async def test_an_answer_without_a_body_is_read_from_its_headers() -> None:
    location = {"location": f"{BASE}/Patient/77/_history/3"}
    http = server({"POST /Patient": Response(201, location)})
    made = await create(http, Create(resource={"resourceType": "Patient"}))
    assert (made.reference, made.version_id, made.created) == ("Patient/77", "3", True)


@pytest.mark.parametrize("given", [{"resource": PATIENT, "where": "identifier=7"}, {"resource": {"resourceType": "Patient"}}])
def test_an_update_names_its_resource_in_one_way(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Update.model_validate(given)


async def test_a_history_tells_deletions() -> None:
    entries = [
        {"request": {"method": "DELETE", "url": "Patient/p1"}, "response": {"status": "204"}},
        {"request": {"method": "PUT", "url": "Patient/p1"}, "resource": PATIENT},
    ]
    http = server({"GET /Patient/p1/_history": bundle() | {"entry": entries}})
    versions = (await history(http, HistoryOf(resource_type="Patient", id="p1", since="2026-01-01"))).versions
    assert [(each.deleted, each.reference) for each in versions] == [(True, "Patient/p1"), (False, "Patient/p1")]
    assert ("_since", "2026-01-01") in http.sent[0].params


async def test_a_batch_tells_what_failed() -> None:
    rows = [
        {"response": {"status": "201 Created", "location": "Patient/9/_history/1"}},
        {"response": {"status": "404 Not Found", "outcome": outcome("not-found", "No such patient")}},
    ]
    http = server({"POST /": {"resourceType": "Bundle", "type": "batch-response", "entry": rows}})
    steps = [Step(method="POST", url="Patient", resource={"resourceType": "Patient"}), Step(method="GET", url="Patient/x")]
    done = await transaction(http, Transaction(type="batch", entries=steps))
    assert ([each.status for each in done.entries], done.failed) == ([201, 404], 1)
    assert (done.entries[0].reference, done.entries[0].version_id) == ("Patient/9", "1")
    assert done.entries[1].error == "No such patient"


@pytest.mark.parametrize("url", ["https://evil.example/Patient", "../admin", "/Patient", "Patient#x", "Patient x"])
def test_a_step_stays_below_the_base(url: str) -> None:
    with pytest.raises(ValidationError):
        Step(method="GET", url=url)


async def test_a_large_record_becomes_a_file_and_a_no_in_its_place_does_not() -> None:
    large = json.dumps(bundle(*[PATIENT] * 3000)).encode()
    kind = {"content-type": "application/fhir+json"}
    http = server({"GET /Patient/p1/$everything": Response(200, kind, large)})
    page = await everything(http, Everything(patient="p1", as_file=True, types=["Observation", "Encounter"]))
    assert http.sent[0].stream
    assert ("_type", "Observation,Encounter") in http.sent[0].params
    assert page.file is not None
    assert page.file.read() == large
    for body in (json.dumps(outcome("exception", "no")).encode(), b"<html>", b""):
        with pytest.raises(Unavailable, match="no bundle"):
            await everything(
                server({"GET /Patient/p1/$everything": Response(200, kind, body)}), Everything(patient="p1", as_file=True)
            )


CAPABLE = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"name": "Ward", "version": "7"},
    "rest": [{"mode": "server", "resource": [{"type": "Patient", "interaction": [{"code": "read"}, {"code": "search-type"}]}]}],
}


async def test_readiness_is_what_the_server_declares() -> None:
    found = await get_capability(server({"GET /metadata": CAPABLE}), Ask())
    ready = {each.action: each for each in found.actions}
    assert set(ready) == set(fhir.actions)
    assert (ready["resource.read"].ready, ready["resource.read"].resource_types) == (True, ["Patient"])
    assert (ready["resource.delete"].ready, ready["resource.delete"].reason) == (False, "The server declares no delete")
    assert not ready["patient.everything"].ready
    assert [each.value for each in (await resource_types(server({"GET /metadata": CAPABLE}), Query())).choices] == ["Patient"]


@pytest.mark.parametrize("version", ["3.0.2", "1.0.2", "5.0.0"])
async def test_a_server_of_another_version_is_refused(version: str) -> None:
    http = server({"GET /metadata": CAPABLE | {"fhirVersion": version}})
    with pytest.raises(Rejected, match=rf"speaks FHIR {version}"):
        await get_capability(http, Ask())
    with pytest.raises(Rejected, match=rf"speaks FHIR {version}"):
        await account(http)


async def test_the_account_tries_the_credential() -> None:
    found = await account(server({"GET /metadata": CAPABLE, "GET /Patient": (403, outcome("forbidden", "No patients for you"))}))
    assert (found.id, found.name, found.detail) == (BASE, "Ward", "FHIR 4.0.1")
    assert found.unsupported["resource.create"] == "The server declares no create"
    assert found.unsupported["bundle.transaction"] == "The server does not declare transactions"
    assert not {"resource.read", "resource.search", "capability.get"} & set(found.unsupported)
    with pytest.raises(AuthFailed, match="Sign in"):
        await account(server({"GET /metadata": CAPABLE, "GET /Patient": (401, outcome("login", "Sign in"))}))


@pytest.mark.parametrize("rest", [[], [{"mode": "server"}], [{"mode": "client", "resource": [{"type": "Patient"}]}]])
async def test_a_statement_that_lists_no_types_rules_nothing_out(rest: list[Any]) -> None:
    http = server({"GET /metadata": CAPABLE | {"rest": rest}, "GET /Patient": {"resourceType": "Bundle", "total": 1}})
    assert (await account(http)).unsupported == {}


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, outcome("invalid", "Bad date"), Rejected, "Bad date"),
        (404, outcome("not-found", "Unknown patient"), Rejected, "Unknown patient"),
        (410, outcome("deleted", "It was deleted"), Rejected, "deleted"),
        (412, outcome("conflict", "Version 3 by now"), Rejected, "Version 3"),
        (422, outcome("business-rule", "Too young"), Rejected, "Too young"),
        (401, outcome("login", "Token expired"), AuthFailed, "Token expired"),
        (403, outcome("expired", "Session over"), AuthFailed, "Session over"),
        (403, outcome("forbidden", "Not this ward"), Rejected, "Not this ward"),
        (429, outcome("throttled", "Slower"), RateLimited, "Slower"),
        (500, outcome("exception", "Broken"), Unavailable, "Broken"),
        (503, outcome("transient", "Later"), Unavailable, "Later"),
        (200, outcome("processing", "It did not work"), Rejected, "did not work"),
        (200, outcome("login", "Who are you"), AuthFailed, "Who are you"),
        (200, outcome("timeout", "Too slow"), Unavailable, "Too slow"),
        (200, outcome("informational", "All well", "information"), Rejected, "."),
        (400, {"resourceType": "OperationOutcome", "issue": "text"}, Rejected, "400"),
        (400, {"resourceType": "OperationOutcome", "issue": [7, {"severity": "fatal"}]}, Rejected, "refused"),
        (502, {"html": True}, Unavailable, "502"),
    ],
)
async def test_a_no_comes_in_the_servers_words(status: int, body: Any, kind: type[PowerstripError], words: str) -> None:
    expected = Unavailable if body == outcome("informational", "All well", "information") else kind
    with pytest.raises(expected, match=words):
        await search(server({"GET /Patient": (status, body)}), SearchFor(resource_type="Patient"))


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, {"content-type": "text/html"}, b"<html><body>Welcome</body></html>"),
        Response(200, {"content-type": "application/fhir+json"}, b'{"resourceType":"Bundle","type":"searchset","entry":[{"reso'),
        Response(200, {}, b""),
        Response(200, {"content-type": "application/fhir+json"}, b'{"resourceType":"Patient","id":"p1"}'),
        Response(200, {"content-type": "application/fhir+json"}, b'{"resourceType":"Bundle","type":"searchset","entry":{}}'),
        Response(200, {"content-type": "application/fhir+json"}, b"[" * 100_000),
        Response(200, {"content-type": "application/fhir+xml"}, b"<Bundle xmlns='http://hl7.org/fhir'/>"),
    ],
)
async def test_an_answer_that_is_no_bundle_is_a_server_out_of_order(answer: Response) -> None:
    with pytest.raises(Unavailable):
        await search(server({"GET /Patient": answer}), SearchFor(resource_type="Patient"))


async def test_an_answer_of_another_version_is_named() -> None:
    answer = Response(200, {"content-type": "application/fhir+json; fhirVersion=3.0"}, json.dumps(bundle()).encode())
    with pytest.raises(Rejected, match=r"FHIR 3\.0"):
        await search(server({"GET /Patient": answer}), SearchFor(resource_type="Patient"))


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ({"resourceType": "SubscriptionTopic"}, "resource of FHIR R5"),
        ({"resourceType": "MedicationOrder"}, "resource of FHIR DSTU2"),
        ({"resourceType": "Encounter", "actualPeriod": {}}, "one of FHIR R5"),
        ({"resourceType": "Observation", "related": []}, "one of FHIR STU3"),
        ({"resourceType": "Bot"}, "no resource of the type 'Bot'"),
        ({"resourceType": "Patient", "gender": "secretvalue"}, r"Patient\.gender is none of the codes"),
        ({"resourceType": "Patient", "birthDate": "secretvalue"}, r"Patient\.birthDate is not written"),
        ({"resourceType": "Patient", "nickname": "secretvalue"}, "has no element nickname"),
        ({"resourceType": "Patient", "name": {}}, r"Patient\.name must be a list"),
        ({"resourceType": "Observation", "code": {}}, "needs the element status"),
        ({"resourceType": "Patient", "contained": [{"resourceType": "Observation"}]}, r"contained\[0\]: Observation needs"),
        ({}, "no resourceType"),
        ({"resourceType": 7}, "no resourceType"),
    ],
)
async def test_only_r4_is_sent(resource: dict[str, Any], words: str) -> None:
    http = server({})
    with pytest.raises(Rejected, match=words) as caught:
        await create(http, Create(resource=resource))
    assert "secretvalue" not in str(caught.value)
    assert http.sent == []


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["resourceType", "name", "entry", "resource", "contained", "id", "x"]), inner, max_size=4), max_leaves=12)  # fmt: skip # noqa: E501


@settings(max_examples=150, deadline=None)
@given(JSON, st.sampled_from(["Patient", "Bundle", "Parameters", "Observation", "Nothing"]))
def test_any_json_is_taken_or_refused(value: Any, kind: str) -> None:
    for resource in (value, {"resourceType": kind, "entry": value, "contained": value, "name": value}):
        try:
            check_resource(resource)
        except Rejected:
            continue


def deliver(body: Any, method: str = "PUT") -> list[Any]:
    return receive(Delivery(json.dumps(body).encode(), {"content-type": "application/fhir+json"}, method))


def test_an_admission_is_told_beside_the_change_of_its_encounter() -> None:
    told = deliver(ENCOUNTER)
    assert [(fhir.name_event(each.data), each.key) for each in told] == [
        ("resource.created", "Encounter/e1/1"),
        ("patient.admitted", "Encounter/e1/admitted"),
    ]
    assert (told[1].data["patient"], told[1].data["encounter_class"]) == ("Patient/p1", "IMP")
    assert told[0].data["resource"] == ENCOUNTER
    later = deliver(ENCOUNTER | {"meta": {"versionId": "2"}})
    assert [(fhir.name_event(each.data), each.key) for each in later] == [
        ("resource.updated", "Encounter/e1/2"),
        ("patient.admitted", "Encounter/e1/admitted"),
    ]
    assert [fhir.name_event(each.data) for each in deliver(ENCOUNTER | {"status": "planned"})] == ["resource.created"]


def test_notifications_come_without_payload_with_one_or_in_a_bundle() -> None:
    assert receive(Delivery(b"", {}, "POST")) == []
    assert [each.key for each in deliver(PATIENT, "POST")] == ["Patient/p1/2"]
    status = {"resourceType": "Parameters", "id": "status"}
    assert [each.key for each in deliver(bundle(status, PATIENT, kind="history"))] == ["Patient/p1/2"]
    unversioned = {"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "x"}}
    assert [(each.key, fhir.name_event(each.data)) for each in deliver(unversioned)] == [(None, "resource.updated")]


@pytest.mark.parametrize("body", [{}, [], {"resourceType": "Patient"}, {"resourceType": "SubscriptionTopic", "id": "x"}, 7])
def test_what_is_no_resource_of_r4_is_refused(body: Any) -> None:
    with pytest.raises(Rejected):
        deliver(body)


async def test_a_poll_goes_back_a_little_and_starts_anew_where_the_server_forgot_its_pages() -> None:
    watch = Watched(resource_type="Patient", parameters={"active": "true"})
    http = server({"GET /Patient": bundle(PATIENT)})
    first = await changed(http, Since(watch))
    assert first.events == ()
    newer = PATIENT | {"id": "p2", "meta": {"versionId": "1", "lastUpdated": "2026-01-02T00:10:00Z"}}
    http = server({"GET /Patient": bundle(newer, after=f"{BASE}/Patient?page=2")})
    second = await changed(http, Since(watch, first.cursor))
    assert (second.more, [each.key for each in second.events]) == (True, ["Patient/p2/1"])
    asked = dict(http.sent[0].params)
    assert (asked["_lastUpdated"], asked["_sort"], asked["active"]) == ("ge2026-01-02T00:00:00.000Z", "_lastUpdated", "true")
    forgot = server({"GET /Patient": (410, outcome("processing", "This page is gone"))})
    third = await changed(forgot, Since(watch, second.cursor))
    http = server({"GET /Patient": bundle(newer)})
    fourth = await changed(http, Since(watch, third.cursor))
    assert dict(http.sent[0].params)["_lastUpdated"] == "ge2026-01-02T00:00:00.000Z"
    assert [each.key for each in fourth.events] == ["Patient/p2/1"]
    http = server({"GET /Patient": bundle()})
    await changed(http, Since(watch, fourth.cursor))
    assert dict(http.sent[0].params)["_lastUpdated"] == "ge2026-01-02T00:09:00.000Z"


async def test_a_poll_reads_the_versions_in_between_where_the_server_keeps_them() -> None:
    start = await changed(server({"GET /Patient": bundle(PATIENT)}), Since(Watched(resource_type="Patient")))
    at = [f"2026-01-02T00:00:0{second}Z" for second in range(4)]
    versions = [PATIENT | {"id": "p9", "meta": {"versionId": f"v-{number}", "lastUpdated": at[number]}} for number in (3, 2, 1)]
    http = server({"GET /Patient": bundle(versions[0]), "GET /Patient/p9/_history": bundle(*versions, kind="history")})
    told = await changed(http, Since(Watched(resource_type="Patient"), start.cursor))
    assert [(each.data["change"], each.key) for each in told.events] == [
        ("created", "Patient/p9/v-1"),
        ("updated", "Patient/p9/v-2"),
        ("updated", "Patient/p9/v-3"),
    ]
    http = server(
        {"GET /Patient": bundle(versions[0]), "GET /Patient/p9/_history": (405, outcome("not-supported", "No history"))}
    )
    told = await changed(http, Since(Watched(resource_type="Patient"), start.cursor))
    assert [(each.data["change"], each.key) for each in told.events] == [("updated", "Patient/p9/v-3")]


async def test_a_subscription_that_ends_is_put_off() -> None:
    url = "https://hub.example.com/v1/hooks/ep_1"
    kept = {
        "resourceType": "Subscription", "id": "s1", "status": "active", "reason": "Powerstrip: resource.updated",
        "criteria": "Patient?",
        "end": "2026-01-01T00:00:00Z", "channel": {"type": "rest-hook", "endpoint": url},
    }  # fmt: skip
    http = server({"PUT /Subscription/s1": kept, "GET /Subscription": bundle(kept, kept | {"reason": "Another's", "id": "s2"})})
    mine, other = await Hooks().list(http, Watched(resource_type="Patient"))
    assert (mine.id, mine.events, other.events) == ("s1", ("resource.updated",), ())
    watch = Watched(resource_type="Patient", parameters={"active": "true"})
    await Hooks().change(http, mine, Wish(url, ("resource.updated",), watch, "invented"))
    body = json.loads(http.sent[1].body)
    assert body["end"] > "2026-01-02"
    assert (body["criteria"], body["channel"]["payload"]) == ("Patient?active=true", "application/fhir+json")
    gone = server({"DELETE /Subscription/s1": (410, outcome("deleted", "Gone"))})
    await Hooks().delete(gone, Registration("s1", url, ()), watch)


async def test_choices_are_known_by_their_names() -> None:
    http = server({"GET /Patient": bundle(PATIENT | {"birthDate": "1815-12-10"}, after=f"{BASE}/Patient?page=2")})
    page = await patients(http, Query(search="love"))
    choice = page.choices[0]
    assert (choice.value, choice.label, choice.detail, page.next) == ("p1", "Lovelace, Ada", "1815-12-10", "/Patient?page=2")
    assert ("name", "love") in http.sent[0].params
    sets = bundle(
        {"resourceType": "ValueSet", "id": "v", "url": "https://example.com/v", "title": "Codes"}, {"resourceType": "ValueSet"}
    )
    assert [(each.value, each.label) for each in (await value_sets(server({"GET /ValueSet": sets}), Query())).choices] == [
        ("https://example.com/v", "Codes")
    ]


async def test_practitioners_and_other_resources_are_found_too() -> None:
    who = {"resourceType": "Practitioner", "id": "d1", "name": [{"text": "Dr Who"}], "identifier": [{"value": "NPI-1"}]}
    page = await practitioners(server({"GET /Practitioner": bundle(who)}), Query(search="who"))
    assert [(each.value, each.label, each.detail) for each in page.choices] == [("d1", "Dr Who", "NPI-1")]
    coded = {"resourceType": "Observation", "id": "o1", "code": {"coding": [{"display": "Pulse"}]}}
    http = server({"GET /Observation": bundle(coded, {"resourceType": "Observation", "id": "o2"})})
    page = await resources(http, Query(values={"resource_type": "Observation"}))
    assert [(each.value, each.label) for each in page.choices] == [("o1", "Pulse"), ("o2", "o2")]
    with pytest.raises(Rejected, match="no resource of the type"):
        await resources(server({}), Query(values={"resource_type": "Invented"}))


def test_every_way_to_sign_in_is_there() -> None:
    kinds = {auth.kind: auth for auth in fhir.auths}
    assert set(kinds) == {"bearer", "basic", "none", "smart_backend", "oauth2"}
    smart, launch = kinds["smart_backend"], kinds["oauth2"]
    assert isinstance(smart, SmartBackend)
    assert isinstance(launch, OAuth2)
    assert dict(launch.authorize_params)["aud"] == "{base_url}"
    assert smart.token_url_field in fhir.config.model_fields
