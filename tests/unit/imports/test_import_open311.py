"""Open311 answers as servers really give them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import decode, encode
from events.types.requests import (
    ServiceRequestClosed,
    ServiceRequestOpened,
    ServiceRequestStageChanged,
)
from producers.imports import open311
from producers.imports.outcomes import ImportRefused
from projections.views import service_requests
from tests.support import imports

ROW: dict[str, Any] = {
    "service_request_id": "0012-7",
    "status": "open",
    "service_name": "Pothole",
    "service_code": "007",
    "requested_datetime": "2018-07-30T00:01:00-04:00",
    "lat": 43.5,
    "long": -79.25,
}


def run(raw: bytes | list[dict[str, Any]], zone: str | None = None) -> list[Any]:
    raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return imports.outcomes(open311.read(raw, "lakeside"), zone=zone)


def one(**fields: Any) -> list[Any]:
    return run([ROW | fields])


def opened(found: list[Any]) -> ServiceRequestOpened:
    data = imports.events(found)[0].data
    assert isinstance(data, ServiceRequestOpened)
    return data


def moved(found: list[Any]) -> ServiceRequestStageChanged:
    data = imports.events(found)[1].data
    assert isinstance(data, ServiceRequestStageChanged)
    return data


def closed(found: list[Any]) -> ServiceRequestClosed:
    data = imports.events(found)[1].data
    assert isinstance(data, ServiceRequestClosed)
    return data


def test_an_open_request_gives_one_event_that_survives_the_wire() -> None:
    (event,) = imports.events(one())
    assert (event.subject, event.time.isoformat()) == ("0012-7", "2018-07-30T00:01:00-04:00")
    record = encode(event)
    assert decode(record.key, record.value, record.headers).event == event


@pytest.mark.parametrize(
    "raw",
    [
        b'[{"service_request_id":0012,"service_code":001,"requested_datetime":"2018-07-30"}]',
        b'\xef\xbb\xbf[{"service_request_id": 0012 ,"service_code":001,"requested_datetime":"2018-07-30",},]',
        (
            b"<service_requests><request><service_request_id>0012</service_request_id>"
            b"<service_code>001</service_code><requested_datetime>2018-07-30</requested_datetime>"
            b"</request></service_requests>"
        ),
    ],
)
def test_quirk_7_ids_are_text_and_keep_their_zeros_even_in_invalid_json(raw: bytes) -> None:
    found = run(raw)
    assert (imports.events(found)[0].subject, opened(found).service_code) == ("0012", "001")


def test_quirk_7_numbers_in_texts_stay_as_they_are() -> None:
    fields = b'"service_request_id":1,"service_code":001,"description":"at :007, or 00,]"'
    raw = b"[{" + fields + b',"requested_datetime":"2018-07-30"}]'
    assert opened(run(raw)).description == "at :007, or 00,]"


def test_quirk_7_ids_beyond_64_bits_and_with_decimals_are_kept() -> None:
    fields = b'"service_request_id":123456789012345678901234567890,"service_code":14.10'
    raw = b"[{" + fields + b',"requested_datetime":"2018-07-30"}]'
    found = run(raw)
    assert (imports.events(found)[0].subject, opened(found).service_code) == (
        "123456789012345678901234567890",
        "14.10",
    )


@pytest.mark.parametrize("name", ["closed_date", "closed_datetime"])
def test_quirk_8_both_names_of_the_closing_time_are_read(name: str) -> None:
    found = one(status="closed", **{name: "2018-08-01T10:00:00-04:00"})
    assert imports.events(found)[1].time.isoformat() == "2018-08-01T10:00:00-04:00"


def test_closed_without_a_closing_time_takes_the_update() -> None:
    found = one(status="closed", updated_datetime="2018-08-02T10:00:00-04:00")
    assert closed(found).closed_datetime.isoformat() == "2018-08-02T14:00:00+00:00"


def test_the_true_stage_stands_in_the_notes() -> None:
    notes = "In progress - The request has been scheduled."
    found = one(status_notes=notes, updated_datetime="2018-07-31T00:00:00-04:00")
    assert (moved(found).to_stage, moved(found).local_status) == ("scheduled", notes)


def test_a_note_that_tells_no_stage_is_kept_word_for_word() -> None:
    found = one(status_notes="Locked", service_notice="No paint left")
    assert (moved(found).to_stage, moved(found).local_status) == ("submitted", "Locked")
    assert moved(found).status_notes == "Locked — No paint left"


def test_notes_that_say_closed_do_not_close_what_the_status_leaves_open() -> None:
    found = one(status_notes="Completed")
    assert moved(found).to_stage == "submitted"
    assert any("not closed" in note for note in imports.notes(found))


def test_how_it_ended_is_told_by_the_notes() -> None:
    assert closed(one(status="Closed", status_notes="Duplicate of 4")).resolution_code == "duplicate"
    assert closed(one(status="closed")).resolution_code == "no_further_action"


def test_a_second_poll_adds_only_what_changed() -> None:
    first = imports.events(run([ROW, ROW | {"service_request_id": "2"}]))
    change = {"status_notes": "Scheduled", "updated_datetime": "2018-08-01T00:00:00-04:00"}
    second = imports.events(run([ROW | change, ROW | {"service_request_id": "2"}]))
    (new,) = [event for event in second if event not in first]
    assert {event.id for event in second} - {event.id for event in first} == {new.id}
    assert new.type.endswith("stage_changed.v1")
    assert imports.events(run([ROW | change])) == [event for event in second if event.subject == "0012-7"]


def stages(*polls: dict[str, Any]) -> list[str]:
    """Where the request stands after each poll; an event that comes twice counts once."""
    seen: set[str] = set()
    document, told = None, []
    for poll in polls:
        for event in imports.events(one(**poll)):
            if event.id not in seen:
                document = service_requests.evolve(document, event)
            seen.add(event.id)
        assert document is not None
        told.append(document["stage"])
    return told


def at(day: int) -> str:
    return f"2018-08-{day:02}T00:00:00-04:00"


def test_a_request_that_goes_back_to_an_earlier_state_is_told_by_its_update_time() -> None:
    polls = [
        {"status_notes": notes, "updated_datetime": at(day)}
        for day, notes in enumerate(["Scheduled", "On hold", "Scheduled"], 1)
    ]
    assert stages(*polls) == ["scheduled", "on_hold", "scheduled"]
    assert stages(*polls, *polls)[3:] == ["scheduled"] * 3


@pytest.mark.parametrize("closing", [{}, {"closed_datetime": at(1)}])
def test_a_request_that_is_closed_twice_ends_closed_even_if_its_closing_time_stays(
    closing: dict[str, str],
) -> None:
    polls = [
        {"status": "closed", "updated_datetime": at(1), **closing},
        {"status": "open", "updated_datetime": at(2)},
        {"status": "closed", "updated_datetime": at(3), **closing},
    ]
    assert stages(*polls) == ["closed", "submitted", "closed"]
    assert stages(*polls, *polls)[3:] == ["closed"] * 3


@pytest.mark.parametrize(
    ("row", "noted"),
    [
        ({}, True),
        ({"status_notes": "Scheduled"}, True),
        ({"status": "closed"}, True),
        ({"status_notes": "Scheduled", "closed_datetime": at(1)}, True),
        ({"status": "closed", "closed_datetime": at(1)}, False),
        ({"status_notes": "Scheduled", "updated_datetime": at(1)}, False),
        ({"status": "closed", "updated_datetime": at(1)}, False),
    ],
)
def test_a_request_whose_return_to_an_earlier_state_cannot_be_told_is_noted(
    row: dict[str, str], *, noted: bool
) -> None:
    assert any("no update time" in note for note in imports.notes(one(**row))) is noted


def test_a_request_found_open_again_later_gives_an_event_that_says_so() -> None:
    found = one(updated_datetime="2018-08-09T00:00:00-04:00")
    assert (moved(found).to_stage, moved(found).local_status) == ("submitted", "open")


def test_empty_elements_are_nulls_and_namespaces_do_not_matter() -> None:
    raw = b"""<?xml version="1.0"?><service_requests xmlns="urn:x"><request>
        <service_request_id>9</service_request_id><status>open</status><service_code>A</service_code>
        <description/><updated_datetime/><address> </address><lat/><long/><media_url/>
        <requested_datetime>2018-07-30T00:01:00-04:00</requested_datetime>
        </request><!-- end --></service_requests>"""
    found = opened(run(raw))
    assert (found.description, found.address, found.lat, found.media_url) == (None, None, None, ())


@pytest.mark.parametrize("media", ["https://a.org/\0b.jpg", ["https://a.org/\0b.jpg", None]])
def test_an_address_of_a_picture_holds_no_character_that_an_event_cannot(media: Any) -> None:
    found = one(media_url=media)
    assert opened(found).media_url == ("https://a.org/b.jpg",)
    assert encode(imports.events(found)[0])


def test_a_request_that_no_event_can_hold_is_rejected_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.codec.MAX_EVENT_BYTES", 2_000)
    found = run([ROW, ROW | {"description": "x" * 3_000}, ROW])
    (bad,) = imports.rejected(found)
    assert (bad.row, bad.raw["description"]) == (2, "x" * 3_000)
    assert "too_large: /data" in bad.reason
    assert [good.row for good in imports.accepted(found)] == [1, 3]


@pytest.mark.parametrize("wrap", ["service_requests", "requests", "request"])
def test_a_wrapped_answer_is_unwrapped(wrap: str) -> None:
    plain = imports.events(run([ROW]))
    assert imports.events(run(json.dumps({wrap: [ROW]}).encode())) == plain
    assert imports.events(run(json.dumps({"service_requests": {"request": [ROW]}}).encode())) == plain
    assert imports.events(run(json.dumps(ROW).encode())) == plain


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"service_request_id": None, "token": "t"}, "id"),
        ({"requested_datetime": "last week"}, "requested_datetime"),
        ({"service_code": "", "service_name": ""}, "service_code"),
        ({"service_request_id": "x" * 201}, "too long"),
    ],
)
def test_a_request_without_the_essentials_is_rejected_and_the_next_follows(
    row: dict[str, Any], reason: str
) -> None:
    found = run([ROW | row, ROW])
    (bad,) = imports.rejected(found)
    assert (bad.row, reason in bad.reason) == (1, True)
    assert len(imports.accepted(found)) == 1


def test_a_row_that_is_no_object_is_rejected() -> None:
    found = run(b'["x", 5, {"code":400,"description":"bad"}]')
    assert [row.row for row in imports.rejected(found)] == [1, 2, 3]


def test_ids_with_other_characters_stay_apart() -> None:
    ids = ["a/b", "a b", "a~2Fb", "#1", "1"]
    subjects = {
        event.subject for event in imports.events(run([ROW | {"service_request_id": i} for i in ids]))
    }
    assert len(subjects) == len(ids)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[{",
        b'{"error": "no"}',
        b"<html><body>down</body></html>",
        b"<service_requests><request>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><service_requests><request>&a;</request></service_requests>',
        b"[" * 100_000,
    ],
)
def test_an_answer_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(ImportRefused, match="Nothing"):
        run(raw)


@pytest.mark.parametrize(
    ("stamp", "zone"),
    [
        ("2014-07-12T10:58:43-05:00", "Etc/GMT+5"),
        ("2014-07-12T10:58:43+03:00", "Etc/GMT-3"),
        ("2014-07-12T10:58:43Z", "Etc/UTC"),
        ("2014-07-12T10:58:43+05:30", None),
        ("2014-07-12T10:58:43", None),
    ],
)
def test_a_new_city_can_live_by_the_offset_of_its_first_request(stamp: str, zone: str | None) -> None:
    raw = json.dumps([ROW | {"requested_datetime": stamp}]).encode()
    assert open311.read(raw, "lakeside").zone == zone


@pytest.mark.parametrize(
    ("city", "stamp", "zone"),
    [
        ("chicago", "2014-07-12T10:58:43-05:00", "America/Chicago"),
        ("new-york", "2014-07-12T10:58:43-04:00", "America/New_York"),
        ("paris", "2014-07-12T10:58:43-05:00", "Etc/GMT+5"),  # the one in Texas
    ],
)
def test_a_zone_that_bears_the_citys_name_is_its_clock_where_the_offsets_agree(
    city: str, stamp: str, zone: str
) -> None:
    assert open311.read(json.dumps([ROW | {"requested_datetime": stamp}]).encode(), city).zone == zone


def test_times_stand_on_the_citys_clock_whatever_offset_the_file_has() -> None:
    found = run([ROW | {"requested_datetime": "2018-01-30T05:01:00Z"}], zone="America/Toronto")
    assert imports.events(found)[0].time.isoformat() == "2018-01-30T00:01:00-05:00"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*ROW, "x"]), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(_JSON, st.dictionaries(st.sampled_from([*ROW, "status_notes", "updated_datetime"]), _JSON))
def test_no_answer_whatsoever_crashes_the_importer(value: Any, fields: dict[str, Any]) -> None:
    for raw in (json.dumps(value).encode(), json.dumps([ROW | fields]).encode()):
        try:
            found = run(raw)
        except ImportRefused:
            continue
        assert [row.row for row in found] == list(range(1, len(found) + 1))


def test_the_sample_answer_reads_without_a_rejected_row() -> None:
    found = run((imports.SAMPLE / "port_linden_open311.json").read_bytes())
    assert (len(imports.accepted(found)), imports.rejected(found)) == (12, [])
