"""The seeded workload: what 50,000 citizens of 300 cities with Zipf skew do for 5,000 ideas."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from events.envelope import PREFIX, Event, Payload
from events.registry import BY_PAYLOAD
from events.types.ideas import IdeaAnswered, IdeaSubmitted, IdeaSupported, IdeaSupportWithdrawn
from events.types.prioritisation import Choice, PriorityBallotCast

CITIES = 300
IDEAS_TOLD_OF = 5_000
PROJECTS = 20
START = datetime(2026, 4, 1, tzinfo=UTC)
SUMMARY = "Plant willows along the lower bank so that the river has room when it rises. " * 2
_SHARES = [1 / rank for rank in range(1, CITIES + 1)]
_SUM = list(accumulate(_SHARES))


@dataclass(frozen=True)
class Citizen:
    """A person lives in one city."""

    city: int
    name: str


def citizens(count: int, seed: int = 1) -> list[Citizen]:
    """So many people; the same for the same seed."""
    source = random.Random(seed)
    homes = source.choices(range(CITIES), cum_weights=_SUM, k=count)
    return [Citizen(home, f"person-{number:012d}") for number, home in enumerate(homes)]


def events(count: int, *, people: int = 50_000, seed: int = 1, first: int = 0) -> Iterator[Event]:
    """`count` events of about 450 bytes, numbered from `first`; the same for the same arguments."""
    source = random.Random(f"{seed}/{first}")
    everybody = citizens(people)
    for number in range(first, first + count):
        yield _event(number, source.choice(everybody), source)


def _event(number: int, citizen: Citizen, source: random.Random) -> Event:
    city = f"city-{citizen.city}"
    data, subject = _act(number, citizen, source)
    return Event(
        id=f"bench-{number}",
        source=f"urn:townhall:{city}:bench",
        type=f"{PREFIX}{BY_PAYLOAD[type(data)].name}.v1",
        subject=subject,
        time=START + timedelta(milliseconds=100 * number),
        city=city,
        participant=citizen.name,
        data=data,
    )


def _act(number: int, citizen: Citizen, source: random.Random) -> tuple[Payload, str]:
    roll = source.random()
    if roll < 0.5:
        return _ballot(source), f"round-1:{citizen.name}"
    if roll < 0.6:
        return IdeaSubmitted(title=f"Idea {number}", summary=SUMMARY, category="water"), f"idea-new-{number}"
    idea = f"idea-{source.randrange(_ideas_of(citizen.city))}"
    if roll < 0.7:
        return IdeaAnswered(decision="evaluating", explanation="We look into it.", answered_at=START), idea
    return (IdeaSupported() if roll < 0.95 else IdeaSupportWithdrawn()), idea


def _ballot(source: random.Random) -> PriorityBallotCast:
    chosen = source.sample(range(PROJECTS), k=source.randrange(1, 6))
    choices = tuple(Choice(project_id=str(project)) for project in chosen)
    return PriorityBallotCast(ballot_round_id="round-1", vote_type="approval", choices=choices)


def _ideas_of(city: int) -> int:
    return max(1, round(IDEAS_TOLD_OF * _SHARES[city] / _SUM[-1]))
