"""Tables for people, on a terminal and as a standing report."""

import platform
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table as Grid

from infra.embedded import VERSIONS
from tests.bench.meter import Figure
from tests.bench.targets import Results, held, middle
from tests.bench.timers import Fired

FILE = Path(__file__).with_name("README.md")
Rows = list[tuple[str, ...]]
Table = tuple[str, tuple[str, ...], Rows]
"""Title, header and rows."""
_FIGURES = ("what", "events/s", "least", "most", "Python µs", "mongod µs", "Kafka µs")


def tables(results: Results) -> Iterable[Table]:
    """Everything that was measured."""
    if results.reading:
        yield "Catching up from offset 0", _FIGURES, _rows(results.reading)
    if results.growth:
        names = ("as many documents as citizens", "ten times as many")
        figures = dict(zip(names, results.growth, strict=True))
        yield "Growth: the projector where everybody voted before", _FIGURES, _rows(figures)
    if results.latency:
        rows: Rows = [
            (f"{rate:,}", f"{one.p50:.1f}", f"{one.p99:.1f}", f"{one.seen:,}")
            for rate, one in results.latency.items()
        ]
        yield "From published to readable, ms", ("events/s", "p50", "p99", "events looked for"), rows
    if results.ways:
        yield "Ways in (Python: the process of the gateway)", _FIGURES, _rows(results.ways)
    if results.timers:
        lates = [_late(*one) for one in results.timers.items()]
        yield "From due to readable on the log", ("what", "events/s", "p50 s", "p99 s", "most s"), lates
    rows = [(one.what, one.target, one.reached, "yes" if one.good else "**no**") for one in held(results)]
    yield "Targets", ("what", "target", "reached", "held"), rows


def _rows(figures: dict[str, list[Figure]]) -> Rows:
    return [(name, *_row(found)) for name, found in figures.items()]


def _late(name: str, figures: list[Fired]) -> tuple[str, ...]:
    one = sorted(figures, key=lambda figure: figure.rate)[len(figures) // 2]
    return name, f"{one.rate:,.0f}", *(f"{seconds:.2f}" for seconds in one[:3])


def _row(figures: list[Figure]) -> tuple[str, ...]:
    one, rates = middle(figures), [figure.rate for figure in figures]
    cpu = (f"{spent:,.1f}" for spent in one.cpu)
    return f"{one.rate:,.0f}", f"{min(rates):,.0f}", f"{max(rates):,.0f}", *cpu


def show(results: Results) -> None:
    """Print everything."""
    console = Console(width=130)
    for title, header, rows in tables(results):
        table = Grid(title=title, title_justify="left")
        for name in header:
            table.add_column(name, justify="left" if name == "what" else "right")
        for row in rows:
            table.add_row(*(text.replace("**", "") for text in row))
        console.print(table)


def write(results: Results, command: str, events: int) -> None:
    """Write the standing report."""
    parts = [_INTRODUCTION.format(command=command, machine=_machine(), events=events)]
    for title, header, rows in tables(results):
        parts.append(f"\n## {title}\n\n" + _markdown(header, rows))
    missed = dict.fromkeys(one.obstacle for one in held(results) if not one.good and one.obstacle)
    if missed:
        parts.append("\n## What stands in the way\n\n" + "".join(f"- {text}\n" for text in missed))
    FILE.write_text("".join(parts), encoding="utf-8")


def _markdown(header: tuple[str, ...], rows: Rows) -> str:
    lines = [header, tuple("---" if name == "what" else "---:" for name in header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _machine() -> str:
    model = next(
        (line.split(":")[1].strip() for line in _cpu_info() if line.startswith("model name")), "CPU unknown"
    )
    memory = psutil.virtual_memory().total / 2**30
    servers = ", ".join(f"{name} {version}" for name, version in VERSIONS.items())
    return (
        f"{psutil.cpu_count()} cores ({model}), {memory:.0f} GB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {servers}, {date.today():%d %B %Y}"  # noqa: DTZ011 - the reader's day
    )


def _cpu_info() -> list[str]:
    found = Path("/proc/cpuinfo")
    return found.read_text().splitlines() if found.exists() else []


_INTRODUCTION = """\
# Benchmark

Written by `{command}`; do not edit. Everything runs on one machine: {machine}.

The work: {events:,} events of about 450 bytes, what 50,000 citizens of 300 cities (Zipf) do for 5,000
ideas: half of them ballots, a quarter supports, the rest new ideas, answers and withdrawals. Keyed, 6
partitions, the same for everybody by a seed. Every contender fills the read models of the projection
`participation` with their indexes, and keeps the identity of every event unless the table says otherwise.
Those that write are held against a fold in memory: who arrives at other numbers fails the run.

Contenders take turns within one run; figures are medians of the rounds. Absolute figures move by a third
from hour to hour: only ratios of one run count, and CPU time per event more than events per second.

- `consume` is aiokafka alone; *decode* is the contract's: every reader of townhall validates every event.
- `fold + bulk_write` and FastStream stand in `plain.py` and `messages.py`: written by hand, with orjson,
  without validation, and neither survives a crash with exact numbers.
- Quix Streams with its MongoDB sink is left out: `quixstreams` 3.27 wants pydantic < 2.14 and
  pydantic-settings < 2.16, which the lock file is beyond. MongoDB's sink connector for Kafka Connect was
  not measured either.

`make bench` prints the same tables, `make bench ARGS="--quick"` takes about a minute,
`make bench ARGS="--only latency"` measures one part, `ARGS="--profile"` profiles the projector.
`ARGS="--only timers"`: 100,000 due at one instant, and an outbox with as many events.
"""
