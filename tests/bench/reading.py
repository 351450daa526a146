"""Catching up: the contenders in turn, round by round, and whether all arrived at the same numbers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from events.codec import encode
from events.envelope import Event
from infra.mongo import Database
from tests.bench import contenders, plain
from tests.bench.contenders import Contender, Task
from tests.bench.meter import Figure
from tests.bench.scene import Scene

Figures = dict[str, list[Figure]]
_SUMS = ((plain.VOTES, "n.votes"), (plain.ROUND_BALLOTS, "n.ballots"), (plain.SUPPORT, "n.supporters"))
_DOCUMENTS = (plain.IDEAS, plain.SUPPORTS, plain.BALLOTS)
_IDLE = frozenset({contenders.undecoded, contenders.decoded})
"""Those that write nothing."""
_SLOW = frozenset({contenders.faststream_messages})
"""Those that are given few events."""


@dataclass(frozen=True)
class Work:
    """How many events stand in the topic, how many the slow ones read, and what must come out."""

    events: int
    few: int = 200
    right: dict[str, int] = field(default_factory=dict)


def expected(events: Iterable[Event]) -> dict[str, int]:
    """What must come out, by a fold in memory."""
    fold = plain.Fold({})
    for event in events:
        record = encode(event)
        fold.apply(plain.told(record.headers, record.value))
    counts = {name: sum(place[0] == name for place in fold.known) for name in _DOCUMENTS}
    for name, _ in _SUMS:
        counts[name] = sum(sum(sums.values()) for sums in fold.cells[name].values())
    return counts


async def found(db: Database) -> dict[str, int]:
    """What stands in the database."""
    counts = {name: await db[name].count_documents({}) for name in _DOCUMENTS}
    for name, measure in _SUMS:
        group = {"$group": {"_id": None, "sum": {"$sum": f"${measure}"}}}
        rows = await db[name].aggregate([group]).to_list(None)
        counts[name] = rows[0]["sum"] if rows else 0
    return counts


async def rounds(
    scene: Scene, work: Work, count: int, step: Callable[[], None], *, only: str = ""
) -> Figures:
    """Figures by contender."""
    chosen = {name: one for name, one in contenders.READERS.items() if only in name}
    figures: Figures = {name: [] for name in chosen}
    for _ in range(count):
        for name, contender in chosen.items():
            figures[name].append(await _once(scene, contender, work))
            step()
    return figures


async def _once(scene: Scene, contender: Contender, work: Work) -> Figure:
    total = work.few if contender in _SLOW else work.events
    async with scene.database() as db:
        settings = scene.named(db.name)
        task = Task(settings, db, scene.projection, scene.cluster, total, scene.meter.watch())
        figure = await contender(task)
        if work.right and contender not in _SLOW | _IDLE and (there := await found(db)) != work.right:
            raise AssertionError(f"{contender.__name__} arrived at {there}, not at {work.right}")
        return figure
