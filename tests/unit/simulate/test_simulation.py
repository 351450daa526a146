"""Invented cities: the same whenever they are asked for, valid on the wire, and cut where they must be."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from consumers.messages.templates import TEMPLATES
from events.codec import decode, encode
from events.envelope import Derived, Event
from events.registry import BY_TYPE, EVENT_TYPES
from producers.simulate.agenda import Agenda, Life
from producers.simulate.clock import Clock
from producers.simulate.granting import Call
from producers.simulate.people import pseudonym
from producers.simulate.places import MOST, places
from producers.simulate.simulation import FIRST_DAY, Simulation
from producers.simulate.steps import Reached, Step, Steps
from tests.support.build import acknowledged, opened, when
from tests.support.builders.participants import consent

DIGEST = """
from tests.unit.simulate.test_simulation import digest
print(digest(2, 40, 7))
"""
LEFT_OUT = {
    "metric.snapshot",
    "service_request.overdue",
    "followup.queued",
    "followup.sent",
    "followup.failed",
    "followup.suppressed",
}
"""What a city publishes of what was counted, which no simulation can know, and what only a rule or the mailer
tells."""
MINUTE = timedelta(minutes=1)


def digest(cities: int, days: int, seed: int) -> str:
    """Over every byte that is published, and over the order of it."""
    total = sha256()
    for step in Simulation(cities, days, seed).steps():
        total.update(step.moment.isoformat().encode())
        for event in step.events:
            total.update(repr(encode(event)).encode())
    return total.hexdigest()


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation(cities=3, days=200, seed=7)


@pytest.fixture(scope="module")
def steps(simulation: Simulation) -> list[Step]:
    return list(simulation.steps())


@pytest.fixture(scope="module")
def events(steps: list[Step]) -> list[Event]:
    return [event for step in steps for event in step.events]


def test_the_same_arguments_give_the_same_bytes_whatever_the_hash_seed() -> None:
    found = set()
    for hash_seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.getcwd()}  # noqa: PTH109
        command = [sys.executable, "-c", DIGEST]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1


def test_another_seed_gives_other_cities() -> None:
    ids = [{place.city.id for place in places(MOST, seed)} for seed in (7, 8)]
    assert ids[0].isdisjoint(ids[1])
    assert pseudonym("alderford-7", 1) != pseudonym("alderford-8", 1)


def test_more_days_only_add_to_those_of_fewer(steps: list[Step]) -> None:
    few = list(Simulation(cities=3, days=30, seed=7).steps())
    assert few == steps[: len(few)]


def test_every_kind_of_event_that_people_and_cities_tell_is_told(events: list[Event]) -> None:
    """Some kinds are told by rules and by people."""
    told = {BY_TYPE[event.type].name for event in events}
    people = {entry.name for entry in EVENT_TYPES if not issubclass(entry.payload, Derived)}
    assert people - told - LEFT_OUT == set()
    assert not any(isinstance(event.data, Derived) for event in events)


def test_every_event_survives_the_wire(events: list[Event]) -> None:
    for event in events[::7]:
        record = encode(event)
        assert decode(record.key, record.value, record.headers).event == event


def test_ids_are_unique_and_belong_to_a_city_of_the_seed(events: list[Event]) -> None:
    assert len({(event.city, event.id) for event in events}) == len(events)
    assert all(event.city.endswith("-7") for event in events)


def test_each_event_has_the_offset_of_its_city_and_none_lies_ahead(steps: list[Step]) -> None:
    zones = {place.city.id: place.city.zone for place in places(3, 7)}
    for before, step in pairwise(steps):
        assert before.moment <= step.moment
        for event in step.events:
            assert event.at <= step.moment
            zone = zones.get(event.city, ZoneInfo("America/New_York"))
            assert event.time.utcoffset() == event.at.astimezone(zone).utcoffset()


def test_people_act_between_whole_seconds_so_that_nothing_meets_a_deadline(events: list[Event]) -> None:
    assert sum(event.at.microsecond == 0 for event in events) < 40  # deadlines that staff open on the hour


def test_some_events_are_told_late(steps: list[Step]) -> None:
    late = 0
    for before, step in pairwise(steps):
        late += sum(event.at < before.moment for event in step.events)
    assert late > 100


def test_the_year_has_seasons_and_the_week_has_days(events: list[Event]) -> None:
    idea = Counter(event.time.month for event in events if event.type.endswith("session.scheduled.v1"))
    assert idea[1] < idea[4]
    hours = Counter(event.time.hour for event in events if event.type.endswith("service_request.opened.v1"))
    assert hours[3] < hours[8]
    closed = [event for event in events if event.type.endswith("service_request.closed.v1")]
    weekend = sum(event.time.weekday() > 4 for event in closed)
    assert weekend < len(closed) / 20


def test_the_truth_has_what_the_year_is_for(simulation: Simulation, steps: list[Step]) -> None:
    assert steps
    told = Counter(fact.name for fact in simulation.truth.facts)
    for name in (
        "service_request.overdue",
        "service_request.acknowledgement_overdue",
        "service_request.promised",
        "service_request.reopened",
        "signup.promoted",
        "attendance.no_show",
        "attendance.checked_out",
        "session.at_risk",
        "adoption.lapsed",
        "adoption.waitlist_offered",
        "award.regranted",
        "review.refused",
        "grant_report.overdue",
        "practice.adopted_elsewhere",
        "service_request.result_progressed",
        "idea.answer_asked",
        "idea.answer_overdue",
    ):
        assert told[name] > 0, name
    heard = Counter(notice.template for notice in simulation.truth.notices)
    for template in TEMPLATES.values():
        if template.about in {"opportunity", "hours", "asset", "application"}:
            assert heard[template.name] > 0, template.name
    links = {len(one.data["through"]) for one in simulation.truth.facts if "through" in one.data}
    assert links >= {0, 1}, "duplicates of duplicates"
    assert {call.data.tier for call in simulation.truth.kept(Call).values()} == {
        "coalition_to_city",
        "city_to_group",
    }


def test_a_step_ends_before_something_is_told_of_what_a_rule_spoke_of() -> None:
    steps, at = Steps(), when("2026-04-01T12:00:00+00:00")
    steps.told(opened("r1"), at, "r1")
    steps.followed("r1", at + MINUTE)
    steps.told(opened("r2"), at + 2 * MINUTE, "r2")
    steps.told(acknowledged("r1"), at + 3 * MINUTE, "r1")
    steps.cut(at + 60 * MINUTE)
    assert [(step.moment, [event.subject for event in step.events]) for step in steps.ready()] == [
        (at + 2 * MINUTE, ["r1", "r2"]),
        (at + 60 * MINUTE, ["r1"]),
    ]


def test_a_step_ends_before_somebody_who_was_to_be_told_something_is_reached_elsewhere() -> None:
    steps, at = Steps(), when("2026-04-01T12:00:00+00:00")
    steps.followed("participant riverton/ann", at)
    elsewhere, other = (Reached("riverton", who, None) for who in ("ann", "ben"))
    steps.reached(other, "participant riverton/ben", at + MINUTE)
    steps.reached(elsewhere, "participant riverton/ann", at + 2 * MINUTE)
    steps.cut(at + 60 * MINUTE)
    assert steps.ready() == [
        Step(at + MINUTE, (), (other,)),
        Step(at + 60 * MINUTE, (), (elsewhere,)),
    ]


def test_what_is_told_late_comes_after_what_was_said_before_of_how_to_be_told() -> None:
    """It is due at once, when the step is only half published."""
    steps, at = Steps(), when("2026-04-01T12:00:00+00:00")
    steps.cut(at)
    late, wish = opened("r1", at=(at - MINUTE).isoformat()), consent(at=(at + MINUTE).isoformat())
    steps.told(wish, at + MINUTE, "participant riverton/ann")
    steps.told(late, at + 2 * MINUTE, "service_request riverton/r1")
    steps.cut(at + 60 * MINUTE)
    assert [step.events for step in steps.ready()] == [(), (wish,), (late,)]


def test_lives_wake_in_the_order_of_their_moments_and_of_equal_ones_in_that_of_their_beginning() -> None:
    start = when("2026-04-01T12:00:00+00:00")
    agenda, heard = Agenda(start), list[tuple[str, int]]()

    def life(name: str, minutes: int) -> Life:
        for number in range(2):
            heard.append((name, number))
            yield agenda.now + timedelta(minutes=minutes)

    agenda.begin(life("a", 10), start)
    agenda.begin(life("b", 5), start)
    while agenda.any_by(start + timedelta(minutes=10)):
        agenda.go_on()
    assert heard == [("a", 0), ("b", 0), ("b", 1), ("a", 1)]


def moments(zone: str) -> Iterator[tuple[int, int]]:
    clock = Clock(ZoneInfo(zone), south=False)
    for days in range(365):
        day = FIRST_DAY + timedelta(days=days)
        local = clock.at(day, 2, 30).astimezone(clock.zone)
        yield (local.date() - day).days, local.hour


def test_a_time_that_the_clock_leaps_over_is_an_hour_later() -> None:
    found = Counter(moments("America/New_York"))
    assert found == {(0, 2): 364, (0, 3): 1}


def test_working_days_leave_out_weekends() -> None:
    clock = Clock(ZoneInfo("Europe/Warsaw"), south=False)
    friday = FIRST_DAY + timedelta(days=2)
    assert clock.working_day(friday, 0) == friday
    assert (clock.working_day(friday, 1) - friday).days == 3
    assert (clock.working_day(friday + timedelta(days=1), 0) - friday).days == 3
