"""Lists inside a document whose entries have a name: one entry for each, in the order of telling."""

from collections.abc import Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]


def entry(entries: Sequence[Entry], **name: Any) -> Entry | None:
    """The entry of this name; None where nothing is known of it."""
    return next((one for one in entries if all(one[field] == value for field, value in name.items())), None)


def put(entries: Sequence[Entry], changed: Entry, *name: str) -> list[Entry]:
    """The entries with this one in the place of that of the same name, else at the end."""
    own = {field: changed[field] for field in name}
    if entry(entries, **own) is None:
        return [*entries, changed]
    return [changed if all(one[field] == own[field] for field in name) else one for one in entries]
