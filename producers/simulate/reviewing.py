"""How applications are reviewed: scores, conflicts of interest, reviewers who step back or come too late."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Final, Literal

from events.types.applications import ReviewConflictDeclared, ReviewRecused, ReviewSubmitted, Score
from producers.simulate.granting import Application, Call, Review
from producers.simulate.people import pseudonym
from producers.simulate.town import Jurisdiction

REVIEWERS: Final = 950_000
"""Numbers of pseudonyms from here on are those of reviewers."""
_KIN: Final = ("family", "member", "donor")
Reason = Literal["conflict", "recused", "determined"]


class Reviewing:
    """The reviews of one application."""

    def __init__(self, host: Jurisdiction, call: Call, application: Application) -> None:
        self._host = host
        self._call = call
        self._application = application
        self._dice = host.dice("reviews", application.id)
        self.reviews: dict[str, Review] = {}

    def begin(self) -> None:
        """Three reviewers, each in their own time within a week."""
        for number in self._dice.sample(range(7), 3):
            reviewer = pseudonym(self._host.id, REVIEWERS + number)
            fate, dice = self._dice.random(), self._host.dice("review", self._application.id, number)
            if fate < 0.06:
                self._later(0, dice, self._conflicts, reviewer)
            elif fate < 0.1:
                self._later(0, dice, self._steps_back, reviewer)
            days = 9 if fate > 0.95 else dice.randint(0, 3)
            self._later(days, dice, self._reviews, reviewer)
            if 0.1 < fate < 0.17:
                self._later(4, dice, self._reviews, reviewer)
            if 0.17 < fate < 0.22:
                self._later(4, dice, self._conflicts, reviewer)

    def _later(self, days: int, dice: Random, act: Callable[[str, Random], None], reviewer: str) -> None:
        self._host.once(self._host.clock.working(self._host.now, days, dice), act, reviewer, dice)

    def counted(self) -> list[ReviewSubmitted]:
        """What counts now."""
        return [one.counts for one in self.reviews.values() if one.counts is not None]

    def _of(self, reviewer: str, at: datetime) -> Review:
        app = self._application
        if reviewer not in self.reviews:
            self.reviews[reviewer] = Review(app.city, app.id, reviewer, at)
            key = f"{self._host.key(app.id)}/{reviewer}"
            self._host.truth.kept(Review)[key] = self.reviews[reviewer]
        self.reviews[reviewer].last_told = max(self.reviews[reviewer].last_told, at)
        return self.reviews[reviewer]

    def _reviews(self, reviewer: str, dice: Random) -> None:
        if self._application.withdrawn_at is not None:
            return
        points = [(one.code, int(one.scale * dice.betavariate(4, 2))) for one in self._call.data.criteria]
        share = sum(score for _, score in points) / sum(one.scale for one in self._call.data.criteria)
        data = ReviewSubmitted(
            reviewer_ref=reviewer,
            conflict_declared=dice.random() < 0.05,
            scores=tuple(Score(criterion=code, score=score) for code, score in points),
            recommendation="award" if share > 0.65 else "revise" if share > 0.45 else "deny",
            text_ref=f"text-{self._application.id}-{reviewer[:6]}" if dice.random() < 0.5 else None,
        )
        event = self._host.tell(self._application.id, data)
        review = self._of(reviewer, event.at)
        review.submissions.append((event.id, data, event.at))
        if data.conflict_declared:
            review.conflict = review.conflict or "declared"
        self._refused(review, event.at)

    def _conflicts(self, reviewer: str, dice: Random) -> None:
        kind = dice.choice(_KIN)
        data = ReviewConflictDeclared(reviewer_ref=reviewer, kind=kind)
        at = self._host.tell(self._application.id, data).at
        review = self._of(reviewer, at)
        review.conflict = kind
        self._refused(review, at)

    def _steps_back(self, reviewer: str, _: Random) -> None:
        at = self._host.tell(self._application.id, ReviewRecused(reviewer_ref=reviewer)).at
        review = self._of(reviewer, at)
        review.recused = True
        self._refused(review, at)

    def _refused(self, review: Review, at: datetime) -> None:
        """Whatever does not count is refused now, each submission once."""
        for submission in list(review.submissions):
            if (reason := self._why_not(review, submission[2])) is not None:
                review.submissions.remove(submission)
                if reason not in [before for _, before in review.refusals]:
                    about = self._application.id
                    self._host.must_hear([review.reviewer], "review_refused", about, at, reason=reason)
                review.refusals.append((submission[0], reason))
                self._host.follows(
                    "review.refused",
                    review.application,
                    at,
                    reviewer_ref=review.reviewer,
                    review_id=submission[0],
                    reason=reason,
                )

    def _why_not(self, review: Review, at: datetime) -> Reason | None:
        if review.conflict is not None:
            return "conflict"
        if review.recused:
            return "recused"
        determined = self._application.determined
        return "determined" if determined is not None and at > determined[1] else None
