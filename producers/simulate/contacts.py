"""Contacts: most people can be reached, each by their own clock, until they change it or take it back."""

from datetime import date, timedelta
from random import Random
from typing import Final

from infra.contacts import Contact
from producers.simulate.agenda import Life
from producers.simulate.people import Person
from producers.simulate.town import Town
from producers.simulate.wishes import Participant

SHARE: Final = 0.7
_ZONES: Final = ("America/New_York", "Europe/Madrid", "Asia/Kolkata", "Pacific/Auckland")
_QUIET: Final = (("22:30", "06:30"), ("00:00", "00:00"), ("13:00", "16:30"), ("19:45", "10:15"))


def begin(town: Town, day: date) -> None:
    """Who says today how they can be reached."""
    for person in town.people.all:
        dice = town.dice("contact", person.ref)
        if person.first_day == day and dice.random() < SHARE:
            town.begin(_life(town, person, dice), town.clock.waking(day, dice))


def _life(town: Town, person: Person, dice: Random) -> Life:
    town.reaches(person.ref, _contact(person, dice))
    while dice.random() < 0.2:
        yield town.clock.waking(town.today + timedelta(days=dice.randint(1, 90)), dice)
        known = town.truth.kept(Participant).get(town.key(person.ref))
        if known is not None and known.erasure_requested_at is not None:
            return
        town.reaches(person.ref, _contact(person, dice) if dice.random() < 0.7 else None)


def _contact(person: Person, dice: Random) -> Contact:
    zone = dice.choice(_ZONES) if dice.random() < 0.15 else None
    email = f"{person.ref}@example.org"
    if dice.random() < 0.8:
        return Contact(email=email, timezone=zone)
    begins, ends = dice.choice(_QUIET)
    return Contact(email=email, timezone=zone, quiet_from=begins, quiet_to=ends)
