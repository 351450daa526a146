"""From what participants said to what came of it, on a real MongoDB: one read shows the whole way."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from events.envelope import Event
from events.types.practices import Measured
from infra.embedded import Endpoints
from tests.support import build
from tests.support.builders import groups, practices, results, stewardship, volunteering
from tests.support.reading import Reading, reading

pytestmark = pytest.mark.servers

MAY, JUNE, JULY = (f"2026-0{month}-01T09:00:00-04:00" for month in (5, 6, 7))


@pytest.fixture(scope="module")
def here(servers: Endpoints) -> Iterator[Reading]:
    with reading(servers, *_history(), *_groups(), *_practices()) as running:
        yield running


def _history() -> list[Event]:
    made = {"idea_ids": ("i1", "i2", "i-unknown"), "problem_ids": ("p1",), "project_id": "project-1"}
    return [
        build.opened("r1", at=MAY),
        build.opened("r2", at=MAY),
        build.submitted("i1", at=MAY, title="Trees at the stops", problem_id="p1"),
        build.submitted("i2", at=MAY, title="Awnings"),
        build.idea_withdrawn("i2", at=JUNE),
        build.answered("i1", at=JUNE),
        build.problem("p1", at=JUNE, request_ids=("r1", "r2", "r-unknown")),
        build.problem("p2", at=MAY, statement="Noise", request_ids=("r1",)),
        results.created("shade", at=JUNE, summary="Ten stops", evidence=("https://a.example/plan",), **made),
        results.progressed("shade", percent=40, milestone="Four stand", note="On it", at=JULY),
        results.created("done", at=MAY, percent=100, idea_ids=("i1",)),
        results.created("later", at=MAY, problem_ids=("p2",)),
    ]


def _groups() -> list[Event]:
    people = [f"member-pseudonym-{n:04}" for n in range(4)]
    return [
        groups.formed("large", leader=build.ANN, at=JUNE, neighbourhood_id="north", purpose="A clean bank"),
        *(groups.joined("large", by=one) for one in people),
        groups.formed("small", leader=build.ANN, at=MAY),
        *(groups.joined("small", by=one) for one in (*people[:3], build.ANN)),
        groups.led_by("never-formed", leader=build.BEN),
        volunteering.published("bank", group_id="large"),
        volunteering.published("other"),
        stewardship.adopted("drain-1", adoption="a1", group_id="large", nickname="Ours"),
        stewardship.looked_after("drain-1", adoption="a1"),
        stewardship.adopted("drain-2", adoption="a2", group_id="large"),
        stewardship.released("drain-2", adoption="a2"),
    ]


def _practices() -> list[Event]:
    halved = (Measured(**{**practices.MOWN.model_dump(), "result": "39.25"}),)
    return [
        practices.published("lots", at=MAY),
        practices.published("quiet", at=MAY, category="citizen_sourced"),
        *(
            practices.adopted_elsewhere("lots", at=at, by_city=by, by_practice_id="taken")
            for by, at in (("lakeside", JULY), ("emptyville", JUNE))
        ),
        practices.adopted("taken", city="lakeside", at=JULY, from_city="riverton", from_practice_id="lots"),
        practices.outcome("taken", city="lakeside", at=JULY, measures=halved),
    ]


def _ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in found]


def _at(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")


def test_one_read_leads_from_a_request_to_what_came_of_it(here: Reading) -> None:
    shown = here.get("/v1/requests/riverton/r1")
    assert [(one["id"], one["requests"]) for one in shown["problems"]] == [("p1", 3), ("p2", 1)]
    assert [(one["id"], one["percent"]) for one in shown["results"]] == [("shade", 40), ("later", 0)]
    assert here.get("/v1/requests/riverton/r2")["results"][0]["milestone"] == "Four stand"


def test_an_idea_shows_its_results_alone_and_in_a_listing(here: Reading) -> None:
    alone = here.get("/v1/ideas/riverton/i1")["results"]
    assert [(one["id"], one["percent"]) for one in alone] == [("shade", 40), ("done", 100)]
    (listed,) = [one for one in here.get("/v1/ideas", city="riverton")["ideas"] if one["id"] == "i1"]
    assert listed["results"] == alone


def test_a_result_shows_what_it_came_from_and_its_steps(here: Reading) -> None:
    shown = here.get("/v1/results/riverton/shade")
    assert {one["id"]: one["title"] for one in shown["ideas"]} == {"i1": "Trees at the stops", "i2": None}
    assert shown["idea_ids"] == ["i1", "i2", "i-unknown"]
    assert _ids(shown["problems"]) == ["p1"]
    assert [(one["percent"], one["milestone"], one["notes"]) for one in shown["history"]] == [
        (0, None, "Ten stops"),
        (40, "Four stand", "On it"),
    ]
    assert (shown["progressed_at"], shown["completed_at"]) == (_at(JULY), None)
    assert shown["evidence"] == ["https://a.example/plan"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["shade", "done", "later"]),
        ({"state": "completed"}, ["done"]),
        ({"state": "under_way"}, ["shade"]),
        ({"state": "not_begun"}, ["later"]),
        ({"idea": "i1"}, ["shade", "done"]),
        ({"problem": "p2"}, ["later"]),
        ({"project": "project-1"}, ["shade"]),
        ({"idea": "i1", "state": "completed"}, ["done"]),
    ],
)
def test_results_are_found_by_how_far_they_are_and_by_what_they_name(
    here: Reading, asked: dict[str, str], found: list[str]
) -> None:
    assert _ids(here.get("/v1/results", city="riverton", **asked)["results"]) == found


def test_pages_of_results_hold_each_once(here: Reading) -> None:
    first = here.get("/v1/results", city="riverton", limit=2)
    rest = here.get("/v1/results", city="riverton", limit=2, cursor=first["next"])
    assert _ids([*first["results"], *rest["results"]]) == ["shade", "done", "later"]
    assert rest["next"] is None


def test_a_problem_shows_its_requests_the_ideas_that_answer_it_and_its_results(here: Reading) -> None:
    shown = here.get("/v1/problems/riverton/p1")
    assert {one["id"]: one["stage"] for one in shown["belonging"]} == {"r1": "submitted", "r2": "submitted"}
    assert (shown["requests"], _ids(shown["ideas"]), _ids(shown["results"])) == (3, ["i1"], ["shade"])
    assert _ids(here.get("/v1/problems", city="riverton")["problems"]) == ["p1", "p2"]


def test_a_group_shows_how_many_belong_to_it_its_leader_once(here: Reading) -> None:
    found = {one["id"]: one for one in here.get("/v1/groups", city="riverton")["groups"]}
    assert list(found) == ["large", "small"]
    assert (found["large"]["members"], found["small"]["members"]) == (5, None)  # four and the leader; four
    here.models.play(groups.joined("large", by=build.ANN))
    assert here.get("/v1/groups/riverton/large")["members"] == 5
    assert _ids(here.get("/v1/groups", city="riverton", neighbourhood="north")["groups"]) == ["large"]


def test_a_group_shows_what_it_does(here: Reading) -> None:
    shown = here.get("/v1/groups/riverton/large")
    assert [(one["id"], one["title"]) for one in shown["organises"]] == [("bank", "Clean the bank")]
    assert [(one["asset_id"], one["check_ins"]) for one in shown["cares_for"]] == [("drain-1", 1)]


def test_no_member_and_no_leader_is_published(here: Reading) -> None:
    shown = here.text("/v1/groups?city=riverton") + here.text("/v1/groups/riverton/large")
    assert "pseudonym" not in shown


def test_a_practice_shows_where_it_went_and_what_came_with_it(here: Reading) -> None:
    shown = here.get("/v1/practices/riverton/lots")
    assert [(one["city"], one["days"]) for one in shown["adoptions"]] == [
        ("emptyville", 31),
        ("lakeside", 61),
    ]
    assert (shown["cities"], shown["median_days"]) == (2, 31)
    assert [one["replicated"] for one in shown["adoptions"]] == [
        [],
        [
            {
                "metric_code": "vacant_lots_mown",
                "unit": "percent",
                "origin": "78.5",
                "adopter": "39.25",
                "ratio": "0.50",
            }
        ],
    ]
    taken = here.get("/v1/practices/lakeside/taken")
    assert (taken["from_city"], taken["from_practice_id"], taken["cities"]) == ("riverton", "lots", 0)
    assert taken["outcome"]["measures"][0]["result"] == "39.25"


def test_practices_are_listed_over_all_cities_or_of_one_or_of_a_kind(here: Reading) -> None:
    assert {one["id"]: one["cities"] for one in here.get("/v1/practices")["practices"]} == {
        "lots": 2,
        "quiet": 0,
        "taken": 0,
    }
    assert _ids(here.get("/v1/practices", city="lakeside")["practices"]) == ["taken"]
    assert _ids(here.get("/v1/practices", category="citizen_sourced")["practices"]) == ["quiet"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/results/riverton/none", 404),
        ("/v1/problems/riverton/none", 404),
        ("/v1/groups/riverton/none", 404),
        ("/v1/practices/riverton/none", 404),
        ("/v1/results?city=atlantis", 404),
        ("/v1/practices?city=atlantis", 404),
        ("/v1/results", 422),
        ("/v1/results?city=riverton&state=lost", 422),
        ("/v1/groups?city=riverton&cursor=nonsense", 400),
    ],
)
def test_what_cannot_be_answered_is_a_problem(here: Reading, path: str, status: int) -> None:
    answer = here.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_answers_carry_a_tag_and_the_place_that_they_show(here: Reading) -> None:
    for path in ("/v1/results/riverton/shade", "/v1/practices/riverton/lots"):
        answer = here.http.get(path)
        assert answer.json()["as_of"]
        again = here.http.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
