"""What may be in flight at once, divided fairly between cities."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from events.codec import MAX_EVENT_BYTES
from infra.problems import ProblemError

MAX_EVENTS_IN_FLIGHT: Final = 4_000
MAX_BYTES_IN_FLIGHT: Final = 32 * 1_048_576
MAX_BATCH_EVENTS: Final = 1_000
MAX_BATCH_BYTES: Final = 8 * 1_048_576
MAX_SINGLE_BYTES: Final = MAX_EVENT_BYTES + 16_384
"""One event's data and its envelope in structured mode."""
BODY_SECONDS: Final = 10.0
MAX_CE_HEADERS: Final = 64


class Hold:
    """What one request has taken of a budget; given back once, whoever asks first."""

    def __init__(self, budget: "Budget", city: str) -> None:
        self._budget = budget
        self._city = city
        self._taken = 0

    def take(self, amount: int) -> None:
        """Take more, or raise the 429 that says to come again."""
        self._budget.take(self._city, amount)
        self._taken += amount

    def release(self) -> None:
        """Give everything back."""
        self._budget.give(self._city, self._taken)
        self._taken = 0


class Budget:
    """An amount of `total`, of which one city holds at most half: a flood of one leaves room for others."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._held: Counter[str] = Counter()

    def hold(self, city: str) -> Hold:
        """An empty hold; whoever makes it releases it."""
        return Hold(self, city)

    @contextmanager
    def held(self, city: str) -> Iterator[Hold]:
        """A hold for the time of a block."""
        hold = self.hold(city)
        try:
            yield hold
        finally:
            hold.release()

    def take(self, city: str, amount: int) -> None:
        """Take `amount` for `city`, or raise the 429 that says to come again."""
        if self._held[city] + amount > self._total // 2 or self._held.total() + amount > self._total:
            raise ProblemError(
                429,
                "too_many_in_flight",
                "Too much is under way at once. Nothing of this request was stored. "
                "Wait a second and send the same again, with the same ids.",
                headers={"retry-after": "1"},
            )
        self._held[city] += amount

    def give(self, city: str, amount: int) -> None:
        """Give `amount` back."""
        self._held[city] -= amount
        if self._held[city] <= 0:
            del self._held[city]
