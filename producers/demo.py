"""A city that does not exist, so that every page has something to show on the first run."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from io import StringIO
from typing import Final, Literal, NamedTuple

from events.envelope import Event, Payload
from events.positions import Position, from_token
from events.registry import BY_PAYLOAD
from events.types.ideas import IdeaAnswered, IdeaSubmitted, IdeaSupported, ProblemDefined
from events.types.requests import ProgramFeedbackSubmitted
from infra.directory import City, Residents, add_city
from infra.settings import Settings
from producers.imports import common, nyc311, open311, pabulib
from producers.imports.outcomes import Reading
from producers.imports.pseudonyms import BadKey
from producers.imports.rejects import Rejects

DEMO_CITY: Final = City(
    id="port-linden",
    name="Port Linden",
    timezone="America/New_York",
    country="US",
    lat=44.559,
    long=-67.547,
    languages=("en", "es", "pt"),
    residents=(Residents(year=2020, count=46_900), Residents(year=2025, count=48_200)),
)
SAMPLE_FILES: Final = ("port_linden_2026.pb", "port_linden_open311.json", "port_linden_nyc311.csv")
"""Files in `producers/imports/sample` that belong to the same city."""

DAYS: Final = 7
_RESIDENTS: Final = 40


class _Idea(NamedTuple):
    """An idea with the answer that the city gives to it."""

    title: str
    summary: str
    category: str
    decision: Literal["evaluating", "accepted", "rejected"]
    explanation: str


_IDEAS: Final = (
    _Idea(
        "Water taps at the ball courts",
        "People bring bottles because there is nothing to refill them.",
        "public space",
        "accepted",
        "Two taps are ordered. They will stand beside the gate, where the water main runs.",
    ),
    _Idea(
        "A later last ferry on Fridays",
        "The last boat leaves before the late shift ends.",
        "transport",
        "evaluating",
        "The ferry company is working out what one more crossing costs.",
    ),
    _Idea(
        "Story hours in three languages",
        "Many families here read in two or three languages.",
        "culture",
        "accepted",
        "The library begins next month, on Saturday mornings.",
    ),
    _Idea(
        "Shade over the bus stop on Quarry Road",
        "There is no tree and the wait is long in July.",
        "streets",
        "evaluating",
        "We are measuring whether the sidewalk is wide enough for a roof or only for a tree.",
    ),
    _Idea(
        "Lend out snow shovels by the block",
        "One shed and a list on the door would be enough.",
        "community",
        "accepted",
        "Four blocks get a shed before the first snow. Whoever keeps the list gets the key.",
    ),
    _Idea(
        "Keep the pier light on until midnight",
        "People fish there after work and walk home in the dark.",
        "safety",
        "rejected",
        "The pier light is the port authority's. We passed the idea on and will tell what they say.",
    ),
    _Idea(
        "Compost drop-off at the market",
        "The market has room and a truck that comes anyway.",
        "environment",
        "accepted",
        "It is tried for three months, on market days.",
    ),
)
_PROBLEMS: Final = {
    1: ProblemDefined(
        statement="Potholes by the harbor are filled and open again within weeks",
        who_is_affected="People who cycle or push a pram to the ferry",
        request_ids=("PL-26-00001", "PL-26-00003", "PL-26-00005"),
    ),
    4: ProblemDefined(
        statement="The way home from the water is dark",
        who_is_affected="People who come from the late shift or from the pier, on foot",
        request_ids=("PL-26-00002", "PL-26-00004"),
    ),
}
"""Problems by the day's place in a week: each is told once in any seven days."""
_PROGRAMS: Final = ("harbor-swim-lessons", "winter-coat-exchange", "block-repair-day")


def demo_events(now: datetime) -> list[Event]:
    """What the people of Port Linden did in the seven days up to `now` (aware), in order of time.

    Ids and times follow from the day alone: asked again, the same events come again and later
    ones are added. The first of each day stand right after midnight, so today is never empty.
    """
    today = now.astimezone(DEMO_CITY.zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS)]
    events = [event for day in days for event in _day(day) if event.time <= now]
    events += [event for day in days[:-2] for event in [_answered(day)] if event.time <= now]
    return sorted(events, key=lambda event: event.at)


async def fill(settings: Settings) -> list[Position]:
    """Put the demo city into the log: the sample files and the last days. Again changes nothing.

    Returns where the events stand; raises RuntimeError when a sample was not taken, or when the key
    is not that of the imports before: everything else runs without the demo.
    """
    try:
        return await _filled(settings)
    except BadKey as error:
        raise RuntimeError(str(error)) from None


async def _filled(settings: Settings) -> list[Position]:
    positions: list[Position] = []
    rejects = settings.home / "demo.rejected.jsonl"
    with Rejects(rejects) as kept:
        async with common.opened(settings, kept, timezone=None, wait=False, progress=_quiet) as run:
            await add_city(run.db, DEMO_CITY)
            for name, read in _samples():
                summary = await common.attempt(run, name, read)
                if summary.error or summary.rejected:
                    raise RuntimeError(f"{name} was not taken: {summary.error or 'rows were rejected'}")
                positions += from_token(summary.position)
            return positions + await common.publish(run.publisher, demo_events(datetime.now(UTC)))


def _samples() -> Iterator[tuple[str, Callable[[], Reading]]]:
    """Each sample with how to read it."""
    folder = resources.files("producers.imports") / "sample"
    ballots, requests, calls = ((folder / name).read_bytes() for name in SAMPLE_FILES)
    yield SAMPLE_FILES[0], lambda: pabulib.read(ballots, "port-linden-2026", DEMO_CITY.id)
    yield SAMPLE_FILES[1], lambda: open311.read(requests, DEMO_CITY.id)
    yield SAMPLE_FILES[2], lambda: nyc311.read(StringIO(calls.decode()), DEMO_CITY.id)


def _quiet(_work: str, _done: int, _of: int | None) -> None:
    pass


def _day(day: date) -> Iterator[Event]:
    """One day: an idea and feedback at once, support and more feedback through the day."""
    number = day.toordinal()
    told = _told(day)
    idea = f"idea-{day.isoformat()}"
    author, *others = (_resident(number * 11 + step) for step in range(6 + number * 5 % 13))
    submitted = IdeaSubmitted(title=told.title, summary=told.summary, category=told.category)
    yield _event(day, 0, idea, submitted, author)
    for step, resident in enumerate(others):
        minute = 1 + step if step < 3 else 60 * (step + 4)
        yield _event(day, minute, idea, IdeaSupported(), resident)
    for step in range(4):
        feedback = ProgramFeedbackSubmitted(
            program_id=_PROGRAMS[(number + step) % len(_PROGRAMS)], rating=2 + (number + step * 3) % 4
        )
        minute = 4 + step if step < 2 else 60 * (9 + 3 * step)
        yield _event(day, minute, f"feedback-{day.isoformat()}-{step}", feedback, others[step])
    if (problem := _PROBLEMS.get(number % DAYS)) is not None:
        yield _event(day, 12 * 60, f"problem-{day.isoformat()}", problem)


def _told(day: date) -> _Idea:
    return _IDEAS[day.toordinal() % len(_IDEAS)]


def _answered(day: date) -> Event:
    """In the evening the city answers the idea of two days before."""
    of, minute = day - timedelta(days=2), 17 * 60 + 30
    answer = IdeaAnswered(
        decision=_told(of).decision,
        explanation=_told(of).explanation,
        answered_at=_at(day, minute).astimezone(UTC),
    )
    return _event(day, minute, f"idea-{of.isoformat()}", answer)


def _at(day: date, minute: int) -> datetime:
    """So many minutes into the day on the city's clock, with the clock's offset then."""
    local = datetime(day.year, day.month, day.day, tzinfo=DEMO_CITY.zone) + timedelta(minutes=minute)
    return datetime.fromisoformat(local.astimezone(UTC).astimezone(DEMO_CITY.zone).isoformat())


def _event(day: date, minute: int, subject: str, data: Payload, who: str | None = None) -> Event:
    type_ = BY_PAYLOAD[type(data)].type
    return Event(
        id=f"{day.isoformat()}-{minute}-{subject}-{type_.split('.')[-2]}",
        source=f"urn:townhall:{DEMO_CITY.id}:demo",
        type=type_,
        subject=subject,
        time=_at(day, minute),
        city=DEMO_CITY.id,
        data=data,
        participant=who,
    )


def _resident(number: int) -> str:
    """The pseudonym of an invented resident: nobody is behind it, so a plain digest will do."""
    digest = hashlib.sha256(f"port-linden resident {number % _RESIDENTS}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:18]).decode()
