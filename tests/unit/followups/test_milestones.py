"""Thanks for the 1st, 10th, 25th, 50th and 100th time, and never to somebody who is erased."""

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from tests.support.build import ANN
from tests.support.builders.participants import acted, erased, erasure_requested
from tests.support.follow_ups import Story

MILESTONES = next(one for one in FOLLOW_UPS if one.name == "milestones")
CAME, CARED = "attendance.checked_in", "stewardship.checked_in"


def times(number: int, action: str = CAME) -> list[Event]:
    return [acted(action=action) for _ in range(number)]


def thanked(told: Story) -> list[tuple[str | None, str, str]]:
    return [(one.recipient, one.template, one.fields["times"]) for one in told.notices]


def test_a_volunteer_is_thanked_at_some_of_the_times() -> None:
    told = Story(MILESTONES).told(*times(130))
    assert thanked(told) == [
        (ANN, "volunteer_milestone", number) for number in ("1", "10", "25", "50", "100")
    ]
    assert {one.about for one in told.notices} == {ANN}


def test_a_steward_is_thanked_apart() -> None:
    told = Story(MILESTONES).told(*times(9), *times(10, CARED), *times(1))
    assert thanked(told) == [
        (ANN, "volunteer_milestone", "1"),
        (ANN, "steward_milestone", "1"),
        (ANN, "steward_milestone", "10"),
        (ANN, "volunteer_milestone", "10"),
    ]


def test_what_is_no_check_in_does_not_count() -> None:
    told = Story(MILESTONES)
    for action in ("signup.registered", "hours.logged", "adoption.started", "idea.supported"):
        told.told(acted(action=action))
    assert told.notices == []


def test_events_that_come_again_do_not_count() -> None:
    events = times(9)
    assert len(Story(MILESTONES).told(*events, *events).notices) == 1


def test_who_is_erased_is_counted_and_thanked_no_more() -> None:
    told = Story(MILESTONES).told(*times(9), erased(), *times(20), erased())
    assert len(told.notices) == 1
    assert (told.state["volunteered"], told.state["erased"]) == (0, True)
    assert Story(MILESTONES).told(erased(), *times(3)).notices == []


def test_a_wish_to_be_forgotten_is_no_erasure_yet() -> None:
    """Whether they are still written to is seen to where messages are written."""
    assert len(Story(MILESTONES).told(erasure_requested(), *times(1)).notices) == 1


def test_what_was_brought_in_counts_and_is_not_told() -> None:
    told = Story(MILESTONES).told(*(one.model_copy(update={"origin": "import"}) for one in times(9)))
    assert thanked(told.told(*times(1))) == [(ANN, "volunteer_milestone", "10")]
