"""Pages of what came of it: complete without scripts, with the numbers of the read models."""

import re
from collections.abc import Iterator

import pytest

from infra.embedded import Endpoints
from tests.support import build
from tests.support.builders import groups, practices, results
from tests.support.reading import Reading, reading
from tests.support.town import XSS

pytestmark = pytest.mark.servers

MAY, JUNE = "2026-05-01T09:00:00-04:00", "2026-06-01T09:00:00-04:00"
TOLD = (
    build.opened("r1", at=MAY),
    build.submitted("i1", at=MAY, title="Trees at the stops", problem_id="p1"),
    build.answered("i1", at=MAY, explanation="In autumn."),
    build.problem("p1", at=MAY, request_ids=("r1",)),
    results.created("shade", at=MAY, title=f"Shade {XSS}", idea_ids=("i1",), problem_ids=("p1",)),
    results.progressed(
        "shade", percent=40, milestone="Four stand", evidence=("https://a.example/photo",), at=JUNE
    ),
    groups.formed("walkers", leader=build.ANN, at=MAY, purpose="A clean bank"),
    *(groups.joined("walkers", by=f"member-pseudonym-{n:04}") for n in range(6)),
    practices.published("lots", at=MAY),
    practices.adopted_elsewhere("lots", at=JUNE, by_practice_id="taken"),
    practices.adopted("taken", city="lakeside", at=JUNE, from_city="riverton", from_practice_id="lots"),
)
PAGES = (
    "/cities/riverton",
    "/cities/riverton/ideas",
    "/cities/riverton/ideas/i1",
    "/cities/riverton/requests/r1",
    "/cities/riverton/results",
    "/cities/riverton/results/shade",
    "/cities/riverton/problems",
    "/cities/riverton/problems/p1",
    "/cities/riverton/groups",
    "/cities/riverton/groups/walkers",
    "/practices",
    "/cities/riverton/practices/lots",
    "/cities/lakeside/practices/taken",
)


@pytest.fixture(scope="module")
def here(servers: Endpoints) -> Iterator[Reading]:
    with reading(servers, *TOLD) as running:
        yield running


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_one_heading_and_names_nobody_and_takes_words_for_words(here: Reading, page: str) -> None:
    answer = here.http.get(page)
    assert (answer.status_code, answer.text.count("<h1")) == (200, 1)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert XSS not in answer.text
    assert "pseudonym" not in answer.text.replace("No participant is named", "")


def test_each_page_can_be_reached_by_links_from_the_first_one(here: Reading) -> None:
    seen, left = set[str](), ["/"]
    while left:
        page = left.pop()
        seen.add(page)
        links = re.findall(r'href="(/(?:cities|practices)[^"]*)"', here.text(page))
        left += [link for link in dict.fromkeys(links) if link not in seen and link not in left]
    assert set(PAGES) <= seen


def test_what_came_of_it_stands_with_the_idea_the_request_and_the_city(here: Reading) -> None:
    shown = 'data-result="shade" data-value="40"'
    for page in ("", "/ideas/i1", "/requests/r1", "/problems/p1", "/results"):
        assert shown in here.text(f"/cities/riverton{page}"), page
    listed = here.text("/cities/riverton/ideas")
    assert '<a href="/cities/riverton/results/shade">' in listed
    assert "40 %" in listed


def test_a_result_shows_how_far_it_is_its_milestone_and_what_shows_it(here: Reading) -> None:
    page = here.text("/cities/riverton/results/shade")
    assert 'data-count="percent" data-value="40"' in page
    for told in ("Four stand", 'href="https://a.example/photo"', "Trees at the stops", "No shade"):
        assert told in page
    assert "1 address shows it" in here.text("/cities/riverton/results")


def test_a_group_shows_how_many_belong_to_it(here: Reading) -> None:
    assert 'data-count="members" data-value="7"' in here.text("/cities/riverton/groups/walkers")
    assert "7 members" in here.text("/cities/riverton/groups")
    here.models.play(groups.formed("two", leader=build.ANN), groups.joined("two"))
    assert "Fewer than 5 members" in here.text("/cities/riverton/groups/two")


def test_a_practice_shows_where_it_went(here: Reading) -> None:
    page = here.text("/cities/riverton/practices/lots")
    assert 'data-count="cities" data-value="1"' in page
    assert 'href="/cities/lakeside/practices/taken"' in page
    assert 'href="/cities/riverton/practices/lots"' in here.text("/cities/lakeside/practices/taken")


@pytest.mark.parametrize("page", ["/results", "/problems", "/groups"])
def test_where_there_is_nothing_yet_the_page_says_so(here: Reading, page: str) -> None:
    shown = here.text(f"/cities/emptyville{page}")
    assert re.search(r"<strong>No \w+ has been \w+ yet\.</strong>", shown)


@pytest.mark.parametrize("page", ["/results/none", "/problems/none", "/groups/none", "/practices/none"])
def test_what_is_not_known_is_a_page_that_says_so(here: Reading, page: str) -> None:
    answer = here.http.get(f"/cities/riverton{page}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>Not found</h1>" in answer.text
