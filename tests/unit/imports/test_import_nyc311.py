"""Quirks of NYC 311 exports, each on a row written for it."""

import csv
import io
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
from producers.imports import nyc311
from producers.imports.outcomes import ImportRefused
from tests.support import imports

ROW = {
    "Unique Key": "70000001",
    "Created Date": "06/20/2016 10:04:21 PM",
    "Closed Date": "06/20/2016 11:12:32 PM",
    "Agency": "NYPD",
    "Agency Name": "Police Department",
    "Complaint Type": "Noise - Park",
    "Descriptor": "Loud Talking",
    "Incident Address": "7 SAMPLE STREET",
    "Street Name": "SAMPLE STREET",
    "Cross Street 1": "FIRST LANE",
    "Cross Street 2": "SECOND LANE",
    "Intersection Street 1": "",
    "Intersection Street 2": "",
    "Address Type": "ADDRESS",
    "Status": "Closed",
    "Due Date": "06/21/2016 06:04:21 AM",
    "Resolution Description": "The crew took action to fix the condition.",
    "Resolution Action Updated Date": "06/20/2016 11:12:32 PM",
    "Community Board": "06 BROOKLYN",
    "Borough": "BROOKLYN",
    "Open Data Channel Type": "PHONE",
    "Latitude": "40.675",
    "Longitude": "-74.006",
    "Location": "(40.675, -74.006)",
}

BLOCK = "A ST between FIRST LANE and SECOND LANE"
CROSSING = {"Intersection Street 1": "A ST", "Intersection Street 2": "B ST"}


def run(*rows: dict[str, str], drop: tuple[str, ...] = (), zone: str | None = None) -> list[Any]:
    names = [name for name in ROW if name not in drop]
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, names, extrasaction="ignore")
    table.writeheader()
    table.writerows(ROW | row for row in rows)
    text.seek(0)
    return imports.outcomes(nyc311.read(text), zone=zone)


def opened(found: list[Any]) -> ServiceRequestOpened:
    data = imports.events(found)[0].data
    assert isinstance(data, ServiceRequestOpened)
    return data


def closed(found: list[Any]) -> ServiceRequestClosed:
    data = imports.events(found)[1].data
    assert isinstance(data, ServiceRequestClosed)
    return data


def moved(found: list[Any]) -> ServiceRequestStageChanged:
    data = imports.events(found)[1].data
    assert isinstance(data, ServiceRequestStageChanged)
    return data


def test_a_closed_row_opens_and_closes_a_request() -> None:
    found = run({})
    assert [event.time.isoformat() for event in imports.events(found)] == [
        "2016-06-20T22:04:21-04:00", "2016-06-20T23:12:32-04:00",
    ]  # fmt: skip
    assert (opened(found).channel, opened(found).service_subtype) == ("phone", "Loud Talking")
    assert (opened(found).lat, opened(found).neighbourhood_id) == (40.675, "06 BROOKLYN")
    assert closed(found).resolution_code == "fixed"
    for event in imports.events(found):
        record = encode(event)
        assert decode(record.key, record.value, record.headers).event == event


def test_quirk_1_closed_before_created_is_kept_and_noted() -> None:
    found = run({"Closed Date": "06/01/2016 08:00:00 AM"})
    first, second = imports.events(found)
    assert second.time < first.time
    assert any("closed before" in note for note in imports.notes(found))


@pytest.mark.parametrize(("status", "stage"), [("Pending", "on_hold"), ("Assigned", "acknowledged")])
def test_quirk_1_a_closed_date_on_an_open_status_does_not_close(status: str, stage: str) -> None:
    found = run({"Status": status})
    assert (moved(found).to_stage, moved(found).local_status) == (stage, status)
    assert any("not closed" in note for note in imports.notes(found))


def test_quirk_2_midnight_is_a_date_only_and_is_noted() -> None:
    found = run({"Created Date": "01/05/2018 12:00:00 AM"})
    assert imports.events(found)[0].time.isoformat() == "2018-01-05T00:00:00-05:00"
    assert any("only the date" in note for note in imports.notes(found))


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("01/23/2018 04:43:32 PM", "2018-01-23T16:43:32-05:00"),
        ("07/23/2018 12:00:01 PM", "2018-07-23T12:00:01-04:00"),
        ("07/23/2018 12:30:00 AM", "2018-07-23T00:30:00-04:00"),
        ("03/11/2018 02:30:00 AM", "2018-03-11T03:30:00-04:00"),  # skipped by the clock
        ("11/04/2018 01:30:00 AM", "2018-11-04T01:30:00-04:00"),  # twice: the first run
        ("2018-01-23T16:43:32.000", "2018-01-23T16:43:32-05:00"),
    ],
)
def test_quirk_2_stamps_are_local_to_new_york(stamp: str, expected: str) -> None:
    assert imports.events(run({"Created Date": stamp}))[0].time.isoformat() == expected


def test_quirk_2_the_repeated_hour_is_its_second_run_where_the_first_would_close_too_early() -> None:
    found = run({"Created Date": "11/04/2018 01:50:00 AM", "Closed Date": "11/04/2018 01:10:00 AM"})
    assert imports.events(found)[1].time.isoformat() == "2018-11-04T01:10:00-05:00"


def test_quirk_3_an_assigned_row_without_close_is_acknowledged() -> None:
    found = run({"Status": "Assigned", "Closed Date": "", "Resolution Description": ""})
    assert moved(found).to_stage == "acknowledged"
    assert imports.events(found)[1].time.isoformat() == "2016-06-20T23:12:32-04:00"


def test_quirk_3_an_unknown_status_keeps_the_stage_and_its_words() -> None:
    found = run({"Status": "Sent to the Moon", "Closed Date": ""})
    assert (moved(found).to_stage, moved(found).local_status) == ("submitted", "Sent to the Moon")


def test_an_open_row_nobody_touched_gives_one_event() -> None:
    row = {"Status": "Open", "Closed Date": "", "Resolution Description": ""}
    found = run({**row, "Resolution Action Updated Date": ""})
    assert len(imports.events(found)) == 1
    assert any("no update time" in note for note in imports.notes(found))


def test_a_row_closed_again_with_the_same_closed_date_gives_another_event() -> None:
    """It was reopened in between: only the later update tells."""
    first, again = run({}, {"Resolution Action Updated Date": "06/25/2016 09:00:00 AM"})
    assert first.events[0] == again.events[0]
    assert first.events[1].id != again.events[1].id
    assert first.events[1].data == again.events[1].data


def test_closed_without_a_date_takes_the_last_update() -> None:
    found = run({"Closed Date": "", "Resolution Action Updated Date": "06/22/2016 01:00:00 PM"})
    assert imports.events(found)[1].time.isoformat() == "2016-06-22T13:00:00-04:00"
    assert any("without a time" in note for note in imports.notes(found))


@pytest.mark.parametrize(
    ("prose", "code"),
    [
        ("The agency says this is a duplicate of a previously filed complaint.", "duplicate"),
        ("Officers came and observed no evidence of it.", "cannot_reproduce"),
        ("The agency did not observe a violation and could not issue a notice.", "cannot_reproduce"),
        ("Canceled by the caller.", "withdrawn"),
        ("This is not within the agency's jurisdiction.", "not_responsible"),
        ("The lamp was repaired.", "fixed"),
        ("A letter was sent.", "no_further_action"),
        ("", "no_further_action"),
    ],
)
def test_quirk_4_how_it_ended_is_told_by_prose(prose: str, code: str) -> None:
    assert closed(run({"Resolution Description": prose})).resolution_code == code


@pytest.mark.parametrize(
    ("row", "address"),
    [
        ({"Address Type": "INTERSECTION", "Incident Address": "", **CROSSING}, "A ST & B ST"),
        ({"Address Type": "BLOCKFACE", "Incident Address": "A ST"}, BLOCK),
        ({"Address Type": "LATLONG", "Incident Address": "", "Street Name": ""}, None),
        ({"Address Type": "ADDRESS", "Incident Address": "Unspecified", "Street Name": "N/A"}, None),
    ],
)  # fmt: skip
def test_quirk_5_places_without_an_address(row: dict[str, str], address: str | None) -> None:
    found = run(row)
    assert opened(found).address == address
    assert opened(found).lat == 40.675


def test_quirk_5_nulls_in_words_are_nulls_and_location_repeats_the_point() -> None:
    row = {
        "Community Board": "0 Unspecified",
        "Borough": "Unspecified",
        "Descriptor": "N/A",
        "Latitude": "",
        "Longitude": "",
    }
    found = opened(run(row))
    assert (found.neighbourhood_id, found.service_subtype, found.lat, found.long) == (
        None,
        None,
        40.675,
        -74.006,
    )


def test_a_row_without_a_point_has_none() -> None:
    found = opened(run({"Latitude": "", "Longitude": "", "Location": ""}))
    assert (found.lat, found.long) == (None, None)


def test_quirk_6_columns_may_be_missing() -> None:
    drop = ("Open Data Channel Type", "Location", "Due Date", "Street Name", "Address Type")
    found = opened(run({}, drop=drop))
    assert (found.channel, found.address, found.expected_datetime) == ("unknown", "7 SAMPLE STREET", None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"Unique Key": ""}, "id"),
        ({"Created Date": "yesterday"}, "Created Date"),
        ({"Created Date": ""}, "Created Date"),
        ({"Created Date": "13/45/2016 01:00:00 PM"}, "Created Date"),
        ({"Complaint Type": "N/A"}, "Complaint Type"),
    ],
)
def test_a_row_without_the_essentials_is_rejected_and_the_next_follows(
    row: dict[str, str], reason: str
) -> None:
    found = run(row, {})
    (bad,) = imports.rejected(found)
    assert (bad.row, reason in bad.reason) == (1, True)
    assert [good.row for good in imports.accepted(found)] == [2]


def test_a_row_that_no_event_can_hold_is_rejected_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.codec.MAX_EVENT_BYTES", 1_000)
    found = run({}, {"Resolution Description": "x" * 2_000}, {})
    assert [(bad.row, "too_large: /data" in bad.reason) for bad in imports.rejected(found)] == [(2, True)]
    assert [good.row for good in imports.accepted(found)] == [1, 3]


NAMES = "Unique Key,Created Date,Complaint Type,Latitude,Resolution Description\n"


def lines(*rows: str) -> list[Any]:
    """What becomes of rows written as they would stand in the file, below NAMES."""
    return imports.outcomes(nyc311.read(io.StringIO(NAMES + "".join(rows), newline="")))


def good(number: int, prose: str = "seen", end: str = "\n") -> str:
    return f"{number},01/05/2018 10:00:00 AM,Noise,,{prose}{end}"


def numbers(found: list[Any]) -> tuple[list[int], list[int]]:
    """The rows that were accepted, and those that were rejected."""
    assert [one.row for one in found] == list(range(1, len(found) + 1))
    return [one.row for one in imports.accepted(found)], [one.row for one in imports.rejected(found)]


@pytest.mark.parametrize("torn", ['"never closed', '"closed, by the next quote', '""" and so on', '"a\n\nb'])
def test_a_quote_that_never_closes_costs_its_own_row_only(torn: str) -> None:
    found = lines(good(1), good(2, torn), good(3), good(4, '"fine, too"'), good(5), good(6))
    assert len(imports.accepted(found)) == 5
    first = imports.rejected(found)[0]
    assert (first.row, "never closes" in first.reason) == (2, True)
    assert first.raw == good(2, torn).split("\n")[0]


@pytest.mark.parametrize(
    ("second", "third"),
    [
        (good(2, '"opened'), good(3, 'closed"')),  # exact quotes and as many cells as the header
        (good(2, '"opened'), good(3) + good(4, 'closed"')),
        ('2,01/05/2018 10:00:00 AM,"Noise,,seen\n', '3,01/05/2018 10:00:00 AM,Noise", loud,,seen\n'),
        (good(2, '""",seen'), good(3, '""",seen')),  # as many quotes as two cells need
        ('"2,01/05/2018 10:00:00 AM,Noise,,seen\n', good(3) + good(4, '"a, b"')),
    ],
)
def test_a_quote_that_closes_in_another_row_swallows_none(second: str, third: str) -> None:
    found = lines(good(1), second, third, good(9))
    whole = (second + third).count("\n") + 2
    assert len(found) == whole
    assert numbers(found)[1][0] == 2
    assert {event.subject for event in imports.events(found)} >= {"1", "9"}


@given(st.lists(st.text('", ab', max_size=6), max_size=8))
def test_whatever_quotes_there_are_each_line_is_a_row_and_sound_ones_are_accepted(proses: list[str]) -> None:
    """No text here goes over two lines."""
    found = lines(*(good(number, prose) for number, prose in enumerate(proses, 1)))
    assert len(found) == len(proses)
    sound = {number for number, prose in enumerate(proses, 1) if not {'"', ","} & set(prose)}
    assert sound <= set(numbers(found)[0])


def test_nine_thousand_rows_after_an_open_quote_are_all_read() -> None:
    """More than one cell of CSV can hold."""
    rows = [good(number, "the crew took action " * 8) for number in range(9_000)]
    found = lines(rows[0], good(77, '"open'), *rows[1:])
    assert numbers(found) == ([1, *range(3, 9_002)], [2])


@pytest.mark.parametrize(
    "prose",
    [
        '"two\nlines"',
        '"windows\r\nlines, with a comma"',
        '"a ""word""\n\nand a list\n1,2,3,4,5\n"',
        '"quoted\n70000001,once,more,,than a row\n"',
    ],
)
def test_a_text_of_several_lines_is_one_row(prose: str) -> None:
    found = lines(good(1), good(2, prose), good(3))
    assert numbers(found) == ([1, 2, 3], [])


def test_a_first_cell_of_several_lines_is_one_row() -> None:
    names = NAMES.replace("Unique Key,", "Descriptor,Unique Key,")
    text = names + f'"loud\nmusic",{good(1)}' + f"bark,{good(2)}"
    found = imports.outcomes(nyc311.read(io.StringIO(text, newline="")))
    assert numbers(found) == ([1, 2], [])
    assert opened(found).service_subtype == "loud\nmusic"


@pytest.mark.parametrize(
    "cut", ["2,01/05/20", "2,01/05/2018 10:00:00 AM,Noise,", '2,01/05/2018 10:00:00 AM,Noise,,"The cr', '"']
)
def test_a_file_that_ends_within_a_row_does_not_fill_it_up(cut: str) -> None:
    found = lines(good(1), cut)
    assert numbers(found) == ([1], [2])
    raw = imports.rejected(found)[0].raw
    assert (raw if isinstance(raw, str) else ",".join(raw)) == cut


def test_a_file_without_a_last_line_end_may_be_cut_and_is_noted() -> None:
    assert numbers(lines(good(1), good(2, end=""))) == ([1, 2], [])
    assert any("cut off" in note for note in imports.notes(lines(good(1), good(2, end=""))))
    assert not any("cut off" in note for note in imports.notes(lines(good(1), good(2))))


def test_a_row_shorter_or_longer_than_the_header_is_rejected() -> None:
    found = lines("1,01/05/2018 10:00:00 AM,Noise\n", good(2, "a,b"), good(3, "a,"), good(4))
    reasons = [bad.reason for bad in imports.rejected(found)]
    assert reasons == [
        "3 cells where the header has 5: the end of the row is missing",
        "6 cells where the header has 5",
    ]
    assert numbers(found)[0] == [3, 4]


def test_a_header_with_an_open_quote_is_refused() -> None:
    with pytest.raises(ImportRefused, match="line 1: a quote opens"):
        nyc311.read([NAMES.replace("Resolution", '"Resolution'), good(1)])


def test_a_row_with_more_cells_than_the_header_is_rejected() -> None:
    lines = ["Unique Key,Created Date,Complaint Type\n", "1,01/01/2020 01:00:00 PM,Noise, loud\n"]
    (bad,) = imports.rejected(imports.outcomes(nyc311.read(lines)))
    assert "4 cells" in bad.reason


def test_a_file_with_other_columns_is_refused() -> None:
    with pytest.raises(ImportRefused, match="unique-key"):
        nyc311.read(["a,b\n", "1,2\n"])


def test_a_second_reading_gives_the_same_events() -> None:
    assert imports.events(run({})) == imports.events(run({}))


def test_the_sample_export_reads_without_a_rejected_row() -> None:
    with (imports.SAMPLE / "port_linden_nyc311.csv").open(newline="") as lines:
        found = imports.outcomes(nyc311.read(lines, "port-linden"))
    assert (len(imports.accepted(found)), imports.rejected(found)) == (8, [])
