"""The META and PROJECTS of an election: the round, when it was, and the city's decision."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any, Final

from pydantic import ValidationError

from events.codec import MAX_EVENT_BYTES, Undecodable
from events.types.prioritisation import (
    MAX_PROJECTS,
    BallotRoundOpened,
    PrioritisationConcluded,
    Project,
    VoteType,
)
from producers.imports.clocks import at_midnight, dates_in
from producers.imports.outcomes import ImportRefused, Mint, Preface, why
from producers.imports.pabulib_file import Election
from producers.imports.texts import clean, cut, known, money, point, whole

_NEVER: Final = date(1970, 1, 1)
_NAME, _SHORT_NAME = 300, 60


def first_day(election: Election) -> tuple[date, str | None]:
    """When the round began, and what is doubtful about that."""
    meta = election.meta
    stated = next(dates_in(meta.get("date_begin", "")), None)
    if stated is not None:
        return stated, None
    for place in (meta.get("date_end"), meta.get("instance"), meta.get("description"), election.stem):
        found = next(dates_in((place or "").replace("_", " ")), None)
        if found is not None:
            return found, f"no readable date_begin: {found} is taken from {place!r}"
    return _NEVER, "no readable date at all: 1970-01-01 stands for it"


def last_day(election: Election, clock: tzinfo) -> datetime:
    """The time every ballot of the file carries: `date_end`, never before `date_begin`."""
    begin, _ = first_day(election)
    stated = list(dates_in(election.meta.get("date_end", "")))
    return at_midnight(max(begin, stated[-1] if stated else begin), clock)


def opening(election: Election, mint: Mint, round_: str, vote_type: VoteType, notes: list[str]) -> Preface:
    """The events of the round itself: opened, and concluded where the file has the outcome.

    Raises ImportRefused where no round can be made of it.
    """
    doubts = [*election.notes, *notes]
    begin, doubt = first_day(election)
    doubts += [doubt] if doubt else []
    rows = _project_rows(election, doubts)
    doubts += _vote_count(election, rows)
    try:
        data = _round(election, vote_type, rows, doubts)
        events = [mint.event(round_, at_midnight(begin, mint.zone), data)]
        selected = [row for row in rows if "selected" in row]
        if any(clean(row["selected"]) for row in selected):
            events.append(mint.event(round_, last_day(election, mint.zone), _decision(election, selected)))
    except (ValidationError, Undecodable) as error:
        raise ImportRefused(
            f"the round cannot be made: {why(error)}. Nothing of the file was published."
        ) from None
    return Preface(tuple(events), tuple(dict.fromkeys(doubts)))


def _vote_count(election: Election, projects: Sequence[Mapping[str, str]]) -> list[str]:
    """A doubt where the numbers of ballots differ. Raises ImportRefused where the end is missing."""
    stated, found = whole(election.meta.get("num_votes")), len(election.votes.rows)
    if stated is None or stated == found:
        return []
    official = sum(whole(row.get("votes")) or 0 for row in projects)
    if found < stated and _named(election, projects) < official:
        raise ImportRefused(
            f"the file is cut off: it holds {found} of {stated} ballots, and they name the projects less "
            "often than its column `votes` says. Nothing of it was published. Get the whole file."
        )
    return [f"META says num_votes {stated}, the file holds {found} ballots"]


def _named(election: Election, projects: Sequence[Mapping[str, str]]) -> int:
    """How often the ballots name a project of the file, each once a ballot."""
    known_ids, vote = {row["project_id"] for row in projects}, election.votes.header.index("vote")
    ballots = (cells[vote].split(",") for cells in election.votes.rows if vote < len(cells))
    return sum(len(known_ids & {part.strip() for part in ballot}) for ballot in ballots)


def _project_rows(election: Election, doubts: list[str]) -> list[dict[str, str]]:
    """Each project once, by its id."""
    header = election.projects.header
    rows: dict[str, dict[str, str]] = {}
    for cells in election.projects.rows:
        row = dict(zip(header, cells, strict=False))
        id_ = clean(row.get("project_id", cells[0]))
        if not id_:
            doubts.append("a project without project_id is left out")
        elif id_ in rows:
            doubts.append("a project that stands twice in PROJECTS: its first row counts")
        else:
            rows[id_] = {**row, "project_id": id_}
    if not 0 < len(rows) <= MAX_PROJECTS:
        raise ImportRefused(
            f"the file lists {len(rows)} projects; a round holds 1 to {MAX_PROJECTS}. "
            "Nothing of the file was published."
        )
    return list(rows.values())


def _round(
    election: Election, vote_type: VoteType, rows: Sequence[Mapping[str, str]], doubts: list[str]
) -> BallotRoundOpened:
    """The round; where it would be too large for one event, names are shortened."""
    facts = _facts(election, doubts)
    for limit in (_NAME, _SHORT_NAME):
        projects = tuple(_project(row, limit, doubts) for row in rows)
        data = BallotRoundOpened(vote_type=vote_type, projects=projects, **facts)
        if len(data.model_dump_json(exclude_none=True).encode()) <= MAX_EVENT_BYTES:
            return data
        doubts.append(f"the projects are too many for their full names: cut to {_SHORT_NAME} characters")
    raise ImportRefused(
        f"{len(rows)} projects do not fit into one event of {MAX_EVENT_BYTES} bytes, even with short names. "
        "Nothing of the file was published."
    )


def _facts(election: Election, doubts: list[str]) -> dict[str, Any]:
    meta = election.meta
    title = known(meta.get("description"), 300) or known(
        f"{meta.get('unit', '')} {meta.get('instance', '')}", 300
    )
    budget, currency = money(meta.get("budget")), clean(meta.get("currency")).upper()
    is_code = len(currency) == 3 and currency.isascii() and currency.isalpha()
    doubts += ["no readable budget"] if budget is None else []
    doubts += [f"currency {currency!r} is no ISO 4217 code: left out"] if currency and not is_code else []
    return {
        "title": title or election.stem[:300],
        "rule": known(meta.get("rule"), 128) or "unknown",
        "budget": budget,
        "currency": currency if is_code else None,
        "min_choices": _within(meta.get("min_length"), 0, 10**9),
        "max_choices": _within(meta.get("max_length"), 0, 10**9),
        "score_threshold": _within(meta.get("min_project_score_threshold"), -(10**6), 10**6),
    }


def _within(text: str | None, least: int, most: int) -> int | None:
    number = whole(text)
    return number if number is not None and least <= number <= most else None


def _project(row: Mapping[str, str], limit: int, doubts: list[str]) -> Project:
    cost = money(row.get("cost"))
    if cost is None:
        doubts.append("a project without a readable cost: 0 stands for it")
    name = clean(row.get("name")) or row["project_id"]
    if len(name) > _NAME:
        doubts.append(f"a project's name longer than {_NAME} characters is cut")
    place = point(row.get("latitude") or row.get("lat"), row.get("longitude") or row.get("long"))
    return Project(
        project_id=row["project_id"],
        name=cut(name, limit),
        cost=cost or "0",
        category=known(row.get("category"), 300),
        lat=place[0] if place else None,
        long=place[1] if place else None,
    )


def _decision(election: Election, rows: Sequence[Mapping[str, str]]) -> PrioritisationConcluded:
    return PrioritisationConcluded(
        rule=known(election.meta.get("rule"), 128) or "unknown",
        budget=money(election.meta.get("budget")),
        selected=tuple(row["project_id"] for row in rows if whole(row["selected"]) == 1),
    )
