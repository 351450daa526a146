"""Who may read now: few at once with each key and in all, each for as long as its key is good."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from fastapi import Request

from infra.callers import caller
from infra.keys import ApiKey, Keys
from infra.problems import ProblemError

MAX_READERS: Final = 64
MAX_PER_KEY: Final = 4


class Reader:
    """One request, and the key that it came with."""

    def __init__(self, keys: Keys, request: Request, key: ApiKey) -> None:
        self._keys = keys
        self._request = request
        self.city = key.city

    async def check(self) -> None:
        """Raises the problems 401 and 503 unless the key is good; one that was revoked may be for 3 s."""
        await caller(self._keys, self._request, "read")

    async def gone(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return await self._request.is_disconnected()


class Readers:
    """Counts them. A reader that waits counts as one that reads."""

    def __init__(self) -> None:
        self._of_key: Counter[str] = Counter()

    @contextmanager
    def admit(self, key: ApiKey) -> Iterator[None]:
        """A place for one more; raises the problems 429 and 503."""
        if self._of_key[key.id] >= MAX_PER_KEY:
            detail = f"This key reads {MAX_PER_KEY} times at once already. End one, or wait for its answer."
            raise ProblemError(429, "too_many_readers", detail, headers={"retry-after": "5"})
        if self._of_key.total() >= MAX_READERS:
            detail = "This server has as many readers as it may. Ask again with the same cursor."
            raise ProblemError(503, "too_many_readers", detail, headers={"retry-after": "5"})
        self._of_key[key.id] += 1
        try:
            yield
        finally:
            self._of_key[key.id] -= 1
            if not self._of_key[key.id]:
                del self._of_key[key.id]
