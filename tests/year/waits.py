"""How long people waited, from the truth: what still waits has its place behind all that does not."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from producers.simulate.granting import Application, Award
from producers.simulate.ideas import Idea
from tests.year.numbers import Seen, requests
from tests.year.requests import pauses

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Waits = Iterable[timedelta | None]
RANKS = (50, 90)


def first_response(seen: Seen) -> Waits:
    return (_between(one.opening.requested_datetime, one.first_response) for one in requests(seen))


def to_close(seen: Seen) -> Waits:
    return (_between(one.opening.requested_datetime, one.closed_at) for one in requests(seen))


def to_close_net(seen: Seen) -> Waits:
    """Without the time in which it stood still."""
    for one in requests(seen):
        waited = _between(one.opening.requested_datetime, one.closed_at)
        yield None if waited is None else waited - timedelta(seconds=sum(pauses(one.history)))


def to_answer(seen: Seen) -> Waits:
    for one in seen.all(Idea):
        if one.withdrawn_at is None and seen.on(one.submitted_at):
            known = one.decided_at is not None and one.decided_at <= seen.scope.now
            yield _between(one.submitted_at, one.decided_at) if known else None


def to_decide(seen: Seen) -> Waits:
    for one in seen.all(Application):
        if seen.on(one.submitted_at) and (one.withdrawn_at is None or one.determined is not None):
            yield _between(one.submitted_at, one.determined[1] if one.determined else None)


def passed_through(seen: Seen) -> Waits:
    for one in seen.all(Award):
        if one.data.grantee_city is not None and seen.on(one.granted_at):
            made = [award.granted_at for award in one.regranted.values()]
            yield _between(one.granted_at, min(made, default=None))


def _between(since: datetime, until: datetime | None) -> timedelta | None:
    return None if until is None else until - since


def value(waits: Waits, rank: int, unit: timedelta, decimals: int) -> Decimal | None:
    """The whole minutes that this many percent waited at most, in the unit that is shown."""
    known = list(waits)
    over = sorted(waited // MINUTE for waited in known if waited is not None)
    place = -(-rank * len(known) // 100)
    if not 0 < place <= len(over):
        return None
    exact = Fraction(over[place - 1], unit // MINUTE)
    return Decimal(round(exact * 10**decimals)).scaleb(-decimals)


WAITS: dict[str, tuple[Callable[[Seen], Waits], timedelta]] = {
    "time_to_first_response": (first_response, HOUR),
    "time_to_close": (to_close, HOUR),
    "time_to_close.net": (to_close_net, HOUR),
    "ideas.time_to_answer": (to_answer, DAY),
    "grants.decision_time": (to_decide, DAY),
    "grants.pass_through": (passed_through, DAY),
}
"""By the code of the number without its rank."""
