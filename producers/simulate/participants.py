"""Participants: what they allow, the language they wish for, and a few who want to be forgotten."""

from datetime import date, timedelta
from random import Random
from typing import Final

from events.types.participants import (
    ParticipantConsentChanged,
    ParticipantErased,
    ParticipantErasureRequested,
    ParticipantLanguageChanged,
)
from producers.simulate.agenda import Life
from producers.simulate.people import Person
from producers.simulate.town import Town
from producers.simulate.wishes import Consent, Participant

NOTICE: Final = "2025-01"
WITHIN: Final = timedelta(days=30)
_PURPOSES: Final = ("updates", "reminders", "weekly_digest", "surveys", "volunteering_offers")


def begin(town: Town, day: date) -> None:
    """Who is asked today for the first time, and who thinks about it again."""
    dice = town.dice("participants", day)
    for person in town.people.all:
        if person.first_day == day and dice.random() < 0.6:
            town.begin(_life(town, person), town.clock.waking(day, dice))


def _life(town: Town, person: Person) -> Life:
    dice = town.dice("participant", person.ref)
    for purpose in dice.sample(_PURPOSES, dice.randint(1, 5)):
        _consents(town, person, purpose, granted=dice.random() < 0.8)
    if person.lang != town.city.languages[0] and dice.random() < 0.6:
        _speaks(town, person, person.lang)
    while dice.random() < 0.4:
        yield town.clock.waking(town.today + timedelta(days=dice.randint(2, 80)), dice)
        _thinks_again(town, person, dice)
    if dice.random() < 0.03:
        yield town.clock.waking(town.today + timedelta(days=dice.randint(20, 120)), dice)
        yield from _is_forgotten(town, person, dice)


def _of(town: Town, person: Person) -> Participant:
    kept = town.truth.kept(Participant)
    return kept.setdefault(town.key(person.ref), Participant(town.id, person.ref))


def _consents(town: Town, person: Person, purpose: str, *, granted: bool) -> None:
    data = ParticipantConsentChanged(purpose=purpose, granted=granted, notice=NOTICE)
    event = town.tell(person.ref, data, person.ref)
    _of(town, person).consents[purpose] = Consent(granted, event.at, NOTICE)


def _speaks(town: Town, person: Person, lang: str) -> None:
    event = town.tell(person.ref, ParticipantLanguageChanged(preferred_lang=lang), person.ref)
    known = _of(town, person)
    known.lang, known.lang_at = lang, event.at


def _thinks_again(town: Town, person: Person, dice: Random) -> None:
    if dice.random() < 0.2:
        _speaks(town, person, dice.choice([*town.place.languages, "en"]))
        return
    purpose = "updates" if dice.random() < 0.5 else dice.choice(_PURPOSES)
    before = _of(town, person).consents.get(purpose)
    _consents(town, person, purpose, granted=not (before and before.granted))


def _is_forgotten(town: Town, person: Person, dice: Random) -> Life:
    known = _of(town, person)
    due = town.now + WITHIN
    event = town.tell(person.ref, ParticipantErasureRequested(due_at=due), person.ref)
    known.erasure_requested_at, known.erasure_due_at = event.at, due
    town.people.leaves(person)
    yield town.clock.working(town.now, dice.randint(4, 15), dice)
    known.erased_at = town.tell(person.ref, ParticipantErased(), person.ref).at
    town.erased(person.ref)
    town.reaches(person.ref, None)
