"""The order of applications by their reviews, computed: exact, and the same wherever it is computed.

A review scores an application by the sum of weight x score / scale over the criteria of the call; an
application has the mean of its reviews that count. Scores are rounded to thousandths, half up, and whoever
has the same score shares a rank: it is one more than the number of better scores. Among equals the order is
that of the application's id as plain text. A review that leaves out a criterion, or scores one beyond its
scale, is set aside.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from statistics import median_low
from typing import Final

from projections.core import Document

RULE: Final = "grant_call.weighted_mean"
Scores = tuple[tuple[str, int], ...]
"""Criterion and score, by criterion."""


@dataclass(frozen=True)
class Ranked:
    """An application; `score` and `spread`, the highest less the lowest review, are in thousandths."""

    application_id: str
    rank: int
    score: int
    reviews: int
    spread: int


@dataclass(frozen=True)
class Ranking:
    """Applications, the best first; `most` is the highest score that can be had, in thousandths.

    `unreviewed` are those without a review that counts; `set_aside` is how many reviews could not be read.
    """

    rule: str
    ranking: tuple[Ranked, ...]
    unreviewed: tuple[str, ...]
    set_aside: int
    most: int
    input_hash: str

    @property
    def spread(self) -> int | None:
        """The median spread of applications with two reviews or more, the lower of two in the middle."""
        spreads = [one.spread for one in self.ranking if one.reviews > 1]
        return median_low(spreads) if spreads else None


def ranking(call: Document, applications: Iterable[str], reviews: Iterable[Document]) -> Ranking:
    """The ranking of these applications; `reviews` are documents of them, also such as do not count."""
    criteria = call["criteria"]
    told = _told(set(applications), reviews)
    fit = {name: [one for one in scores if _fits(criteria, one)] for name, scores in told.items()}
    values = {name: [_value(criteria, one) for one in scores] for name, scores in fit.items() if scores}
    return Ranking(
        rule=RULE,
        ranking=tuple(_ranked(values)),
        unreviewed=tuple(name for name, scores in fit.items() if not scores),
        set_aside=sum(len(told[name]) - len(fit[name]) for name in told),
        most=1000 * sum(one["weight"] for one in criteria),
        input_hash=input_hash(call, told),
    )


def _told(applications: set[str], reviews: Iterable[Document]) -> dict[str, list[Scores]]:
    """The scores that count, by application id; neither their order nor who gave them is kept."""
    told: dict[str, list[Scores]] = {name: [] for name in sorted(applications)}
    for one in reviews:
        if one["counts"] and one["application_id"] in told:
            scores = tuple(sorted((score["criterion"], score["score"]) for score in one["scores"]))
            told[one["application_id"]].append(scores)
    return {name: sorted(scores) for name, scores in told.items()}


def _fits(criteria: Sequence[Document], scores: Scores) -> bool:
    given = dict(scores)
    return bool(criteria) and all(
        given.get(one["code"], one["scale"] + 1) <= one["scale"] for one in criteria
    )


def _value(criteria: Sequence[Document], scores: Scores) -> Fraction:
    given = dict(scores)
    return sum((Fraction(one["weight"] * given[one["code"]], one["scale"]) for one in criteria), Fraction(0))


def _thousandths(value: Fraction) -> int:
    return (2000 * value + 1) // 2


def _ranked(values: Mapping[str, Sequence[Fraction]]) -> Iterable[Ranked]:
    scores = {name: _thousandths(sum(given, Fraction(0)) / len(given)) for name, given in values.items()}
    having = Counter(scores.values())
    for name in sorted(scores, key=lambda one: (-scores[one], one)):
        score, given = scores[name], values[name]
        better = sum(count for other, count in having.items() if other > score)
        spread = _thousandths(max(given) - min(given))
        yield Ranked(name, better + 1, score, len(given), spread)


def input_hash(call: Document, told: Mapping[str, Sequence[Scores]]) -> str:
    """SHA-256 over all that the ranking depends on: whoever has the same inputs has the same hash.

    The bytes are JSON in UTF-8, keys sorted, no blanks: `call` (`city/id`), `rule`, `criteria` as
    [code, weight, scale] in the order of the call, and `reviews` as [application, [[criterion, score], ...]],
    sorted, of all reviews that count. Who reviewed is no part of it.
    """
    inputs = {
        "call": f"{call['city']}/{call['call_id']}",
        "rule": RULE,
        "criteria": [[one["code"], one["weight"], one["scale"]] for one in call["criteria"]],
        "reviews": sorted((name, scores) for name, given in told.items() for scores in given),
    }
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()
