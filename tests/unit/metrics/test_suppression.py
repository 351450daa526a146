"""No hidden cell can be computed from what is shown, checked by trying every table that would look alike."""

from collections.abc import Iterator
from itertools import product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from projections.metrics.suppression import SUPPRESS_BELOW, few, hidden

TABLES = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9), min_size=1)


def _published(people: dict[str, int]) -> dict[str, int | None]:
    """What everyone sees: the total and the cells, None where they are hidden."""
    total = sum(people.values())
    hide = hidden(people)
    cells: dict[str, int | None] = {key: None if key in hide else count for key, count in people.items()}
    return {**cells, "total": None if few(total) else total}


def _guesses(cells: int, together: int) -> Iterator[tuple[int, ...]]:
    """Values for so many cells that are as many together, or few as well where not even the total shows."""
    totals = range(SUPPRESS_BELOW) if few(together) else [together]
    for total in totals:
        for head in product(range(total + 1), repeat=max(cells - 1, 0)):
            if sum(head) <= total:
                yield (*head, total - sum(head))[:cells]


@given(TABLES)
@settings(max_examples=150, deadline=None)
def test_every_hidden_cell_could_be_something_else(people: dict[str, int]) -> None:
    """An attacker knows the method, the total and the cells shown, and tries all tables."""
    assume(set(people.values()) - {0} != {1})  # one participant in each: so much can be told
    seen = _published(people)
    hide = [key for key in people if seen[key] is None]
    alike = [
        values
        for values in _guesses(len(hide), sum(people[key] for key in hide))
        if _published({**people, **dict(zip(hide, values, strict=True))}) == seen
    ]
    for place in range(len(hide)):
        assert len({values[place] for values in alike}) > 1, (people, seen)


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 12)))
def test_few_are_always_hidden_and_never_alone(people: dict[int, int]) -> None:
    hide = hidden(people)
    assert {key for key in people if few(people[key])} <= hide
    together = sum(people[key] for key in hide)
    everyone = sum(people.values())
    if hide and not few(everyone):
        assert len(hide) > 1
        assert together >= SUPPRESS_BELOW
    assert all(people[key] for key in hide), "a cell of nobody tells about nobody"
