"""What the publishers of the fault tests publish: the same for the same seed, chunk by chunk.

Ideas, supports, ballots and requests of few aggregates, so that histories grow; some events of
earlier chunks again; some records that are no events, each marked with the reason for which it must
be set aside. A header of another name is nothing to a reader, so the mark changes no verdict.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from events.codec import Record, encode
from events.envelope import Event
from events.stages import Stage
from events.types import ideas, prioritisation, requests
from tests.support import build

SIZE = 200
"""Records in a chunk."""
DUPLICATES, POISON = 0.02, 0.005
START = datetime(2026, 4, 1, 9, tzinfo=timezone(timedelta(hours=-4)))
CITIES = ("riverton", "lakeside", "port-linden", "hillview", "mill-creek")
IDEAS, REQUESTS, VOTERS = 500, 1_500, 1_500
BACK = 40
"""How many chunks ago a duplicate may have been new."""
MARK = "x-poison"
STAGES: tuple[Stage, ...] = ("investigating", "scheduled", "in_progress", "on_hold", "referred")


@dataclass(frozen=True)
class Poison:
    """A record that must stand in quarantine for this reason."""

    record: Record
    reason: str


@dataclass(frozen=True)
class Chunk:
    """`events` begin with the new ones, `fresh` of them; the others were published before."""

    events: list[Event]
    fresh: int
    poison: list[Poison]


class Traffic:
    """One publisher's events. Ids are `<name>-<chunk>-<place>`."""

    def __init__(self, seed: str, name: str) -> None:
        self._seed = f"{seed}/{name}"
        self._name = name

    def chunk(self, number: int) -> Chunk:
        """The chunk of this number; every one before it has been acknowledged."""
        chance = self._chance(number, "chunk")
        rolls = [chance.random() for _ in range(SIZE)]
        again = sum(roll < DUPLICATES for roll in rolls) if number else 0
        bad = sum(roll > 1 - POISON for roll in rolls)
        fresh = SIZE - again - bad
        events = [self._event(number, place) for place in range(fresh)]
        events += [self._earlier(chance, number) for _ in range(again)]
        return Chunk(events, fresh, [self._poison(chance, number, place) for place in range(bad)])

    def _chance(self, number: int, what: object) -> random.Random:
        return random.Random(f"{self._seed}/{number}/{what}")

    def _earlier(self, chance: random.Random, number: int) -> Event:
        """An event of a chunk before this one: none has fewer than half of its places for new ones."""
        return self._event(number - chance.randint(1, min(number, BACK)), chance.randrange(SIZE // 2))

    def _event(self, number: int, place: int) -> Event:
        chance = self._chance(number, place)
        make = chance.choices((_ballot, _support, _idea, _request), (40, 25, 10, 25))[0]
        at = START + timedelta(seconds=40 * number + place // 5)
        return make(
            chance, at=at.isoformat(), city=chance.choice(CITIES), id=f"{self._name}-{number}-{place}"
        )

    def _poison(self, chance: random.Random, number: int, place: int) -> Poison:
        reasons = ("not_json", "bad_data", "bad_envelope", "unknown_type", "conflict")
        reason = chance.choice(reasons if number else reasons[:-1])
        if reason == "conflict":
            known = self._earlier(chance, number)
            event = known.model_copy(update={"time": known.time + timedelta(milliseconds=1)})
        else:
            tag = f"{self._name}-{number}-poison-{place}"
            event = _submitted(tag, at=START.isoformat(), city=CITIES[0], id=tag)
        return Poison(_spoiled(encode(event), reason), reason)


def planted(records: Iterable[Any]) -> dict[Any, str]:
    """The reason of every marked record that the log holds, by its place."""
    marks = ((record.place, dict(record.headers).get(MARK)) for record in records)
    return {place: mark.decode() for place, mark in marks if mark is not None}


def _spoiled(record: Record, reason: str) -> Record:
    headers, value = dict(record.headers), record.value
    if reason == "not_json":
        value = value[:-1]
    elif reason == "bad_data":
        value = b"[]"
    elif reason == "bad_envelope":
        del headers["ce_time"]
    elif reason == "unknown_type":
        headers["ce_type"] = b"org.citiesofservice.idea.teleported.v1"
    return record._replace(value=value, headers=[*headers.items(), (MARK, reason.encode())])


def _ballot(chance: random.Random, **told: Any) -> Event:
    person, round_id = f"voter-pseudonym-{chance.randrange(VOTERS):06}", f"round-{chance.randrange(3)}"
    chosen = chance.sample("abcdefgh", chance.randint(0, 5))
    data = prioritisation.PriorityBallotCast(
        ballot_round_id=round_id,
        vote_type="approval",
        choices=tuple(prioritisation.Choice(project_id=one) for one in chosen),
    )
    return build.event(f"{round_id}:{person}", data, participant=person, **told)


def _support(chance: random.Random, **told: Any) -> Event:
    person = f"voter-pseudonym-{chance.randrange(VOTERS):06}"
    stands = ideas.IdeaSupported(channel=chance.choice(("online", "paper")))
    data = stands if chance.random() < 0.7 else ideas.IdeaSupportWithdrawn()
    return build.event(f"idea-{chance.randrange(IDEAS)}", data, participant=person, **told)


def _idea(chance: random.Random, **told: Any) -> Event:
    subject, roll = f"idea-{chance.randrange(IDEAS)}", chance.random()
    if roll < 0.6:
        return _submitted(subject, **told)
    if roll < 0.9:
        answer = ideas.IdeaAnswered(
            decision=chance.choice(("evaluating", "accepted")), answered_at=build.when(told["at"])
        )
        return build.event(subject, answer, **told)
    return build.event(subject, ideas.IdeaWithdrawn(), **told)


def _submitted(subject: str, **told: Any) -> Event:
    data = ideas.IdeaSubmitted(title="A bench", summary="Somewhere to sit in the shade", category="parks")
    return build.event(subject, data, **told)


def _request(chance: random.Random, **told: Any) -> Event:
    subject, at = f"request-{chance.randrange(REQUESTS)}", build.when(told["at"])
    what = chance.randrange(6)
    if what == 0:
        data: Any = requests.ServiceRequestOpened(
            service_code=chance.choice(("pothole", "light", "noise")),
            service_name="As the city calls it",
            neighbourhood_id=chance.choice(("north", "south", None)),
            requested_datetime=at,
        )
    elif what == 1:
        data = requests.ServiceRequestAcknowledged(agency_responsible="Streets")
    elif what == 2:
        data = requests.ServiceRequestStageChanged(
            to_stage=chance.choice(STAGES), local_status="On its way", actor_kind="agency"
        )
    elif what == 3:
        data = requests.ServiceRequestClosed(resolution_code="fixed", closed_datetime=at)
    elif what == 4:
        data = requests.ServiceRequestReopened(reason="It is back", by="reporter")
    else:
        data = chance.choice((requests.ResolutionConfirmed, requests.ResolutionDisputed))(survey_id="s1")
    return build.event(subject, data, **told)
