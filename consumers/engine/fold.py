"""Folding events into documents and cells: pure, one event at a time, whole or not at all."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from consumers.engine.derive import Deriver, Made
from consumers.engine.effects import ProcessManager, Reaction
from consumers.engine.model import Partition
from events.envelope import Event
from projections.core import Cell, Document, DocumentTally, DocumentView, EventTally, Projection, Tally

Cells = dict[tuple[Partition, tuple[str, ...]], dict[str, int]]


class Step(NamedTuple):
    """One document view with the tallies over it and their collections."""

    collection: str
    key: Callable[[Event], str]
    evolve: Callable[[Document | None, Event], Document | None]
    tallies: tuple[tuple[str, DocumentTally], ...]
    react: Callable[[Document | None, Event], Reaction] | None
    """What a process manager does; a view has none."""
    deriver: Deriver


class Plan:
    """A projection arranged by event type, computed once."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self._steps = [(view.handles, _step(projection, view)) for view in projection.documents]
        self._tallies = [(projection.collection(tally), tally) for tally in projection.event_tallies]
        self._steps_by_type: dict[str, tuple[Step, ...]] = {}
        self._tallies_by_type: dict[str, tuple[tuple[str, EventTally], ...]] = {}

    def steps(self, type_: str) -> tuple[Step, ...]:
        """The document views that this type changes."""
        if type_ not in self._steps_by_type:
            self._steps_by_type[type_] = tuple(step for handles, step in self._steps if type_ in handles)
        return self._steps_by_type[type_]

    def tallies(self, type_: str) -> tuple[tuple[str, EventTally], ...]:
        """The tallies over events of this type, each with its collection."""
        if type_ not in self._tallies_by_type:
            wanted = (item for item in self._tallies if item[1].handles is None or type_ in item[1].handles)
            self._tallies_by_type[type_] = tuple(wanted)
        return self._tallies_by_type[type_]

    def places(self, event: Event) -> Iterable[tuple[str, str]]:
        """Collection and id of every document the event touches."""
        return [(step.collection, step.key(event)) for step in self.steps(event.type)]


def _step(projection: Projection, view: DocumentView) -> Step:
    over = tuple((projection.collection(t), t) for t in projection.document_tallies if t.over is view)
    collection = projection.collection(view)
    react = view.react if isinstance(view, ProcessManager) else None
    return Step(collection, view.key, view.evolve, over, react, Deriver(view.name, collection))


class Fold:
    """The state a batch has reached. `before` reads documents as they stood at its start."""

    def __init__(self, plan: Plan, before: Mapping[tuple[str, str], Document | None]) -> None:
        self._plan = plan
        self._before = before
        self.documents: dict[tuple[str, str], Document | None] = {}
        self.cells: dict[str, Cells] = {}
        self.effects: list[Made] = []
        """What process managers have asked for, until somebody takes it."""

    def apply(self, partition: Partition, event: Event) -> None:
        """Fold one event. If anything raises, the state is as if the event had not been there."""
        changed: list[tuple[tuple[str, str], Document | None]] = []
        added: list[tuple[str, list[Cell], int]] = []
        made: dict[str, Made] = {}
        for step in self._plan.steps(event.type):
            place = (step.collection, step.key(event))
            old = self.documents[place] if place in self.documents else self._before[place]
            if step.react is None:
                new = step.evolve(old, event)
            else:
                new, wanted = step.react(old, event)
                made |= step.deriver.made(partition, place[1], event, wanted)
            if new is old:
                continue
            changed.append((place, new))
            for collection, tally in step.tallies:
                if old is not None:
                    added.append((collection, _checked(tally, tally.cells(old)), -1))
                if new is not None:
                    added.append((collection, _checked(tally, tally.cells(new)), 1))
        for collection, counted in self._plan.tallies(event.type):
            added.append((collection, _checked(counted, counted.cells(event)), 1))
        self.documents.update(changed)
        self.effects += made.values()
        for collection, cells, sign in added:
            for cell in cells:
                self._add(collection, partition, cell, sign)

    def _add(self, collection: str, partition: Partition, cell: Cell, sign: int) -> None:
        held = self.cells.get(collection)
        if held is None:
            held = self.cells[collection] = {}
        place = (partition, cell.key)
        sums = held.get(place)
        if sums is None:
            sums = held[place] = {}
        for measure, amount in cell.add.items():
            sums[measure] = sums.get(measure, 0) + sign * amount


def _checked(tally: Tally, cells: Iterable[Cell]) -> list[Cell]:
    """The cells; a fault that the store would find only later is raised here, before anything changed."""
    found = list(cells)
    parts = len(tally.dimensions)
    for key, add in found:
        "".join(key)  # raises unless every part is text
        if len(key) != parts:
            raise ValueError(f"a cell of {tally.name} has {len(key)} key parts")
        for amount in add.values():
            if type(amount) is not int:
                raise TypeError(f"a cell of {tally.name} adds something that is no whole number")
    return found
