"""Every page, as people meet it: wide and narrow, light and dark, with and without scripts, by keyboard."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site
from tests.support import build, town
from tests.support.browser import DESKTOP, PHONE, page, violations
from tests.support.town import XSS

pytestmark = [pytest.mark.browser, pytest.mark.servers]

PAGES = (
    "/",
    "/data",
    "/cities/riverton",
    "/cities/emptyville",
    "/cities/riverton/rounds/pb-2026",
    "/cities/riverton/rounds/pb-2025",
    "/cities/lakeside/rounds/lake-2026",
    "/cities/lakeside/rounds/lake-2018",
    "/cities/lakeside/rounds/lake-2019",
    "/cities/riverton/requests",
    "/cities/riverton/requests?status=closed",
    "/cities/riverton/requests/SR-0001",
    "/cities/riverton/requests/SR-0002",
    "/cities/riverton/ideas",
    "/cities/riverton/ideas/i0",
    "/cities/riverton/ideas/i1",
    "/cities/riverton/results",
    "/cities/riverton/results/shade",
    "/cities/riverton/results/hidden",
    "/cities/riverton/problems",
    "/cities/riverton/problems/p1",
    "/cities/riverton/groups",
    "/cities/riverton/groups/walkers",
    "/practices",
    "/cities/riverton/practices/lots",
    "/cities/lakeside/practices/taken",
    "/metrics",
    "/metrics/sla.on_time",
    "/cities/riverton/metrics",
    "/cities/riverton/metrics/sla.on_time",
    "/cities/riverton/volunteering",
)
MAP_DRAWN = "#map[data-points]"
MARKED = """() => {
  const canvas = document.querySelector("#map canvas");
  const place = (name) => document.querySelector(name).getBoundingClientRect();
  const [all, buttons, map] = ["#map canvas", "#map .leaflet-top.leaflet-left", "#map"].map(place);
  const scale = canvas.width / all.width;
  const accent = getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
  const wanted = accent.match(/[0-9a-f]{2}/gi).map((one) => parseInt(one, 16));
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const marked = { everywhere: 0, below: 0 };
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] < 200 || !wanted.every((one, k) => Math.abs(data[i + k] - one) < 8)) continue;
    const x = all.left + ((i / 4) % canvas.width) / scale;
    const y = all.top + Math.floor(i / 4 / canvas.width) / scale;
    const inside = (box) => x >= box.left && x < box.right && y >= box.top && y < box.bottom;
    marked.everywhere += inside(map);
    marked.below += inside(buttons);
  }
  return marked;
}"""


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"]
)
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_wrong(
    browser: Browser, site: Site, path: str, size: dict[str, int], scheme: Any
) -> None:
    with page(browser, viewport=size, color_scheme=scheme, reduced_motion="reduce") as one:
        one.goto(site.url + path)
        if path == "/cities/riverton":
            one.wait_for_selector(MAP_DRAWN)
        assert violations(one) == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_on_a_phone(browser: Browser, site: Site, path: str) -> None:
    with page(browser, viewport=PHONE) as one:
        one.goto(site.url + path)
        assert one.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("path", PAGES)
def test_words_of_citizens_stay_words(browser: Browser, site: Site, path: str) -> None:
    with page(browser) as one:
        one.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        one.goto(site.url + path)
        one.wait_for_timeout(200)
        assert one.title() != "owned"
        assert one.locator("img").count() == 0


def test_hostile_words_are_shown_as_they_were_written(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton/requests/SR-0003")
        expect(one.locator("h1")).to_have_text(XSS)


def test_the_map_shows_every_open_request_with_a_place_and_asks_no_other_server(
    browser: Browser, site: Site
) -> None:
    with page(browser) as one:
        asked: list[str] = []
        one.on("request", lambda request: asked.append(request.url))
        one.goto(f"{site.url}/cities/riverton")
        drawn = int(one.wait_for_selector(MAP_DRAWN).get_attribute("data-points") or 0)  # type: ignore[union-attr]
        where = {"city": "riverton", "status": "open", "point": {"$ne": None}}
        assert drawn == site.models.db["service_requests"].count_documents(where) > 0
        assert [url for url in asked if not url.startswith(site.url)] == []


def test_a_city_without_requests_shows_no_empty_map(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/emptyville")
        one.wait_for_timeout(300)
        expect(one.locator("#map-frame")).to_be_hidden()


def test_pages_are_complete_without_scripts(browser: Browser, site: Site) -> None:
    with page(browser, java_script_enabled=False) as one:
        one.goto(f"{site.url}/cities/riverton")
        stored = site.models.db["ballots"].count_documents({"city": "riverton"})
        expect(one.locator("[data-count=ballots]")).to_have_text(str(stored))
        expect(one.locator("#map-frame")).to_be_hidden()
        assert one.locator("#requests li").count() == 7
        one.get_by_role("link", name="All open requests").click()
        expect(one).to_have_url(f"{site.url}/cities/riverton/requests")
        assert one.locator("#requests li").count() > 7
        expect(one.locator("#live-status")).to_be_empty()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/data",
        "/cities/riverton",
        "/cities/riverton/rounds/pb-2026",
        "/cities/lakeside/rounds/lake-2019",
    ],
)
def test_the_keyboard_reaches_everything_that_can_be_used(browser: Browser, site: Site, path: str) -> None:
    with page(browser) as one:
        one.goto(site.url + path)
        if path == "/cities/riverton":
            one.wait_for_selector(MAP_DRAWN)
        wanted = one.evaluate(
            "(window.stops = [...document.querySelectorAll('a[href], button, summary, [tabindex=\"0\"]')]"
            ".filter(one => one.checkVisibility())).length"
        )
        reached = set()
        for _ in range(wanted + 5):
            one.keyboard.press("Tab")
            stop, outlined = one.evaluate(
                "[window.stops.indexOf(document.activeElement),"
                " getComputedStyle(document.activeElement).outlineStyle !== 'none']"
            )
            assert outlined or stop < 0, f"no focus ring on stop {stop}"
            reached.add(stop)
        assert reached >= set(range(wanted))


def test_the_skip_link_is_first_and_leads_to_the_content(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(site.url)
        one.keyboard.press("Tab")
        expect(one.locator(".skip")).to_be_focused()
        one.keyboard.press("Enter")
        expect(one.locator("#main")).to_be_focused()


def test_the_map_zooms_by_its_buttons(browser: Browser, site: Site) -> None:
    with page(browser, reduced_motion="reduce") as one:
        one.goto(f"{site.url}/cities/riverton")
        one.wait_for_selector(MAP_DRAWN)
        scale = one.locator(".leaflet-control-scale-line").first
        before = scale.text_content()
        for _ in range(2):
            one.get_by_role("button", name="Zoom in").press("Enter")
        expect(scale).not_to_have_text(before or "")
        one.get_by_role("button", name="Show all requests").press("Enter")
        expect(scale).to_have_text(before or "")


def test_a_change_appears_by_itself_and_keeps_the_focus_and_what_was_open(
    browser: Browser, site: Site
) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton")
        expect(one.locator("#live-status")).to_have_text("Live")
        one.locator("#pulse-table summary").click()
        link = one.locator("#ideas h3 a").first
        link.focus()
        ballots = one.locator("[data-count=ballots]")
        before = int(ballots.get_attribute("data-value") or 0)
        site.models.play(build.ballot("1", by=f"newcomer-{before:08}", round_id="pb-2026"))
        expect(ballots).to_have_attribute("data-value", str(before + 1), timeout=3000)
        expect(link).to_be_focused()
        expect(one.locator("#pulse-table")).to_have_attribute("open", "")
        expect(one.locator("#live-status")).to_have_text("Live")


def test_many_changes_are_fetched_at_most_once_a_second(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton/rounds/pb-2026")
        expect(one.locator("#live-status")).to_have_text("Live")
        one.wait_for_timeout(1200)  # the fetch on connecting is over
        fetched: list[str] = []
        one.on("request", lambda request: fetched.append(request.url) if "rounds" in request.url else None)
        one.evaluate("window.began = performance.now()")
        for number in range(8):
            site.models.play(build.ballot("2", by=f"crowd-{number:012}", round_id="pb-2026"))
        votes = one.locator("[data-count=ballots]")
        stored = site.models.db["ballots"].count_documents({"round": "pb-2026"})
        expect(votes).to_have_attribute("data-value", str(stored), timeout=5000)
        seconds = one.evaluate("(performance.now() - window.began) / 1000")
        assert 1 <= len(fetched) <= seconds + 2


def test_what_the_city_selected_is_marked_where_its_rule_is_not_computed(
    browser: Browser, site: Site
) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/lakeside/rounds/lake-2026")
        note = one.locator("#outcome .note")
        expect(note).to_contain_text("The city selected 2 projects.")
        expect(note).to_contain_text("The rule 'equalshares/add1' is not computed here")
        for project, tag in (("a", "Not selected"), ("b", "✓ Selected"), ("c", "✓ Selected")):
            shown = one.locator(f"[data-project={project}] .tag")
            expect(shown).to_have_text(f"{tag} by the city")


def test_the_projects_on_which_city_and_rule_differ_are_named(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton/rounds/pb-2025")
        note = one.get_by_text("The city decided otherwise.").locator("..")
        expect(note).to_contain_text("Selected by the city only: Project c.")
        expect(note).to_contain_text("Selected by the rule only: Project a.")
        expect(one.locator("[data-project=a] .tag")).to_have_text("✓ Selected by the rule only")
        expect(one.locator("[data-project=b] .tag")).to_have_text("✓ Selected")
        expect(one.locator("[data-project=c] .tag")).to_have_text("✓ Selected by the city only")
        expect(one.locator("#dates")).to_contain_text("concluded 1 Apr 2026")


def test_where_the_city_has_not_told_its_decision_the_page_says_who_selected(
    browser: Browser, site: Site
) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton/rounds/pb-2026")
        expect(one.locator("#outcome")).to_contain_text("The city has not told its decision.")
        assert set(one.locator("[data-project] .tag").all_inner_texts()) == {
            "✓ Selected by the rule",
            "Not selected by the rule",
        }
        expect(one.locator("#numbers")).to_contain_text("selected by the rule")


def test_a_round_that_names_no_rule_has_no_outcome_and_no_word_on_ties(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/lakeside/rounds/lake-2018")
        expect(one.locator("#outcome .note")).to_have_text(
            "The outcome is not known here. The rule is unknown: the record of this round names none."
        )
        expect(one.locator("[data-project] .tag")).to_have_count(0)
        expect(one.locator("#how")).not_to_contain_text("decisive")


def test_projects_that_are_not_selected_are_folded_and_open_by_keyboard_and_stay_open(
    browser: Browser, site: Site
) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/lakeside/rounds/lake-2019")
        expect(one.locator("#live-status")).to_have_text("Live")
        folded = one.locator("#folded")
        summary = folded.locator("summary")
        expect(summary).to_have_text("38 more projects, not selected")
        assert one.locator("[data-project]:visible").count() == 2
        summary.press("Enter")
        assert one.locator("[data-project]:visible").count() == 40
        vote = build.ballot("07", by="participant-000009", round_id="lake-2019", vote_type="ordinal")
        site.models.play(vote.model_copy(update={"city": town.LAKESIDE.id}))
        expect(one.locator('[data-count="ballots"]')).to_have_attribute("data-value", "2", timeout=3000)
        expect(folded).to_have_attribute("open", "")
        expect(summary).to_be_focused()


def test_the_folded_projects_open_without_scripts(browser: Browser, site: Site) -> None:
    with page(browser, java_script_enabled=False) as one:
        one.goto(f"{site.url}/cities/lakeside/rounds/lake-2019")
        last = one.locator("#folded [data-project]").last
        expect(last).to_be_hidden()
        one.locator("#folded summary").click()
        expect(last).to_be_visible()


def test_a_round_says_how_a_place_becomes_points_where_its_link_leads(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/lakeside/rounds/lake-2019")
        one.get_by_role("link", name="How this was computed").press("Enter")
        expect(one.locator("#how")).to_be_in_viewport()
        expect(one.locator("#how")).to_contain_text("a first place gives 3 points")
        expect(one.locator('[data-count="points/03"]')).to_have_attribute("data-value", "2")


def test_on_a_phone_a_projects_name_has_the_whole_width(browser: Browser, site: Site) -> None:
    with page(browser, viewport=PHONE) as one:
        one.goto(f"{site.url}/cities/lakeside/rounds/lake-2019")
        names, rows = (one.locator(f'#outcome [data-project="07"] {part}') for part in ("h3", ".row"))
        assert names.bounding_box()["width"] == rows.bounding_box()["width"]  # type: ignore[index]


def test_where_ballots_give_points_the_points_are_the_large_number(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/lakeside/rounds/lake-2026")
        first, second = (one.locator("[data-project] .votes").nth(place) for place in (0, 1))
        expect(first).to_have_text("7 points 1 ballot", use_inner_text=False)
        expect(second).to_have_text("2 points 2 ballots")
        expect(one.locator('[data-count="votes/a"]')).to_have_attribute("data-value", "2")
        one.goto(f"{site.url}/cities/lakeside")
        shore = one.locator("#rounds > ul > li", has=one.get_by_role("link", name="The lake shore"))
        expect(shore.locator(".leaders .score").first).to_have_text("7 points")


def test_rounds_of_one_title_are_told_apart_by_their_opening_and_id(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton")
        rows = one.locator("#rounds li", has=one.get_by_role("link", name="What shall we build first?"))
        expect(rows).to_have_count(2)
        for row, name in ((rows.nth(0), "pb-2026"), (rows.nth(1), "pb-2025")):
            expect(row.locator("code")).to_have_text(name)
            expect(row.locator("time")).to_contain_text("20")


def test_cities_where_something_happens_come_first_and_the_others_show_no_empty_chart(
    browser: Browser, site: Site
) -> None:
    with page(browser) as one:
        one.goto(site.url)
        cards = one.locator("[data-city]")
        order = [card.get_attribute("data-city") for card in cards.all()]
        assert order == ["riverton", "lakeside", "emptyville"]
        expect(cards.nth(0).locator(".chart")).to_have_count(1)
        for quiet, said in (
            (cards.nth(1), "No events in the last 14 days"),
            (cards.nth(2), "Nothing has been"),
        ):
            expect(quiet.locator(".chart")).to_have_count(0)
            expect(quiet).to_contain_text(said)


def test_a_city_with_nothing_but_old_rounds_shows_these_and_no_zeros(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(site.url)
        card = one.locator("[data-city=lakeside]")
        ballots = site.models.db["ballots"].count_documents({"city": "lakeside"})
        expect(card.locator("dd[data-value='0']")).to_have_count(0)
        expect(card.locator("[data-count='lakeside/ballots']")).to_have_attribute("data-value", str(ballots))
        expect(card).to_contain_text("Last ballot round:")
        card.locator("p a").click()
        expect(one.locator("#outcome")).to_be_visible()
        expect(one.locator("[data-city=emptyville] dd")).to_have_count(0)


def test_the_labels_of_a_rounds_numbers_stand_on_one_line(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton/rounds/pb-2026")
        tops = one.locator("#numbers dt").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().top)"
        )
        assert len(tops) == 4
        assert len(set(tops)) == 1


def test_what_a_request_says_twice_is_shown_once(browser: Browser, site: Site) -> None:
    label = "Scheduled for Monday"
    site.models.play(
        build.opened("SR-twice", long=-73.95, lat=40.73),
        build.acknowledged("SR-twice", service_notice="We have it."),
        build.stage_changed("SR-twice", to="scheduled", label=label, status_notes=f"{label}."),
        build.stage_changed("SR-twice", to="on_hold", label="On hold", status_notes="No paint."),
        build.stage_changed("SR-twice", to="in_progress", label="Crew 7", status_notes="At work."),
    )
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton/requests/SR-twice")
        text = one.locator("#request").inner_text()
        for once in ("We have it.", label, "On hold", "No paint.", "“Crew 7”", "At work."):
            assert text.count(once) == 1, once


@pytest.mark.parametrize(
    ("path", "name", "where"),
    [
        ("requests/SR-0000", "Requests", "requests"),
        ("requests/SR-0001", "Requests", "requests?status=closed"),
        ("ideas/i0", "Ideas", "ideas"),
        ("rounds/pb-2025", "Ballot rounds", "#rounds"),
    ],
)
def test_the_way_back_leads_over_the_list(
    browser: Browser, site: Site, path: str, name: str, where: str
) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton/{path}")
        back = one.get_by_role("navigation", name="Where you are").get_by_role("link", name=name)
        href = f"/cities/riverton{where}" if where.startswith("#") else f"/cities/riverton/{where}"
        expect(back).to_have_attribute("href", href)


@pytest.mark.parametrize("path", ["", "/requests/SR-0001", "/ideas/i0", "/rounds/pb-2025"])
def test_whose_clock_counts_is_said_once(browser: Browser, site: Site, path: str) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton{path}")
        said = one.locator("main").inner_text().count("on the city's own clock (America/New York)")
        assert said == 1


def test_open_requests_without_a_place_are_told_beside_the_map(browser: Browser, site: Site) -> None:
    with page(browser) as one:
        one.goto(f"{site.url}/cities/riverton")
        expect(one.locator("#map-rest")).to_have_text("1 more has no place")
        expect(one.locator(".map-key")).to_contain_text("No street map: nothing is loaded from outside")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_marker_lies_under_the_buttons_of_the_map(
    browser: Browser, site: Site, size: dict[str, int]
) -> None:
    """However tightly the markers fit; they are drawn on a canvas, so its pixels tell."""
    for step in range(4):
        far = 0.02 * 1.19**step  # a zoom level is a factor of two
        corners = [(-far, -far), (-far, far), (far, -far), (far, far)]
        reports = [
            build.opened(f"corner-{size['width']}-{step}-{n}", long=long, lat=lat)
            for n, (long, lat) in enumerate(corners)
        ]
        site.models.play(*(one.model_copy(update={"city": town.LAKESIDE.id}) for one in reports))
        with page(browser, viewport=size, reduced_motion="reduce") as one:
            one.goto(f"{site.url}/cities/lakeside")
            one.wait_for_selector(MAP_DRAWN)
            one.wait_for_timeout(100)  # until the next frame is drawn
            marked = one.evaluate(MARKED)
        assert marked["everywhere"] > 0
        assert marked["below"] == 0
