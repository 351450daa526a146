"""A small coalition with something of everything: what tests of reading and of pages look at."""

import random
from datetime import datetime, timedelta

from events.envelope import Event
from infra.directory import City
from tests.support import build

RIVERTON = City(id="riverton", name="Riverton", timezone="America/New_York", country="US")
LAKESIDE = City(id="lakeside", name="Lakeside", timezone="Europe/Berlin", country="DE")
EMPTY = City(id="emptyville", name="Emptyville", timezone="Asia/Kolkata", country="IN")
XSS = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"

_SERVICES = {
    "pothole": "Pothole",
    "light": "Street light out",
    "graffiti": "Graffiti",
    "trash": "Missed trash",
}
_PROJECTS = (
    ("1", "Shade trees along the school way", "48000"),
    ("2", "Safe crossing at Mill Street", "72500"),
    ("3", "Benches and a drinking fountain in the park", "18900.50"),
    ("4", "Community garden behind the library", "31000"),
    ("5", f"Mural by young people {XSS}", "9000"),
    ("6", "Bicycle repair stations", "9000"),
    ("7", "A new roof for the boat house", "140000"),
)
_IDEAS = (
    ("Open the school yard at weekends", "recreation"),
    ("A market for repaired things", "economy"),
    (XSS, "culture"),
    ("Quiet hours for the night bus depot", "mobility"),
    ("Rain gardens where the street floods", "environment"),
)


def events(seed: int = 1, *, requests: int = 60) -> list[Event]:
    """A history of Riverton that ends today, the same for the same seed and day."""
    dice = random.Random(seed)
    now = datetime.now(RIVERTON.zone).replace(microsecond=0)
    told: list[Event] = []
    for number in range(requests):
        told += _request(dice, number, now - timedelta(minutes=dice.randint(30, 13 * 1440)))
    for number, (title, category) in enumerate(_IDEAS):
        at = (now - timedelta(days=dice.randint(1, 12))).isoformat()
        told.append(
            build.submitted(
                f"i{number}", at=at, title=title, summary=f"{title}.\nWhy not?", category=category
            )
        )
        told += [
            build.supported(f"i{number}", by=f"supporter-{person:04}-{number}", at=at)
            for person in range(dice.randint(0, 40))
        ]
    told.append(build.answered("i0", at=now.isoformat(), explanation="From June on, Saturdays and Sundays."))
    return told + _ballots(dice, now)


def _request(dice: random.Random, number: int, at: datetime) -> list[Event]:
    request, code = f"SR-{number:04}", dice.choice(list(_SERVICES))
    long, lat = dice.gauss(-73.95, 0.05), dice.gauss(40.73, 0.04)
    anonymous = number % 7 == 0
    told = [
        build.opened(
            request,
            at=at.isoformat(),
            service_code=code,
            service_name=XSS if number == 3 else _SERVICES[code],
            description=f"By the corner, number {number}. {XSS}",
            address=f"{number} Main Street",
            long=long,
            lat=lat,
            anonymous=anonymous,
        )
    ]
    if number % 2:
        told.append(build.acknowledged(request, at=(at + timedelta(minutes=10)).isoformat()))
    if number % 4 == 1:
        later = (at + timedelta(minutes=20)).isoformat()
        told.append(build.closed(request, at=later, status_notes="Repaired on the spot."))
    return told


def _ballots(dice: random.Random, now: datetime) -> list[Event]:
    opened = build.round_opened(
        "pb-2026",
        at=(now - timedelta(days=9)).isoformat(),
        title="What shall we build first?",
        budget="150000",
        currency="USD",
        projects=[build.project(one, cost, name=name) for one, name, cost in _PROJECTS],
    )
    names = [one for one, _, _ in _PROJECTS]
    return [
        opened,
        *(
            build.ballot(
                *dice.sample(names, dice.randint(1, 4)),
                by=f"participant-{person:06}",
                round_id="pb-2026",
                at=(now - timedelta(minutes=dice.randint(1, 8 * 1440))).isoformat(),
            )
            for person in range(120)
        ),
    ]
