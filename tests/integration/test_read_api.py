"""The read API on a real MongoDB that holds what the engine would have stored."""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from events.envelope import PREFIX
from infra.embedded import Endpoints
from projections.api import changes, respond
from projections.api.app import create_app
from tests.support import build, town
from tests.support.read_models import ReadModels
from tests.support.web import serve

pytestmark = pytest.mark.servers


class Town:
    """A running read API and the database behind it."""

    def __init__(self, models: ReadModels, url: str) -> None:
        self.models = models
        self.url = url
        self.http = httpx2.Client(base_url=url, timeout=30)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def problem(self, path: str, **params: Any) -> tuple[int, dict[str, Any]]:
        answer = self.http.get(path, params=params)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()


@pytest.fixture(scope="module")
def here(servers: Endpoints) -> Iterator[Town]:
    """Riverton with its history, and two cities without any."""
    models = ReadModels(servers.mongo, f"t_{uuid4().hex[:12]}")
    models.add_cities(town.RIVERTON, town.LAKESIDE, town.EMPTY)
    models.play(*town.events(), *_places(), *_ratings(), build.idea_withdrawn("i1"))
    with serve(create_app(models.settings)) as url:
        running = Town(models, url)
        yield running
        running.http.close()
    models.close()


def _places() -> list[Any]:
    """Two anonymous reports: their exact places are (-73.9504, ...) and (-73.9496, ...), shown as -73.95."""
    return [
        build.opened(name, long=long, lat=40.5004, anonymous=True, service_code="leak", service_name="Leak")
        for name, long in (("anon-west", -73.9504), ("anon-east", -73.9496))
    ]


def _ratings() -> list[Any]:
    many = [build.feedback(f"f{n}", program="camp", rating=n % 5 + 1) for n in range(6)]
    return many + [build.feedback(f"g{n}", program="choir", rating=1) for n in range(4)]


def test_the_numbers_of_a_city_are_those_of_its_documents(here: Town) -> None:
    cities = {city["id"]: city for city in here.get("/v1/cities")["cities"]}
    assert list(cities) == ["emptyville", "lakeside", "riverton"]
    db = here.models.db
    shown = cities["riverton"]
    assert shown["open_requests"] == db["service_requests"].count_documents(
        {"city": "riverton", "status": "open"}
    )
    assert shown["ballots"] == db["ballots"].count_documents({"city": "riverton"}) == 120
    assert shown["ideas"] == 4  # five submitted, one withdrawn
    assert cities["emptyville"] == here.get("/v1/cities/emptyville")
    assert cities["emptyville"]["ballots"] == 0


def test_neighbourhoods_are_read_as_geojson(here: Town) -> None:
    square = [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]
    told = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"neighbourhood_id": "north", "name": None},
                "geometry": {"type": "Polygon", "coordinates": square},
            }
        ],
    }
    assert here.get("/v1/cities/lakeside/neighbourhoods")["features"] == []
    here.models.db["neighbourhoods"].insert_one({"_id": "lakeside", **told})
    assert here.get("/v1/cities/lakeside/neighbourhoods") == told


def test_a_round_shows_every_ballot_counted_by_hand(here: Town) -> None:
    shown = here.get("/v1/rounds/pb-2026")
    by_hand: dict[str, int] = {}
    for ballot in here.models.db["ballots"].find({"round": "pb-2026"}):
        for choice in ballot["choices"]:
            by_hand[choice["project_id"]] = by_hand.get(choice["project_id"], 0) + 1
    assert {one["id"]: one["votes"] for one in shown["projects"]} == by_hand
    assert (shown["city"], shown["ballots"], shown["rule"], shown["budget"]) == (
        "riverton",
        120,
        "greedy",
        150000,
    )
    assert set(shown["projects"][0]) == {"id", "name", "cost", "votes", "score", "selected"}
    assert sum(one["cost"] for one in shown["projects"] if one["selected"]) == shown["spent"] <= 150000
    assert len(shown["input_hash"]) == 64
    assert {type(one["cost"]) for one in shown["projects"]} == {int, float}


def test_a_round_id_that_two_cities_use_needs_the_city(here: Town) -> None:
    here.models.play(
        build.round_opened("spring", title="Ours"),
        build.event("spring", build.round_opened("spring").data, city="lakeside"),
    )
    status, problem = here.problem("/v1/rounds/spring")
    assert status == 409
    assert "?city=" in problem["detail"]
    assert here.get("/v1/rounds/spring", city="lakeside")["city"] == "lakeside"
    listed = [(one["city"], one["round"]) for one in here.get("/v1/rounds", limit=100)["rounds"]]
    assert {("lakeside", "spring"), ("riverton", "spring"), ("riverton", "pb-2026")} <= set(listed)


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_of_requests_hold_each_request_once(here: Town, limit: int) -> None:
    ids = [one["id"] for one in _all_pages(here, "/v1/requests", "requests", city="riverton", limit=limit)]
    stored = here.models.db["service_requests"].distinct("request_id", {"city": "riverton"})
    assert sorted(ids) == sorted(stored)


@pytest.mark.parametrize("sort", ["support", "new"])
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_pages_of_ideas_hold_each_idea_once_in_their_order(here: Town, sort: str, limit: int) -> None:
    ideas = list(_all_pages(here, "/v1/ideas", "ideas", city="riverton", sort=sort, limit=limit))
    assert sorted(one["id"] for one in ideas) == ["i0", "i2", "i3", "i4"]
    key = "supporters" if sort == "support" else "submitted_at"
    assert [one[key] for one in ideas] == sorted((one[key] for one in ideas), reverse=True)


def _all_pages(here: Town, path: str, field: str, **params: Any) -> Iterator[Any]:
    cursor: dict[str, str] = {}
    while True:
        page = here.get(path, **params, **cursor)
        assert len(page[field]) <= params["limit"]
        yield from page[field]
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}


def test_filters_of_requests_hold_for_each_answer(here: Town) -> None:
    asked = {"stage": "acknowledged", "service_code": "pothole", "status": "open"}
    found = here.get("/v1/requests", city="riverton", limit=100, **asked)["requests"]
    assert found
    assert {(one["stage"], one["service_code"], one["status"]) for one in found} == {tuple(asked.values())}


def test_a_box_finds_anonymous_reports_by_their_rounded_place_only(here: Town) -> None:
    """Both are shown at -73.95, 40.5: no box tells them apart, however small."""

    def inside(box: str) -> set[str]:
        return {
            one["id"] for one in here.get("/v1/requests", city="riverton", bbox=box, limit=100)["requests"]
        }

    assert inside("-73.95,40.5,-73.95,40.5") == {"anon-west", "anon-east"}
    assert inside("-73.9505,40.4,-73.9501,40.6") == set()
    assert inside("-73.9499,40.4,-73.9490,40.6") == set()


def test_geojson_holds_open_requests_with_a_place_longitude_first(here: Town) -> None:
    answer = here.http.get("/v1/requests.geojson", params={"city": "riverton"})
    assert answer.headers["content-type"] == "application/geo+json"
    shown = answer.json()
    stored = here.models.db["service_requests"].find(
        {"city": "riverton", "status": "open", "point": {"$ne": None}}
    )
    assert {one["id"] for one in shown["features"]} == {one["request_id"] for one in stored}
    anonymous = [
        one["geometry"]["coordinates"] for one in shown["features"] if one["properties"]["anonymous"]
    ]
    assert anonymous
    assert all(round(degree, 3) == degree for point in anonymous for degree in point)


def test_feedback_from_fewer_than_five_is_suppressed(here: Town) -> None:
    camp, choir = here.get("/v1/feedback", city="riverton")["programs"]
    assert camp == {
        "program_id": "camp",
        "suppressed": False,
        "responses": 6,
        "mean": 2.67,
        "ratings": {"1": 2, "2": 1, "3": 1, "4": 1, "5": 1},
    }
    assert choir == {
        "program_id": "choir",
        "suppressed": True,
        "responses": None,
        "mean": None,
        "ratings": None,
    }


def test_the_pulse_has_every_day_and_sums_over_partitions(here: Town) -> None:
    days = here.get("/v1/pulse/riverton")["days"]
    assert len(days) == 14
    assert all(day["events"] == sum(day["types"].values()) for day in days)
    long_ago = here.get("/v1/pulse/riverton", **{"from": "2026-04-01", "to": "2026-04-01"})["days"]
    types = long_ago[0]["types"]
    assert types["program_feedback.submitted"] == 10
    assert here.get("/v1/pulse/emptyville")["days"][0]["types"] == {}


@pytest.mark.parametrize(
    ("first", "last"), [("2026-04-02", "2026-04-01"), ("2020-01-01", "2026-01-01"), (None, "0001-01-02")]
)
def test_a_pulse_over_no_days_or_too_many_is_refused(here: Town, first: str | None, last: str) -> None:
    asked = {"to": last} | ({"from": first} if first else {})
    assert here.problem("/v1/pulse/riverton", **asked)[0] == 400


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/v1/cities/atlantis", {}, 404),
        ("/v1/requests", {"city": "atlantis"}, 404),
        ("/v1/requests", {}, 422),
        ("/v1/requests", {"city": "riverton", "stage": "$ne"}, 422),
        ("/v1/requests", {"city": "riverton", "cursor": "nonsense"}, 400),
        ("/v1/requests", {"city": "riverton", "bbox": "1,2,3"}, 400),
        ("/v1/requests", {"city": "riverton", "bbox": "3,2,1,4"}, 400),
        ("/v1/requests", {"city": "riverton", "limit": 101}, 422),
        ("/v1/requests/riverton/none", {}, 404),
        ("/v1/rounds/none", {}, 404),
        ("/v1/ideas/riverton/none", {}, 404),
        ("/v1/stream/atlantis", {}, 404),
        ("/v1/cities", {"after": "nonsense"}, 400),
        ("/v1/cities", {"after": "ideas.99.1"}, 400),
    ],
)
def test_what_cannot_be_answered_is_a_problem(
    here: Town, path: str, params: dict[str, Any], status: int
) -> None:
    found, problem = here.problem(path, **params)
    assert found == problem["status"] == status
    assert problem["detail"]


def test_a_read_with_a_token_waits_until_the_projection_has_passed_it(here: Town) -> None:
    """The checkpoint moves half a second after the question; the answer comes only then."""
    token = here.models.play(build.opened("wait-1"))
    topic, partition, offset = token.split(".")
    moved = {"_id": f"townhall.requests.v3/townhall.{topic}/{partition}"}
    checkpoints = here.models.db["checkpoints"]
    checkpoints.update_one(moved, {"$set": {"next": int(offset)}})
    back = threading.Timer(0.5, checkpoints.update_one, (moved, {"$set": {"next": int(offset) + 1}}))
    started = time.monotonic()
    back.start()
    assert here.get("/v1/requests/riverton/wait-1", after=token)["stage"] == "submitted"
    assert time.monotonic() - started >= 0.5
    assert here.get("/v1/requests/riverton/wait-1", after=token)["as_of"]


def test_a_token_that_is_not_passed_in_time_is_a_504_that_says_what_to_do(
    here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(respond, "WAIT_SECONDS", 0.3)
    status, problem = here.problem("/v1/rounds/pb-2026", after="ideas.0.999999")
    assert status == 504
    assert "same token" in problem["detail"]
    assert here.get("/v1/requests", city="riverton", after="ideas.0.999999"), "another projection's token"


def test_an_unchanged_answer_is_not_sent_again(here: Town) -> None:
    for path in ("/v1/cities", "/cities/lakeside"):
        first = here.http.get(path)
        assert first.headers["cache-control"] == "no-cache"
        again = here.http.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_a_page_shows_a_change_at_once_although_pages_are_kept(here: Town) -> None:
    before = here.http.get("/cities/lakeside/requests").text
    here.models.play(build.event("new-1", build.opened("new-1").data, city="lakeside"))
    assert "new-1" not in before
    assert "new-1" in here.http.get("/cities/lakeside/requests").text


def test_no_answer_names_a_participant(here: Town) -> None:
    pages = ["/", "/cities/riverton", "/cities/riverton/rounds/pb-2026", "/cities/riverton/ideas/i0"]
    data = ["/v1/rounds/pb-2026", "/v1/ideas?city=riverton", "/v1/requests?city=riverton", "/v1/cities"]
    for path in (*pages, *data):
        text = here.http.get(path).text
        assert "participant-0" not in text
        assert "supporter-0" not in text


def test_pages_forbid_scripts_of_others_and_being_framed(here: Town) -> None:
    for path in ("/", "/cities/riverton", "/cities/atlantis"):
        headers = here.http.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_an_unknown_page_is_a_page(here: Town) -> None:
    for path in ("/cities/atlantis", "/cities/riverton/rounds/none", "/cities/riverton/requests?cursor=x"):
        answer = here.http.get(path)
        assert answer.status_code in {400, 404}
        assert answer.headers["content-type"].startswith("text/html")


def test_a_stream_tells_of_a_change_within_a_second(here: Town) -> None:
    with here.http.stream("GET", "/v1/stream/riverton") as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line) == ": listening"
        assert next(line for line in lines if line).startswith("retry:")
        here.models.play(build.opened(f"s-{uuid4().hex[:8]}"))
        started = time.monotonic()
        assert next(line for line in lines if line) == "event: changed"
        assert time.monotonic() - started < 1


def test_one_stream_too_many_is_refused(here: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_LISTENERS", 1)
    with here.http.stream("GET", "/v1/stream") as stream:
        lines = stream.iter_lines()
        next(lines)
        assert here.problem("/v1/stream")[0] == 503


def test_a_server_with_open_streams_stops_within_seconds_and_ends_them_in_order(here: Town) -> None:
    with ExitStack() as stack:
        with serve(create_app(here.models.settings)) as url:
            stream = stack.enter_context(httpx2.stream("GET", f"{url}/v1/stream", timeout=30))
            lines = stream.iter_lines()
            next(lines)
            reader = stack.enter_context(ThreadPoolExecutor(1))
            rest = reader.submit(list, lines)  # raises if the connection is cut
            stopping = time.monotonic()
        assert time.monotonic() - stopping < 3
        assert "event: changed" not in rest.result(1)


def test_positions_are_those_of_the_version_that_readers_see(here: Town) -> None:
    """While version 4 is filled beside version 3 it counts for nothing; after the switch it alone does."""
    db = here.models.db
    ahead = {"_id": "townhall.participation.v4/townhall.ideas/0", "next": 10**9}
    db["checkpoints"].insert_one(ahead)
    try:
        before = here.get("/v1/rounds/pb-2026")["as_of"]
        db.command("collMod", "ideas", viewOn="ideas.v4", pipeline=[])
        after = here.get("/v1/rounds/pb-2026")["as_of"]
    finally:
        db.command("collMod", "ideas", viewOn="ideas.v3", pipeline=[])
        db["checkpoints"].delete_one({"_id": ahead["_id"]})
    assert "999999999" not in before
    assert after == "ideas.0.999999999"


def test_the_openapi_document_is_31_and_names_problems(here: Town) -> None:
    document = here.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert "application/problem+json" in str(
        document["paths"]["/v1/rounds/{round_id}"]["get"]["responses"]["409"]
    )


def test_the_page_about_data_lists_what_can_be_read_and_its_links_can_be_opened(here: Town) -> None:
    page = here.http.get("/data").text
    for name in ("/v1/requests?city={city}", "votes_by_project", "townhall.ideas"):
        assert f"<code>{name}</code>" in page
    links = re.findall(r'href="(/(?:v1|openapi)[^"]*)"', page)
    assert {"/v1/cities", "/v1/metrics", "/v1/practices", "/v1/rounds", "/openapi.json"} == set(links)
    assert {here.http.get(link).status_code for link in links} == {200}
    assert 'href="/data"' in here.http.get("/").text


def test_types_are_named_without_prefix(here: Town) -> None:
    assert PREFIX not in here.http.get("/v1/pulse/riverton").text


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/nope", 404, "Not found"),
        ("/cities/riverton/rounds", 404, "Not found"),
        ("/cities/atlantis", 404, "Not found"),
        ("/cities/riverton/requests?cursor=x", 400, "Wrong address"),
        ("/cities/riverton/requests?status=lost", 422, "Wrong address"),
    ],
)
def test_a_browser_gets_a_page_for_a_wrong_address(here: Town, path: str, status: int, title: str) -> None:
    answer = here.http.get(path, headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f"<h1>{title}</h1>" in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    for words in ("/v1/cities", "?after=", "Nothing was changed"):
        assert words not in answer.text


@pytest.mark.parametrize(("path", "headers"), [("/v1/nope", BROWSER), ("/v1", BROWSER), ("/nope", {})])
def test_a_program_gets_a_problem_for_a_wrong_address(here: Town, path: str, headers: dict[str, str]) -> None:
    answer = here.http.get(path, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "Nothing was changed" not in answer.text
    assert "Nothing was changed" in here.http.post(path, headers=headers).text


def test_the_address_of_all_cities_leads_to_the_first_page(here: Town) -> None:
    answer = here.http.get("/cities", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/")


def test_the_map_says_how_many_open_requests_have_no_place(here: Town) -> None:
    here.models.play(build.opened("nowhere-1", long=None, lat=None))
    shown = here.get("/v1/requests.geojson", city="riverton")
    open_ = here.get("/v1/cities/riverton")["open_requests"]
    assert shown["without_place"] >= 1
    assert len(shown["features"]) + shown["without_place"] == open_
    assert here.get("/v1/requests.geojson", city="emptyville")["without_place"] == 0


def test_open_and_closed_requests_are_kept_as_different_pages(here: Town) -> None:
    shown = {
        status: here.http.get(f"/cities/riverton/requests?status={status}").text
        for status in ("open", "closed", "open")
    }
    assert "<h1>Open requests</h1>" in shown["open"]
    assert "<h1>Closed requests</h1>" in shown["closed"]
