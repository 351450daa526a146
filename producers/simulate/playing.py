"""A simulation into a running town, step by step; it goes on where it was cut off.

Steps and ids follow from the arguments, so a step that was published when the run ended is published
again and counts once.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.envelope import Event
from infra.contacts import delete_contact, put_contact
from infra.mongo import Database
from producers.imports.common import CHUNK, Publishes, publish
from producers.simulate.simulation import Simulation
from producers.simulate.steps import Reached

COLLECTION: Final = "simulations"


class OtherSimulation(ValueError):
    """The cities of this seed have lived another history."""


@dataclass
class Played:
    """What a run did."""

    events: int = 0
    steps: int = 0


Advance = Callable[[datetime], Awaitable[None]]
"""Lets time pass in the simulated cities up to a moment; returns when all is done that is due by then."""


class Progress:
    """How far the simulation of a seed has come, kept in the database."""

    def __init__(self, db: Database, simulation: Simulation) -> None:
        self._db = db
        self._documents = db[COLLECTION]
        self._cities = len(simulation.towns)
        self._id = {"_id": simulation.coalition.id}
        self.steps = 0
        self.until = simulation.begins

    async def begin(self) -> None:
        """Learn where an earlier run stopped. Raises OtherSimulation where it had other arguments."""
        known = await self._documents.find_one(self._id)
        if known is None:
            return
        if known["cities"] != self._cities:
            raise OtherSimulation(
                f"With this seed {known['cities']} cities were simulated, and each acts on the others. "
                f"Nothing was changed. Give --cities {known['cities']}, or another --seed."
            )
        self.steps, self.until = known["steps"], known["until"]

    async def taken(self, steps: int, until: datetime) -> None:
        """So many steps are published and settled, and it is this moment there."""
        self.steps, self.until = steps, until
        now = {"cities": self._cities, "steps": steps, "until": until}
        await self._documents.update_one(self._id, {"$set": now}, upsert=True)

    async def reach(self, changes: Sequence[Reached]) -> None:
        """How people are reached from now on; noted a second time it is the same."""
        for one in changes:
            if one.contact is None:
                await delete_contact(self._db, one.city, one.participant)
            else:
                await put_contact(self._db, one.city, one.participant, one.contact)


async def play(
    simulation: Simulation,
    progress: Progress,
    publisher: Publishes,
    advance: Advance,
    shown: Callable[[datetime], None],
) -> Played:
    """Publish the steps that are left; after each one time passes. Raises what publishing raises."""
    done, before = Played(), progress.steps
    for number, step in enumerate(simulation.steps(), start=1):
        if number > before:
            await progress.reach(step.contacts)
            await _published(publisher, step.events)
            await advance(step.moment)
            await progress.taken(number, step.moment)
            done.events += len(step.events)
            done.steps += 1
        shown(step.moment)
    return done


async def _published(publisher: Publishes, events: Sequence[Event]) -> None:
    for start in range(0, len(events), CHUNK):
        await publish(publisher, list(events[start : start + CHUNK]))
