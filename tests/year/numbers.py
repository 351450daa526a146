"""Published numbers as they must be: counted from the truth, not from what is stored.

Each is a numerator and a denominator, for days of a city's own calendar that make whole months.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from fractions import Fraction

from producers.simulate.acting import RUNGS, Acts
from producers.simulate.assets import Adoption, Asset
from producers.simulate.feedback import Feedback
from producers.simulate.granting import Application, Award, Call
from producers.simulate.hours import Hours
from producers.simulate.ideas import Idea
from producers.simulate.post import Message
from producers.simulate.practices import Practice
from producers.simulate.progress import Progress
from producers.simulate.reported import Request
from producers.simulate.results import Result
from producers.simulate.rounds import Round
from producers.simulate.sessions import Session, Signup
from producers.simulate.truth import Kept, Truth
from producers.simulate.wishes import Participant
from projections.metrics.core import Scope
from tests.year.messages import contribution, in_time

Parts = tuple[int | Fraction | None, int | Fraction | None]
ANSWER = timedelta(days=90)


class Seen:
    """The truth of one city in a period, as it is seen at a moment."""

    def __init__(self, truth: Truth, scope: Scope) -> None:
        self.truth = truth
        self.scope = scope
        self.city = scope.city.id

    def all(self, kind: type[Kept]) -> list[Kept]:
        """All of a kind in this city."""
        return [one for key, one in self.truth.kept(kind).items() if key.startswith(f"{self.city}/")]

    def within(self, day: str) -> bool:
        """Whether a day lies in the period."""
        return self.scope.first.isoformat() <= day <= self.scope.last.isoformat()

    def on(self, moment: datetime | None) -> bool:
        """Whether a moment lies on a day of the period."""
        return moment is not None and self.within(self.truth.day(self.city, moment))

    def before(self, day: str) -> bool:
        """Whether a day lies before the period."""
        return day < self.scope.first.isoformat()


def requests(seen: Seen) -> Iterable[Request]:
    return (one for one in seen.all(Request) if seen.on(one.opening.requested_datetime))


def on_time(seen: Seen) -> Parts:
    """An open request that is past its date is missed, one that was late once stays late."""
    kept = due = 0
    for one in requests(seen):
        if one.expected is None:
            continue
        late = bool(one.overdue) or (one.closed_at is not None and one.closed_at > one.expected)
        kept += one.closed_at is not None and not late
        due += one.closed_at is not None or bool(one.overdue) or one.expected <= seen.scope.now
    return kept, due


def reopened(seen: Seen) -> Parts:
    closed = [one for one in requests(seen) if not one.open or one.reopened]
    return sum(bool(one.reopened or one.disputed) for one in closed), len(closed)


def answered(seen: Seen) -> Parts:
    ideas = [one for one in seen.all(Idea) if one.withdrawn_at is None and seen.on(one.submitted_at + ANSWER)]
    minute, now = timedelta(minutes=1), seen.scope.now
    return (
        sum(
            one.decided_at is not None
            and one.decided_at <= now
            and (one.decided_at - one.submitted_at) // minute * minute <= ANSWER
            for one in ideas
        ),
        len(ideas),
    )


def supporters(seen: Seen) -> Parts:
    people = {who for one in seen.all(Idea) for who, support in one.supports.items() if support.stands}
    return len(people), None


def acted_on(seen: Seen) -> Parts:
    accepted = [one for one in seen.all(Idea) if one.accepted]
    told = [seen.truth.kept(Progress).get(f"idea {seen.city}/{one.id}", Progress()) for one in accepted]
    return sum(any(one.percent for one in of.results.values()) for of in told), len(accepted)


def completed(seen: Seen) -> Parts:
    results = seen.all(Result)
    return sum(one.percent == 100 for one in results), len(results)


def loops_closed(seen: Seen) -> Parts:
    told = [one for one in seen.all(Message) if one.says.kind == "outcome" and seen.on(one.notice.at)]
    closed = {contribution(one) for one in told if in_time(one)}
    return len(closed), len({contribution(one) for one in told})


def last_round(seen: Seen) -> Parts:
    rounds = sorted(seen.all(Round), key=lambda one: one.opened_at)
    return (len(rounds[-1].ballots) if rounds else None), None


def satisfied(seen: Seen) -> Parts:
    ratings = [one.data.rating for one in seen.all(Feedback)]
    return sum(rating > 3 for rating in ratings), len(ratings)


# Taking part


def everyone(seen: Seen) -> list[Acts]:
    """Everyone who did anything and is not forgotten."""
    erased = {one.ref for one in seen.all(Participant) if one.erased_at is not None}
    return [one for one in seen.all(Acts) if one.ref not in erased]


def active(seen: Seen) -> list[Acts]:
    return [one for one in everyone(seen) if any(seen.within(act.day) for act in one.acts)]


def participants(seen: Seen) -> Parts:
    return len(active(seen)), None


def repeat(seen: Seen) -> Parts:
    people = active(seen)
    return sum(any(seen.before(act.day) for act in one.acts) for one in people), len(people)


def climbed(rung: str) -> Callable[[Seen], Parts]:
    def parts(seen: Seen) -> Parts:
        came = begun = 0
        for one in everyone(seen):
            feedback = [act for act in one.acts if RUNGS[act.action] == "feedback"]
            first = min(feedback, key=lambda act: act.at, default=None)
            if first is not None and seen.within(first.day):
                begun += 1
                came += any(RUNGS[act.action] == rung and act.at > first.at for act in one.acts)
        return came, begun

    return parts


# Volunteering


def minutes(seen: Seen) -> tuple[int, int]:
    """Verified and logged."""
    entries = [one for one in seen.all(Hours) if seen.within(one.worked_on)]
    return sum(one.verified for one in entries), sum(one.minutes for one in entries)


def hours(seen: Seen) -> Parts:
    return Fraction(minutes(seen)[0], 60), None


def verified_share(seen: Seen) -> Parts:
    verified, logged = minutes(seen)
    return Fraction(verified, 60), Fraction(logged, 60)


def assumed(seen: Seen) -> Parts:
    there = [one for session in seen.all(Session) for one in session.attendances.values()]
    ended = [one for one in there if one.went is not None and seen.on(one.came)]
    return sum(one.method_out == "auto" for one in ended), len(ended)


def expected(seen: Seen) -> tuple[int, int, int]:
    """Who signed up with a place: came, did not come, gave it back on the last day; each on its own day."""
    came = missed = late = 0
    for session in seen.all(Session):
        for one in session.signups.values():
            came += seen.on(one.came_at)
            missed += one.came_at is None and one.cancelled_at is None and seen.on(one.missed)
            late += _late(one) and seen.on(one.cancelled_at)
    return came, missed, late


def _late(one: Signup) -> bool:
    held = not one.waitlisted or one.promoted_at is not None
    own = one.cancelled_by == "participant" and one.came_at is None
    return own and held and (one.notice_hours or 0) < 24


def follow_through(seen: Seen) -> Parts:
    came, missed, late = expected(seen)
    return came, came + missed + late


def cancelled_late(seen: Seen) -> Parts:
    came, missed, late = expected(seen)
    return late, came + missed + late


def at_risk(seen: Seen) -> Parts:
    held = [one for one in seen.all(Session) if one.cancelled is None and seen.on(one.terms.starts_at)]
    needy = [one for one in held if one.terms.min_attendance]
    return sum(one.risk is not None and one.risk["starts_at"] == one.terms.starts_at for one in needy), len(
        needy
    )


# Stewardship


def _adoptable(seen: Seen) -> list[Asset]:
    return [one for one in seen.all(Asset) if one.retired is None and one.data.not_adoptable_because is None]


def coverage(seen: Seen) -> Parts:
    things = _adoptable(seen)
    return sum(one.adoption is not None for one in things), len(things)


def priority_coverage(seen: Seen) -> Parts:
    things = [one for one in _adoptable(seen) if one.data.priority]
    return sum(one.adoption is not None for one in things), len(things)


def _begun(seen: Seen) -> list[Adoption]:
    return [one for one in seen.all(Adoption) if one.ended_by != "refused"]


def check_ins_kept(seen: Seen) -> Parts:
    months = [
        counts for one in _begun(seen) for month, counts in one.months.items() if seen.within(f"{month}-15")
    ]
    kept, missed = (sum(counts[name] for counts in months) for name in ("kept", "missed"))
    return kept, kept + missed


def lapsed(seen: Seen) -> Parts:
    adoptions = _begun(seen)
    stood = sum(
        seen.before(one.started_on) and not (one.ended_on and seen.before(one.ended_on)) for one in adoptions
    )
    return sum(one.ended_by == "lapsed" and seen.on(one.ended_at) for one in adoptions), stood


# Grants


def per_call(seen: Seen) -> Parts:
    opened = [one.id for one in seen.all(Call) if seen.on(one.opened_at)]
    return sum(one.data.call_id in opened for one in seen.all(Application)), len(opened)


def award_rate(seen: Seen) -> Parts:
    decided = [
        one.determined[0].outcome
        for one in seen.all(Application)
        if one.withdrawn_at is None and one.determined is not None and seen.on(one.determined[1])
    ]
    return sum(outcome != "dismissed" for outcome in decided), len(decided)


def disbursed_on_time(seen: Seen) -> Parts:
    on_time = due = 0
    for award in seen.all(Award):
        for part in award.data.instalments:
            if seen.within(award.due_on[part.instalment_id]):
                paid = award.paid.get(part.instalment_id)
                whole = paid is not None and Fraction(paid.thousandths, 1000) == Fraction(part.amount)
                due += 1
                on_time += bool(paid and whole and paid.paid_on <= award.due_on[part.instalment_id])
    return on_time, due


def reports_on_time(seen: Seen) -> Parts:
    reports = [one for award in seen.all(Award) for one in award.reports.values() if seen.within(one.due_on)]
    return sum(bool(one.on_time) for one in reports), len(reports)


def taken_up(seen: Seen) -> Parts:
    return sum(len(one.elsewhere) for one in seen.all(Practice)), None


NUMBERS: dict[str, Callable[[Seen], Parts]] = {
    "sla.on_time": on_time,
    "reopen_rate": reopened,
    "ideas.answered": answered,
    "ideas.supporters": supporters,
    "ideas.acted_on": acted_on,
    "results.completed": completed,
    "loops.closed": loops_closed,
    "ballots.last_round": last_round,
    "programs.satisfied": satisfied,
    "participants": participants,
    "repeat_participants": repeat,
    "ladder.support": climbed("support"),
    "ladder.volunteer": climbed("volunteer"),
    "ladder.steward": climbed("steward"),
    "ladder.lead": climbed("lead"),
    "volunteer_hours": hours,
    "volunteer_hours.verified_share": verified_share,
    "attendance.auto_checked_out": assumed,
    "signups.follow_through": follow_through,
    "signups.cancelled_late": cancelled_late,
    "sessions.at_risk": at_risk,
    "stewardship.coverage": coverage,
    "stewardship.priority_coverage": priority_coverage,
    "stewardship.check_ins_kept": check_ins_kept,
    "stewardship.lapse_rate": lapsed,
    "grants.applications_per_call": per_call,
    "grants.award_rate": award_rate,
    "grants.disbursed_on_time": disbursed_on_time,
    "grants.reports_on_time": reports_on_time,
    "practices.taken_up": taken_up,
}
