"""Hypothesis strategies: random histories of one aggregate, in any order, opened or never opened."""

from hypothesis import strategies as st

from events.envelope import Event
from events.stages import Stage
from tests.support import build

TIMES = st.sampled_from(
    [
        "2018-01-23T16:43:32-05:00",
        "2026-04-01T09:30:00-04:00",
        "2026-04-01T09:30:00.123-04:00",
        "2026-11-01T01:30:00-05:00",
    ]
)
STAGES: st.SearchStrategy[Stage] = st.sampled_from(
    [
        "submitted",
        "acknowledged",
        "investigating",
        "scheduled",
        "in_progress",
        "on_hold",
        "awaiting_reporter",
        "referred",
        "closed",
        "reopened",
    ]
)
PEOPLE = st.sampled_from([build.ANN, build.BEN])
PROJECTS = ["a", "b", "c", "L20/01/X", "12|3", "ż.$"]
POINTS = st.integers(-1_000_000, 1_000_000)


NOWHERE: dict[str, float | None] = {"lat": None, "long": None}


def _point() -> st.SearchStrategy[dict[str, float | None]]:
    somewhere = st.fixed_dictionaries({"lat": st.floats(-90, 90), "long": st.floats(-180, 180)})
    return st.one_of(st.just(NOWHERE), somewhere.map(lambda point: {**NOWHERE, **point}))


REQUEST_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        lambda at, requested, point, area: build.opened(
            at=at, requested=requested, neighbourhood_id=area, **point
        ),
        TIMES,
        TIMES,
        _point(),
        st.sampled_from([None, "north"]),
    ),
    st.builds(build.acknowledged, at=TIMES),
    st.builds(build.stage_changed, to=STAGES, label=st.text(min_size=1, max_size=9), at=TIMES),
    st.builds(build.update_posted, at=TIMES, author_kind=st.sampled_from(["agency", "reporter"])),
    st.builds(build.merged, into=st.just("r2"), followers=st.integers(0, 10**9), at=TIMES),
    st.builds(build.closed, at=TIMES, closed_on=TIMES),
    st.builds(build.reopened, at=TIMES),
    st.builds(build.overdue, expected=TIMES, at=TIMES),
    st.builds(build.promised, at=TIMES, by=st.one_of(st.none(), TIMES), done=st.one_of(st.none(), TIMES)),
    st.builds(build.acknowledgement_overdue, by=TIMES),
    st.builds(build.joined, duplicate=st.sampled_from(["r2", "r3"]), at=TIMES),
    st.builds(build.original, of=st.just("r2"), stage=st.sampled_from(["closed", "reopened"]), at=TIMES),
    st.builds(build.confirmed, at=TIMES),
    st.builds(build.disputed, at=TIMES),
)
LEVEL_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(build.level_set, close_hours=st.one_of(st.none(), st.integers(1, 87_600)), at=TIMES),
    st.builds(build.level_asked, at=TIMES),
)
FEEDBACK_EVENT: st.SearchStrategy[Event] = st.builds(
    build.feedback, st.sampled_from(["f1", "f2"]), rating=st.integers(1, 5), at=TIMES
)
IDEA_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(build.submitted, at=TIMES),
    st.builds(build.supported, by=PEOPLE, at=TIMES, channel=st.sampled_from(["online", "paper"])),
    st.builds(build.support_withdrawn, by=PEOPLE, at=TIMES),
    st.builds(build.answered, decision=st.sampled_from(["evaluating", "accepted", "rejected"]), at=TIMES),
    st.builds(build.idea_withdrawn, at=TIMES),
)
PROBLEM_EVENT: st.SearchStrategy[Event] = st.builds(build.problem, at=TIMES)
ROUND_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(build.round_opened, at=TIMES), st.builds(build.concluded, selected=st.just(["a"]), at=TIMES)
)
BALLOT_EVENT: st.SearchStrategy[Event] = st.builds(
    lambda choices, by, kind, at: build.ballot(*choices, by=by, vote_type=kind, at=at),
    st.lists(
        st.one_of(st.sampled_from(PROJECTS), st.tuples(st.sampled_from(PROJECTS), POINTS)),
        unique_by=lambda one: one if isinstance(one, str) else one[0],
    ),
    PEOPLE,
    st.sampled_from(["approval", "ordinal", "cumulative"]),
    TIMES,
)
ANY_EVENT: st.SearchStrategy[Event] = st.one_of(
    REQUEST_EVENT, LEVEL_EVENT, FEEDBACK_EVENT, IDEA_EVENT, PROBLEM_EVENT, ROUND_EVENT, BALLOT_EVENT
)
"""Of any type, about few aggregates, so that histories meet."""
