"""What must hold between the fields of an event: each check raises ValueError with the reason."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any


def no_repeats(ids: Iterable[str], what: str) -> None:
    """Each id stands once; `what` begins the reason, as in `choices: a project`."""
    named = list(ids)
    if len(set(named)) != len(named):
        msg = f"{what} is named twice"
        raise ValueError(msg)


def exactly_one(**fields: Any) -> None:
    """One of these fields is given and the others are not."""
    if sum(value is not None for value in fields.values()) != 1:
        msg = f"exactly one is needed of {' and '.join(fields)}"
        raise ValueError(msg)


def both_or_none(**fields: Any) -> None:
    """These fields come together."""
    given = {value is not None for value in fields.values()}
    if len(given) == 2:
        msg = f"{' and '.join(fields)} come together"
        raise ValueError(msg)


def in_order(**moments: Any) -> None:
    """Each of these moments, or days, comes after the one before it."""
    named = list(moments.items())
    for (first, earlier), (second, later) in pairwise(named):
        if not earlier < later:
            msg = f"{second} must come after {first}"
            raise ValueError(msg)
