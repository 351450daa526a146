"""Countries by their English names: their code, and their clock where they live by one."""

from functools import cache
from importlib.resources import files
from typing import Final

from producers.imports.clocks import city_in

_PARTS: Final = frozenset({"borough", "council", "district", "precinct", "ward"})
_COUNTRIES: Final[dict[str, tuple[str, str | None]]] = {
    "albania": ("AL", "Europe/Tirane"),
    "australia": ("AU", None),
    "austria": ("AT", "Europe/Vienna"),
    "belgium": ("BE", "Europe/Brussels"),
    "brazil": ("BR", None),
    "bulgaria": ("BG", "Europe/Sofia"),
    "canada": ("CA", None),
    "chile": ("CL", None),
    "colombia": ("CO", "America/Bogota"),
    "croatia": ("HR", "Europe/Zagreb"),
    "czech republic": ("CZ", "Europe/Prague"),
    "czechia": ("CZ", "Europe/Prague"),
    "denmark": ("DK", "Europe/Copenhagen"),
    "estonia": ("EE", "Europe/Tallinn"),
    "finland": ("FI", "Europe/Helsinki"),
    "france": ("FR", "Europe/Paris"),
    "germany": ("DE", "Europe/Berlin"),
    "greece": ("GR", "Europe/Athens"),
    "hungary": ("HU", "Europe/Budapest"),
    "iceland": ("IS", "Atlantic/Reykjavik"),
    "india": ("IN", "Asia/Kolkata"),
    "ireland": ("IE", "Europe/Dublin"),
    "italy": ("IT", "Europe/Rome"),
    "japan": ("JP", "Asia/Tokyo"),
    "latvia": ("LV", "Europe/Riga"),
    "lithuania": ("LT", "Europe/Vilnius"),
    "luxembourg": ("LU", "Europe/Luxembourg"),
    "mexico": ("MX", None),
    "netherlands": ("NL", "Europe/Amsterdam"),
    "norway": ("NO", "Europe/Oslo"),
    "peru": ("PE", "America/Lima"),
    "poland": ("PL", "Europe/Warsaw"),
    "portugal": ("PT", None),
    "romania": ("RO", "Europe/Bucharest"),
    "serbia": ("RS", "Europe/Belgrade"),
    "slovakia": ("SK", "Europe/Bratislava"),
    "slovenia": ("SI", "Europe/Ljubljana"),
    "south korea": ("KR", "Asia/Seoul"),
    "spain": ("ES", None),
    "sweden": ("SE", "Europe/Stockholm"),
    "switzerland": ("CH", "Europe/Zurich"),
    "taiwan": ("TW", "Asia/Taipei"),
    "the netherlands": ("NL", "Europe/Amsterdam"),
    "turkey": ("TR", "Europe/Istanbul"),
    "uk": ("GB", "Europe/London"),
    "ukraine": ("UA", "Europe/Kyiv"),
    "united kingdom": ("GB", "Europe/London"),
    "united states": ("US", None),
    "us": ("US", None),
    "usa": ("US", None),
}


def code_of(country: str) -> str | None:
    """The ISO 3166 code of a country; None where the name is unknown."""
    if len(country) == 2 and country.isascii() and country.isalpha():
        return country.upper()
    return _COUNTRIES.get(country.casefold(), (None, None))[0]


def zone_of(country: str) -> str | None:
    """The one time zone of a country; None where it has several or is unknown."""
    return _COUNTRIES.get(country.casefold(), (None, None))[1]


def zone_of_city(country: str, city: str) -> str | None:
    """The time zone of that country that bears the city's name; None without one.

    `America/Chicago` is that of `chicago` and of its part `chicago-35th-ward`. A namesake abroad gives
    nothing: `london` in Canada has no zone of its name.
    """
    code = code_of(country)
    found = [zone for of, zone in _zones() if of == code and _is_or_is_part_of(city, city_in(zone))]
    return found[0] if len(found) == 1 else None


def _is_or_is_part_of(city: str, whole: str) -> bool:
    if city == whole:
        return True
    rest = city.removeprefix(f"{whole}-")
    return rest != city and (rest[0].isdigit() or not _PARTS.isdisjoint(rest.split("-")))


@cache
def _zones() -> tuple[tuple[str, str], ...]:
    """Country and name of every time zone, as the IANA database lists them."""
    text = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return tuple((row[0], row[2]) for row in rows)
