"""What is granted again is told to the award whose money it is, in its own city, and names nobody."""

from consumers.followups.registry import FOLLOW_UPS
from events.types.awards import AwardRef, AwardRegranted
from tests.support.builders.awards import granted, regranted
from tests.support.follow_ups import Story

MANAGER = next(one for one in FOLLOW_UPS if one.name == "award_parents")
PARENT = AwardRef(city="coalition", award_id="award-0")


def story() -> Story:
    return Story(MANAGER)


def again(amount: str) -> AwardRegranted:
    made = AwardRef(city="riverton", award_id="award-1")
    return AwardRegranted(rule="award.reaches_parent", to_award=made, amount=amount, currency="USD")


def test_it_is_told_to_the_parent_in_the_parent_s_city() -> None:
    cause = granted(parent_award=PARENT)
    (event,) = story().told(cause).published
    assert event.data == again("1500")
    assert (event.key, event.city, event.participant) == ("coalition/award-0", "coalition", None)
    assert event.source == "urn:townhall:coalition:follow-ups"
    assert (event.time, event.causationid) == (cause.time, cause.id)


def test_an_award_of_one_s_own_money_reaches_nobody() -> None:
    assert story().told(granted()).data == []


def test_told_again_it_reaches_the_parent_only_where_it_says_something_else() -> None:
    told = story().told(granted(parent_award=PARENT), granted(parent_award=PARENT))
    assert told.data == [again("1500")]
    assert told.told(granted(parent_award=PARENT, amount="1200.5")).data == [again("1500"), again("1200.5")]
    assert len({event.id for event in told.published}) == 2


def test_a_parent_told_later_is_told_then() -> None:
    assert story().told(granted(), granted(parent_award=PARENT)).data == [again("1500")]


def test_the_same_event_twice_is_told_once() -> None:
    cause = granted(parent_award=PARENT)
    assert story().told(cause, cause).data == [again("1500")]


def test_what_a_parent_hears_goes_no_further() -> None:
    """So no circle of parents can tell each other for ever."""
    assert regranted().type not in MANAGER.documents[0].handles


def test_the_state_is_what_was_told_last() -> None:
    assert story().told(granted(parent_award=PARENT)).state == {
        "city": "riverton",
        "award_id": "award-1",
        "parent_city": "coalition",
        "parent_award_id": "award-0",
        "amount": "1500",
        "currency": "USD",
    }
