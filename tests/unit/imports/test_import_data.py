"""The importers on real files: official tallies, real quirks."""

from collections import Counter
from pathlib import Path

import pytest

from events.types.prioritisation import PrioritisationConcluded, PriorityBallotCast
from events.types.requests import ServiceRequestOpened, ServiceRequestStageChanged
from producers.imports import nyc311, open311, pabulib
from tests.support import imports
from tests.support.data import data_file, election

pytestmark = pytest.mark.data

ELECTIONS = {
    "pabulib/Canada_Stanford_Dataset_PB_Dieppe_2018_vote_approvals.pb": "dieppe",
    "pabulib/France_Toulouse_2022.pb": "toulouse",
    "pabulib/Hungary_Budapest_2022_VIII_Jozsefvaros.pb": "budapest",
    "pabulib/Netherlands_Amsterdam_179.pb": "amsterdam",
    "pabulib/Netherlands_Assen_2024.pb": "assen",
    "pabulib/Poland_Gdansk_2020.pb": "gdansk",
    "pabulib/Poland_Warszawa_2023_Wesola.pb": "warszawa",
    "pabulib/Poland_Wroclaw_2020.pb": "wroclaw",
    "pabulib/Switzerland_Zurich_S5.pb": "zurich",
    "pabulib/US_Stanford_Dataset_PB_Cambridge_2019_vote_approvals.pb": "cambridge",
    "pabulib/US_Stanford_Dataset_PB_Chicago_35th_Ward_2019_vote_approvals.pb": "chicago-35th-ward",
    "pabulib-other/Poland_Katowice_2023_Zarzecze.pb": "katowice",
    "pabulib-other/Poland_Krakow_2019_Bienczyce.pb": "krakow",
}


@pytest.mark.parametrize(("name", "city"), ELECTIONS.items())
def test_ballots_give_the_official_tallies_and_the_official_outcome(name: str, city: str) -> None:
    file, official = data_file(name), election(name)
    reading = pabulib.read(file.read_bytes(), file.stem)
    found = imports.outcomes(reading)
    assert reading.city == city
    assert imports.rejected(found) == []
    assert len(imports.accepted(found)) == len(official.votes)
    ballots = [event.data for event in imports.events(found) if isinstance(event.data, PriorityBallotCast)]
    votes = Counter(choice.project_id for ballot in ballots for choice in ballot.choices)
    assert {p["project_id"]: votes[p["project_id"]] for p in official.projects} == {
        p["project_id"]: int(p["votes"]) for p in official.projects
    }
    decided = [
        event.data for event in imports.events(found) if isinstance(event.data, PrioritisationConcluded)
    ]
    selected = [p["project_id"] for p in official.projects if p.get("selected") == "1"]
    assert [list(data.selected) for data in decided] == (
        [selected] if "selected" in official.projects[0] else []
    )


def test_the_points_of_a_cumulative_election_give_its_scores() -> None:
    name = "pabulib-other/Poland_Katowice_2023_Zarzecze.pb"
    found = imports.outcomes(pabulib.read(data_file(name).read_bytes(), "x"))
    points: Counter[str] = Counter()
    for event in imports.events(imports.accepted(found)):
        assert isinstance(event.data, PriorityBallotCast)
        points.update({choice.project_id: choice.points or 0 for choice in event.data.choices})
    assert {p["project_id"]: points[p["project_id"]] for p in election(name).projects} == {
        p["project_id"]: int(p["score"]) for p in election(name).projects
    }


def test_every_row_of_the_nyc_export_is_accounted_for() -> None:
    with _csv().open(encoding="utf-8-sig", newline="") as lines:
        found = imports.outcomes(nyc311.read(lines))
    assert len(imports.accepted(found)) + len(imports.rejected(found)) == 117
    first = imports.events(found)[0]
    assert (first.subject, first.time.isoformat()) == ("33648024", "2016-06-20T22:04:21-04:00")
    crossing = next(event for event in imports.events(found) if event.subject == "33682199")
    assert isinstance(crossing.data, ServiceRequestOpened)
    assert crossing.data.address == "BUTLER STREET & COURT STREET"


def test_the_true_stage_of_torontos_requests_is_found() -> None:
    found = imports.events(imports.outcomes(open311.read(_toronto().read_bytes(), "toronto")))
    stages = [event.data.to_stage for event in found if isinstance(event.data, ServiceRequestStageChanged)]
    assert stages == ["scheduled", "scheduled"]
    assert found[0].time.isoformat() == "2018-07-30T00:01:00-04:00"


def test_chicagos_requests_keep_the_words_of_their_status() -> None:
    reading = open311.read(data_file("open311_chicago_requests.json").read_bytes(), "chicago")
    found = imports.events(imports.outcomes(reading))
    labels = {
        event.subject: event.data.local_status
        for event in found
        if isinstance(event.data, ServiceRequestStageChanged)
    }
    assert labels == {"14-01100669": "open", "14-01100627": "Locked"}
    assert reading.zone == "America/Chicago"


def _csv() -> Path:
    return data_file("nyc311_2016_noise.csv")


def _toronto() -> Path:
    return data_file("open311_toronto_requests.xml")
