"""What a read model is: pure functions from events to documents and numbers, and their names.

A view never reads a clock, a file or a database. Names and versions are stored, so they are
explicit and permanent.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from events.envelope import Event
from events.registry import EVENT_TYPES
from events.topics import Topic

Document = Mapping[str, Any]
"""A document as stored: text, whole numbers, floats that are never summed, booleans, None, UTC
times in whole milliseconds, lists and string-keyed mappings of these. Never mutated."""

Index = tuple[tuple[str, int | str], ...]
"""Fields with 1, -1 or a kind, as in `(("city", 1), ("point", "2dsphere"))`."""


class Cell(NamedTuple):
    """What one event or document adds: whole numbers to the cell with this key."""

    key: tuple[str, ...]
    add: Mapping[str, int]


@dataclass(frozen=True)
class DocumentView:
    """One document per key; the key belongs to one aggregate, so it has one writer.

    `evolve` returns the new document, or None for no document. It must accept any order of
    events: an event for something never opened still leaves its trace.
    """

    name: str
    description: str
    handles: frozenset[str]
    key: Callable[[Event], str]
    evolve: Callable[[Document | None, Event], Document | None]
    fields: Mapping[str, str]
    indexes: tuple[Index, ...] = ()


@dataclass(frozen=True)
class EventTally:
    """Sums over events. Cells are local to a partition; readers add them up."""

    name: str
    description: str
    dimensions: tuple[str, ...]
    measures: Mapping[str, str]
    handles: frozenset[str] | None
    cells: Callable[[Event], Iterable[Cell]]


@dataclass(frozen=True)
class DocumentTally:
    """Sums over the documents of a view, kept exact by difference whenever one changes."""

    name: str
    description: str
    dimensions: tuple[str, ...]
    measures: Mapping[str, str]
    over: DocumentView
    cells: Callable[[Document], Iterable[Cell]]


Tally = EventTally | DocumentTally


@dataclass(frozen=True)
class Projection:
    """Read models that advance together: one checkpoint, one version, one unit of rebuild."""

    name: str
    version: int
    topics: tuple[Topic, ...]
    documents: tuple[DocumentView, ...] = ()
    event_tallies: tuple[EventTally, ...] = ()
    document_tallies: tuple[DocumentTally, ...] = ()
    build: int = 1
    """Which physical copy of this version."""

    def __post_init__(self) -> None:
        for tally in self.document_tallies:
            if tally.over not in self.documents:
                msg = f"{tally.name} sums over {tally.over.name}, which is not in projection {self.name}"
                raise ValueError(msg)

    @property
    def tag(self) -> str:
        """Version and copy in every stored name: `v1`, and `v1.2` for the second copy."""
        return build_tag(self.version, self.build)

    @property
    def group(self) -> str:
        """The permanent consumer group and checkpoint name, as in `townhall.pulse.v1`."""
        return f"townhall.{self.name}.{self.tag}"

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """All tallies, over events and over documents."""
        return (*self.event_tallies, *self.document_tallies)

    @property
    def ledger(self) -> str:
        """The collection of the identities this projection has applied."""
        return f"{self.name}_ledger.{self.tag}"

    def collection(self, view: DocumentView | Tally) -> str:
        """The physical collection of a view in this build; readers use the plain name."""
        return f"{view.name}.{self.tag}"

    @property
    def collections(self) -> list[str]:
        """Everything of its own that this build stores."""
        return [*(self.collection(view) for view in (*self.documents, *self.tallies)), self.ledger]


def build_tag(version: int, build: int) -> str:
    """How stored names tell one build from another."""
    return f"v{version}" if build == 1 else f"v{version}.{build}"


def cell_id(key: Iterable[str], partition: str) -> str:
    """The id of a cell: its key parts and its partition, unambiguous whatever the parts hold."""
    parts = [part.replace("%", "%25").replace("|", "%7C") for part in key]
    return "|".join([*parts, partition])


def types(*names: str) -> frozenset[str]:
    """The stored type strings of version 1 and every later one, from short names."""
    chosen = frozenset(entry.type for entry in EVENT_TYPES if entry.name in names)
    missing = set(names) - {entry.name for entry in EVENT_TYPES}
    if missing:
        msg = f"no such event types: {sorted(missing)}"
        raise ValueError(msg)
    return chosen
