"""Which numbers are not shown because they would tell about single persons.

A cell from few participants is hidden. Where the total of all cells is shown as well, a cell that is
hidden alone could be computed by taking the others away from the total: so another one is hidden
with it, until what is hidden together comes from enough participants.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Final, TypeVar

SUPPRESS_BELOW: Final = 5
"""Fewer distinct participants than these are not shown."""
_Key = TypeVar("_Key", bound=Hashable)


def few(people: int | None) -> bool:
    """Whether a number from so many participants is hidden. One from nobody tells about nobody."""
    return people is not None and 0 < people < SUPPRESS_BELOW


def hidden(people: Mapping[_Key, int]) -> set[_Key]:
    """The cells to hide where their total is shown; the smallest go first, so little is lost.

    Cells of equal size go together. So names do not matter: those that are hidden could change places,
    and nobody who knows this rule can tell one from another. (Where every cell is from exactly one
    participant, that much can be told.) The total itself is to be hidden when it comes from few.
    """
    sizes = sorted({count for count in people.values() if count})
    chosen = [size for size in sizes if few(size)]
    kept = [size for size in sizes if not few(size)]
    while kept and chosen and _told([count for count in people.values() if count in chosen]):
        chosen.append(kept.pop(0))
    return {key for key, count in people.items() if count in chosen}


def _told(people: Sequence[int]) -> bool:
    """Whether what these come to together tells about few, or what each of them is."""
    together = sum(people)
    bounds = (len(people), len(people) * (SUPPRESS_BELOW - 1))  # each is one, or each the most of few
    return len(people) < 2 or few(together) or (all(map(few, people)) and together in bounds)
