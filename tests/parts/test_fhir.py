"""The FHIR adapter against a FHIR R4 server that remembers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from parts.servers import FHIR_TOKEN
from parts.through_the_edge import Connected, connected

from powerstrip.adapter import AuthFailed, Incoming, Model, Registration, Rejected, Since, Wish
from powerstrip_fhir import fhir
from powerstrip_fhir.polls import Watched, changed

pytestmark = pytest.mark.part


@pytest.fixture
async def ward(fhir_url: str, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(fhir, fhir_url, tmp_path, {"token": FHIR_TOKEN}, base_url=fhir_url) as connection:
        yield connection


def patient(family: str, mrn: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "Patient", "name": [{"family": family, "given": ["Ada"]}]}
    return made | ({"identifier": [{"system": "urn:mrn", "value": mrn}]} if mrn else {})


def encounter(patient: str, status: str = "in-progress") -> dict[str, Any]:
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
    return {"resourceType": "Encounter", "status": status, "class": kind, "subject": {"reference": patient}}


async def test_a_resource_is_made_read_changed_and_deleted(ward: Connected) -> None:
    made = await ward.call("resource.create", resource=patient("Grünwald"))
    assert made.created
    assert made.reference == f"Patient/{made.id}"
    name = {"resource_type": "Patient", "id": made.id}
    assert (await ward.call("resource.read", **name)).resource["name"][0]["family"] == "Grünwald"

    put = await ward.call("resource.update", resource=made.resource | {"gender": "female"}, if_match=made.version_id)
    assert put.version_id != made.version_id
    with pytest.raises(Rejected, match="Somebody changed it meanwhile"):
        await ward.call("resource.update", resource=made.resource, if_match=made.version_id)
    changes = [{"op": "replace", "path": "/gender", "value": "other"}]
    assert (await ward.call("resource.patch", **name, changes=changes)).resource["gender"] == "other"

    versions = (await ward.call("resource.history", **name)).versions
    assert [each.version.resource.get("gender") for each in versions] == ["other", "female", None]
    earlier = await ward.call("resource.read", **name, version_id=made.version_id)
    assert "gender" not in earlier.resource

    assert (await ward.call("resource.delete", **name)).reference == made.reference
    with pytest.raises(Rejected, match=r"(?i)not found|deleted|gone"):
        await ward.call("resource.read", **name)


async def test_a_second_one_is_not_made_where_a_search_finds_the_first(ward: Connected) -> None:
    given = {"resource": patient("Once", "once-1"), "if_none_exist": "identifier=urn:mrn|once-1"}
    first = await ward.call("resource.create", **given)
    second = await ward.call("resource.create", **given)
    assert (first.created, second.created, second.id) == (True, False, first.id)
    put = await ward.call("resource.update", resource=patient("Twice", "once-1"), where="identifier=urn:mrn|once-1")
    assert (put.id, put.resource["name"][0]["family"]) == (first.id, "Twice")


async def test_a_search_pages_to_its_end_and_brings_what_it_refers_to(ward: Connected) -> None:
    made = [await ward.call("resource.create", resource=patient("Paging")) for _ in range(5)]
    seen, cursor = [], None
    for _ in range(3):
        asked = {"resource_type": "Patient", "parameters": {"family": "Paging"}, "count": 2, "cursor": cursor}
        page = await ward.call("resource.search", **asked)
        seen += [each.id for each in page.resources]
        cursor = page.next
    assert cursor is None
    assert sorted(seen) == sorted(each.id for each in made)

    await ward.call("resource.create", resource=encounter(made[0].reference))
    asked = {"resource_type": "Encounter", "parameters": {"subject": made[0].reference}, "include": ["Encounter:subject"]}
    page = await ward.call("resource.search", **asked)
    assert [each.resource_type for each in page.resources] == ["Encounter"]
    assert [each.reference for each in page.included] == [made[0].reference]


async def test_a_transaction_is_all_or_nothing_and_a_batch_is_not(ward: Connected) -> None:
    name = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    entries = [
        {"method": "POST", "url": "Patient", "full_url": name, "resource": patient("Together")},
        {"method": "POST", "url": "Encounter", "resource": encounter(name)},
    ]
    done = await ward.call("bundle.transaction", entries=entries)
    assert ([each.status for each in done.entries], done.failed) == ([201, 201], 0)
    assert done.entries[1].resource["subject"]["reference"] == done.entries[0].reference

    batch = [{"method": "GET", "url": "Patient/invented"}, {"method": "POST", "url": "Patient", "resource": patient("Alone")}]
    done = await ward.call("bundle.transaction", type="batch", entries=batch)
    assert ([each.status for each in done.entries], done.failed) == ([404, 201], 1)
    assert done.entries[0].error


async def test_everything_of_a_patient_comes_as_pages_or_as_a_file(ward: Connected) -> None:
    one = await ward.call("resource.create", resource=patient("Whole"))
    await ward.call("resource.create", resource=encounter(one.reference))
    page = await ward.call("patient.everything", patient=one.id)
    assert sorted(each.resource_type for each in page.resources) == ["Encounter", "Patient"]
    page = await ward.call("patient.everything", patient=one.id, as_file=True)
    assert b'"Encounter"' in page.file.read()


async def test_the_server_says_what_it_can_do(ward: Connected) -> None:
    found = await ward.call("capability.get")
    assert found.fhir_version == "4.0.1"
    ready = {each.action: each for each in found.actions}
    assert all(ready[action].ready for action in fhir.actions)
    assert "Patient" in [choice.value for choice in (await ward.pick("resource_type")).choices]
    assert (await ward.account()).name == "Ward 7"


async def test_pickers_find_people_and_what_else_there_is(ward: Connected) -> None:
    one = await ward.call("resource.create", resource=patient("Pickett"))
    assert [(each.value, each.label) for each in (await ward.pick("patient", "Pickett")).choices] == [(one.id, "Pickett, Ada")]
    who = await ward.call("resource.create", resource={"resourceType": "Practitioner", "name": [{"text": "Dr Who"}]})
    assert (who.id, "Dr Who") in [(each.value, each.label) for each in (await ward.pick("practitioner")).choices]
    codes = {"resourceType": "ValueSet", "status": "active", "url": "https://example.com/codes", "title": "Codes"}
    await ward.call("resource.create", resource=codes)
    assert ("https://example.com/codes", "Codes") in [(each.value, each.label) for each in (await ward.pick("value_set")).choices]
    assert one.id in [each.value for each in (await ward.pick("resource", resource_type="Patient")).choices]


async def test_the_server_refuses_in_its_own_words(ward: Connected, fhir_url: str, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="Not found"):
        await ward.call("resource.read", resource_type="Patient", id="invented")
    with pytest.raises(Rejected, match=r"Patient\.gender"):
        await ward.call("resource.create", resource={"resourceType": "Patient", "gender": "sometimes"})
    with pytest.raises(Rejected):
        await ward.call("resource.patch", resource_type="Patient", id="invented", changes=[{"op": "remove", "path": "/x"}])
    with pytest.raises(Rejected):
        await ward.call("resource.delete", resource_type="Patient", id="invented")
    with pytest.raises(Rejected):
        await ward.call("resource.history", resource_type="Patient", id="invented")
    with pytest.raises(Rejected):
        await ward.call("patient.everything", patient="invented")
    async with connected(fhir, fhir_url, tmp_path / "other", {"token": "invented-wrong"}, base_url=fhir_url) as stranger:
        with pytest.raises(AuthFailed, match="Sign in first"):
            await stranger.call("resource.search", resource_type="Patient")
        with pytest.raises(AuthFailed, match="Sign in first"):
            await stranger.account()


async def look(ward: Connected, watch: Watched, cursor: str | None) -> tuple[str, list[Incoming]]:
    """Look to the end."""
    events: list[Incoming] = []
    while True:
        polled = await changed(ward.http("poll"), Since(watch, cursor))
        events += polled.events
        cursor = polled.cursor
        if not polled.more:
            return cursor, events


def fresh(events: list[Incoming], known: set[str]) -> Iterator[tuple[str, str]]:
    """What the hub would take: a key that it has seen is a repeat."""
    for each in events:
        if each.key not in known:
            known.add(str(each.key))
            yield each.data["change"], each.data["reference"]


async def test_a_poll_tells_each_change_once(ward: Connected) -> None:
    one = await ward.call("resource.create", resource=patient("Before"))
    watch, known = Watched(resource_type="Encounter"), set[str]()
    await ward.call("resource.create", resource=encounter(one.reference))
    cursor, events = await look(ward, watch, None)
    assert events == []

    planned = await ward.call("resource.create", resource=encounter(one.reference, "planned"))
    cursor, events = await look(ward, watch, cursor)
    assert list(fresh(events, known)) == [("created", planned.reference)]
    cursor, events = await look(ward, watch, cursor)
    assert list(fresh(events, known)) == []

    await ward.call("resource.update", resource=planned.resource | {"status": "in-progress"})
    await ward.call("resource.update", resource=planned.resource | {"status": "in-progress", "language": "en"})
    both = await ward.call("resource.create", resource=encounter(one.reference))
    await ward.call("resource.update", resource=both.resource | {"status": "finished"})
    cursor, events = await look(ward, watch, cursor)
    assert list(fresh(events, known)) == [
        ("updated", planned.reference),
        ("admitted", planned.reference),
        ("updated", planned.reference),
        ("created", both.reference),
        ("admitted", both.reference),
        ("updated", both.reference),
    ]
    assert {fhir.name_event(each.data) for each in events} == {"patient.admitted", "resource.created", "resource.updated"}
    _, events = await look(ward, watch, cursor)
    assert list(fresh(events, known)) == []


async def test_a_rest_hook_is_made_listed_renewed_and_removed(ward: Connected) -> None:
    hooks = fhir.subscribes
    assert hooks is not None
    watch = Watched(resource_type="Encounter")
    url = "https://hub.example.com/v1/hooks/ep_1"
    wish: Wish[Model] = Wish(url, ("patient.admitted",), watch, "invented-secret")
    made = await hooks.create(ward.http("subscription", read_only=False), wish)
    kept = (await ward.call("resource.read", resource_type="Subscription", id=made.id)).resource
    assert kept["criteria"] == "Encounter?status=in-progress"
    assert kept["channel"]["header"] == ["Authorization: Bearer invented-secret"]
    assert Registration(made.id, url, ("patient.admitted",)) in await hooks.list(ward.http("subscription"), watch)
    again = await hooks.change(ward.http("subscription", read_only=False), made, wish)
    assert again.id == made.id
    await hooks.delete(ward.http("subscription", read_only=False), made, watch)
    await hooks.delete(ward.http("subscription", read_only=False), made, watch)
    assert made.id not in [each.id for each in await hooks.list(ward.http("subscription"), watch)]
