"""The run around the readers: chunks, rejects, the summary, a log that does not answer."""

import asyncio
import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from events.envelope import Event
from events.positions import Position
from infra.embedded import ports
from infra.settings import Settings
from producers.imports import common
from producers.imports.outcomes import Rejected
from producers.imports.rejects import Rejects
from producers.imports.summary import FileSummary, report, show
from producers.publisher import OutcomeUnknown, Publisher
from tests.support import build


def groups(*sizes: int) -> Iterator[tuple[Event, ...]]:
    for size in sizes:
        yield tuple(build.opened(f"r{size}") for _ in range(size))


def test_events_of_one_row_stay_together_and_in_order() -> None:
    sizes = [len(chunk) for chunk in common.chunks(groups(600, 600, 3, 999, 1))]
    assert sizes == [1200, 1002, 1]


class Slow:
    """A publisher that acknowledges when it is told to, and remembers what was on its way at once."""

    def __init__(self) -> None:
        self.flying: list[set[str]] = []
        self.most = 0
        self.order: list[str] = []

    async def publish(self, events: list[Event]) -> list[Position]:
        keys = {event.key for event in events}
        assert all(keys.isdisjoint(others) for others in self.flying)
        self.flying.append(keys)
        self.most = max(self.most, len(self.flying))
        for _ in range(len(events) % 7 + 1):
            await asyncio.sleep(0)
        self.flying.remove(keys)
        self.order += [event.id for event in events]
        return [Position("townhall.requests", 0, 0) for _ in events]


async def test_chunks_that_share_a_key_are_never_on_their_way_together() -> None:
    rows = [(build.opened(f"r{n % 3_500}"),) for n in range(12_000)]
    slow = Slow()
    sizes = [len(done) async for done in common.publish_all(slow, iter(rows))]
    assert (sum(sizes), slow.most) == (12_000, 3)
    at = {id_: place for place, id_ in enumerate(slow.order)}
    for n in range(3_500):
        places = [at[event.id] for (event,) in rows[n::3_500]]
        assert places == sorted(places)


async def test_a_log_that_does_not_answer_is_asked_again_and_then_the_run_stops() -> None:
    silent = Settings(kafka=f"127.0.0.1:{ports.choose(('x',), {})['x']}", _env_file=None)
    async with Publisher(silent, deadline=0.2) as publisher:
        with pytest.raises(OutcomeUnknown, match="same ids"):
            await common.publish(publisher, [build.opened()], seconds=0.5)


def test_rows_that_fit_no_sum_are_a_fault_that_is_told() -> None:
    common.check_sum(FileSummary("f", rows=3, accepted=2, rejected=1))
    with pytest.raises(RuntimeError, match="2 accepted and 0 rejected"):
        common.check_sum(FileSummary("f", rows=3, accepted=2))


def test_rejected_rows_are_kept_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    path.write_text("older\n")
    path.chmod(0o644)
    with Rejects(path) as rejects:
        rejects.add("a.pb", Rejected(7, "why", {"vote": "ä"}))
        rejects.add("a.pb", Rejected(8, "why", {"vote": "\ud800"}))
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert first == {"file": "a.pb", "row": 7, "reason": "why", "raw": {"vote": "ä"}}
    assert second["row"] == 8
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_rejected_rows_there_is_no_file(tmp_path: Path) -> None:
    with Rejects(tmp_path / "none.jsonl"):
        pass
    assert not list(tmp_path.iterdir())


def test_rejected_rows_are_never_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with Rejects(tmp_path / "link") as rejects, pytest.raises(OSError, match="symbolic"):
        rejects.add("a.pb", Rejected(1, "why", None))
    assert (tmp_path / "target").read_text() == "precious"


def test_the_summary_adds_up_and_an_unknown_count_stays_unknown() -> None:
    files = [
        FileSummary("a", rows=2, accepted=1, rejected=1, events=3, duplicates=3, seconds=1.5),
        FileSummary("b", rows=1, accepted=1, events=1, seconds=0.5, error="no"),
    ]
    whole = report(files, "x.jsonl")
    assert whole["totals"] == {
        "rows": 3, "accepted": 2, "rejected": 1, "events": 4, "duplicates": None, "seconds": 2.0, "failed": 1,
    }  # fmt: skip
    assert json.loads(json.dumps(whole))["files"][0]["events_per_second"] == 2
    written = io.StringIO()
    show(Console(width=80, file=written), files, "x.jsonl")
    text = written.getvalue()
    assert "rejected rows: x.jsonl" in text
    assert "b: no" in text
