"""Answers to what metrics ask, from MongoDB, all of one moment."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from infra.mongo import Database, Session
from projections import counting, read
from projections.core import Projection
from projections.counting import Row
from projections.metrics.core import Ask, Counts, Distinct, Spans, Sums


class Reads:
    """Answers within one session; what several metrics ask for alike is read once."""

    def __init__(self, db: Database, session: Session) -> None:
        self.db = db
        self.session = session
        self._answered: list[tuple[Ask, tuple[str, ...], list[Row]]] = []

    async def rows(self, ask: Ask, by: Sequence[str]) -> list[Row]:
        """What is found, for each combination of the fields or dimensions `by`."""
        for known, grouped, rows in self._answered:
            if (known, grouped) == (ask, tuple(by)):
                return rows
        found = await self._read(ask, by)
        self._answered.append((ask, tuple(by), found))
        return found

    async def nexts(self, projections: Iterable[Projection]) -> dict[tuple[str, int], int]:
        """Where these projections stood at that moment: the next offset of each partition."""
        return await read.slowest(self.db, projections, session=self.session)

    async def _read(self, ask: Ask, by: Sequence[str]) -> list[Row]:
        db, session = self.db, self.session
        match ask:
            case Sums(view, where):
                cells = await read.tally(db, view, where, by=by, session=session)
                return [Row(dict(cell.key), cell.n) for cell in cells]
            case Counts(view, where):
                return await counting.counts(db, view, where, by=by, session=session)
            case Spans(view, where, since, until, _, less):
                return await counting.spans(
                    db, view, where, since=since, until=until, less=less, by=by, session=session
                )
            case Distinct(view, where, of):
                return await counting.distinct(db, view, where, of=of, by=by, session=session)


@asynccontextmanager
async def opened(db: Database) -> AsyncIterator[Reads]:
    """A reader whose answers are all of one moment."""
    async with read.snapshot(db) as session:
        yield Reads(db, session)
