"""A year of stewardship under a clock: what is told and counted equals a count by hand, hour by hour.

TOWNHALL_TEST_YEARS asks for more years, or fewer; a failure names its seed.
"""

import os
from collections import Counter
from random import Random

import pytest

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.types.stewardship import AdoptionReleased
from projections.views.adoptions import BY_MONTH, BY_STATE
from projections.views.assets import COVERAGE
from tests.support.builders import stewardship
from tests.support.follow_ups import Logged, Story
from tests.support.spec import tallied
from tests.support.stewardship_truth import YEAR, Action, Truth, a_year, moment, month

DUTIES = next(one for one in FOLLOW_UPS if one.name == "steward_duties")
YEARS = range(int(os.environ.get("TOWNHALL_TEST_YEARS", "10")))
THINGS = 5


def event(thing: str, action: Action) -> Event:
    at = moment(action.time).isoformat()
    of = {"adoption": f"{thing}-{action.adoption}", "at": at}
    match action.kind:
        case "register":
            return stewardship.registered(thing, at=at)
        case "retire":
            return stewardship.retired(thing, at=at)
        case "adopt":
            return stewardship.adopted(thing, days=action.cadence, **of)
        case "check_in":
            return stewardship.looked_after(thing, **of)
        case "release":
            return stewardship.released(thing, **of)
        case "transfer":
            return stewardship.transferred(thing, **of)


def lived(thing: str, actions: list[Action]) -> Logged:
    story = Logged(DUTIES, moment(0))
    for action in actions:
        story.until(moment(action.known).isoformat()).told(event(thing, action))
    story.until(moment(YEAR).isoformat())
    return story


def told_by(story: Story, thing: str) -> Counter[tuple[str, str, int]]:
    return Counter(_short(one, thing) for one in story.published)


def _short(one: Event, thing: str) -> tuple[str, str, int]:
    kind = one.type.split(".")[-2].removeprefix("check_in_")
    data = one.data.model_dump()
    due = data.get("due_at")
    hour = 0 if due is None else int((due - moment(0)).total_seconds()) // 3600
    return kind, data["adoption_id"].removeprefix(f"{thing}-"), hour


@pytest.fixture(params=YEARS, scope="module")
def year(request: pytest.FixtureRequest) -> list[tuple[Logged, Truth, str]]:
    dice = Random(request.param)
    years = {f"thing-{n}": a_year(dice) for n in range(THINGS)}
    return [(lived(thing, actions), Truth().live(actions), thing) for thing, actions in years.items()]


def test_what_is_told_is_what_time_and_stewards_brought_about(year: list[tuple[Logged, Truth, str]]) -> None:
    """Above all: of a due date that moved nothing is told, neither as due nor as overdue."""
    for story, truth, thing in year:
        assert told_by(story, thing) == Counter(truth.told)


def test_coverage_is_what_is_adopted_in_the_end(year: list[tuple[Logged, Truth, str]]) -> None:
    log = [one for story, _, _ in year for one in story.log]
    (sums,) = tallied(COVERAGE, *log).values()
    there = [truth for _, truth, _ in year if truth.there]
    assert (sums.get("adoptable", 0), sums.get("retired", 0)) == (len(there), THINGS - len(there))
    assert sums.get("adopted", 0) == sum(truth.now is not None for truth in there)


def test_check_ins_kept_and_missed_of_each_month_are_those_counted_by_hand(
    year: list[tuple[Logged, Truth, str]],
) -> None:
    log = [one for story, _, _ in year for one in story.log]
    expected: dict[str, Counter[str]] = {}
    for _, truth, _ in year:
        for name, counts in truth.months.items():
            expected.setdefault(name, Counter()).update(counts)
    seen = {key[1]: sums for key, sums in tallied(BY_MONTH, *log).items()}
    for name in expected | seen:
        for what in ("check_ins", "kept", "missed"):
            assert seen.get(name, {}).get(what, 0) == expected.get(name, Counter())[what], (name, what)


def test_lapses_of_each_month_are_set_against_what_stood_at_its_start(
    year: list[tuple[Logged, Truth, str]],
) -> None:
    log = [one for story, _, _ in year for one in story.log]
    adoptions = [one for _, truth, _ in year for one in truth.all.values()]
    seen = {key[1]: sums for key, sums in tallied(BY_MONTH, *log).items()}
    stood = 0
    for number in range(1, 13):
        name = f"2026-{number:02}"
        by_hand = [
            one
            for one in adoptions
            if month(one.started) < name and (one.ended is None or month(one.ended) >= name)
        ]
        assert stood == len(by_hand), name
        sums = seen.get(name, {})
        assert sums.get("lapsed", 0) == sum(
            one.lapsed and one.ended is not None and month(one.ended) == name for one in adoptions
        )
        stood += sums.get("started", 0) - sums.get("ended", 0)
    assert tallied(BY_STATE, *log).get(("riverton", "active"), {}).get("adoptions", 0) == sum(
        truth.now is not None for _, truth, _ in year
    )


def test_the_years_hold_what_they_are_to_test() -> None:
    """A generator that never lets an adoption lapse would prove nothing."""
    told: Counter[str] = Counter()
    late = 0
    for seed in range(10):
        dice = Random(seed)
        for actions in [a_year(dice) for _ in range(THINGS)]:
            told.update(kind for kind, _, _ in Truth().live(actions).told)
            late += sum(action.time < action.known for action in actions)
    assert min(told[kind] for kind in ("due", "overdue", "lapsed", "released", "refused")) >= 10, told
    assert late >= 100


def test_nothing_is_told_of_a_thing_that_a_city_has_retired(year: list[tuple[Logged, Truth, str]]) -> None:
    for story, truth, _ in year:
        if not truth.there:
            assert story.due() == []
        for one in story.published:
            if isinstance(one.data, AdoptionReleased):
                assert one.data.retired_because == "removed"
