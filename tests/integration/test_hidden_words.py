"""What a city hides is shown without its words, wherever they stand, and as soon as that is told."""

from collections.abc import Iterator

import pytest

from infra.embedded import Endpoints
from tests.support import build
from tests.support.builders import city, groups, practices, results
from tests.support.reading import Reading, reading

pytestmark = pytest.mark.servers

KINDS = ("idea", "service_request", "problem", "result", "group", "practice")
WORDS = {kind: f"words of a bad {kind}" for kind in KINDS}
AROUND = (
    build.opened("r-of-bad"),
    build.submitted("i-of-bad"),
    results.created("of-bad", idea_ids=("bad",), problem_ids=("bad",)),
)
HIDDEN = {
    "idea": (
        build.submitted("bad", title=WORDS["idea"], summary=WORDS["idea"], problem_id="bad"),
        ("/v1/ideas?city=riverton&limit=100", "/v1/ideas/riverton/bad", "/v1/results/riverton/of-bad"),
    ),
    "service_request": (
        build.opened("bad", description=WORDS["service_request"], address=WORDS["service_request"]),
        ("/v1/requests?city=riverton&limit=100", "/v1/requests/riverton/bad"),
    ),
    "problem": (
        build.problem(
            "bad", statement=WORDS["problem"], who_is_affected=WORDS["problem"], request_ids=("r-of-bad",)
        ),
        (
            "/v1/problems?city=riverton",
            "/v1/problems/riverton/bad",
            "/v1/requests/riverton/r-of-bad",
            "/v1/results/riverton/of-bad",
        ),
    ),
    "result": (
        results.created(
            "bad",
            title=WORDS["result"],
            summary=WORDS["result"],
            milestone=WORDS["result"],
            idea_ids=("i-of-bad",),
        ),
        ("/v1/results?city=riverton", "/v1/results/riverton/bad", "/v1/ideas/riverton/i-of-bad"),
    ),
    "group": (
        groups.formed("bad", name=WORDS["group"], purpose=WORDS["group"]),
        ("/v1/groups?city=riverton", "/v1/groups/riverton/bad"),
    ),
    "practice": (
        practices.published(
            "bad", title=WORDS["practice"], challenge=WORDS["practice"], description=WORDS["practice"]
        ),
        ("/v1/practices", "/v1/practices/riverton/bad"),
    ),
}

PAGES = {
    "idea": ("", "/ideas", "/ideas/bad", "/results/of-bad", "/problems/bad"),
    "service_request": ("", "/requests", "/requests/bad"),
    "problem": ("/problems", "/problems/bad", "/requests/r-of-bad", "/results/of-bad"),
    "result": ("", "/results", "/results/bad", "/ideas", "/ideas/i-of-bad"),
    "group": ("/groups", "/groups/bad"),
    "practice": ("/practices/bad",),
}
"""Pages that show the words, below the city's own."""


@pytest.fixture(scope="module")
def here(servers: Endpoints) -> Iterator[Reading]:
    with reading(servers, *AROUND, *(event for event, _ in HIDDEN.values())) as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
def test_the_words_of_what_is_hidden_are_nowhere(here: Reading, kind: str) -> None:
    _, data = HIDDEN[kind]
    paths = [*data, *(f"/cities/riverton{page}" for page in PAGES[kind])]

    def showing() -> list[str]:
        return [path for path in paths if WORDS[kind] in here.text(path)]

    assert showing() == paths
    for action, shown in (("hide", []), ("restore", paths), ("redact", []), ("restore", [])):
        token = here.models.play(city.moderated(kind, "bad", action=action))
        here.text(f"/v1/ideas/riverton/i-of-bad?after={token}")
        assert showing() == shown, action


def test_what_is_hidden_keeps_its_place_and_says_so(here: Reading) -> None:
    here.models.play(build.submitted("gone", title="Words"), city.moderated("idea", "gone"))
    shown = here.get("/v1/ideas/riverton/gone")
    assert (shown["hidden"], shown["title"], shown["status"]) == (True, None, "submitted")
    assert "gone" in [one["id"] for one in here.get("/v1/ideas", city="riverton", limit=100)["ideas"]]


def test_of_two_things_of_one_id_only_the_one_that_is_named_is_hidden(here: Reading) -> None:
    told = (build.submitted("same"), groups.formed("same"), city.moderated("group", "same"))
    here.models.play(*told)
    assert here.get("/v1/groups/riverton/same")["hidden"]
    assert here.get("/v1/ideas/riverton/same")["title"] == "A bench"
