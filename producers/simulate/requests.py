"""Service requests: reported, taken on, worked at, closed in time or too late, disputed, opened again."""

from datetime import date, timedelta
from random import Random
from typing import Final, Literal

from events.stages import ResolutionCode, Stage
from producers.simulate.agenda import Life
from producers.simulate.cases import HOUR, Case
from producers.simulate.clock import moment_between
from producers.simulate.town import Town

PER_DAY: Final = 5.0
_Way = tuple[Stage | Literal["update", "postponed"], ...]
_WAYS: Final[tuple[_Way, ...]] = (
    (),
    (),
    ("scheduled",),
    ("in_progress",),
    ("update",),
    ("investigating", "scheduled", "in_progress"),
    ("scheduled", "on_hold", "postponed", "in_progress"),
    ("investigating", "update", "update"),
)


def begin(town: Town, day: date) -> None:
    """Whoever finds something today and reports it."""
    dice = town.dice("requests", day)
    weekend = 0.6 if day.weekday() > 4 else 1.1
    for number in range(town.often(PER_DAY * weekend * town.clock.season(day), dice)):
        own = town.dice("request", day, number)
        town.begin(_life(town, f"req-{day:%y%m%d}-{number:03d}", own), town.clock.waking(day, own))


def _life(town: Town, id_: str, dice: Random) -> Life:
    case = Case(town, id_, dice)
    found = town.now
    if dice.random() < 0.04:  # reported where there was no signal
        yield found + timedelta(hours=dice.choice([1, 2, 5, 26])) + moment_between(dice, HOUR)
    case.opened(found)
    if dice.random() < 0.09 and (original := case.seen_before()) is not None:
        yield town.clock.working(town.now, 1, dice)
        case.merged(original)
        yield town.now + moment_between(dice, HOUR)
        case.closed("duplicate")
        yield from _until_solved(case)
    else:
        yield from _worked_at(case)
    while case.truth.solved and not case.truth.open and dice.random() < 0.3:
        yield town.now + timedelta(days=dice.randint(1, 9)) + moment_between(dice, 9 * HOUR)
        if dice.random() < 0.6:
            case.confirmed()
            return
        yield from _again(case)
        yield from _worked_at(case)


def _until_solved(case: Case) -> Life:
    """Whoever reported it second looks now and then, for some weeks."""
    for _ in range(4):
        yield case.town.now + timedelta(days=case.dice.randint(4, 12)) + moment_between(case.dice, 9 * HOUR)
        if case.truth.solved:
            return


def _again(case: Case) -> Life:
    """Mostly somebody says that it is still there, at times two do; or it is opened again without that."""
    if case.dice.random() < 0.2:
        case.reopened(case.dice.choice(["reporter", "agency"]))
        return
    case.disputed()
    if case.dice.random() < 0.3:
        yield case.town.now + moment_between(case.dice, HOUR)
        case.disputed()


def _worked_at(case: Case) -> Life:
    """From the city's first answer to the closing; of some requests nobody hears again."""
    town, dice = case.town, case.dice
    if dice.random() < 0.03:
        return
    yield town.clock.working(town.now, dice.choice([0, 0, 1, 1, 2, 4]), dice)
    case.acknowledged()
    for stage in dice.choice(_WAYS):
        yield town.clock.working(town.now, dice.choice([0, 1, 1, 2, 3]), dice)
        if stage == "update":
            case.update()
        elif stage == "postponed":
            case.acknowledged("Later than we said: the parts are not there yet.")
        else:
            case.moved(stage)
    if dice.random() < 0.04:
        return
    yield town.clock.working(town.now, int(dice.expovariate(1 / (0.35 * case.service.days))), dice)
    done = town.now
    if dice.random() < 0.05:  # the crew's tablet was offline
        yield done + 3 * HOUR + moment_between(dice, 3 * HOUR)
    codes: tuple[ResolutionCode, ...] = ("fixed", "no_further_action", "not_responsible", "cannot_reproduce")
    case.closed(dice.choices(codes, (82, 8, 6, 4))[0], done)
