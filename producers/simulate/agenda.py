"""What happens when: lives that wake at moments of their own, always in the same order."""

from collections.abc import Callable, Generator
from datetime import datetime
from functools import partial
from heapq import heappop, heappush
from itertools import count

Life = Generator[datetime, None, None]
"""Something that goes on: it does what it does now, and yields the moment at which it wakes again."""


class Agenda:
    """Everything that will happen, and the time it is now."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._ahead: list[tuple[datetime, int, Callable[[], datetime | None]]] = []
        self._numbers = count()

    def begin(self, life: Life, at: datetime) -> None:
        """The life wakes for the first time at this moment."""
        self.once(partial(next, life, None), at)

    def once(self, act: Callable[[], datetime | None], at: datetime) -> None:
        """What is done at that moment, and again at the moment it answers with."""
        heappush(self._ahead, (max(at, self.now), next(self._numbers), act))

    def any_by(self, moment: datetime) -> bool:
        """Whether anything happens until this moment."""
        return bool(self._ahead) and self._ahead[0][0] <= moment

    def go_on(self) -> None:
        """What comes next, happens."""
        self.now, _, act = heappop(self._ahead)
        if (again := act()) is not None:
            self.once(act, again)
