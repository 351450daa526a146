"""The outcome of a ballot round, computed from its ballots: exact, and the same wherever it is computed.

Score: votes; `ordinal`: votes x max_choices - ranks (the number of projects where the round has no
max_choices); `cumulative` and `scoring`: points. Projects stand by score, highest first; equal scores
by lower cost, then by project id as plain text (code points, so `10` comes before `9`). Every tie is
shown, and whether another order within it would have selected other projects.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from itertools import groupby
from typing import Final

from projections.core import Document

Votes = Mapping[str, Mapping[str, int]]
"""Per project id its votes, points and ranks; what is left out is 0."""

MEASURES: Final = ("votes", "points", "ranks")
RULES: Final = ("greedy", "greedy-no-skip", "greedy-threshold")
UNNAMED: Final = "unknown"
"""What importers write where a file does not name its rule."""


@dataclass(frozen=True)
class Standing:
    """How one project did. `rank` starts at 1 and is the same for equal scores; `tied` says so."""

    project_id: str
    name: str
    cost: str
    votes: int
    score: int
    rank: int
    tied: bool
    selected: bool | None


@dataclass(frozen=True)
class Tie:
    """Projects with equal scores, in the order the tie-break gave them.

    `decisive`: in another order, other projects of this tie would have been selected.
    """

    project_ids: tuple[str, ...]
    decisive: bool


@dataclass(frozen=True)
class Outcome:
    """Standings in order. Where `selected` is None throughout, `reason` says why."""

    round: str
    rule: str | None
    budget: str | None
    spent: str | None
    ballots: int
    standings: tuple[Standing, ...]
    ties: tuple[Tie, ...]
    unknown_projects: Mapping[str, Mapping[str, int]]
    reason: str | None
    input_hash: str

    @property
    def selected(self) -> tuple[str, ...]:
        """Ids of the selected projects, in order."""
        return tuple(one.project_id for one in self.standings if one.selected)


@dataclass(frozen=True)
class _Entry:
    project_id: str
    name: str
    cost: Decimal
    votes: int
    score: int


def outcome(round_document: Document, votes: Votes, ballots: int) -> Outcome:
    """What these votes decide. Votes for projects the round does not have are `unknown_projects`."""
    tallies = _tallies(votes)
    entries = _ordered(round_document, tallies)
    groups = [tuple(group) for _, group in groupby(entries, key=lambda entry: entry.score)]
    reason = _undecidable(round_document)
    chosen, decisive = (frozenset[str](), set[int]()) if reason else _select(round_document, groups)
    known = {entry.project_id for entry in entries}
    spent = sum((entry.cost for entry in entries if entry.project_id in chosen), Decimal(0))
    return Outcome(
        round=_round(round_document),
        rule=round_document["rule"],
        budget=round_document["budget"],
        spent=None if reason else f"{spent:f}",
        ballots=ballots,
        standings=tuple(_standings(groups, None if reason else chosen)),
        ties=tuple(
            Tie(tuple(entry.project_id for entry in group), group[0].score in decisive)
            for group in groups
            if len(group) > 1
        ),
        unknown_projects={name: tally for name, tally in tallies.items() if name not in known},
        reason=reason,
        input_hash=input_hash(round_document, votes, ballots),
    )


def places(round_document: Document) -> int:
    """The points that a first place gives on an ordinal ballot; each place after it gives one less."""
    most: int = round_document["max_choices"] or len(round_document["projects"])
    return most


def input_hash(round_document: Document, votes: Votes, ballots: int) -> str:
    """SHA-256, in hex, over all that the outcome depends on: whoever has the same inputs has the same hash.

    The bytes are JSON in UTF-8, keys sorted, no blanks: `round` (`city/id`), `rule`, `vote_type`,
    `budget`, `max_choices`, `score_threshold`, `ballots`, `projects` as [id, cost] and `tallies` as
    [id, votes, points, ranks], both sorted by id, tallies that are zero throughout left out.
    """
    inputs = {
        "round": _round(round_document),
        "ballots": ballots,
        "projects": sorted([one["project_id"], one["cost"]] for one in round_document["projects"]),
        "tallies": [[name, *tally.values()] for name, tally in _tallies(votes).items()],
    }
    for field in ("rule", "vote_type", "budget", "max_choices", "score_threshold"):
        inputs[field] = round_document[field]
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def _round(round_document: Document) -> str:
    return f"{round_document['city']}/{round_document['round_id']}"


def _tallies(votes: Votes) -> dict[str, dict[str, int]]:
    """All measures of each project that has any, by project id: a zero is the same as none."""
    full = {name: {m: votes[name].get(m, 0) for m in MEASURES} for name in sorted(votes)}
    return {name: tally for name, tally in full.items() if any(tally.values())}


def _ordered(round_document: Document, tallies: Votes) -> list[_Entry]:
    none: Mapping[str, int] = dict.fromkeys(MEASURES, 0)
    entries = []
    for project in round_document["projects"]:
        tally = tallies.get(project["project_id"], none)
        score = _score(round_document, tally)
        cost = Decimal(project["cost"])
        entries.append(_Entry(project["project_id"], project["name"], cost, tally["votes"], score))
    return sorted(entries, key=lambda entry: (-entry.score, entry.cost, entry.project_id))


def _score(round_document: Document, tally: Mapping[str, int]) -> int:
    match round_document["vote_type"]:
        case "ordinal":
            return tally["votes"] * places(round_document) - tally["ranks"]
        case "cumulative" | "scoring":
            return tally["points"]
    return tally["votes"]


def _undecidable(round_document: Document) -> str | None:
    rule = round_document["rule"]
    if rule is None:
        return "The round's opening is not known, so neither are its projects and its rule."
    if rule == UNNAMED:
        return "The rule is unknown: the record of this round names none."
    if rule not in RULES:
        return f"The rule {rule!r} is not computed here; those that are: {', '.join(RULES)}."
    if round_document["budget"] is None:
        return f"The rule {rule!r} needs a budget, and the round names none."
    if rule == "greedy-threshold" and round_document["score_threshold"] is None:
        return "The rule 'greedy-threshold' needs a score threshold, and the round names none."
    return None


def _select(round_document: Document, groups: Sequence[Sequence[_Entry]]) -> tuple[frozenset[str], set[int]]:
    """The selected ids, and the scores at which a tie decided who they are."""
    skip = round_document["rule"] != "greedy-no-skip"
    left = Decimal(round_document["budget"])
    least = round_document["score_threshold"] if round_document["rule"] == "greedy-threshold" else None
    chosen: set[str] = set()
    decisive: set[int] = set()
    for group in groups:
        if least is not None and group[0].score < least:
            break
        if _order_matters(group, left, skip=skip):
            decisive.add(group[0].score)
        for entry in group:
            if entry.cost <= left:
                chosen.add(entry.project_id)
                left -= entry.cost
            elif not skip:
                return frozenset(chosen), decisive
    return frozenset(chosen), decisive


def _order_matters(group: Sequence[_Entry], left: Decimal, *, skip: bool) -> bool:
    """Whether the order within the tie changes who is selected.

    What fits alone could come first and be selected; so the order matters exactly where those
    that fit alone do not all fit together or, without skipping, where one before them may stop all.
    """
    fitting = [entry.cost for entry in group if entry.cost <= left]
    contenders = fitting if skip else [entry.cost for entry in group]
    return bool(fitting) and sum(contenders, Decimal(0)) > left


def _standings(groups: Iterable[Sequence[_Entry]], chosen: frozenset[str] | None) -> Iterable[Standing]:
    rank = 1
    for group in groups:
        for entry in group:
            yield Standing(
                project_id=entry.project_id,
                name=entry.name,
                cost=f"{entry.cost:f}",
                votes=entry.votes,
                score=entry.score,
                rank=rank,
                tied=len(group) > 1,
                selected=None if chosen is None else entry.project_id in chosen,
            )
        rank += len(group)
