"""Long work in short turns: one request that asks for much leaves the event loop to the others."""

import asyncio
import time
from collections.abc import Iterable
from typing import Final, TypeVar

TURN_SECONDS: Final = 0.01
_T = TypeVar("_T")


async def in_turns(steps: Iterable[_T | None]) -> list[_T]:
    """What the steps give, without the Nones; after each TURN_SECONDS of work others have their turn."""
    given: list[_T] = []
    until = time.monotonic() + TURN_SECONDS
    for step in steps:
        if step is not None:
            given.append(step)
        if time.monotonic() > until:
            await asyncio.sleep(0)
            until = time.monotonic() + TURN_SECONDS
    return given
