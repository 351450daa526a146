"""What a state follows one by one: entries with an `id`, in the order in which the log began them.

A state is one document, so their number has a bound. What is over makes room for what begins.
"""

from collections.abc import Callable
from itertools import zip_longest
from typing import Any

from projections.core import Document

MOST = 10_000
"""Entries in one list: some megabytes, of the sixteen that a document may have."""

Entry = Document
Change = Callable[[Entry], dict[str, Any]]


def follow(
    entries: list[Entry], blank: Entry, change: Change, over: Callable[[Entry], bool]
) -> list[Entry] | None:
    """The entries after a change to the one with the id of `blank`, which begins as that.

    None where there are too many, of which none is over.
    """
    id_ = blank["id"]
    for place, entry in enumerate(entries):
        if entry["id"] == id_:
            return [*entries[:place], {**entry, **change(entry)}, *entries[place + 1 :]]
    if len(entries) >= MOST:
        done = next((place for place, entry in enumerate(entries) if over(entry)), None)
        if done is None:
            return None
        entries = [*entries[:done], *entries[done + 1 :]]
    return [*entries, {**blank, **change(blank)}]


def apart(entries: list[Entry], others: list[Entry]) -> list[Entry]:
    """The entries that are not the same objects as the others in their places: those that a change touched.

    It is asked after every event, so it only looks at each once. Where one made room, all after it are told.
    """
    if entries is others:
        return []
    pairs = zip_longest(entries, others)
    return [entry for entry, other in pairs if entry is not other and entry is not None]
