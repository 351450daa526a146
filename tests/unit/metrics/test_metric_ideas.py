"""Ideas, ballots and ratings: each number by a history whose answer can be counted by hand."""

from datetime import timedelta

from events.envelope import Event
from tests.support import build
from tests.support.metrics import RIVERTON, number, scope, shows

MORNING = "2026-01-10T09:00:00-05:00"
QUARTER = scope("2026-01-01", "2026-01-31")
ENDED = scope("2026-04-01", "2026-04-30")
"""Ninety days after the tenth of January is the tenth of April."""


def _after(days: float) -> str:
    return (build.when(MORNING) + timedelta(days=days)).isoformat()


def _ideas(count: int) -> list[Event]:
    return [build.submitted(f"i{one}", at=MORNING, neighbourhood_id="north") for one in range(count)]


def test_ideas_are_answered_in_time_when_a_public_decision_comes_within_ninety_days() -> None:
    history = [
        *_ideas(8),
        build.answered("i0", at=_after(10)),
        build.answered("i1", decision="rejected", at=_after(90)),
        build.answered("i2", at=_after(90.01)),
        build.answered("i3", decision="evaluating", at=_after(1)),
        build.answered("i4", at=_after(10), public_from=build.when(_after(95))),
        build.answered("i5", at=_after(10), public_from=build.when(_after(20))),
        build.idea_withdrawn("i6", at=_after(3)),
    ]
    shown = number("ideas.answered", *history, about=ENDED)
    shows(shown, "42.9", numerator=3, denominator=7)
    assert shown.inputs["answered_later"] == 2
    assert number("ideas.answered", *history, about=QUARTER).denominator == 0


def test_an_answer_that_is_not_public_yet_is_none() -> None:
    decided = [build.answered(f"i{one}", at=_after(4)) for one in range(4)]
    secret = build.answered("i4", at=_after(1), public_from=build.when("2026-12-01T00:00:00-05:00"))
    shown = number("ideas.time_to_answer.p90", *_ideas(5), *decided, secret, about=QUARTER)
    shows(shown, None, denominator=5)
    assert shown.inputs["not_yet_answered"] == 1
    shows(number("ideas.time_to_answer.p50", *_ideas(5), *decided, secret, about=QUARTER), "4.0")


def test_a_supporter_is_counted_once_however_many_ideas_they_support() -> None:
    people = [f"supporter-number-{one:04}" for one in range(6)]
    history = [build.supported(idea, by=one) for one in people for idea in ("i1", "i2")]
    shown = number("ideas.supporters", *history)
    shows(shown, "6", numerator=6)
    assert shown.inputs == {"ideas_supported": 2, "supports": 12}
    gone = [build.support_withdrawn(idea, by=people[0]) for idea in ("i1", "i2")]
    shows(number("ideas.supporters", *history, *gone), "5")
    history += [
        *gone,
        build.support_withdrawn("i1", by=people[1]),
        build.support_withdrawn("i2", by=people[1]),
    ]
    assert number("ideas.supporters", *history).suppressed


def test_the_last_round_is_the_one_opened_last() -> None:
    people = [f"participant-number-{one:04}" for one in range(7)]
    history = [
        build.round_opened("2026", at="2026-04-01T00:00:00-04:00"),
        build.round_opened("2025", at="2025-04-01T00:00:00-04:00"),
        build.round_opened("2027", at="2027-04-01T00:00:00-04:00"),
        *(build.ballot("a", by=one) for one in [*people, people[0]]),
        *(build.ballot("a", by=one, round_id="2025") for one in people[:5]),
    ]
    shown = number("ballots.last_round", *history)
    shows(shown, "7")
    assert shown.inputs == {"rounds": 2, "ballots_in_all_rounds": 12}
    shows(number("ballots.last_round"), None)


def test_per_thousand_residents_names_the_year_they_were_counted_in() -> None:
    people = [f"participant-number-{one:04}" for one in range(6)]
    history = [build.round_opened("2026"), *(build.ballot("a", by=one) for one in people)]
    shown = number("ballots.last_round.per_thousand", *history)
    shows(shown, "0.8", numerator=6, denominator=8000)
    assert shown.inputs["residents_in_year"] == 2026
    before = number("ballots.last_round.per_thousand", *history, about=scope("2025-05-01", "2025-05-01"))
    assert before.inputs["residents_in_year"] == 2024
    nobody = scope(city=RIVERTON.model_copy(update={"residents": ()}))
    shown = number("ballots.last_round.per_thousand", *history, about=nobody)
    shows(shown, None, numerator=6)
    assert (shown.completeness, len(shown.notes)) == (0, 1)


def test_satisfied_are_those_who_gave_four_or_five() -> None:
    ratings = [1, 3, 4, 4, 5, 5]
    history = [build.feedback(f"f{one}", rating=rating) for one, rating in enumerate(ratings)]
    shows(number("programs.satisfied", *history), "66.7", numerator=4, denominator=6)
