"""How many participants there were: numbers only, and none that would tell about single persons."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from infra.directory import City
from infra.mongo import Database
from infra.problems import documented
from projections import read
from projections.api import queries
from projections.api.models import Answer, AsOf
from projections.api.respond import After, answer, wait
from projections.api.state import State
from projections.ladder import RUNGS
from projections.metrics.suppression import few, hidden
from projections.read import Between, Where
from projections.registry import BY_NAME

PARTICIPANTS: Final = BY_NAME["participants"]
SUPPRESSED: Final = "null where too few stand behind it, or behind what could be computed from it"
router = APIRouter(prefix="/v1", tags=["read"], responses={**documented(400, 422, 503, 504)})


class Month(Answer):
    """Participants of a month of the city's own calendar, each once."""

    month: str
    participants: int | None = Field(description=SUPPRESSED)
    first_time: int | None = Field(description=f"of these, who had never taken part before; {SUPPRESSED}")
    returned: int | None = Field(
        description=f"of the first-timers, who took part again on another day within 90 days; {SUPPRESSED}"
    )


class Counted(Answer):
    """Participants of the year who did one thing, or in one place; one person may stand in several."""

    name: str
    participants: int | None = Field(description=SUPPRESSED)


class Participants(Answer):
    """The participants of a year. Nobody is named or listed, and small numbers are not shown."""

    city: str
    year: str
    participants: int | None = Field(description=SUPPRESSED)
    months: list[Month]
    rungs: list[Counted] = Field(description="feedback, support, volunteer, steward, lead")
    neighbourhoods: list[Counted] = Field(description="by the neighbourhood of what they took part in")
    as_of: AsOf


@router.get("/participants/{city}/{year}", response_model=Participants, responses=documented(404))
async def participants(
    *,
    request: Request,
    reads: State,
    city: str,
    year: Annotated[str, Path(pattern=r"^[0-9]{4}$")],
    after: After = None,
) -> Response:
    """How many took part in a year and in each of its months, how many were new and came back."""
    await wait(reads.db, after, PARTICIPANTS)
    known = await queries.known_city(reads.db, city)
    return answer(request, await of_year(reads.db, known, year))


async def of_year(db: Database, city: City, year: str) -> Participants:
    """The numbers of a year."""
    as_of = await read.as_of(db, [PARTICIPANTS])
    whole: Where = {"city": city.id, "span": "year", "period": year}
    months: Where = {"city": city.id, "span": "month", "period": Between(f"{year}-01", f"{year}-12")}
    found = await read.tally(db, "participants_by_period", whole)
    total = found[0].n["participants"] if found else 0
    cells = await read.tally(db, "participants_by_period", months, by=("period",))
    return Participants(
        city=city.id,
        year=year,
        participants=None if few(total) else total,
        months=[_month(cell) for cell in sorted(cells, key=lambda cell: cell.key["period"])],
        rungs=await _counted(db, "participants_by_rung", whole, "rung"),
        neighbourhoods=await _counted(db, "participants_by_neighbourhood", whole, "neighbourhood_id"),
        as_of=as_of,
    )


def _month(cell: read.Cell) -> Month:
    total, new, returned = shown(cell.n)
    return Month(month=cell.key["period"], participants=total, first_time=new, returned=returned)


def shown(n: Mapping[str, int]) -> tuple[int | None, int | None, int | None]:
    """Participants, first-timers and who returned; a part is hidden where it or the rest of it is small."""
    total, new, returned = n["participants"], n["first_time"], n["returned"]
    show_total = not few(total)
    show_new = show_total and not _telling(new, total)
    show_returned = show_new and not _telling(returned, new)
    return (total if show_total else None, new if show_new else None, returned if show_returned else None)


def _telling(part: int, whole: int) -> bool:
    return bool(hidden({"part": part, "rest": whole - part}))


async def _counted(db: Database, tally: str, where: Where, of: str) -> list[Counted]:
    """What is small is hidden, and whatever it could be computed from."""
    cells = await read.tally(db, tally, where, by=(of,))
    sizes = {cell.key[of]: cell.n["participants"] for cell in cells}
    hide = hidden(sizes)
    order = RUNGS if of == "rung" else sorted(sizes)
    return [
        Counted(name=name, participants=None if name in hide else sizes[name])
        for name in order
        if name in sizes
    ]
