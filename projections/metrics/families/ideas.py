"""How a city answers the ideas of its people, and how many stand behind them.

An answer is a decision that is public: evaluating is none. Ideas that their authors took back are
left out.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from projections.counting import COUNT, MINUTES, Row
from projections.metrics.core import Ask, Counts, Distinct, Inputs, Metric, Scope, Spans, Value
from projections.metrics.families.waiting import PARTS, waited
from projections.metrics.numbers import DAY, minutes_of, percent, ratio, total
from projections.read import EVER, Between, NoneOf, Where

DAYS_TO_ANSWER: Final = 90
VIEW: Final = "ideas"


def _standing(where: Where) -> Where:
    return {**where, "status": NoneOf(("withdrawn",))}


def _answers(ideas: Where, scope: Scope) -> Mapping[str, Ask]:
    """The ideas, and the time until their first answer was public, where it is by now."""
    answered: Where = {**ideas, "decided_at": Between(EVER, scope.now)}
    return {
        "ideas": Counts(VIEW, ideas),
        "answered": Spans(VIEW, answered, since="submitted_at", until="decided_at"),
    }


def _wait_asks(scope: Scope) -> Mapping[str, Ask]:
    return _answers(_standing(scope.during("submitted_at")), scope)


def _wait(rank: int) -> Callable[[Inputs, Scope], Value]:
    def compute(inputs: Inputs, _: Scope) -> Value:
        waiting = total(inputs["ideas"]) - total(inputs["answered"])
        rows = [*inputs["answered"], Row({MINUTES: None}, {COUNT: waiting})]
        return waited(rows, rank, "ideas_submitted", "answered", unit=DAY)

    return compute


def _rate_asks(scope: Scope) -> Mapping[str, Ask]:
    return _answers(_standing(scope.during("submitted_at", earlier=DAYS_TO_ANSWER)), scope)


def _rate(inputs: Inputs, _: Scope) -> Value:
    ideas, answered = total(inputs["ideas"]), total(inputs["answered"])
    spans, _unknown, negative = minutes_of(inputs["answered"])
    in_time = negative + sum(count for minutes, count in spans.items() if minutes <= DAYS_TO_ANSWER * DAY)
    return Value(
        value=percent(in_time, ideas),
        numerator=in_time,
        denominator=ideas,
        inputs={
            "ideas_submitted": ideas,
            "answered_in_time": in_time,
            "answered_later": answered - in_time,
            "not_answered": ideas - answered,
        },
        people=ideas,
        completeness=ratio(ideas, ideas),
    )


def _support_asks(scope: Scope) -> Mapping[str, Ask]:
    standing: Where = {**scope.here, "active": True}
    return {
        "supporters": Distinct("idea_supports", standing, of="participant"),
        "supported": Distinct("idea_supports", standing, of="idea"),
        "supports": Counts("idea_supports", standing),
    }


def _supporters(inputs: Inputs, _: Scope) -> Value:
    supporters = total(inputs["supporters"])
    return Value(
        value=supporters,
        numerator=supporters,
        inputs={"ideas_supported": total(inputs["supported"]), "supports": total(inputs["supports"])},
        people=supporters,
        completeness=Fraction(1),
    )


METRICS: Final = (
    Metric(
        code="ideas.answered",
        version=1,
        title=f"Ideas answered within {DAYS_TO_ANSWER} days",
        unit="percent",
        decimals=1,
        window="days",
        numerator="of these, accepted or rejected in public by then",
        denominator=f"ideas whose {DAYS_TO_ANSWER} days ended in the period, without those taken back",
        explanation=f"How often people who submit an idea know within {DAYS_TO_ANSWER} days what the city "
        "makes of it. Only a decision that everyone can read is an answer, and a rejection has to say why.",
        asks=_rate_asks,
        compute=_rate,
        neighbourhoods=True,
        better="higher",
    ),
    *(
        Metric(
            code=f"ideas.time_to_answer.p{rank}",
            version=1,
            title=f"Time to an answer, for {part} ideas",
            unit="days",
            decimals=1,
            window="days",
            numerator=None,
            denominator="ideas submitted in the period, without those taken back",
            explanation=f"Within this time {part} ideas submitted in the period were accepted or "
            "rejected in public. Ideas that still wait count as longer than all others, so while too many "
            "wait there is no number.",
            asks=_wait_asks,
            compute=_wait(rank),
            neighbourhoods=True,
            better="lower",
        )
        for rank, part in PARTS.items()
    ),
    Metric(
        code="ideas.supporters",
        version=1,
        title="Participants who support an idea",
        unit="participants",
        decimals=0,
        window="stock",
        numerator="participants whose support of at least one idea stands",
        denominator=None,
        explanation="How many people stand behind at least one idea now, each counted once however many they "
        "support.",
        asks=_support_asks,
        compute=_supporters,
    ),
)
