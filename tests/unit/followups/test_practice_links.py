"""A practice that another city took up: its own city hears of it once."""

from consumers.followups.practice_links import ORIGINS_KEPT
from consumers.followups.registry import FOLLOW_UPS
from events.types.practices import PracticeAdoptedElsewhere
from projections.views.practices import VIEW
from tests.support.build import ANN
from tests.support.builders.practices import adopted, outcome, published
from tests.support.follow_ups import Story
from tests.support.spec import given

LINKS = next(one for one in FOLLOW_UPS if one.name == "practice_links")
MAY, JUNE = "2026-05-01T09:00:00-04:00", "2026-06-01T09:00:00-04:00"


def story() -> Story:
    return Story(LINKS)


def test_the_origin_hears_of_it_in_its_own_city() -> None:
    cause = adopted("practice-9", at=MAY, from_city="lakeside", from_practice_id="practice-1")
    told = story().told(cause.model_copy(update={"participant": ANN}))
    assert told.data == [
        PracticeAdoptedElsewhere(
            rule="practice.reaches_origin", by_city="riverton", by_practice_id="practice-9"
        )
    ]
    (event,) = told.published
    assert (event.key, event.city, event.participant) == ("lakeside/practice-1", "lakeside", None)
    assert (event.source, event.causationid) == ("urn:townhall:lakeside:follow-ups", cause.id)
    (adoption,) = given(VIEW, event).document["adoptions"]
    assert (adoption["city"], adoption["practice_ids"]) == ("riverton", ["practice-9"])


def test_an_adoption_that_is_told_again_is_told_once() -> None:
    told = story().told(adopted(at=MAY), adopted(at=JUNE, note="In other words"))
    assert len(told.published) == 1


def test_each_origin_is_told_once_however_they_alternate() -> None:
    told = story()
    for city in ("lakeside", "hillview", "lakeside", "hillview"):
        told.told(adopted(from_city=city))
    assert [event.city for event in told.published] == ["lakeside", "hillview"]


def test_what_a_city_took_up_from_itself_is_told_to_nobody() -> None:
    assert story().told(adopted(from_city="riverton")).published == []


def test_only_adoptions_are_told() -> None:
    assert story().told(published(), outcome()).published == []


def test_two_practices_of_one_city_from_one_origin_are_told_each() -> None:
    told = story().told(adopted("practice-8"), adopted("practice-9"))
    assert len({event.id for event in told.published}) == 2
    assert {event.key for event in told.published} == {"lakeside/practice-1"}


def test_what_is_kept_is_bounded() -> None:
    told = story().told(*(adopted(from_practice_id=f"practice-{n}") for n in range(ORIGINS_KEPT + 1)))
    assert len(told.state["origins"]) == ORIGINS_KEPT
    assert len(told.published) == ORIGINS_KEPT + 1


def test_the_same_history_makes_the_same_ids() -> None:
    cause = adopted(at=MAY)
    first, second = (story().told(cause).published[0] for _ in range(2))
    assert first.id == second.id
