"""How many take part when a city asks what comes first, and what they think of its programs."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Final

from projections.counting import Row
from projections.metrics.core import Ask, Counts, Inputs, Metric, Scope, Sums, Value
from projections.metrics.families.residents import beside_residents
from projections.metrics.numbers import percent, ratio, total
from projections.read import EVER, Between

SATISFIED: Final = ("r4", "r5")


def _round_asks(scope: Scope) -> Mapping[str, Ask]:
    opened = {**scope.here, "opened_at": Between(EVER, scope.now)}
    return {
        "rounds": Counts("ballot_rounds", opened, by=("round_id", "opened_at")),
        "ballots": Sums("round_ballots", scope.here, by=("round",)),
    }


def _last_round(inputs: Inputs, _: Scope) -> Value:
    last = max(inputs["rounds"], key=_opening, default=None)
    if last is None:
        return Value(value=None)
    ballots = {row.key["round"]: row.n["ballots"] for row in inputs["ballots"]}
    cast = ballots.get(last.key["round_id"], 0)
    shown = {"rounds": len(inputs["rounds"]), "ballots_in_all_rounds": sum(ballots.values())}
    return Value(value=cast, numerator=cast, inputs=shown, people=cast, completeness=Fraction(1))


def _last_round_per_thousand(inputs: Inputs, scope: Scope) -> Value:
    cast = _last_round(inputs, scope)
    return cast if cast.numerator is None else beside_residents(cast, scope)


def _opening(row: Row) -> tuple[datetime, str]:
    at = row.key["opened_at"]
    return at if isinstance(at, datetime) else EVER, str(row.key["round_id"])


def _rating_asks(scope: Scope) -> Mapping[str, Ask]:
    return {"ratings": Sums("program_ratings", scope.here)}


def _satisfied(inputs: Inputs, _: Scope) -> Value:
    responses = total(inputs["ratings"], "responses")
    satisfied = sum(total(inputs["ratings"], rating) for rating in SATISFIED)
    return Value(
        value=percent(satisfied, responses),
        numerator=satisfied,
        denominator=responses,
        inputs={f"ratings_of_{stars}": total(inputs["ratings"], f"r{stars}") for stars in range(1, 6)},
        people=responses,
        completeness=ratio(responses, responses),
    )


METRICS: Final = (
    Metric(
        code="ballots.last_round",
        version=1,
        title="Participants in the last ballot round",
        unit="participants",
        decimals=0,
        window="stock",
        numerator="participants whose ballot stands in the round that was opened last",
        denominator=None,
        explanation="How many people helped to decide when the city last asked what should come first. Each "
        "has one ballot in a round, however often it was cast.",
        asks=_round_asks,
        compute=_last_round,
    ),
    Metric(
        code="ballots.last_round.per_thousand",
        version=1,
        title="Participants in the last ballot round per 1,000 residents",
        unit="per_thousand",
        decimals=1,
        window="stock",
        numerator="participants whose ballot stands in the round that was opened last",
        denominator="residents of the city",
        explanation="How many people took part, beside how many live in the city this year, or in the last "
        "year for which that is known: it is among the inputs. Whoever works there may take part as well.",
        asks=_round_asks,
        compute=_last_round_per_thousand,
        better="higher",
    ),
    Metric(
        code="programs.satisfied",
        version=1,
        title="Satisfaction with programs",
        unit="percent",
        decimals=1,
        window="stock",
        numerator="of these, four or five of five",
        denominator="ratings of the city's programs",
        explanation="How many of those who rated a program of the city were satisfied. A program with many "
        "ratings weighs more.",
        asks=_rating_asks,
        compute=_satisfied,
        better="higher",
    ),
)
