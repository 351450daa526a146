"""What templates make of numbers."""

import re
from typing import Any

import pytest

from projections.api.assets import TEMPLATES
from projections.api.models import CityNumbers

NONE = {"events_today": 0, "open_requests": 0, "requests": 0, "ideas": 0, "ballots": 0}


def _labels(numbers: dict[str, int], **how: Any) -> list[str]:
    told: dict[str, Any] = {"country": None, "languages": [], "residents": [], "today": "2026-04-01"}
    city = CityNumbers(id="a", name="A", timezone="UTC", **told, **numbers)
    shown = TEMPLATES.get_template("macros.html").module.counts("", city, **how)  # type: ignore[attr-defined]
    return [" ".join(pair) for pair in re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", shown)]


@pytest.mark.parametrize(
    ("count", "labels"),
    [
        (0, ["events today 0", "open requests 0", "ideas 0", "ballots 0"]),
        (1, ["event today 1", "open of 1 request 1", "idea 1", "ballot 1"]),
        (2, ["events today 2", "open of 2 requests 2", "ideas 2", "ballots 2"]),
    ],
)
def test_one_of_a_thing_has_the_things_name_in_the_singular(count: int, labels: list[str]) -> None:
    assert _labels(dict.fromkeys(NONE, count)) == labels


def test_in_brief_only_what_is_there_is_counted_and_today_only_where_something_is_recent() -> None:
    assert _labels({**NONE, "ballots": 7}, brief=True, recent=False) == ["ballots 7"]
    assert _labels({**NONE, "requests": 7}, brief=True, recent=False) == ["open of 7 requests 0"]
    assert _labels({**NONE, "ideas": 7}, brief=True, recent=True) == ["events today 0", "ideas 7"]
