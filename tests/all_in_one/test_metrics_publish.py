"""`townhall metrics publish`, from the command to what the coalition shows."""

import json
import time
from typing import Any

import pytest

from tests.support.all_in_one import Town

pytestmark = pytest.mark.servers


def _told(town: Town) -> dict[str, int]:
    rows = json.loads(town.run("status", "--json"))["projections"]
    (row,) = (one for one in rows if one["projection"] == "metrics")
    return {name: row[name] for name in ("applied", "duplicates", "waiting")}


def _counted(town: Town) -> dict[str, int]:
    """How many snapshots were applied, once none is to come."""
    deadline = time.monotonic() + 60
    while (told := _told(town))["waiting"]:
        assert time.monotonic() < deadline, told
        time.sleep(0.5)
    return told


def test_published_twice_a_number_counts_once_and_is_the_apis(town: Town) -> None:
    town.run("metrics", "publish", "--city", "port-linden")
    once = _counted(town)
    assert once["applied"] > 0
    town.run("metrics", "publish", "--city", "port-linden")
    twice = _counted(town)
    assert twice["duplicates"] > once["duplicates"]
    assert (
        _standing(town)["value"]
        == town.get("/v1/metrics/ballots.last_round.per_thousand", city="port-linden")["value"]
    )


def _standing(town: Town) -> Any:
    (band,) = town.get("/v1/coalition/metrics/ballots.last_round.per_thousand")["bands"]
    (standing,) = band["cities"]
    assert standing["residents"] == {"year": 2025, "count": 48_200}
    assert band["reason"] == "fewer than 3 cities to compare"
    return standing


def test_what_cannot_be_published_says_why(town: Town) -> None:
    for words in (("--city", "atlantis"), ("--month", "2999-01"), ("--month", "May")):
        town.run("metrics", "publish", *words, code=1)
