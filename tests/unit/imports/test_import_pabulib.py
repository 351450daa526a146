"""Elections in the .pb format, also badly written ones."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import MAX_EVENT_BYTES, decode, encode
from events.types.prioritisation import BallotRoundOpened, PrioritisationConcluded, PriorityBallotCast
from infra.directory import City
from producers.imports import pabulib
from producers.imports.cities import doubt
from producers.imports.outcomes import ImportRefused
from tests.support import imports

META = {
    "description": "Budget of Ostbrück",
    "country": "Poland",
    "unit": "Ostbrück",
    "instance": "2023",
    "budget": "100000",
    "vote_type": "approval",
    "rule": "greedy",
    "date_begin": "03.10.2022",
    "date_end": "31.10.2022",
    "currency": "PLN",
}
PROJECTS = "project_id;cost;votes;name\n1;4000.0;2;Well\n2;1 234,50;1;Bench\nL20/01/X;90;0;Lamp"
VOTES = "voter_id;vote\nv1;1,2\nv2;1"


def pb(*, projects: str = PROJECTS, votes: str = VOTES, meta: dict[str, str] | None = None) -> bytes:
    pairs = "\n".join(f"{key};{value}" for key, value in (META | (meta or {})).items() if value)
    return f"META\nkey;value\n{pairs}\nPROJECTS\n{projects}\nVOTES\n{votes}\n".encode()


def run(raw: bytes, stem: str = "Poland_Ostbruck_2023") -> list[Any]:
    return imports.outcomes(pabulib.read(raw, stem))


def round_of(found: list[Any]) -> BallotRoundOpened:
    data = imports.preface(found).events[0].data
    assert isinstance(data, BallotRoundOpened)
    return data


def ballots(found: list[Any]) -> list[list[tuple[str, int | None]]]:
    given = []
    for event in imports.events(imports.accepted(found)):
        assert isinstance(event.data, PriorityBallotCast)
        given.append([(choice.project_id, choice.points) for choice in event.data.choices])
    return given


def test_a_file_becomes_a_round_and_its_ballots() -> None:
    found = run(pb())
    opened = round_of(found)
    assert (opened.title, opened.budget, opened.currency, opened.rule) == (
        "Budget of Ostbrück", "100000", "PLN", "greedy",
    )  # fmt: skip
    assert [(p.project_id, p.name, p.cost) for p in opened.projects] == [
        ("1", "Well", "4000"), ("2", "Bench", "1234.50"), ("L20/01/X", "Lamp", "90"),
    ]  # fmt: skip
    assert ballots(found) == [[("1", None), ("2", None)], [("1", None)]]


def test_every_event_survives_the_wire() -> None:
    for event in imports.events(run(pb())):
        record = encode(event)
        assert decode(record.key, record.value, record.headers).event == event


def test_the_round_begins_and_ballots_end_at_local_midnight() -> None:
    found = imports.events(run(pb()))
    assert [event.time.isoformat() for event in found] == [
        "2022-10-03T00:00:00+02:00", "2022-10-31T00:00:00+01:00", "2022-10-31T00:00:00+01:00",
    ]  # fmt: skip
    assert {event.origin for event in found} == {"import"}


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("2018", "2018", ("2018-01-01", "2018-01-01")),
        ("2022-10-03", "2022-10-31", ("2022-10-03", "2022-10-31")),
        ("3-10-2022", "31/10/2022", ("2022-10-03", "2022-10-31")),
        ("10/25/2022", "10/31/2022", ("2022-10-25", "2022-10-31")),
        ("03.10.2022 - 31.10.2022", "03.10.2022 - 31.10.2022", ("2022-10-03", "2022-10-31")),
        ("10.2022", "11.2022", ("2022-10-01", "2022-11-01")),
        ("31.12.2022", "01.01.2022", ("2022-12-31", "2022-12-31")),
        ("", "31.10.2022", ("2022-10-31", "2022-10-31")),
        ("soon", "", ("2023-01-01", "2023-01-01")),
        ("99.99.2022", "00.00.0000", ("2023-01-01", "2023-01-01")),
    ],
)
def test_dates_are_read_however_they_are_written(begin: str, end: str, expected: tuple[str, str]) -> None:
    found = imports.events(run(pb(meta={"date_begin": begin, "date_end": end})))
    assert (found[0].day, found[-1].day) == expected


def test_without_any_date_1970_stands_and_is_noted() -> None:
    raw = pb(meta={"date_begin": "", "date_end": "", "instance": "", "description": "x"})
    found = run(raw, "Poland_Ostbruck")
    assert imports.events(found)[0].day == "1970-01-01"
    assert any("1970" in note for note in imports.notes(found))


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
def test_byte_order_mark_and_windows_line_ends_change_nothing(prefix: bytes) -> None:
    plain, windows = pb(), prefix + pb().replace(b"\n", b"\r\n")
    assert imports.events(run(windows)) == imports.events(run(plain))


def test_sections_that_a_spreadsheet_padded_are_found() -> None:
    padded = pb().replace(b"META\n", b"META;;;\n").replace(b"PROJECTS\n", b"PROJECTS;;;\n")
    assert len(ballots(run(padded.replace(b"VOTES\n", b"VOTES;;;\n")))) == 2


def test_names_may_hold_quotes_semicolons_and_line_breaks() -> None:
    projects = 'project_id;cost;votes;name\n1;5;0;"Well; ""deep""\nand cold"'
    assert round_of(run(pb(projects=projects))).projects[0].name == 'Well; "deep"\nand cold'


def test_columns_go_by_name_not_by_place() -> None:
    projects = "name;selected;project_id;cost\nWell;1;7;5"
    found = run(pb(projects=projects, votes="sex;vote;voter_id\nF;7;v1"))
    assert round_of(found).projects[0].project_id == "7"
    assert ballots(found) == [[("7", None)]]


def test_an_empty_vote_is_a_ballot() -> None:
    assert ballots(run(pb(votes="voter_id;vote\nv1;\nv2; 1 , 2 "))) == [[], [("1", None), ("2", None)]]


def test_a_project_named_twice_on_a_ballot_counts_once_and_is_noted() -> None:
    found = run(pb(votes="voter_id;vote\nv1;2,1,2"))
    assert ballots(found) == [[("2", None), ("1", None)]]
    assert any("named twice" in note for note in imports.notes(found))


def test_a_voter_id_that_repeats_is_another_ballot_and_is_noted() -> None:
    found = run(pb(votes="voter_id;vote\nv1;1\nv1;1\nv1;2"))
    subjects = [event.subject for event in imports.events(imports.accepted(found))]
    assert len(set(subjects)) == 3
    assert any("voter_id" in note for note in imports.notes(found))


def test_a_ballot_for_an_unknown_project_is_kept_and_noted() -> None:
    found = run(pb(votes="voter_id;vote\nv1;1,99"))
    assert ballots(found) == [[("1", None), ("99", None)]]
    assert any("not in PROJECTS" in note for note in imports.notes(found))


def test_points_are_kept_in_the_order_of_the_vote() -> None:
    votes = "voter_id;vote;points\nv1;2,1;3,1\nv2;1;2.0\nv3;;"
    found = run(pb(votes=votes, meta={"vote_type": "cumulative"}))
    assert ballots(found) == [[("2", 3), ("1", 1)], [("1", 2)], []]


@pytest.mark.parametrize(
    ("points", "reason"), [("1.5,1", "whole"), ("x,1", "whole"), ("1", "1 points for 2"), ("", "no points")]
)
def test_points_that_do_not_fit_the_vote_reject_the_row(points: str, reason: str) -> None:
    votes = f"voter_id;vote;points\nv1;2,1;{points}\nv2;1;2"
    found = run(pb(votes=votes, meta={"vote_type": "cumulative"}))
    (row,) = imports.rejected(found)
    assert reason in row.reason
    assert row.raw == {"voter_id": "v1", "vote": "2,1", "points": points}
    assert ballots(found) == [[("1", 2)]]


def test_a_ballot_that_no_event_can_hold_is_rejected_alone() -> None:
    long = ",".join(f"{n:ł>90}" for n in range(1_500))
    found = run(pb(votes=f"voter_id;vote\nv1;1\nv2;1\0\nv3;{long}\nv4;2"))
    assert [(bad.row, bad.reason.split(":")[0]) for bad in imports.rejected(found)] == [
        (2, "not_json"), (3, "too_large"),
    ]  # fmt: skip
    assert ballots(found) == [[("1", None)], [("2", None)]]


def test_a_round_that_no_event_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.codec.MAX_EVENT_BYTES", 100)
    with pytest.raises(ImportRefused, match="too_large"):
        run(pb())


def test_every_row_is_accepted_or_rejected() -> None:
    votes = "voter_id;vote\nv1;1\nv2;1;2;3\nv3\nv4;2\n;1\n"
    found = run(pb(votes=votes))
    assert [row.row for row in imports.rejected(found)] == [2, 3]
    assert [row.row for row in imports.accepted(found)] == [1, 4, 5]


@pytest.mark.parametrize("torn", ['v2;"1', '"v2;1', 'v2;"""', 'v2;"1\nv2b;1"', 'v2;"1\n2;""1\nv2b;1'])
def test_a_quote_that_never_closes_costs_its_own_ballot_only(torn: str) -> None:
    found = run(pb(votes=f"voter_id;vote\nv1;1\n{torn}\nv3;2\nv4;1\nv5;2", meta={"num_votes": "5"}))
    first = imports.rejected(found)[0]
    assert (first.row, first.raw, "never closes" in first.reason) == (
        2,
        torn.split("\n", maxsplit=1)[0],
        True,
    )
    assert ballots(found)[-3:] == [[("2", None)], [("1", None)], [("2", None)]]
    assert len(found) == 6 + torn.count("\n")


@pytest.mark.parametrize("cut", ["v2", 'v2;"1,', "v2;1", "v2;1;pa"])
def test_a_ballot_that_ends_too_early_is_rejected_or_noted(cut: str) -> None:
    """Cut within its last cell it looks whole, so the file's missing line end is told."""
    found = run(pb(votes=f"voter_id;vote;voting_method\nv1;1;paper\n{cut}").removesuffix(b"\n"))
    assert [row.row for row in imports.rejected(found)] == ([] if cut.endswith("pa") else [2])
    assert any("cut off" in note for note in imports.notes(found))
    assert not any("cut off" in note for note in imports.notes(run(pb())))


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (pb(meta={"description": '"a city'}), 3),
        (pb(meta={"description": '"a\ncity"', "unit": '"Ostbrück'}), 6),
        (pb(projects='project_id;cost;name\n1;5;"Well\n2;5;Bench\n3;5;"Lamp"'), 15),
        (pb(projects='project_id;cost;name\n1;5;"Well\n2;5;Bench"\n3;5;Lamp'), 15),
        (pb(projects='project_id;cost;name\n1;5;"Well', votes='voter_id;vote;"how"\nv1;1;x'), 15),
        (pb(votes='voter_id;"vote\nv1;1'), 19),
    ],
)
def test_a_quote_that_never_closes_in_the_round_itself_refuses_the_file(raw: bytes, line: int) -> None:
    """What it swallowed would be missing from the round, or the round from the file."""
    with pytest.raises(ImportRefused, match=f"line {line}: a quote opens"):
        run(raw)


def test_texts_of_several_lines_are_kept_whole() -> None:
    text = '"Our budget;\n\nProjects\n1;2;3\nand ""more"";;\nrule"'
    projects = f"project_id;cost;votes;name\n1;5;0;{text}\n2;6;0;Bench"
    found = run(pb(projects=projects, meta={"description": text}))
    assert [project.cost for project in round_of(found).projects] == ["5", "6"]
    assert round_of(found).projects[0].name == round_of(found).title
    assert round_of(found).title.endswith('and "more";;\nrule')
    assert len(ballots(found)) == 2


def test_a_vote_with_a_line_break_is_rejected() -> None:
    found = run(pb(votes='voter_id;vote\nv1;"1\n,2"\nv2;1'))
    assert [(row.row, "line break" in row.reason) for row in imports.rejected(found)] == [(1, True)]
    assert ballots(found) == [[("1", None)]]


def test_a_file_that_was_cut_off_is_refused_as_a_whole() -> None:
    """Its numbers would stand as those of the city."""
    projects = "project_id;cost;votes\n1;10;3\n2;10;1"
    whole = pb(projects=projects, votes="voter_id;vote\nv1;1\nv2;1\nv3;1,2", meta={"num_votes": "3"})
    assert len(imports.events(run(whole))) == 4
    with pytest.raises(ImportRefused, match="cut off: it holds 2 of 3 ballots"):
        run(pb(projects=projects, votes="voter_id;vote\nv1;1\nv2;1", meta={"num_votes": "3"}))


def test_a_wrong_count_alone_is_a_note() -> None:
    """The ballots name the projects as often as the file says: nothing is missing but a number is wrong."""
    projects = "project_id;cost;votes\n1;10;2\n2;10;0"
    found = run(pb(projects=projects, votes="voter_id;vote\nv1;1\nv2;1", meta={"num_votes": "3"}))
    assert any("num_votes 3" in note for note in imports.notes(found))


def test_nothing_about_a_voter_but_a_pseudonym_reaches_an_event() -> None:
    votes = "voter_id;vote;age;sex;neighborhood;voting_method\nvoter-4711;1;93;F;Little Heath;paper"
    for event in imports.events(run(pb(votes=votes))):
        text = event.model_dump_json()
        assert not [word for word in ("4711", "93", "Heath", "paper") if word in text]


def test_a_second_reading_gives_the_same_events_and_another_key_others() -> None:
    reading = pabulib.read(pb(), "a")
    first, second = imports.events(imports.outcomes(reading)), imports.events(run(pb(), "a"))
    assert first == second
    other = imports.events(imports.outcomes(reading, key=b"another key of at least 32 bytes!"))
    assert not {event.id for event in first} & {event.id for event in other}


def test_a_mended_ballot_replaces_the_first_and_leaves_the_others() -> None:
    before = imports.events(run(pb()))
    after = imports.events(run(pb(votes="voter_id;vote\nv1;1\nv2;1")))
    assert [event.subject for event in before] == [event.subject for event in after]
    assert [a.id == b.id for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_the_same_voter_id_in_two_cities_is_never_the_same_pseudonym() -> None:
    people = [
        {
            event.participant
            for event in imports.events(imports.accepted(run(pb(meta={"unit": unit}), "same")))
        }
        for unit in ("Ostbrück", "Westbrück")
    ]
    assert not people[0] & people[1]


def test_the_column_selected_is_the_citys_decision() -> None:
    projects = "project_id;cost;name;selected\n1;5;a;1\n2;5;b;0\n3;5;c;2\n4;5;d;1"
    concluded = imports.preface(run(pb(projects=projects))).events[1]
    assert isinstance(concluded.data, PrioritisationConcluded)
    assert concluded.data.selected == ("1", "4")
    assert concluded.subject == "poland-ostbruck-2023"


def test_without_a_decision_none_is_published() -> None:
    for projects in (PROJECTS, "project_id;cost;name;selected\n1;5;a;\n2;5;b;"):
        assert len(imports.preface(run(pb(projects=projects))).events) == 1


def test_projects_that_are_half_written_are_kept_and_noted() -> None:
    projects = f"project_id;cost;name\n1;free;Well\n2;-5;\n3;7;{'n' * 1500}\n;5;nobody\n1;9;again"
    found = run(pb(projects=projects))
    assert [(p.project_id, p.cost, len(p.name)) for p in round_of(found).projects] == [
        ("1", "0", 4), ("2", "0", 1), ("3", "7", 300),
    ]  # fmt: skip
    assert len([note for note in imports.notes(found) if "project" in note]) == 4


def test_a_round_too_large_for_one_event_gets_short_names_and_a_note() -> None:
    rows = "\n".join(f"{n};5;{'long name ' * 29}" for n in range(1000))
    found = run(pb(projects=f"project_id;cost;name\n{rows}"))
    assert len(encode(imports.events(found)[0]).value) <= MAX_EVENT_BYTES
    assert len(round_of(found).projects) == 1000
    assert any("full names" in note for note in imports.notes(found))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "META"),
        (b"hello;world\n", "META"),
        (pb(projects="project_id;cost;name"), "0 projects"),
        (pb(votes="voter_id;choice\nv1;1"), "no column `vote`"),
        (pb(meta={"unit": "東京"}), "--city"),
    ],
)
def test_a_file_that_is_no_election_is_refused_with_words(raw: bytes, words: str) -> None:
    with pytest.raises(ImportRefused, match="othing") as refused:
        run(raw)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("meta", "stem", "city"),
    [
        ({"unit": "Kraków"}, "x", "krakow"),
        ({"unit": "Łódź"}, "x", "lodz"),
        ({"unit": "Saint-Étienne"}, "x", "saint-etienne"),
        ({"unit": "Stanford Dataset", "instance": "PB Dieppe 2018"}, "x", "dieppe"),
        ({"unit": "Some Data Set", "instance": "PB Seattle District 4 2019"}, "x", "seattle-district-4"),
        (
            {"unit": "Stanford Dataset", "instance": "2018", "description": "PB Long Beach 2018"},
            "x",
            "long-beach",
        ),
        ({"unit": ""}, "Poland_Gdynia_2021", "gdynia"),
    ],
)
def test_the_city_is_told_by_unit_or_by_what_the_data_set_says(
    meta: dict[str, str], stem: str, city: str
) -> None:
    assert pabulib.read(pb(meta=meta), stem).city == city


def test_the_round_id_is_the_dashed_stem() -> None:
    assert pabulib.round_id("Poland_Warszawa_2023_Wesola") == "poland-warszawa-2023-wesola"
    assert pabulib.round_id("Łódź__2020 (v2)") == "d-2020-v2"
    long = pabulib.round_id("x" * 300)
    assert len(long) <= 120
    assert long != pabulib.round_id("x" * 301)


def test_a_country_with_one_clock_gives_it_and_others_give_utc_with_a_doubt() -> None:
    assert pabulib.read(pb(), "x").zone == "Europe/Warsaw"
    reading = pabulib.read(pb(meta={"country": "Canada"}), "x")
    assert (reading.zone, reading.country) == ("UTC", "CA")
    assert reading.zone_note is not None


@pytest.mark.parametrize(
    ("country", "city", "zone"),
    [
        ("US", "Chicago", "America/Chicago"),
        ("US", "Chicago 35th Ward", "America/Chicago"),
        ("US", "New York District 39", "America/New_York"),
        ("US", "New York Mills", None),
        ("US", "Louisville", "America/Kentucky/Louisville"),
        ("US", "Cambridge", None),
        ("US", "Vancouver", None),
        ("Canada", "Vancouver", "America/Vancouver"),
        ("Canada", "St. John's", "America/St_Johns"),
        ("Canada", "London", None),
        ("Brazil", "São Paulo", "America/Sao_Paulo"),
        ("", "Chicago", None),
    ],
)
def test_where_a_country_has_several_clocks_a_city_that_names_one_has_it(
    country: str, city: str, zone: str | None
) -> None:
    reading = pabulib.read(pb(meta={"country": country, "unit": city}), "x")
    assert reading.zone == (zone or "UTC")
    assert (reading.zone_note is None) == (zone is not None)


def test_a_clock_that_is_not_known_is_told_with_the_command_that_sets_it() -> None:
    reading = pabulib.read(pb(meta={"country": "Canada", "unit": "Le Havre"}), "x")
    told = doubt(reading, City(id="le-havre", name="Le Havre", timezone="UTC", country="CA"))
    assert told.startswith("no time zone is known for le-havre in Canada: UTC is taken, for good")
    assert told.endswith("townhall cities add le-havre --name 'Le Havre' --timezone ZONE --country CA")


@pytest.mark.parametrize(
    ("named", "votes", "taken"),
    [("", VOTES, "approval"), ("quadratic", "voter_id;vote;points\nv;1;2", "scoring")],
)
def test_an_unknown_vote_type_is_taken_for_the_nearest_and_noted(named: str, votes: str, taken: str) -> None:
    found = run(pb(votes=votes, meta={"vote_type": named}))
    assert round_of(found).vote_type == taken
    assert any("vote_type" in note for note in imports.notes(found))


@given(st.binary(max_size=400), st.text(max_size=200))
def test_no_file_whatsoever_crashes_the_importer(junk: bytes, text: str) -> None:
    for raw in (
        junk,
        pb(votes=f"voter_id;vote;points\n{text}"),
        pb(projects=f"project_id;cost\n1;1\n{text}"),
    ):
        try:
            found = run(raw)
        except ImportRefused:
            continue
        rows = sorted(one.row for one in found if one is not found[0])
        assert rows == list(range(1, len(rows) + 1))


def test_the_sample_election_tells_the_tallies_it_states() -> None:
    raw = (imports.SAMPLE / "port_linden_2026.pb").read_bytes()
    found = run(raw, "port_linden_2026")
    tally = Counter(project for ballot in ballots(found) for project, _ in ballot)
    assert (len(ballots(found)), tally["4"], tally["6"], imports.rejected(found)) == (40, 25, 5, [])
    assert imports.notes(found) == set()
