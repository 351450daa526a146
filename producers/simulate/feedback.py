"""What people think of the programs they took part in."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from events.types.requests import ProgramFeedbackSubmitted
from producers.simulate.town import Town

PER_DAY: Final = 2.2
_PROGRAMS: Final = (("swim-lessons", 4.2), ("coat-exchange", 4.6), ("repair-day", 3.9), ("night-bus", 2.7))
_THEMES: Final = ("staff", "times", "place", "price", "access")


@dataclass(frozen=True)
class Feedback:
    """One rating."""

    city: str
    id: str
    data: ProgramFeedbackSubmitted
    at: datetime


def begin(town: Town, day: date) -> None:
    """Whoever rates a program today."""
    dice = town.dice("feedback", day)
    for number in range(town.often(PER_DAY, dice)):
        town.once(town.clock.waking(day, dice), _given, town, f"feedback-{day:%y%m%d}-{number:02d}")


def _given(town: Town, id_: str) -> None:
    dice = town.dice(id_)
    program, usual = dice.choice(_PROGRAMS)
    data = ProgramFeedbackSubmitted(
        program_id=program,
        rating=max(1, min(5, round(dice.gauss(usual, 0.9)))),
        themes=tuple(sorted(dice.sample(_THEMES, dice.choice([0, 0, 1, 2])))),
        text_ref=f"text-{id_}" if dice.random() < 0.4 else None,
    )
    person = town.people.someone(dice, town.today) if dice.random() < 0.85 else None
    who, lang = (person.ref, person.lang) if person else (None, None)
    event = town.tell(id_, data, who, lang=lang)
    town.must_hear([who], "feedback_received", id_, event.at)
    town.truth.kept(Feedback)[event.key] = Feedback(town.id, id_, data, event.at)
