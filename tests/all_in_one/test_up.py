"""The main job, as a newcomer runs it: `townhall up`, imports, and the numbers that come out."""

import csv
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from consumers.followups.registry import FOLLOW_UPS
from projections.registry import BY_NAME
from tests.support.all_in_one import Town, environment, up
from tests.support.data import DATA, data_file, election

pytestmark = [pytest.mark.servers, pytest.mark.data, pytest.mark.timeout(420)]

ELECTIONS = sorted(path.name for path in (DATA / "pabulib").glob("*.pb"))
OTHERS = sorted(path.name for path in (DATA / "pabulib-other").glob("*.pb"))
FILES = [f"pabulib/{name}" for name in ELECTIONS] + [f"pabulib-other/{name}" for name in OTHERS]
BALLOTS, CHOICES = 133_312, 179_291


@pytest.fixture(scope="module")
def imported(town: Town) -> dict[str, Any]:
    """The 11 real elections and the two of other kinds, imported by one command."""
    files = [data_file(f"pabulib/{name}") for name in ELECTIONS]
    files += [data_file(f"pabulib-other/{name}") for name in OTHERS]
    answer: dict[str, Any] = json.loads(town.run("import", "pabulib", *map(str, files), "--json"))
    return answer


def _round_id(name: str) -> str:
    return "-".join(
        "".join(
            c if c in "abcdefghijklmnopqrstuvwxyz0123456789" else " " for c in Path(name).stem.lower()
        ).split()
    )


def _round(town: Town, name: str, token: str) -> Any:
    return town.get(f"/v1/rounds/{_round_id(name)}", after=token)


def _tokens(imported: dict[str, Any]) -> dict[str, str]:
    return {Path(item["file"]).name: item["position"] for item in imported["files"]}


def test_the_elections_are_all_there() -> None:
    """133,312 ballots with 179,291 choices of 11 elections, by an independent reading of the files."""
    found = [election(f"pabulib/{name}") for name in ELECTIONS]
    assert len(found) == 11
    assert sum(len(one.votes) for one in found) == BALLOTS
    assert sum(len(vote["vote"].split(",")) for one in found for vote in one.votes) == CHOICES


@pytest.mark.parametrize(
    "name", [f"pabulib/{name}" for name in ELECTIONS] + [f"pabulib-other/{n}" for n in OTHERS]
)
def test_every_project_has_exactly_its_official_votes(
    town: Town, imported: dict[str, Any], name: str
) -> None:
    official = election(name)
    found = _round(town, name, _tokens(imported)[Path(name).name])
    assert found["ballots"] == len(official.votes)
    assert {p["id"]: p["votes"] for p in found["projects"]} == {
        p["project_id"]: int(p["votes"]) for p in official.projects
    }
    if "score" in official.projects[0]:
        assert {p["id"]: p["score"] for p in found["projects"]} == {
            p["project_id"]: int(p["score"]) for p in official.projects
        }
    rule = official.meta["rule"]
    if "selected" in official.projects[0] and rule in ("greedy", "greedy-no-skip", "greedy-threshold"):
        assert {p["id"] for p in found["projects"] if p["selected"]} == {
            p["project_id"] for p in official.projects if p["selected"] == "1"
        }


def test_the_same_import_again_changes_no_number_and_reports_the_duplicates(
    town: Town, imported: dict[str, Any]
) -> None:
    """With a second projector beside the first."""
    names = [name for name in ELECTIONS if "Wroclaw" not in name]
    before = {name: _without_place(_round(town, name, _tokens(imported)[name])) for name in names}
    second = subprocess.Popen([sys.executable, "-m", "townhall", "project"], env=environment(town.home))
    try:
        files = [str(data_file(f"pabulib/{name}")) for name in names]
        again = json.loads(town.run("import", "pabulib", *files, "--json"))
    finally:
        second.terminate()
        second.wait(30)
    for item in again["files"]:
        assert item["duplicates"] == item["events"], item
    after = {name: _without_place(_round(town, name, _tokens(again)[name])) for name in names}
    assert after == before


def _without_place(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "as_of"}


def test_nyc_requests_arrive_complete(town: Town) -> None:
    """117 rows are accepted or rejected with a reason; times are New York's."""
    file = data_file("nyc311_2016_noise.csv")
    answer = json.loads(town.run("import", "nyc311", str(file), "--city", "new-york", "--json"))["files"][0]
    assert answer["rows"] == 117
    assert answer["accepted"] + answer["rejected"] == 117
    found = town.get("/v1/requests/new-york/33648024", after=answer["position"])
    assert found["opened_at"] == "2016-06-21T02:04:21Z"  # 06/20/2016 10:04:21 PM in New York, in summer
    assert found["closed_at"] == "2016-06-21T03:12:32Z"
    assert found["stage"] == "closed"
    day = {"from": "2016-06-20", "to": "2016-06-20", "after": answer["position"]}
    types = town.get("/v1/pulse/new-york", **day)["days"][0]["types"]
    assert types["service_request.opened"] == _opened_on("06/20/2016")


def _opened_on(day: str) -> int:
    """Rows of the file created on a local day, by an independent reading."""
    with data_file("nyc311_2016_noise.csv").open(newline="") as file:
        return sum(row["Created Date"].startswith(day) for row in csv.DictReader(file))


def test_open311_requests_arrive_complete_and_the_hidden_stage_is_found(town: Town) -> None:
    for name, city, rows in (
        ("open311_chicago_requests.json", "chicago", 2),
        ("open311_toronto_requests.xml", "toronto", 2),
    ):
        answer = json.loads(town.run("import", "open311", str(data_file(name)), "--city", city, "--json"))[
            "files"
        ][0]
        assert (answer["rows"], answer["accepted"], answer["rejected"]) == (rows, rows, 0)
    toronto = town.get("/v1/requests/toronto/101005420892", after=answer["position"])
    assert toronto["stage"] == "scheduled"
    assert toronto["status"] == "open"
    assert toronto["local_status"].startswith("In progress")


def test_kcat_reads_cloudevents_headers_and_plain_json(town: Town, imported: dict[str, Any]) -> None:
    del imported
    kafka = json.loads((town.home / "running.json").read_text())["kafka"]
    done = subprocess.run(
        ["kcat", "-b", kafka, "-C", "-t", "townhall.ideas", "-o", "beginning", "-c", "50", "-q", "-J"],
        capture_output=True,
        check=True,
        timeout=30,
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 50
    for record in records:
        headers = dict(zip(record["headers"][::2], record["headers"][1::2], strict=True))
        assert headers["ce_specversion"] == "1.0"
        assert headers["ce_type"].startswith("org.citiesofservice.")
        assert record["key"] == f"{headers['ce_city']}/{headers['ce_subject']}"
        assert json.loads(record["payload"])


def test_a_plain_driver_finds_the_documented_collections(town: Town, imported: dict[str, Any]) -> None:
    from pymongo import MongoClient

    del imported
    running = json.loads((town.home / "running.json").read_text())
    with MongoClient[dict[str, Any]](running["mongo"]) as client:
        names = set(client["townhall"].list_collection_names())
        documented = {
            line.split("`")[1]
            for line in (Path(__file__).parents[2] / "projections" / "COLLECTIONS.md")
            .read_text()
            .splitlines()
            if line.startswith("### ")
        }
        assert documented <= names
        votes = Counter(
            {
                row["_id"]["project"]: row["votes"]
                for row in client["townhall"]["votes_by_project"].find(
                    {"_id.round": _round_id("Poland_Gdansk_2020.pb")}
                )
            }
        )
    official = election("pabulib/Poland_Gdansk_2020.pb")
    assert votes == Counter({p["project_id"]: int(p["votes"]) for p in official.projects})


def test_status_tells_where_each_projection_stands(town: Town, imported: dict[str, Any]) -> None:
    del imported
    said = town.run("status")
    for name in ("requests", "participation", "pulse"):
        assert name in said


def test_pages_show_real_numbers(town: Town, imported: dict[str, Any]) -> None:
    del imported
    coalition = httpx2.get(f"{town.url}/").text
    assert "Port Linden" in coalition
    assert "Gdańsk" in coalition


def test_status_answers_machines_in_json(town: Town) -> None:
    rows = json.loads(town.run("status", "--json"))["projections"]
    assert {(row["projection"], row["topic"]) for row in rows} == {
        (one.name, topic.name) for one in (*BY_NAME.values(), *FOLLOW_UPS) for topic in one.topics
    }
    (ideas,) = [row for row in rows if row["projection"] == "participation"]
    assert ideas["applied"] > 0
    assert (ideas["waiting"], ideas["oldest_seconds"], ideas["halted"]) == (0, None, {})


def test_a_second_start_in_the_same_folder_says_where_the_first_runs(town: Town) -> None:
    command = [sys.executable, "-m", "townhall", "up"]
    done = subprocess.run(
        command, env=environment(town.home), capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 1
    assert f"townhall runs from {town.home} already: look at {town.url}/." in done.stderr
    assert f"(process {town.process.pid})" in done.stderr


def test_being_asked_to_end_stops_everything_in_order_and_leaves_no_orphan(tmp_path: Path) -> None:
    process = up(tmp_path / "home")
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 3
    process.send_signal(signal.SIGTERM)  # each town that a test ran is stopped as by Ctrl-C
    assert process.wait(40) == 0
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    assert not (tmp_path / "home" / "running.json").exists()


def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    process = up(tmp_path / "home")
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait(10)
    deadline = time.monotonic() + 40
    while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in family):
        assert time.monotonic() < deadline, family
        time.sleep(0.1)


def test_a_killed_projector_is_started_again(town: Town) -> None:
    family = psutil.Process(town.process.pid).children(recursive=True)
    (projector,) = [child for child in family if "project" in child.cmdline()]
    projector.kill()
    file = data_file("pabulib/US_Stanford_Dataset_PB_Chicago_35th_Ward_2019_vote_approvals.pb")
    answer = json.loads(town.run("import", "pabulib", str(file), "--json"))["files"][0]
    assert answer["duplicates"] is not None  # somebody has counted them
    assert _round(town, file.name, answer["position"])["ballots"] == 115
