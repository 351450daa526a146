"""What the figures are held against, and what stands in the way where one falls short."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from tests.bench import contenders, ingestion, timers
from tests.bench.latency import Latency
from tests.bench.meter import Cpu, Figure
from tests.bench.timers import Fired

OURS = "projector, full guarantee"
LATENCY_TARGETS = {500: (15.0, 45.0), 2_000: (20.0, 60.0)}


@dataclass
class Results:
    """Everything one run has measured."""

    reading: dict[str, list[Figure]]
    growth: list[list[Figure]]
    latency: dict[int, Latency]
    ways: dict[str, list[Figure]]
    timers: dict[str, list[Fired]]


class Held(NamedTuple):
    """One target and what was reached."""

    what: str
    target: str
    reached: str
    good: bool
    obstacle: str


def middle(figures: list[Figure]) -> Figure:
    """The median of every number by itself."""
    spent = (median(figure.cpu[part] for figure in figures) for part in range(len(Cpu._fields)))
    return Figure(median(figure.rate for figure in figures), Cpu(*spent))


def held(results: Results) -> Iterator[Held]:
    """Every target that this run says something of."""
    yield from _reading(results.reading)
    if results.growth:
        yield _growth(*results.growth)
    for rate, latency in results.latency.items():
        yield from _latency(rate, latency)
    yield from _ways(results.ways)
    yield from _timers(results.timers)


def _reading(reading: dict[str, list[Figure]]) -> Iterator[Held]:
    wanted = (
        ("fold + bulk_write, no guarantee", 1.5),
        ("FastStream batch, fold + bulk_write", 2.0),
        (contenders.ONE_BY_ONE, 100.0),
    )
    for name, target in wanted:
        if {name, OURS} <= reading.keys():
            yield _ratio(f"projector ÷ {name}", reading[OURS], reading[name], target, _VALIDATES)
    if {contenders.REBUILD, contenders.DECODE} <= reading.keys():
        what = f"{contenders.REBUILD} ÷ {contenders.DECODE}"
        yield _ratio(what, reading[contenders.REBUILD], reading[contenders.DECODE], 0.5, _REBUILD)


def _ways(ways: dict[str, list[Figure]]) -> Iterator[Held]:
    wanted = (
        (ingestion.ONE, ingestion.IDLE, 0.4, _ONE_A_REQUEST),
        (ingestion.HUNDRED, ingestion.BARE, 0.9, _HUNDRED),
    )
    for name, base, target, obstacle in wanted:
        if name in ways:
            yield _ratio(f"{name} ÷ {base}", ways[name], ways[base], target, obstacle)


def _ratio(what: str, ours: list[Figure], theirs: list[Figure], target: float, obstacle: str) -> Held:
    reached = middle(ours).rate / middle(theirs).rate
    return Held(what, f">= {target:g}", f"{reached:.2f}", reached >= target, obstacle)


def _timers(figures: dict[str, list[Fired]]) -> Iterator[Held]:
    """As many at once as the target says; the limits are what the same rows and records cost bare."""
    if timers.ALONE not in figures:
        return
    late = median(one.p99 for one in figures[timers.ALONE])
    yield Held("due to readable, p99", "<= 2 s", f"{late:.1f} s", late <= 2, _TIMERS)
    ours = median(one.rate for one in figures[timers.ALONE])
    for limit in [one for one in (timers.ROWS, timers.SENT) if one in figures]:
        ratio = ours / median(one.rate for one in figures[limit])
        yield Held(f"{timers.ALONE} ÷ {limit}", ">= 0.5", f"{ratio:.2f}", ratio >= 0.5, _TIMERS)


def _growth(small: list[Figure], large: list[Figure]) -> Held:
    before, after = (sum(middle(figures).cpu[:2]) for figures in (small, large))
    what = "CPU per event (Python + mongod) at 10 times the documents ÷ at 1"
    return Held(what, "<= 1.3", f"{after / before:.2f}", after <= 1.3 * before, _GROWTH)


def _latency(rate: int, latency: Latency) -> Iterator[Held]:
    for name, target, reached in zip(("p50", "p99"), LATENCY_TARGETS[rate], latency[:2], strict=True):
        what = f"published to readable at {rate:,} events/s, {name}"
        yield Held(what, f"<= {target:g} ms", f"{reached:.1f} ms", reached <= target, _LATENCY)


_TIMERS = (
    "A timer is a document that MongoDB reads and deletes, a record that is written to the outbox and read "
    "again, and one that Python encodes for Kafka; both servers, the relay and the observer share two cores."
)
_VALIDATES = (
    "The projector spends about 85 µs of Python on an event, contenders that validate nothing about "
    "45: decoding an event and checking it against its contract takes 29 of them, judging duplicates,"
    " folding and the statements the rest. Of mongod's time it takes half of theirs; on two cores "
    "that both servers share, Python is what is left to gain."
)
_REBUILD = (
    "Most events of this work make a document of their own (a ballot, a support, an idea), so memory "
    "saves few writes, and one process does not overlap enough of mongod's work. A real rebuild runs "
    "one per core."
)
_ONE_A_REQUEST = (
    "An empty answer costs uvicorn and Starlette 180 µs; an event adds 290: validation, encoding and "
    "a produce request of its own."
)
_HUNDRED = (
    "For an event in a batch the gateway takes 76 µs: 18 to parse it alone, so that a bad one harms "
    "no other, 45 to validate it and set its city, source and clock, 12 to encode it. A bare producer"
    " sends in 16. The gateway is one process; several share the work."
)
_GROWTH = "What grows is mongod's part, over larger collections and indexes; Python's does not."
_LATENCY = (
    "An event waits for the transaction under way, then for its own: each is a journalled commit by a"
    " majority. The generator, both servers and the observer share two cores."
)
