"""The run around the readers: chunks, rejects, the summary, a log that does not answer."""

import asyncio
import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from events.envelope import Event
from events.positions import Position
from infra.embedded import ports
from infra.settings import Settings
from producers.imports import common
from producers.imports.outcomes import ImportRefused, Reading, Rejected
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
        FileSummary(
            "a", rows=2, accepted=1, rejected=1, events=3, duplicates=3, seconds=1.5, publishing_seconds=1.0
        ),
        FileSummary("b", rows=1, accepted=1, events=1, seconds=0.5, error="no"),
    ]
    whole = report(files, "x.jsonl")
    assert whole["totals"] == {
        "rows": 3, "accepted": 2, "rejected": 1, "events": 4, "duplicates": None, "seconds": 2.0, "failed": 1,
    }  # fmt: skip
    assert json.loads(json.dumps(whole))["files"][0]["events_per_second"] == 3
    text = shown(files, rejects="x.jsonl")
    assert "rejected rows: x.jsonl" in text
    assert "b: no" in text


def shown(files: list[FileSummary], rejects: str | None = None, not_tried: tuple[str, ...] = ()) -> str:
    """The summary as a terminal of 80 columns, or a pipe, has it."""
    written = io.StringIO()
    show(Console(width=80, file=written), files, rejects, not_tried)
    return written.getvalue()


def test_numbers_are_whole_at_80_columns_and_only_names_are_folded() -> None:
    name = "US_Stanford_Dataset_PB_Chicago_35th_Ward_2019_vote_approvals.pb"
    big = FileSummary(name, rows=1_234_567, accepted=1_234_560, rejected=7, events=12_345_678, seconds=3_600)
    every_line = shown([big, FileSummary("b.pb", duplicates=4_512)]).splitlines()
    lines = [line for line in every_line if len(line.split()) > 1]
    assert [line.split()[:6] for line in lines] == [
        ["rows", "accepted", "rejected", "events", "duplicates", "seconds"],
        ["1,234,567", "1,234,560", "7", "12,345,678", "?", "3,600.0"],
        ["0", "0", "0", "0", "4,512", "0.0"],
        ["1,234,567", "1,234,560", "7", "12,345,678", "?", "3,600.0"],
    ]
    assert max(map(len, every_line)) <= 80
    assert "".join(line.split()[-1] for line in every_line) == f"file{name}b.pbtotal"


def test_one_file_has_no_total() -> None:
    assert "total" not in shown([FileSummary("a.pb")])


def test_what_went_wrong_comes_first_and_positions_are_for_programs_only() -> None:
    file = FileSummary("a.pb", city="dieppe", timezone="UTC", new_city=True, position="ideas.0.7")
    file.warnings.append("no clock")
    file.notes["a doubt"] = 2
    first, second, *table, city, note = shown([file, FileSummary("b.pb", error="bad")]).splitlines()
    assert (first, second) == ("b.pb: bad", "warning: a.pb: no clock")
    assert len(table) == 4
    assert (city, note) == ("new city: dieppe, on the clock of UTC", "a.pb: a doubt (2 times)")
    assert report([file], None)["files"][0]["position"] == "ideas.0.7"


class Dead:
    """Servers that answer the first file and never again."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def file(self, name: str, reading: Reading, summary: FileSummary) -> None:
        del reading
        self.asked.append(name)
        summary.events = 5
        if name != "a.pb":
            raise OutcomeUnknown("no answer")


async def test_an_import_stops_at_the_first_file_whose_outcome_is_unknown() -> None:
    dead = Dead()
    jobs = [(name, lambda: cast("Reading", None)) for name in ("a.pb", "b.pb", "c.pb", "d.pb")]
    files = await common.every(cast("common.Run", dead), jobs)
    assert dead.asked == ["a.pb", "b.pb"]
    told = shown(files, not_tried=("c.pb", "d.pb")).splitlines()[1]
    assert "Stopped at b.pb" in told
    assert "10 events are published and kept" in told
    assert "Not tried: c.pb, d.pb. The same command goes on from there" in told
    assert report(files, None, ("c.pb", "d.pb"))["not_tried"] == ["c.pb", "d.pb"]


async def test_a_refused_file_is_no_reason_to_stop() -> None:
    def refuse() -> Reading:
        raise ImportRefused("no election")

    dead = Dead()
    files = await common.every(
        cast("common.Run", dead), [("x.pb", refuse), ("a.pb", lambda: cast("Reading", None))]
    )
    assert [file.error for file in files] == ["no election", None]
