"""What whoever reported something must hear of it: no more than they would wish to, and how it ends."""

from datetime import datetime
from typing import Final

from producers.simulate.town import Town

_WORTH_TELLING: Final = ("scheduled", "awaiting_reporter", "referred")


class Reporter:
    """One reporter, known by name or only by their request, and what they have heard of it."""

    def __init__(self, town: Town, request: str, reporter: str | None) -> None:
        self.town = town
        self.request = request
        self.reporter = reporter
        self.heard: list[str] = []
        """Since it was reported, or reopened."""
        self.outcome: str | None = None
        """How they were told it ended; None while they wait."""
        self.told_late: datetime | None = None

    def received(self, at: datetime, expected: datetime | None) -> None:
        """It came."""
        self._hears("received", at, **_by(expected))

    def taken_on(self, at: datetime, named: datetime | None, before: datetime | None) -> None:
        """Somebody looks after it, or has named another time."""
        if self.outcome is not None:
            return
        if not self.heard:
            self._hears("acknowledged", at, **_by(named or before))
            self.heard.append("taken on")
        elif named is not None and named != before:
            self._hears("expected", at, **_by(named))

    def moved(self, at: datetime, stage: str) -> None:
        """It goes on."""
        if stage in _WORTH_TELLING and stage not in self.heard and self.outcome is None:
            self._hears("moved", at, stage=stage)
            self.heard.append(stage)

    def written_to(self, at: datetime) -> None:
        """The city has something to say."""
        self._hears("update", at)

    def late(self, at: datetime, expected: datetime) -> None:
        """The city is not done when it said it would be."""
        known = self.told_late is not None and self.told_late >= expected
        if self.outcome is None and "joined" not in self.heard and not known:
            self._hears("overdue", at, **_by(expected))
            self.told_late = expected

    def joined(self, at: datetime) -> None:
        """Somebody had reported it before."""
        if self.outcome is None and "joined" not in self.heard:
            self._hears("joined", at)
            self.heard.append("joined")

    def closed(self, at: datetime, resolution: str) -> None:
        """The city is done; that somebody else had reported it is no end."""
        if resolution != "duplicate":
            self._ended("closed", at, resolution)

    def reopened(self, at: datetime) -> None:
        """It is not over."""
        if self.outcome is not None or "joined" in self.heard:
            self._hears("reopened", at)
            self.outcome, self.heard = None, []

    def original(self, at: datetime, stage: str, resolution: str | None) -> None:
        """What was reported before goes on, and so does this."""
        if stage == "closed":
            self._ended("original_closed", at, resolution or "unknown")
        elif stage == "reopened" and self.outcome is not None:
            self._hears("original_reopened", at)
            self.outcome, self.heard = None, ["joined"]
        elif stage == "acknowledged" and self.outcome is None and self.heard in ([], ["joined"]):
            self._hears("original_acknowledged", at)
            self.heard.append("taken on")

    def _ended(self, what: str, at: datetime, resolution: str) -> None:
        if self.outcome != resolution:
            self._hears(what, at, resolution=resolution)
            self.outcome, self.heard = resolution, []

    def _hears(self, what: str, at: datetime, **fields: str) -> None:
        self.town.must_hear([self.reporter], f"request_{what}", self.request, at, **fields)


def _by(expected: datetime | None) -> dict[str, str]:
    return {} if expected is None else {"expected_at": expected.isoformat()}
