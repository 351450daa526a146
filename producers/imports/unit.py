"""The city of an election: its `unit`, unless that names a collection of data."""

import re
from collections.abc import Mapping
from typing import Final

_COLLECTION: Final = re.compile(r"data\s*-?\s*set|collection", re.IGNORECASE)
_NOT_THE_CITY: Final = re.compile(r"\bPB\b|\b(?:19|20|21)\d\d\b|participatory budgeting", re.IGNORECASE)
_COUNTRY_CITY: Final = re.compile(r"[^_]+_([^_]+)_")


def city_of(meta: Mapping[str, str], stem: str) -> str:
    """The city's name, as in `Kraków`; `PB Chicago 35th Ward 2019` of a data set is `Chicago 35th Ward`.

    Without a unit it is the second part of the file's name. Empty where nothing tells it.
    """
    unit = meta.get("unit", "").strip()
    if unit and not _COLLECTION.search(unit):
        return unit
    if unit:
        for key in ("instance", "description"):
            rest = " ".join(_NOT_THE_CITY.sub(" ", meta.get(key, "")).split()).strip(" -,;")
            if re.search(r"[^\W\d_]", rest):
                return rest
    found = _COUNTRY_CITY.match(stem)
    return unit or (found[1] if found else "")
