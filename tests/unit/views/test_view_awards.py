"""What dashboards learn about awards: what was paid and when, what was reported, and what came of it."""

from itertools import permutations
from typing import Any

from events.types.awards import AwardRef
from projections.views.award_money import DISBURSED
from projections.views.award_regrants import REGRANTED
from projections.views.award_regrants import VIEW as REGRANTS
from projections.views.award_tallies import AWARDED, INSTALMENTS, REPORTS, TARGETS
from projections.views.awards import VIEW
from tests.support.build import when
from tests.support.builders.awards import (
    DUE,
    LATER,
    achieved,
    granted,
    instalment,
    paid,
    regranted,
    report,
    report_due,
    report_extended,
    report_overdue,
    reported,
    target,
)
from tests.support.spec import Given, given, tallied

EARLY, BETWEEN, TOO_LATE = (f"2026-{day}T08:00:00-04:00" for day in ("04-01", "07-20", "08-20"))
DUE_DAY, LATER_DAY = DUE[:10], LATER[:10]


def report_of(after: Given) -> dict[str, Any]:
    (only,) = after.document["reports"]
    return dict(only)


def test_an_award_stands_with_what_is_to_be_paid_and_owed() -> None:
    event = granted(
        at=EARLY,
        title="Mend our block",
        description="Clean-ups",
        grantee_name="Liberty Street Neighbours",
        parent_award=AwardRef(city="coalition", award_id="award-0"),
        targets=(target(),),
    )
    given(VIEW, event).then(
        {
            "city": "riverton",
            "award_id": "award-1",
            "call_id": "call-1",
            "application_id": "app-1",
            "title": "Mend our block",
            "description": "Clean-ups",
            "grantee_city": None,
            "grantee_group_id": "g1",
            "grantee_name": "Liberty Street Neighbours",
            "parent_city": "coalition",
            "parent_award_id": "award-0",
            "amount": "1500",
            "currency": "USD",
            "granted_at": when(EARLY),
            "granted_on": EARLY[:10],
            "instalments": [
                {
                    "instalment_id": "1",
                    "amount": "1500",
                    "due_at": when(DUE),
                    "due_on": DUE_DAY,
                    "paid_on": None,
                    "on_time": None,
                }
            ],
            "payments": [],
            "paid_thousandths": 0,
            "reports": [
                {
                    "report_id": "interim",
                    "first_day": "2026-04-01",
                    "last_day": "2026-06-30",
                    "due_at": when(DUE),
                    "due_on": DUE_DAY,
                    "extensions": [],
                    "due_told": None,
                    "overdue_told": [],
                    "missed": False,
                    "submitted_at": None,
                    "on_time": None,
                    "overdue": False,
                    "metrics": [],
                    "spent": None,
                    "currency": None,
                    "text_ref": None,
                }
            ],
            "targets": [
                {
                    "metric_code": "litter_removed",
                    "unit": "lb",
                    "target": "2000",
                    "actual_thousandths": None,
                    "met": False,
                }
            ],
            "targets_due_on": DUE_DAY,
            "first_regranted_at": None,
            "updated_at": when(EARLY),
        }
    )


def test_an_instalment_is_paid_once_the_whole_of_it_is() -> None:
    half = paid(amount="700.5", paid_on="2026-07-01")
    rest = paid(amount="799.5", paid_on=DUE_DAY)
    given(VIEW, granted(), half).shows(paid_thousandths=700_500)
    assert given(VIEW, granted(), half).document["instalments"][0]["paid_on"] is None
    for told in permutations([granted(), half, rest]):
        (one,) = given(VIEW, *told).document["instalments"]
        assert (one["paid_on"], one["on_time"]) == (DUE_DAY, True)


def test_paid_after_its_day_is_not_on_time() -> None:
    (one,) = given(VIEW, granted(), paid(paid_on="2026-07-16")).document["instalments"]
    assert (one["paid_on"], one["on_time"]) == ("2026-07-16", False)


def test_a_payment_in_another_currency_pays_nothing_of_the_award_and_is_kept() -> None:
    after = given(VIEW, granted(), paid(currency="EUR"))
    after.shows(paid_thousandths=0)
    assert after.document["instalments"][0]["paid_on"] is None
    assert after.document["payments"][0]["currency"] == "EUR"


def test_the_day_of_a_due_time_is_the_city_s_own() -> None:
    """Late in the evening by the city's clock it is the next day already in UTC."""
    evening = "2026-07-15T23:59:59-04:00"
    after = given(
        VIEW, granted(instalments=(instalment("1", "1500", evening),), reports=(report(due=evening),))
    )
    assert after.document["instalments"][0]["due_on"] == "2026-07-15"
    assert report_of(after)["due_on"] == "2026-07-15"


def test_a_report_is_on_time_by_the_time_it_came_whatever_was_told_in_between() -> None:
    came, late = reported(at=DUE), report_overdue()
    for told in permutations([granted(), came, late]):
        one = report_of(given(VIEW, *told))
        assert (one["on_time"], one["overdue"], one["submitted_at"]) == (True, False, when(DUE))
        assert (one["overdue_told"], one["missed"]) == ([when(DUE)], False)


def test_a_report_that_has_not_come_is_overdue_once_that_is_told() -> None:
    given(VIEW, granted(), report_due(), report_overdue())
    one = report_of(given(VIEW, granted(), report_due(), report_overdue()))
    assert (one["due_told"], one["overdue"], one["on_time"]) == (when(DUE), True, None)
    one = report_of(given(VIEW, granted(), report_overdue(), reported(at=BETWEEN)))
    assert (one["overdue"], one["on_time"]) == (True, False)


def test_an_extension_moves_the_due_date_and_outdates_what_was_told_of_the_old_one() -> None:
    for told in permutations([granted(), report_overdue(), report_extended(at=EARLY)]):
        one = report_of(given(VIEW, *told))
        assert (one["due_at"], one["due_on"], len(one["extensions"])) == (when(LATER), LATER_DAY, 1)
        assert (one["overdue"], one["missed"], one["overdue_told"]) == (False, False, [when(DUE)])
    one = report_of(given(VIEW, granted(), report_extended(at=EARLY), reported(at=BETWEEN)))
    assert one["on_time"] is True


def test_a_date_that_was_missed_stays_missed_though_it_is_extended_afterwards() -> None:
    for told in permutations([granted(), report_overdue(), report_extended(at=BETWEEN), reported(at=LATER)]):
        one = report_of(given(VIEW, *told))
        assert (one["missed"], one["on_time"], one["overdue"]) == (True, False, False)


def test_of_two_dates_the_second_of_which_was_kept_the_first_stays_missed() -> None:
    second = report_overdue(due=LATER, at=LATER)
    history = [granted(), report_overdue(), report_extended(at=BETWEEN), second, reported(at=LATER)]
    one = report_of(given(VIEW, *history))
    assert (one["missed"], one["on_time"], one["overdue"]) == (True, False, False)
    one = report_of(given(VIEW, *history[:-1], reported(at=TOO_LATE)))
    assert (one["missed"], one["on_time"], one["overdue"]) == (True, False, True)


def test_a_report_submitted_again_replaces_what_it_says_and_came_the_first_time() -> None:
    first = reported(at=EARLY, text_ref="t1")
    again = reported(at=TOO_LATE, metrics=(), spent="10.5", currency="USD")
    one = report_of(given(VIEW, granted(), first, again))
    assert (one["submitted_at"], one["metrics"], one["spent"]) == (when(EARLY), [], "10.5")
    assert (one["on_time"], one["text_ref"]) == (True, None)


def test_a_report_that_no_award_names_is_kept() -> None:
    one = report_of(given(VIEW, reported(report_id="extra", at=EARLY)))
    assert (one["report_id"], one["due_at"], one["on_time"], one["overdue"]) == ("extra", None, None, False)


def test_a_target_is_met_by_all_reports_together() -> None:
    duties = (report("interim"), report("final", LATER))
    award = granted(reports=duties, targets=(target(target="3000.5"), target("trees_planted", "trees", "0")))
    first = reported(metrics=(achieved("litter_removed", "lb", "1000.25"),))
    last = reported(report_id="final", metrics=(achieved("litter_removed", "lb", "2000.25"),))
    litter, trees = given(VIEW, award, first).document["targets"]
    assert (litter["actual_thousandths"], litter["met"]) == (1_000_250, False)
    assert (trees["actual_thousandths"], trees["met"]) == (None, False)
    after = given(VIEW, award, first, last)
    assert (after.document["targets"][0]["met"], after.document["targets_due_on"]) == (True, LATER_DAY)


def test_the_same_metric_in_another_unit_is_another_metric() -> None:
    (one,) = given(
        VIEW, granted(targets=(target(),)), reported(metrics=(achieved("litter_removed", "kg", "9999"),))
    ).document["targets"]
    assert (one["actual_thousandths"], one["met"]) == (None, False)


def test_an_award_granted_again_keeps_what_was_told_of_its_reports() -> None:
    after = given(
        VIEW, granted(at=BETWEEN), reported(at=EARLY), report_extended(), granted(at=EARLY, amount="9")
    )
    after.shows(amount="9", granted_at=when(EARLY), granted_on=EARLY[:10])
    assert (report_of(after)["due_at"], report_of(after)["submitted_at"]) == (when(LATER), when(EARLY))


def test_money_granted_and_paid_is_summed_by_month_and_currency() -> None:
    history = [
        granted("award-1", amount="0.1", at=EARLY),
        granted("award-2", amount="0.2", at=EARLY),
        granted("award-3", amount="5", currency="EUR", at=BETWEEN),
        paid("award-1", amount="0.1", paid_on="2026-04-30"),
        paid("award-9", amount="0.2", paid_on="2026-05-01"),
    ]
    assert tallied(AWARDED, *history) == {
        ("riverton", "USD", "2026-04"): {"awards": 2, "awarded": 300},
        ("riverton", "EUR", "2026-07"): {"awards": 1, "awarded": 5_000},
    }
    assert tallied(DISBURSED, *history) == {
        ("riverton", "USD", "2026-04"): {"payments": 1, "disbursed": 100},
        ("riverton", "USD", "2026-05"): {"payments": 1, "disbursed": 200},
    }


def test_instalments_count_on_the_day_they_are_due_paid_or_not() -> None:
    history = [granted("award-1"), granted("award-2"), paid("award-1", paid_on=DUE_DAY), paid("award-9")]
    assert tallied(INSTALMENTS, *history) == {
        ("riverton", DUE_DAY): {"instalments": 2, "paid": 1, "on_time": 1}
    }


def test_reports_count_on_the_day_they_are_due() -> None:
    history = [
        granted("award-1"),
        granted("award-2"),
        granted("award-3"),
        report_due("award-1"),
        reported("award-1", at=EARLY),
        report_overdue("award-2"),
        report_extended("award-3"),
        reported("award-3", report_id="extra"),
    ]
    assert tallied(REPORTS, *history) == {
        ("riverton", DUE_DAY): {"reports": 2, "due": 1, "submitted": 1, "on_time": 1, "overdue": 1},
        ("riverton", LATER_DAY): {"reports": 1},
    }


def test_targets_count_on_the_day_the_last_report_is_due() -> None:
    history = [
        granted("award-1", targets=(target(),)),
        reported("award-1"),
        granted("award-2", targets=(target(),), reports=()),
    ]
    assert tallied(TARGETS, *history) == {
        ("riverton", "litter_removed", DUE_DAY): {"targets": 1, "reported": 1, "met": 1},
        ("riverton", "litter_removed", ""): {"targets": 1},
    }


def test_an_award_knows_when_its_money_first_went_on() -> None:
    history = [regranted(at=BETWEEN), regranted(to="award-2", at=EARLY), regranted(to="award-3", at=TOO_LATE)]
    given(VIEW, *history).shows(first_regranted_at=when(EARLY), title=None)


def test_each_award_made_of_another_stands_in_a_document_of_its_own() -> None:
    after = given(REGRANTS, regranted(to="award-1", at=EARLY))
    assert list(after.documents) == ["coalition/award-0/riverton/award-1"]
    after.then(
        {
            "city": "coalition",
            "award_id": "award-0",
            "to_city": "riverton",
            "to_award_id": "award-1",
            "amount": "1500",
            "currency": "USD",
            "regranted_at": when(EARLY),
            "regranted_on": EARLY[:10],
        }
    )


def test_an_award_told_again_is_granted_again_once() -> None:
    history = [regranted(amount="1500"), regranted(amount="1200.5"), regranted(to="award-2", amount="0.5")]
    assert tallied(REGRANTED, *history) == {
        ("coalition", "award-0", "USD"): {"awards": 2, "regranted": 1_201_000}
    }
