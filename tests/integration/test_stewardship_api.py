"""Things of the city and who takes care of them, on a real MongoDB: numbers, lists, and nobody named."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from events.envelope import Event
from infra.embedded import Endpoints
from tests.support import town
from tests.support.builders import city as of_city
from tests.support.builders import stewardship as told
from tests.support.reading import Reading, reading

pytestmark = pytest.mark.servers

NOW = datetime.now(town.RIVERTON.zone).replace(microsecond=0)


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


@pytest.fixture(scope="module")
def here(servers: Endpoints) -> Iterator[Reading]:
    with reading(servers, *_drains(), *_trees()) as running:
        yield running


def _drains() -> list[Event]:
    """Eight drains in the north, six of them adopted; one needs the city at once, one was given up."""
    history: list[Event] = []
    for n in range(9):
        place = {"lat": 40.5 + n / 100, "long": -74.0, "neighbourhood_id": "north", "priority": n < 2}
        history.append(told.registered(f"drain-{n}", at=ago(200), name=f"Drain {n}", **place))
    for n in range(6):
        history.append(told.adopted(f"drain-{n}", adoption=f"a{n}", by=_steward(n), at=ago(100), days=30))
        history.append(told.looked_after(f"drain-{n}", adoption=f"a{n}", at=ago(72), tasks_done=("leaves",)))
    poor: dict[str, Any] = {"condition": "urgent", "needs": ("broken_grate",)}
    return [
        *history,
        told.looked_after("drain-0", adoption="a0", at=ago(45), **poor),
        told.adopted("drain-6", adoption="a6", by=_steward(6), at=ago(99), nickname="Drainy"),
        told.waits("drain-6", by=_steward(7), at=ago(98)),
        told.retired("drain-8", at=ago(1), reason="missing_from_feed"),
        told.lapsed("drain-5", adoption="a5", at=ago(3)),
    ]


def _steward(n: int) -> str:
    return f"steward-pseudonym-{n:03}"


def _trees() -> list[Event]:
    tree = {"asset_type": "street_tree"}
    return [
        told.registered("tree-1", at=ago(9), neighbourhood_id="south", **tree),
        told.registered("tree-2", at=ago(8), not_adoptable_because="private", **tree),
        told.adopted("tree-1", adoption="a-tree", by=_steward(1), at=ago(7), nickname="Woody", group_id="g1"),
        of_city.moderated("adoption", "a-tree", action="hide", at=ago(6)),
    ]


def _ids(found: list[dict[str, Any]]) -> set[str]:
    return {one["id"] for one in found}


def test_coverage_is_counted_whole_by_kind_and_by_neighbourhood(here: Reading) -> None:
    shown = here.get("/v1/stewardship/riverton")
    assert shown["whole"] == {
        "assets": 10,
        "adoptable": 9,
        "adopted": 7,
        "percent": 77.8,
        "priority_adoptable": 2,
        "priority_adopted": 2,
        "priority_percent": 100.0,
        "attention": 1,
        "urgent": 1,
        "wanted": 1,
    }
    by_type = {one["code"]: (one["adoptable"], one["adopted"]) for one in shown["by_asset_type"]}
    assert by_type == {"storm_drain": (8, 6), "street_tree": (1, 1)}
    by_place = {one["code"]: one["assets"] for one in shown["by_neighbourhood"]}
    assert by_place == {"": 1, "north": 8, "south": 1}
    assert shown["needs"] == [{"need": "broken_grate", "assets": 1}]


def test_months_tell_what_stood_and_hide_what_would_tell_of_few(here: Reading) -> None:
    months = here.get("/v1/stewardship/riverton")["months"]
    assert len(months) == 12
    assert months[-1]["month"] == f"{NOW:%Y-%m}"
    told_of = {one["month"]: one for one in months}
    began = told_of[f"{NOW - timedelta(days=100):%Y-%m}"]
    assert not began["suppressed"]
    assert began["started"] >= 6
    before = next(one for one in months if one["month"] < f"{NOW - timedelta(days=100):%Y-%m}")
    assert before["suppressed"]
    assert {before[name] for name in ("stood", "started", "ended", "lapsed", "kept", "missed")} == {None}
    after = [one for one in months if one["month"] > began["month"]]
    assert after[0]["stood"] == began["stood"] + began["started"] - began["ended"]


def test_lists_are_of_what_the_city_has_unless_asked(here: Reading) -> None:
    def listed(**asked: Any) -> set[str]:
        return _ids(here.get("/v1/assets", city="riverton", limit=100, **asked)["assets"])

    assert len(listed()) == 10
    assert listed(state="retired") == {"drain-8"}
    assert listed(state="free") == {"drain-5", "drain-7"}
    assert listed(state="not_adoptable") == {"tree-2"}
    assert listed(asset_type="street_tree") == {"tree-1", "tree-2"}
    assert listed(asset_type="street_tree", state="adopted") == {"tree-1"}
    assert listed(attention=True) == {"drain-0"}
    assert listed(bbox="-74.1,40.49,-73.9,40.515") == {"drain-0", "drain-1"}


@pytest.mark.parametrize("limit", [1, 3])
def test_pages_hold_each_thing_once(here: Reading, limit: int) -> None:
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = here.get("/v1/assets", city="riverton", limit=limit, **cursor)
        found += [one["id"] for one in page["assets"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len(found) == len(set(found)) == 10


def test_a_map_shows_what_has_a_place(here: Reading) -> None:
    answer = here.http.get("/v1/assets.geojson", params={"city": "riverton"})
    assert answer.headers["content-type"] == "application/geo+json"
    shown = answer.json()
    assert _ids(shown["features"]) == {f"drain-{n}" for n in range(8)}
    first = next(one for one in shown["features"] if one["id"] == "drain-0")
    assert first["geometry"] == {"type": "Point", "coordinates": [-74.0, 40.5]}
    assert first["properties"]["page"] == "/cities/riverton/stewardship/drain-0"
    assert _ids(here.get("/v1/assets.geojson", city="riverton", state="free")["features"]) == {
        "drain-5",
        "drain-7",
    }


def test_one_thing_tells_its_whole_story_and_names_nobody(here: Reading) -> None:
    answer = here.http.get("/v1/assets/riverton/drain-6")
    assert "pseudonym" not in answer.text
    shown = answer.json()
    assert (shown["state"], shown["nickname"], shown["waiting"]) == ("adopted", "Drainy", 1)
    lapsed = here.get("/v1/assets/riverton/drain-5")
    assert [one["ended_by"] for one in lapsed["adoptions"]] == ["lapsed"]
    assert lapsed["free_since"] is not None
    urgent = here.get("/v1/assets/riverton/drain-0")
    assert (urgent["condition"], urgent["needs"], urgent["check_ins_total"]) == (
        "urgent",
        ["broken_grate"],
        2,
    )
    assert set(urgent["check_ins"][0]) == {"at", "condition", "tasks_done", "needs"}


def test_a_nickname_that_the_city_has_hidden_is_not_shown(here: Reading) -> None:
    shown = here.get("/v1/assets/riverton/tree-1")
    assert (shown["state"], shown["nickname"], shown["group_id"]) == ("adopted", None, "g1")
    listed = here.get("/v1/assets", city="riverton", limit=100)["assets"]
    assert {one["id"]: one["nickname"] for one in listed if one["nickname"]} == {"drain-6": "Drainy"}


def test_what_is_not_known_is_a_problem(here: Reading) -> None:
    assert here.http.get("/v1/assets/riverton/none").json()["type"].endswith("unknown_asset")
    assert here.http.get("/v1/stewardship/atlantis").status_code == 404
    assert here.http.get("/v1/assets", params={"city": "riverton", "bbox": "1,2"}).status_code == 400
    assert here.http.get("/v1/assets", params={"city": "riverton", "state": "gone"}).status_code == 422


def test_a_city_without_things_has_no_percentage(here: Reading) -> None:
    shown = here.get("/v1/stewardship/lakeside")
    assert (shown["whole"]["assets"], shown["whole"]["percent"], shown["by_asset_type"]) == (0, None, [])
    assert all(one["suppressed"] for one in shown["months"])


def test_a_read_waits_for_what_was_published(here: Reading) -> None:
    token = here.models.play(told.registered("drain-late", city="emptyville"))
    assert here.get("/v1/assets/emptyville/drain-late", after=token)["state"] == "free"


def test_the_page_shows_the_numbers_of_the_api_and_what_is_free(here: Reading) -> None:
    page = here.http.get("/cities/riverton/stewardship")
    assert page.status_code == 200
    assert "Content-Security-Policy" in page.headers
    whole = here.get("/v1/stewardship/riverton")["whole"]
    shown = dict(re.findall(r'data-count="([^"]+)" data-value="([^"]+)"', page.text))
    names = {"things": "assets", "adoptable": "adoptable", "adopted": "adopted", "attention": "attention"}
    assert {name: int(shown[name]) for name in names} == {name: whole[one] for name, one in names.items()}
    assert int(shown["waited-for"]) == whole["wanted"]
    assert "77.8" in page.text
    assert _linked(page.text) == {"drain-5", "drain-7"}
    assert "pseudonym" not in page.text


def _linked(page: str) -> set[str]:
    return set(re.findall(r'href="/cities/riverton/stewardship/([^"?]+)"', page))


@pytest.mark.parametrize(
    ("status", "listed"),
    [
        ("attention", {"drain-0"}),
        ("retired", {"drain-8"}),
        ("adopted", {f"drain-{n}" for n in (0, 1, 2, 3, 4, 6)}),
    ],
)
def test_each_list_of_the_page_has_an_address(here: Reading, status: str, listed: set[str]) -> None:
    page = here.text(f"/cities/riverton/stewardship?status={status}")
    assert _linked(page) == listed | ({"tree-1"} if status == "adopted" else set())
    assert page.count('aria-current="page"') == 2  # where you are, and which list


def test_a_thing_has_a_page(here: Reading) -> None:
    page = here.text("/cities/riverton/stewardship/drain-6")
    assert "<h1>Drainy</h1>" in page
    assert "1 person" in page
    assert "lapsed: nobody came any more" in here.text("/cities/riverton/stewardship/drain-5")
    assert "Broken grate" in here.text("/cities/riverton/stewardship/drain-0")
    assert "Missing from feed" in here.text("/cities/riverton/stewardship/drain-8")
    assert "Woody" not in here.text("/cities/riverton/stewardship/tree-1")
    assert "Private" in here.text("/cities/riverton/stewardship/tree-2")
    missing = here.http.get("/cities/riverton/stewardship/none")
    assert (missing.status_code, "No such asset" in missing.text) == (404, True)


def test_what_a_steward_wrote_is_escaped(here: Reading) -> None:
    here.models.play(told.adopted("drain-7", city="emptyville", at=ago(0), nickname=town.XSS))
    page = here.text("/cities/emptyville/stewardship/drain-7")
    assert "&lt;script&gt;document.title" in page
    assert "<script>document" not in page


def test_a_city_without_things_says_so_and_links_to_the_page(here: Reading) -> None:
    page = here.text("/cities/lakeside/stewardship")
    assert "There is nothing to adopt yet." in page
    assert "Too few things have been adopted to tell." in page
    assert 'href="/cities/lakeside/stewardship"' in here.text("/cities/lakeside")
