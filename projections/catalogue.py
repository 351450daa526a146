"""`COLLECTIONS.md` from the declarations: `python -m projections.catalogue` writes, `--check` compares."""

import sys
from collections.abc import Iterator
from pathlib import Path

from projections.core import DocumentView, Projection, Tally
from projections.registry import PROJECTIONS

FILE = Path(__file__).with_name("COLLECTIONS.md")

INTRODUCTION = """\
# Collections

Generated from the declarations by `python -m projections.catalogue`; do not edit.

Dashboards may read the database `townhall` with any MongoDB driver. The names below are MongoDB views:
they stay when a projection is rebuilt, while the collections behind them (`<name>.v<version>`) change.
Never write to any of them. Times are UTC. Ids of documents are `city/aggregate`.

A tally is a sum. It is stored as one cell for each key **and partition**, so that projectors never wait
for each other: `<name>` shows the cells added up (`_id` is the key), `<name>_cells` shows them as
stored (`key`, `partition`, `n`). A sum of zero and no cell mean the same.

`checkpoints` tells how far each projection has read: `_id` is `group/topic/partition`, `next` is the
first offset not yet applied, `applied`, `duplicates` and `quarantined` count records since the start.
`quarantine` keeps records that could not be counted, bytes and all, with the `city` of their key, `reason`,
`detail` and `status`: `open`, or `replayed` or `dropped` by an operator. `incidents` tells why a partition
halted. `builds` lists the copies of each projection. `verifications` keeps what `townhall verify` found.

Follow-ups keep a state for each aggregate in `<follow-up>.v<version>`, and share some collections. `outbox`
holds events on their way to Kafka, as bytes, several in a row: `shard`, and `n`, the number of the last one,
which counts without gaps; a row goes when they stand in the log. `timers` holds events that are published
when they are `due`. `leases` tells which process works on what: `owner`, `until`, and the number `last`
published. `histories` tells of cities whose history is brought in: `at`, the moment where it stands; what is
due later waits.

`notifications` holds what people are to be told, without words: `recipient`, `template`, `about`, `fields`,
and `status`: `new`, `queued`, `sent`, `failed` or `suppressed`. `audiences` tells who belongs to what:
`changes` are the offsets of joining, leaving, joining and so on. `announcements` are on their way to an
audience. `contacts` tells how participants are reached, personal data; `secrets` holds the key of tracking
codes, `webhooks` and `messengers` hold what requests are signed with: dashboards need none of these.
"""


def text() -> str:
    """The whole file."""
    lines = (line for projection in PROJECTIONS for line in _projection(projection))
    return "\n".join([INTRODUCTION, *lines])


def _projection(projection: Projection) -> Iterator[str]:
    topics = ", ".join(f"`{topic.name}`" for topic in projection.topics)
    yield f"## Projection `{projection.name}`, version {projection.version}\n"
    yield f"Reads {topics}; consumer group `{projection.group}`.\n"
    for view in projection.documents:
        yield from _document(view)
    for tally in projection.tallies:
        yield from _tally(tally)


def _document(view: DocumentView) -> Iterator[str]:
    yield f"### `{view.name}`\n\n{view.description}\n"
    yield "| field | meaning |\n|---|---|"
    yield from (f"| `{name}` | {meaning} |" for name, meaning in view.fields.items())
    yield ""
    for index in view.indexes:
        yield f"Index: {', '.join(f'`{name}`' for name, _ in index)}.\n"


def _tally(tally: Tally) -> Iterator[str]:
    key = ", ".join(f"`{name}`" for name in tally.dimensions)
    yield f"### `{tally.name}`, by {key}\n\n{tally.description}\n"
    yield "| measure | meaning |\n|---|---|"
    yield from (f"| `{name}` | {meaning} |" for name, meaning in tally.measures.items())
    yield ""


def main() -> int:
    """0 when the file is as generated, or was written."""
    if "--check" not in sys.argv:
        FILE.write_text(text(), encoding="utf-8")
        return 0
    if FILE.exists() and FILE.read_text(encoding="utf-8") == text():
        return 0
    sys.stderr.write(f"{FILE.name} differs from the declarations: run `python -m projections.catalogue`.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
