"""A grant call from its opening to the awards: applications, reviews, a ranking, determinations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final, Literal

from events.envelope import Event
from events.scalars import thousandths
from events.types.applications import (
    ApplicationMoreInfoProvided,
    ApplicationMoreInfoRequested,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    DeterminationMade,
    Target,
)
from events.types.grants import (
    Criterion,
    GrantCallClosed,
    GrantCallDeadlineExtended,
    GrantCallOpened,
    GrantCallRanked,
    Ranked,
)
from producers.simulate.agenda import Life
from producers.simulate.awarding import Awarding, decimal
from producers.simulate.clock import moment_between
from producers.simulate.granting import Application, Award, Call, Query
from producers.simulate.reviewing import Reviewing
from producers.simulate.town import Jurisdiction

_TITLES: Final = ("{who}: blocks that are looked after", "{who}: shade and seats", "Clean corners, by {who}")
DAY: Final = timedelta(days=1)
Outcome = Literal["accepted", "accepted_pending_info", "dismissed"]
CRITERIA: Final = (
    Criterion(code="need", label="Need", weight=40, scale=5),
    Criterion(code="reach", label="Whom it reaches", weight=35, scale=10),
    Criterion(code="plan", label="Plan and cost", weight=25, scale=4),
)


@dataclass(frozen=True)
class Applicant:
    """Who applies: a city, or a group through its leader."""

    name: str
    city: str | None = None
    group: str | None = None
    leader: str | None = None
    neighbourhood: str | None = None


class Calling:
    """One call and everything that comes of it."""

    def __init__(
        self, host: Jurisdiction, id_: str, data: GrantCallOpened, parent: Award | None = None
    ) -> None:
        self.host = host
        self.dice = host.dice(id_)
        event = host.tell(id_, data)
        self.truth = Call(host.id, id_, data, event.at, data.deadline_at, event.at)
        host.truth.kept(Call)[event.key] = self.truth
        self.awards: list[Award] = []
        self._parent = parent
        self._applications: list[tuple[Application, Applicant, Reviewing]] = []

    def life(self, applicants: Sequence[Applicant]) -> Life:
        """Whoever applies does so in time; then it takes about three weeks."""
        self._expect_deadline()
        for applicant in applicants:
            self._will_apply(applicant)
        fate = self.dice.random()
        if fate < 0.35:
            self.host.once(self._before_the_end(), self._extended)
        elif fate < 0.55 and self.truth.data.tier == "city_to_group":
            self.host.once(self._before_the_end(), self._cancelled)
        while self.truth.deadline >= self.host.now:
            yield self.truth.deadline + moment_between(self.dice, timedelta(hours=8))
        if self.truth.cancelled is not None:
            return
        for _, _, reviewing in self._standing():
            reviewing.begin()
        yield self.host.clock.working(self.host.now, 6, self.dice)
        ranking, told = self._ranked()
        yield self.host.clock.working(self.host.now, 1, self.dice)
        yield from self._determined({one.application_id: one.rank for one in ranking.ranking}, told.id)

    # Deadline

    def _expect_deadline(self) -> None:
        self.host.once(self.truth.deadline, self._closes, self.truth.deadline)

    def _closes(self, deadline: datetime) -> None:
        if self.truth.deadline == deadline and self.truth.open:
            self.host.follows(
                "grant_call.closed", self.truth.id, deadline, reason="deadline", deadline_at=deadline
            )
            self.truth.closed_at = deadline
            self.truth.last_told = max(self.truth.last_told, deadline)

    def _before_the_end(self) -> datetime:
        return self.host.clock.working(self.truth.deadline - 4 * DAY, 0, self.dice)

    def _extended(self) -> None:
        until = self.truth.deadline + self.dice.choice([3, 7]) * DAY
        data = GrantCallDeadlineExtended(
            previous_deadline_at=self.truth.deadline, deadline_at=until, reason="Too few so far."
        )
        at = self.host.tell(self.truth.id, data).at
        self.truth.extensions.append((data, at))
        self.truth.deadline, self.truth.last_told = until, at
        self._expect_deadline()

    def _cancelled(self) -> None:
        data = GrantCallClosed(reason="cancelled", deadline_at=self.truth.deadline, note="No money.")
        at = self.host.tell(self.truth.id, data).at
        self.truth.cancelled, self.truth.last_told = (data, at), at

    # Applications

    def _will_apply(self, applicant: Applicant) -> None:
        span = self.truth.deadline - self.host.now - DAY
        self.host.once(self.host.now + moment_between(self.dice, span), self._applies, applicant)

    def _applies(self, applicant: Applicant) -> None:
        if not self.truth.open:
            return
        id_ = f"app-{self.truth.id}-{len(self._applications) + 1}"
        dice, terms = self.host.dice(id_), self.truth.data
        least, most = thousandths(terms.amount_min or "0"), thousandths(terms.amount_max or terms.budget)
        data = ApplicationSubmitted(
            call_id=self.truth.id,
            applicant_city=applicant.city,
            applicant_group_id=applicant.group,
            title=dice.choice(_TITLES).format(who=applicant.name),
            text_ref=f"text-{id_}",
            amount=decimal(dice.randrange(least, most + 1, 500)),
            currency=terms.currency,
            neighbourhood_id=applicant.neighbourhood,
            targets=(
                Target(metric_code="trees_planted", unit="count", target=str(dice.randint(10, 90))),
                Target(metric_code="litter_removed", unit="kg", target=f"{dice.randint(50, 900)}.5"),
            )[: dice.choice([1, 2])],
        )
        event = self.host.tell(id_, data, applicant.leader)
        application = Application(self.host.id, id_, data, applicant.leader, event.at, event.at)
        self.host.truth.kept(Application)[event.key] = application
        self._hears(application, "application_received", event.at)
        reviewing = Reviewing(self.host, self.truth, application)
        self._applications.append((application, applicant, reviewing))
        self.host.begin(self._asked_back(application))

    def _asked_back(self, application: Application) -> Life:
        """Some are asked for more and most of them answer; some think better of it."""
        dice = self.host.dice(application.id, "asked back")
        if dice.random() < 0.3:
            yield self.host.clock.working(self.host.now, 1, dice)
            query = self._asks(application)
            if dice.random() < 0.8:
                yield self.host.clock.working(self.host.now, dice.randint(1, 4), dice)
                self._answers(application, query)
        elif dice.random() < 0.1:
            yield self.host.clock.working(self.host.now, dice.randint(1, 9), dice)
            if application.determined is None:
                at = self.host.tell(application.id, ApplicationWithdrawn(reason="We have the money.")).at
                application.withdrawn_at = application.last_told = at
                self._hears(application, "application_withdrawn", at)

    def _asks(self, application: Application) -> Query:
        number = len(application.queries) + 1
        query = Query(f"q{number}", f"text-{application.id}-q{number}", None, self.host.now)
        data = ApplicationMoreInfoRequested(query_id=query.id, text_ref=query.text_ref)
        query.asked_at = application.last_told = self.host.tell(application.id, data).at
        application.queries.append(query)
        self._hears(application, "application_question", query.asked_at)
        return query

    def _answers(self, application: Application, query: Query) -> None:
        query.answer_ref = f"{query.text_ref}-answer"
        data = ApplicationMoreInfoProvided(query_id=query.id, text_ref=query.answer_ref)
        query.answered_at = self.host.tell(application.id, data).at
        application.last_told = max(application.last_told, query.answered_at)

    def _standing(self) -> list[tuple[Application, Applicant, Reviewing]]:
        return [one for one in self._applications if one[0].withdrawn_at is None]

    # The decision

    def _ranked(self) -> tuple[GrantCallRanked, Event]:
        """By the mean of the weighted scores that count; whoever has none has no rank."""
        scores = {
            application.id: _score(reviewing)
            for application, _, reviewing in self._standing()
            if reviewing.counted()
        }
        order = sorted(scores, key=lambda id_: (-scores[id_], id_))
        ranking = tuple(
            Ranked(
                application_id=id_,
                rank=1 + sum(other > scores[id_] for other in scores.values()),
                score=decimal(scores[id_]),
            )
            for id_ in order
        )
        data = GrantCallRanked(rule="grant_call.weighted_mean", ranking=ranking)
        event = self.host.tell(self.truth.id, data)
        self.truth.ranked, self.truth.last_told = (data, event), event.at
        return self.truth.ranked

    def _determined(self, ranks: Mapping[str, int], ranking_ref: str) -> Life:
        """Down the ranking as far as the money goes."""
        left = thousandths(self.truth.data.budget)
        for application, applicant, _ in sorted(
            self._standing(), key=lambda one: (ranks.get(one[0].id, 1_000), one[0].id)
        ):
            yield self.host.now + moment_between(self.dice, timedelta(minutes=20))
            amount = thousandths(application.data.amount)
            granted = application.id in ranks and amount <= left and application.withdrawn_at is None
            self._decides(application, ranking_ref, granted=granted)
            if granted:
                left -= amount
                self.host.once(
                    self.host.clock.working(self.host.now, 2, self.dice),
                    self._awarded,
                    application,
                    applicant,
                )

    def _decides(self, application: Application, ranking_ref: str, *, granted: bool) -> None:
        pending = any(one.answered_at is None for one in application.queries)
        outcome: Outcome = "accepted_pending_info" if pending else "accepted"
        data = DeterminationMade(
            outcome=outcome if granted else "dismissed",
            amount=application.data.amount if granted else None,
            currency=application.data.currency if granted else None,
            reason=None if granted else "Others came before it.",
            ranking_ref=ranking_ref,
        )
        at = self.host.tell(application.id, data).at
        application.determined = (data, at)
        if application.withdrawn_at is None:
            self._hears(application, "application_determined", at, **_said(data))
        application.last_told = max(application.last_told, at)

    def _hears(self, application: Application, template: str, at: datetime, **fields: str) -> None:
        self.host.must_hear([application.applicant], template, application.id, at, **fields)

    def _awarded(self, application: Application, applicant: Applicant) -> None:
        awarding = Awarding(self.host, self.truth, application, self._parent, applicant.name)
        awarding.begin()
        self.awards.append(awarding.truth)


def _said(data: DeterminationMade) -> dict[str, str]:
    if data.amount is None or data.currency is None:
        return {"outcome": data.outcome}
    return {"outcome": data.outcome, "amount": data.amount, "currency": data.currency}


def _score(reviewing: Reviewing) -> int:
    """In thousandths, half up."""
    given = [_weighted({one.criterion: one.score for one in data.scores}) for data in reviewing.counted()]
    mean = sum(given, Fraction(0)) / len(given)
    return int(mean * 1000 + Fraction(1, 2))


def _weighted(scores: dict[str, int]) -> Fraction:
    return sum((Fraction(one.weight * scores[one.code], one.scale) for one in CRITERIA), Fraction(0))
