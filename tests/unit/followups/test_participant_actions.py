"""Whoever takes part is told of it on a key of their own, once, and never outside their city."""

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.followups.registry import FOLLOW_UPS
from events.envelope import Event
from events.registry import BY_TYPE
from events.types.participants import ParticipantActed
from producers.imports.outcomes import Mint
from projections.ladder import RUNG_OF
from tests.support import build
from tests.support.build import ANN, BEN
from tests.support.builders import grants, groups, hours, participants, stewardship, volunteering
from tests.support.follow_ups import Story
from tests.support.histories import ANY_EVENT

PARTICIPATION = next(one for one in FOLLOW_UPS if one.name == "participant_actions")
OURS = "urn:townhall:riverton:follow-ups"
CAT = "cat-pseudonym-0003"


def story(*events: Event) -> Story:
    return Story(PARTICIPATION).told(*events)


def by(event: Event, who: str | None, **changes: Any) -> Event:
    return event.model_copy(update={"participant": who, **changes})


def acted(action: str, neighbourhood: str | None = None) -> ParticipantActed:
    return ParticipantActed(rule="participant.took_part", action=action, neighbourhood_id=neighbourhood)


COUNTED: dict[str, Event] = {
    "service_request.opened": by(build.opened(), ANN),
    "service_request.update_posted": by(build.update_posted(), ANN),
    "service_request.reopened": by(build.reopened(), ANN),
    "resolution.confirmed": by(build.confirmed(), ANN),
    "resolution.disputed": by(build.disputed(), ANN),
    "program_feedback.submitted": by(build.feedback(), ANN),
    "idea.submitted": by(build.submitted(), ANN),
    "idea.supported": build.supported(),
    "priority_ballot.cast": build.ballot("a"),
    "signup.registered": volunteering.signed_up(),
    "attendance.checked_in": volunteering.checked_in(),
    "hours.logged": hours.logged(),
    "group.member_joined": groups.joined(by=ANN),
    "adoption.started": stewardship.adopted(),
    "adoption.waitlist_joined": stewardship.waits(by=ANN),
    "stewardship.checked_in": stewardship.looked_after(),
    "group.formed": by(groups.formed(leader=ANN), None),
    "group.leader_changed": groups.led_by(leader=ANN),
    "application.submitted": by(grants.applied(), ANN),
}


@pytest.mark.parametrize("name", RUNG_OF)
def test_what_counts_is_told_on_the_participants_own_key(name: str) -> None:
    cause = COUNTED[name]
    (told,) = story(cause).published
    assert told.data == acted(name, getattr(cause.data, "neighbourhood_id", None))
    assert (told.key, told.participant) == (f"riverton/{ANN}", ANN)
    assert (told.causationid, told.time, told.source) == (cause.id, cause.time, OURS)


def test_an_import_counts_where_it_names_a_person_and_stays_an_import() -> None:
    (told,) = story(build.ballot("a", origin="import")).published
    assert told.origin == "import"
    assert story(build.opened()).published == []


UNCOUNTED = {
    "the agency's own update": by(build.update_posted(author_kind="agency"), ANN),
    "reopened by the agency": by(build.reopened(by="agency"), ANN),
    "hours of a check-in that counted": hours.logged(
        source="check_in", session_id="s1", attendance_id="att1"
    ),
    "what a rule of ours logged": by(hours.logged(), ANN, source=OURS),
    "a thing of the city's": by(stewardship.registered(), ANN),
    "a change of it": by(stewardship.updated(neighbourhood_id="north"), ANN),
    "a support that ended": build.support_withdrawn(),
    "an answer of the city": by(build.answered(), ANN),
    "a consent": participants.consent(),
    "that somebody took part": participants.acted(),
}


@pytest.mark.parametrize("cause", UNCOUNTED.values(), ids=UNCOUNTED)
def test_what_is_no_participation_is_not_told(cause: Event) -> None:
    assert story(cause).published == []


def test_an_event_that_comes_again_is_told_once() -> None:
    cause = build.supported()
    assert len(story(cause, cause).published) == 1
    assert [one.id for one in story(cause).published] == [one.id for one in story(cause).published]


def test_two_events_are_told_twice_by_ids_of_their_own() -> None:
    told = story(build.supported(), build.supported()).published
    assert len({one.id for one in told}) == 2


def test_an_idea_counts_for_each_of_its_authors_once() -> None:
    idea = by(build.submitted(co_author_refs=(BEN, CAT, ANN)), ANN)
    told = story(idea).published
    assert [one.participant for one in told] == [ANN, BEN, CAT]
    assert len({one.id for one in told}) == 3


def test_what_is_done_about_something_counts_where_that_is() -> None:
    told = story(
        build.supported(by=BEN),
        build.submitted(neighbourhood_id="north"),
        build.supported(by=CAT),
        build.support_withdrawn(by=CAT),
    )
    assert told.data == [acted("idea.supported"), acted("idea.supported", "north")]
    assert told.state == {"city": "riverton", "about": "i1", "neighbourhood_id": "north"}
    moved = told.told(build.submitted(neighbourhood_id="south"), build.supported(by=ANN))
    assert moved.data[-1] == acted("idea.supported", "south")


def test_a_thing_that_is_not_said_to_have_moved_is_where_it_was() -> None:
    told = story(
        stewardship.registered(neighbourhood_id="north"), stewardship.updated(), stewardship.adopted()
    )
    assert told.data == [acted("adoption.started", "north")]


def test_the_same_id_in_two_families_is_two_places() -> None:
    told = story(
        build.submitted("x", neighbourhood_id="north"), stewardship.adopted("x"), build.supported("x")
    )
    assert told.data == [acted("adoption.started"), acted("idea.supported", "north")]


def test_nothing_is_kept_of_what_has_no_place() -> None:
    """So a million ballots leave no million states."""
    assert not any(story(build.ballot("a"), build.supported())._documents.values())


def test_the_same_person_in_two_cities_is_two_people() -> None:
    """The pseudonym is keyed by the city, and what follows in one city says nothing of the other."""
    told: dict[str, list[Event]] = {}
    for city in ("riverton", "lakeside"):
        who = Mint(b"k" * 32, city, "pabulib", UTC).participant("voter-17")
        voted = build.ballot("a", by=who).model_copy(update={"city": city})
        told[city] = [voted, *story(voted).published]
    here, there = ({str(event.participant) for event in events} for events in told.values())
    assert (len(here), len(there), here & there) == (1, 1, set())
    assert not any(name in repr(event) for name in here for event in told["lakeside"])


IN_TWO_CITIES = st.lists(
    st.builds(
        lambda event, city: event.model_copy(update={"city": city, "source": f"urn:townhall:{city}:tests"}),
        st.one_of(ANY_EVENT, st.sampled_from(list(COUNTED.values()))),
        st.sampled_from(["riverton", "lakeside"]),
    ),
    max_size=15,
)


@pytest.mark.parametrize("follow_up", FOLLOW_UPS, ids=lambda one: one.name)
@given(history=IN_TWO_CITIES)
@settings(max_examples=60, deadline=None)
def test_no_derived_event_carries_a_person_to_another_city(follow_up: Any, history: list[Event]) -> None:
    """Every person that an event of ours names is one whom an event of the same city named before."""
    topics = set(follow_up.topics)
    told = Story(follow_up).told(*(one for one in history if BY_TYPE[one.type].topic in topics))
    published = told.until("2030-01-01T00:00:00Z").published
    causes = {(one.city, one.id): one for one in (*history, *published)}
    for event in published:
        if event.participant is not None:
            assert event.participant in repr(causes[event.city, event.causationid or ""])
