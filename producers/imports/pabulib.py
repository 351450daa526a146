"""Pabulib elections become ballot rounds, ballots and the city's decision.

- The round is the file: its id is the file's stem, dashed.
- `voter_id` becomes a pseudonym of this city and this round; age, sex, district and everything
  else about voters is never read.
- A file has no time of each ballot: all carry `date_end`, the round carries `date_begin`, both at
  local midnight. The round's decision is the column `selected` where it is 1.
"""

from collections.abc import Iterator
from typing import Final, cast, get_args

from pydantic import ValidationError

from events.codec import Undecodable
from events.types.prioritisation import Choice, PriorityBallotCast, VoteType
from producers.imports import pabulib_file
from producers.imports.countries import code_of, zone_of, zone_of_city
from producers.imports.outcomes import Accepted, ImportRefused, Mint, Outcome, Reading, Rejected, why
from producers.imports.pabulib_file import Election
from producers.imports.pabulib_round import last_day, opening
from producers.imports.tables import Cells
from producers.imports.texts import bounded, city_slug, clean, dashed, whole
from producers.imports.unit import city_of

SYSTEM: Final = "pabulib"
_VOTE_TYPES: Final = get_args(VoteType)
_NAMED_TWICE: Final = "a project named twice on one ballot counts once"
_SAME_VOTER: Final = "a voter_id that stands on several ballots: each is a ballot of its own"
_UNKNOWN_PROJECT: Final = "a ballot names a project that is not in PROJECTS: kept, as the file has it"
_NO_VOTER: Final = "a ballot without voter_id: its number in the file stands for it"


class _BallotError(ValueError):
    """One ballot cannot be read."""


def read(raw: bytes, stem: str, city: str | None = None) -> Reading:
    """Read a .pb file. Raises ImportRefused where it is none or its city cannot be told."""
    election = pabulib_file.read(raw, stem)
    name = city or city_of(election.meta, stem)
    slug = city_slug(name)
    if not slug:
        raise ImportRefused(
            f"{stem}: the file does not tell its city; name it with --city. Nothing was published."
        )
    country = election.meta.get("country", "")
    zone = zone_of(country) or zone_of_city(country, slug)
    place = f"{slug} in {country}" if country else f"{slug}, whose country the file does not tell"
    return Reading(
        system=SYSTEM,
        city=slug,
        city_name=name,
        country=code_of(country),
        zone=zone or "UTC",
        zone_note=None if zone else f"no time zone is known for {place}: UTC is taken",
        round_id=round_id(stem),
        rows=len(election.votes.rows),
        outcomes=lambda mint: outcomes(election, mint),
    )


def round_id(stem: str) -> str:
    """The id of the round a file holds: `Poland_Łódź_2023` is `poland-d-2023`."""
    return bounded(dashed(stem), 120) or "round"


def outcomes(election: Election, mint: Mint) -> Iterator[Outcome]:
    """The round and its decision, then every ballot in the order of the file."""
    round_ = round_id(election.stem)
    vote_type, notes = _vote_type(election)
    yield opening(election, mint, round_, vote_type, notes)
    day = last_day(election, mint.zone)
    ballots = _Ballots(election, vote_type)
    seen: dict[str, int] = {}
    for row, cells in enumerate(election.votes.rows, 1):
        torn = election.votes.torn.get(row - 1)
        if torn is not None:
            yield torn.rejected(row)
            continue
        try:
            choices, doubts = ballots.choices(cells)
            voter = ballots.voter(cells, row, doubts)
            times = seen[voter] = seen.get(voter, 0) + 1
            if times == 2:
                doubts.append(_SAME_VOTER)
            who = mint.participant(f"{SYSTEM}|{round_}|{voter}|{times}")
            data = PriorityBallotCast(ballot_round_id=round_, vote_type=vote_type, choices=choices)
            event = mint.event(f"{round_}:{who}", day, data, who)
        except _BallotError as error:
            yield Rejected(row, str(error), ballots.raw(cells))
        except (ValidationError, Undecodable) as error:
            yield Rejected(row, why(error), ballots.raw(cells))
        else:
            yield Accepted(row, (event,), tuple(doubts))


def _vote_type(election: Election) -> tuple[VoteType, list[str]]:
    named = election.meta.get("vote_type", "").casefold()
    if named in _VOTE_TYPES:
        return cast("VoteType", named), []
    taken: VoteType = "approval" if election.votes.column("points") is None else "scoring"
    return taken, [f"vote_type {named or 'missing'!r}: taken as {taken}"]


class _Ballots:
    """Reads the cells of ballots by the header of one file."""

    def __init__(self, election: Election, vote_type: VoteType) -> None:
        self._header = election.votes.header
        self._vote = election.votes.header.index("vote")
        self._voter = election.votes.column("voter_id")
        self._points = election.votes.column("points")
        self._needs_points = vote_type in ("cumulative", "scoring")
        column = election.projects.column("project_id") or 0
        self._projects = frozenset(
            clean(cells[column]) for cells in election.projects.rows if column < len(cells)
        )
        self._plain: dict[str, Choice] = {}

    def raw(self, cells: Cells) -> dict[str, str]:
        """The row as the file has it; cells beyond the header go by their number."""
        names = [*self._header, *(str(n) for n in range(len(self._header) + 1, len(cells) + 1))]
        return dict(zip(names, cells, strict=False))

    def voter(self, cells: Cells, row: int, doubts: list[str]) -> str:
        """What tells this voter from the others of the file."""
        voter = clean(cells[self._voter]) if self._voter is not None and self._voter < len(cells) else ""
        if not voter:
            doubts.append(_NO_VOTER)
        return voter or f"row {row}"

    def choices(self, cells: Cells) -> tuple[tuple[Choice, ...], list[str]]:
        """The projects a ballot names, in its order, and what is doubtful about it."""
        if len(cells) < len(self._header) or any(cells[len(self._header) :]):
            raise _BallotError(f"{len(cells)} cells where the header has {len(self._header)}")
        if "\n" in cells[self._vote]:
            raise _BallotError("a line break within the vote")
        named = [part.strip() for part in cells[self._vote].split(",")]
        named = [project for project in named if project]
        points = self._points_of(cells, len(named))
        doubts = [] if self._projects.issuperset(named) else [_UNKNOWN_PROJECT]
        if len(set(named)) != len(named):
            doubts.append(_NAMED_TWICE)
        if points is None:
            return tuple(self._choice(project) for project in dict.fromkeys(named)), doubts
        given = dict(reversed(list(zip(named, points, strict=True))))
        return tuple(Choice(project_id=p, points=given[p]) for p in dict.fromkeys(named)), doubts

    def _choice(self, project: str) -> Choice:
        choice = self._plain.get(project)
        if choice is None:
            choice = self._plain[project] = Choice(project_id=project)
        return choice

    def _points_of(self, cells: Cells, count: int) -> list[int] | None:
        has_cell = self._points is not None and self._points < len(cells)
        cell = clean(cells[self._points]) if self._points is not None and has_cell else ""
        if not cell:
            if self._needs_points and self._points is not None and count:
                raise _BallotError("the ballot names projects and gives no points")
            return None
        points = [whole(part) for part in cell.split(",")]
        if any(value is None for value in points):
            raise _BallotError("points must be whole numbers")
        if len(points) != count:
            raise _BallotError(f"{len(points)} points for {count} projects")
        return [value for value in points if value is not None]
