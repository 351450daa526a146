"""How grants are made and kept: each number by a history whose answer can be counted by hand."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from events.envelope import Event
from infra.directory import City
from projections.metrics.measure import Measured
from tests.support.build import when
from tests.support.builders import awards, grants
from tests.support.metrics import NOW, number, numbers, scope

MORNING = "2026-04-01T09:00:00-04:00"
DISMISSED: dict[str, Any] = {"outcome": "dismissed", "reason": "No plan", "amount": None, "currency": None}
COALITION = City(id="coalition", name="Coalition", timezone="America/New_York")


def after(**delta: float) -> str:
    return (when(MORNING) + timedelta(**delta)).isoformat()


def shows(shown: Measured, value: str | None, **parts: int) -> None:
    assert shown.value == (None if value is None else Decimal(value))
    assert {name: getattr(shown, name) for name in parts} == parts


def decided(days: list[float | None], **applied: Any) -> list[Event]:
    """Applications submitted in the morning and determined after so many days; None: they wait."""
    told = []
    for place, one in enumerate(days):
        told.append(grants.applied(f"app-{place}", at=MORNING, **applied))
        if one is not None:
            told.append(grants.determined(f"app-{place}", at=after(days=one)))
    return told


def test_applications_are_counted_for_the_calls_of_the_period_whenever_they_come() -> None:
    history = [
        grants.opened("call-1", at=MORNING),
        grants.opened("call-2", at=after(days=5)),
        grants.opened("before", at="2026-03-31T23:59:59-04:00"),
        *(grants.applied(f"app-{n}", at=after(days=90)) for n in range(3)),
        grants.withdrawn("app-1"),
        grants.applied("app-9", call="before"),
    ]
    shown = number("grants.applications_per_call", *history)
    shows(shown, "1.5", numerator=3, denominator=2)
    assert shown.inputs["of_these_taken_back"] == 1


def test_of_those_determined_some_are_accepted() -> None:
    history = [
        *decided([1, 2]),
        grants.determined("app-2", outcome="accepted_pending_info", at=after(days=3)),
        grants.determined("app-3", at=after(days=3), **DISMISSED),
        grants.determined("app-4", at=after(days=60)),
        grants.determined("app-5", at=after(days=3)),
        grants.withdrawn("app-5"),
    ]
    shown = number("grants.award_rate", *history)
    shows(shown, "75.0", numerator=3, denominator=4)
    assert shown.inputs["determined_and_taken_back"] == 1


def test_the_award_rate_can_be_told_for_each_neighbourhood() -> None:
    history = [*decided([1], neighbourhood_id="north"), grants.determined("app-9", at=MORNING, **DISMISSED)]
    found = numbers("grants.award_rate", *history)
    assert {name: one.value for name, one in found.items()} == {"north": Decimal("100.0"), "": Decimal("0.0")}


def test_a_decision_takes_as_long_as_half_of_them_take() -> None:
    shows(number("grants.decision_time.p50", *decided([1, 2.5, 30])), "2.5", denominator=3)
    shows(number("grants.decision_time.p90", *decided([1, 2.5, 30])), "30.0")


def test_an_application_that_waits_counts_as_longer_and_one_taken_back_not_at_all() -> None:
    shows(number("grants.decision_time.p50", *decided([1, None, None])), None, denominator=3)
    taken_back = [*decided([1, None]), grants.withdrawn("app-1")]
    shows(number("grants.decision_time.p50", *taken_back), "1.0", denominator=1)
    decided_before = [*decided([1]), grants.withdrawn("app-0", at=after(days=9))]
    shows(number("grants.decision_time.p50", *decided_before), "1.0", denominator=1)


def test_a_decision_before_the_application_is_a_defect_that_is_left_out() -> None:
    shown = number("grants.decision_time.p50", *decided([-1, 2]))
    shows(shown, "2.0", denominator=1)
    assert shown.notes == ("1 determined before they were submitted; left out",)


def test_the_first_determination_ends_the_wait() -> None:
    shows(
        number("grants.decision_time.p50", *decided([3]), grants.determined("app-0", at=after(days=20))),
        "3.0",
    )


def award(name: str, due: str) -> Event:
    return awards.granted(
        name,
        at=MORNING,
        instalments=(awards.instalment("1", "1500", due),),
        reports=(awards.report("interim", due),),
        targets=(awards.target(),),
    )


APRIL_20, MAY_20 = "2026-04-20T12:00:00-04:00", "2026-05-20T12:00:00-04:00"


def test_what_is_not_paid_when_its_day_is_over_is_late() -> None:
    history = [
        *(award(f"award-{n}", APRIL_20) for n in range(4)),
        award("later", MAY_20),
        awards.granted("unknown", at=MORNING, instalments=()),
        awards.paid("award-0", paid_on="2026-04-20"),
        awards.paid("award-1", paid_on="2026-04-21"),
    ]
    shown = number("grants.disbursed_on_time", *history)
    shows(shown, "25.0", numerator=1, denominator=4)
    assert shown.inputs == {"paid_late": 1, "not_paid": 2}


@pytest.mark.parametrize("code", ["grants.disbursed_on_time", "grants.reports_on_time", "grants.targets_met"])
def test_what_is_due_today_or_later_is_not_late_yet(code: str) -> None:
    today = scope("2026-05-01", "2026-05-31")
    shows(number(code, award("a", NOW.isoformat()), award("b", MAY_20), about=today), None, denominator=0)
    yesterday = (NOW - timedelta(days=1)).isoformat()
    shows(number(code, award("a", yesterday), about=today), "0.0", denominator=1)


def test_reports_are_kept_by_the_date_that_holds() -> None:
    history = [
        *(award(f"award-{n}", APRIL_20) for n in range(4)),
        awards.reported("award-0", at=APRIL_20),
        awards.reported("award-1", at="2026-04-25T12:00:00-04:00"),
        awards.reported("award-2", at="2026-04-25T12:00:00-04:00"),
        awards.report_extended("award-2", previous_due_at=when(APRIL_20), due_at="2026-04-30T12:00:00-04:00"),
        awards.report_overdue("award-3", due=APRIL_20, at=APRIL_20),
    ]
    shown = number("grants.reports_on_time", *history)
    shows(shown, "50.0", numerator=2, denominator=4)
    assert shown.inputs == {"submitted_late": 1, "not_submitted": 1}


def test_a_target_of_which_nothing_is_reported_is_missed_and_known_to_be() -> None:
    history = [
        *(award(f"award-{n}", APRIL_20) for n in range(3)),
        awards.reported("award-0"),
        awards.reported("award-1", metrics=(awards.achieved("litter_removed", "lb", "1999.999"),)),
    ]
    shown = number("grants.targets_met", *history)
    shows(shown, "33.3", numerator=1, denominator=3, completeness=66)


def reviewed(app: str, *recommended: str, first: int = 0) -> list[Event]:
    return [
        grants.reviewed(app, by=f"reviewer-pseudonym-{n}", recommendation=one, at=MORNING)
        for n, one in enumerate(recommended, first)
    ]


def test_reviewers_differ_where_their_recommendations_do() -> None:
    history = [
        *reviewed("app-1", "award", "deny", "award"),
        *reviewed("app-2", "award", "award", first=3),
        *reviewed("app-3", "deny", first=1),
    ]
    shown = number("grants.reviewers_split", *history)
    shows(shown, "50.0", numerator=1, denominator=2)
    assert shown.inputs["reviewed_once"] == 1


def test_what_few_reviewers_said_is_not_told_and_what_does_not_count_is_not_counted() -> None:
    assert number("grants.reviewers_split", *reviewed("app-1", "award", "deny", "deny", "deny")).suppressed
    five = reviewed("app-1", "award", "award", "award", "award", "award")
    biased = grants.reviewed(
        "app-1", by="reviewer-pseudonym-9", recommendation="deny", conflict_declared=True
    )
    shows(number("grants.reviewers_split", *five, biased), "0.0", numerator=0, denominator=1)


def passed(name: str, days: float | None) -> list[Event]:
    to_city: dict[str, Any] = {"grantee_group_id": None, "grantee_city": "riverton", "city": "coalition"}
    told = [awards.granted(name, at=MORNING, **to_city)]
    return told if days is None else [*told, awards.regranted(name, at=after(days=days))]


def test_money_passes_through_a_city_when_it_first_grants_it_again() -> None:
    about = scope(city=COALITION)
    history = [*passed("a", 10), *passed("b", 40), *passed("c", None)]
    shown = number(
        "grants.pass_through.p50", *history, awards.regranted("a", to="x", at=after(days=99)), about=about
    )
    shows(shown, "40.0", denominator=3)
    assert shown.inputs["not_yet_granted_again"] == 1
    own = awards.granted("to-a-group", at=MORNING, city="coalition")
    shows(number("grants.pass_through.p50", own, about=about), None, denominator=0)
