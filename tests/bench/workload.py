"""The seeded workload: ideas, supports and ballots of 300 cities with Zipf skew."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from events.envelope import PREFIX, Event, Payload
from events.registry import BY_PAYLOAD
from events.types.ideas import IdeaSubmitted, IdeaSupported
from events.types.prioritisation import Choice, PriorityBallotCast

CITIES = 300
START = datetime(2026, 4, 1, tzinfo=UTC)
SUMMARY = "Plant willows along the lower bank so that the river has room when it rises. " * 2


def events(count: int, seed: int = 1) -> Iterator[Event]:
    """`count` events of about 450 bytes as stored; the same for the same seed."""
    source = random.Random(seed)
    weights = [1 / rank for rank in range(1, CITIES + 1)]
    cities = source.choices(range(CITIES), weights, k=count)
    for number, city in enumerate(cities):
        yield _event(number, f"city-{city}", source)


def _event(number: int, city: str, source: random.Random) -> Event:
    person = f"person-{source.randrange(50_000):012d}"
    roll = source.random()
    if roll < 0.1:
        data: Payload = IdeaSubmitted(title=f"Idea {number}", summary=SUMMARY, category="water")
        subject = f"idea-{number}"
    elif roll < 0.4:
        data, subject = IdeaSupported(), f"idea-{source.randrange(5_000)}"
    else:
        chosen = source.sample(range(20), k=source.randrange(1, 6))
        choices = tuple(Choice(project_id=str(project)) for project in chosen)
        data = PriorityBallotCast(ballot_round_id="round-1", vote_type="approval", choices=choices)
        subject = f"round-1:{person}"
    return Event(
        id=f"bench-{number}",
        source=f"urn:townhall:{city}:bench",
        type=f"{PREFIX}{BY_PAYLOAD[type(data)].name}.v1",
        subject=subject,
        time=START + timedelta(milliseconds=100 * number),
        city=city,
        participant=person,
        data=data,
    )
