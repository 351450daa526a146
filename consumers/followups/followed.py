"""What a state follows one by one: entries with an `id`, in the order in which the log began them.

A state is one document, so their number has a bound. What is over makes room for what begins.
"""

from collections.abc import Callable
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
    for place, entry in enumerate(entries):
        if entry["id"] == blank["id"]:
            return [*entries[:place], {**entry, **change(entry)}, *entries[place + 1 :]]
    if len(entries) >= MOST:
        done = next((place for place, entry in enumerate(entries) if over(entry)), None)
        if done is None:
            return None
        entries = [*entries[:done], *entries[done + 1 :]]
    return [*entries, {**blank, **change(blank)}]


def apart(entries: list[Entry], others: list[Entry]) -> list[Entry]:
    """The entries that are not, as the same objects, among the others: those that a change touched."""
    same = {id(one) for one in others}
    return [entry for entry in entries if id(entry) not in same]
