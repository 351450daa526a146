"""How a city, or the coalition, grants: how many apply, who is accepted, and how long it takes.

Those who apply are groups and cities, so only what reviewers said can tell about persons.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from projections.counting import MINUTES, Row
from projections.metrics.core import Ask, Counts, Distinct, Inputs, Metric, Scope, Spans, Sums, Value
from projections.metrics.families.waiting import PARTS, waited
from projections.metrics.numbers import DAY, percent, ratio, total
from projections.read import Where

ACCEPTED: Final = ("accepted", "accepted_pending_info")
DECIDED: Final = (*ACCEPTED, "dismissed")


def _calls(scope: Scope) -> Mapping[str, Ask]:
    return {
        "calls": Counts("grant_calls", scope.during("opened_at"), by=("call_id",)),
        "applications": Sums("grant_applications_by_call", scope.here, by=("call_id",)),
    }


def _per_call(inputs: Inputs, _: Scope) -> Value:
    opened = {row.key["call_id"] for row in inputs["calls"]}
    answers = [row for row in inputs["applications"] if row.key["call_id"] in opened]
    submitted = total(answers, "submitted")
    return Value(
        value=ratio(submitted, len(opened)),
        numerator=submitted,
        denominator=len(opened),
        inputs={"of_these_taken_back": total(answers, "withdrawn")},
    )


def _determined(scope: Scope) -> Mapping[str, Ask]:
    return {"applications": Counts("grant_applications", scope.during("determined_at"), by=("status",))}


def _award_rate(inputs: Inputs, _: Scope) -> Value:
    decided = [row for row in inputs["applications"] if row.key["status"] in DECIDED]
    accepted = [row for row in decided if row.key["status"] in ACCEPTED]
    return Value(
        value=percent(total(accepted), total(decided)),
        numerator=total(accepted),
        denominator=total(decided),
        inputs={"determined_and_taken_back": total(inputs["applications"]) - total(decided)},
    )


def _decisions(scope: Scope) -> Mapping[str, Ask]:
    submitted = scope.during("submitted_at")
    spans = Spans(
        "grant_applications", submitted, since="submitted_at", until="determined_at", by=("status",)
    )
    return {"spans": spans}


def _decision_time(rank: int) -> Callable[[Inputs, Scope], Value]:
    def compute(inputs: Inputs, _: Scope) -> Value:
        rows = filter(_still_wanted, inputs["spans"])
        return without_people(waited(rows, rank, "applications_submitted", "determined", unit=DAY))

    return compute


def _still_wanted(row: Row) -> bool:
    """What was taken back before it was determined waits for nothing."""
    return row.key["status"] != "withdrawn" or row.key[MINUTES] is not None


def without_people(waited: Value) -> Value:
    """A wait of groups or cities, which tells about no person."""
    return replace(waited, people=None)


def _reviews(scope: Scope) -> Mapping[str, Ask]:
    counting: Where = {**scope.during("submitted_at"), "counts": True}
    return {
        "reviews": Counts("grant_reviews", counting, by=("application_id", "recommendation")),
        "reviewers": Distinct("grant_reviews", counting, of="reviewer"),
    }


def _split(inputs: Inputs, _: Scope) -> Value:
    said: dict[object, list[int]] = defaultdict(list)
    for row in inputs["reviews"]:
        said[row.key["application_id"]].append(total([row]))
    several = [counts for counts in said.values() if sum(counts) > 1]
    split = [counts for counts in several if len(counts) > 1]
    return Value(
        value=percent(len(split), len(several)),
        numerator=len(split),
        denominator=len(several),
        inputs={"reviews": total(inputs["reviews"]), "reviewed_once": len(said) - len(several)},
        people=total(inputs["reviewers"]),
    )


METRICS: Final = (
    Metric(
        code="grants.applications_per_call",
        version=1,
        title="Applications for each grant call",
        unit="applications",
        decimals=1,
        window="days",
        numerator="applications for them, whenever they came",
        denominator="grant calls opened in the period",
        explanation="How many apply when a grant is offered. Applications that were taken back are counted.",
        asks=_calls,
        compute=_per_call,
    ),
    Metric(
        code="grants.award_rate",
        version=1,
        title="Applications accepted",
        unit="percent",
        decimals=1,
        window="days",
        numerator="of these, accepted, also while some information is pending",
        denominator="applications first determined in the period and not taken back",
        explanation="How many of those who apply for a grant receive one, as their determinations stand now.",
        asks=_determined,
        compute=_award_rate,
        neighbourhoods=True,
    ),
    *(
        Metric(
            code=f"grants.decision_time.p{rank}",
            version=1,
            title=f"Time to a decision, for {part} applications",
            unit="days",
            decimals=1,
            window="days",
            numerator=None,
            denominator="applications submitted in the period, but for those taken back before a decision",
            explanation=f"Within this time {part} applications submitted in the period were first "
            "determined. Those that still wait count as longer than all others, so while too many wait there "
            "is no number.",
            asks=_decisions,
            compute=_decision_time(rank),
            neighbourhoods=True,
            better="lower",
        )
        for rank, part in PARTS.items()
    ),
    Metric(
        code="grants.reviewers_split",
        version=1,
        title="Applications on which reviewers differ",
        unit="percent",
        decimals=1,
        window="months",
        numerator="of these, recommended differently: award, revise or deny",
        denominator="applications with two or more reviews of the period that count",
        explanation="How often those who review the same application recommend different things. How far "
        "their scores lie apart is told with the ranking of each call.",
        asks=_reviews,
        compute=_split,
    ),
)
