"""Random histories of few calls, applications, reviewers and awards, so that events meet."""

from hypothesis import strategies as st

from events.envelope import Event
from events.types.applications import Owed
from events.types.awards import AwardRef
from tests.support.build import when
from tests.support.builders import awards, grants
from tests.support.histories import TIMES

CALLS = st.sampled_from(["call-1", "call-2"])
APPLICATIONS = st.sampled_from(["app-1", "app-2"])
AWARDS = st.sampled_from(["award-1", "award.2"])
REVIEWERS = st.sampled_from(["reviewer-pseudonym-1", "reviewer-pseudonym-2"])
REPORTS = st.sampled_from(["interim", "final.1"])
AMOUNTS = st.sampled_from(["0", "0.1", "1500", "999999999999.999"])
CURRENCIES = st.sampled_from(["USD", "JPY"])
DUES = st.sampled_from([awards.DUE, awards.LATER, "2026-04-01T23:59:59-04:00"])
OWED = Owed(report_id="interim", due_at=when(awards.DUE))
REVIEW_IDS = st.sampled_from(["review-1", "review-2"])

CALL_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        lambda call, at, currency: grants.opened(call, at=at, currency=currency), CALLS, TIMES, CURRENCIES
    ),
    st.builds(lambda call, at: grants.extended(call, at=at), CALLS, TIMES),
    st.builds(
        lambda call, at, why: grants.closed(call, at=at, reason=why),
        CALLS,
        TIMES,
        st.sampled_from(["deadline", "cancelled"]),
    ),
    st.builds(lambda call, at: grants.ranked(call, ("app-1", 1, "2.5"), at=at), CALLS, TIMES),
)
APPLICATION_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        lambda one, call, at, amount, currency, area: grants.applied(
            one, call=call, at=at, amount=amount, currency=currency, neighbourhood_id=area
        ),
        APPLICATIONS,
        CALLS,
        TIMES,
        AMOUNTS,
        CURRENCIES,
        st.sampled_from([None, "north"]),
    ),
    st.builds(lambda one, at: grants.withdrawn(one, at=at), APPLICATIONS, TIMES),
    st.builds(lambda one, at, query: grants.asked(one, query=query, at=at), APPLICATIONS, TIMES, REVIEW_IDS),
    st.builds(
        lambda one, at, query: grants.answered(one, query=query, at=at), APPLICATIONS, TIMES, REVIEW_IDS
    ),
    st.builds(
        lambda one, award, at, due: grants.progressed(one, award=award, at=at, **due),
        APPLICATIONS,
        AWARDS,
        TIMES,
        st.sampled_from([{}, {"report_due": OWED}, {"report_overdue": OWED}]),
    ),
    st.builds(
        lambda one, at, amount, currency: grants.determined(one, at=at, amount=amount, currency=currency),
        APPLICATIONS,
        TIMES,
        AMOUNTS,
        CURRENCIES,
    ),
    st.builds(
        lambda one, at: grants.determined(
            one, at=at, outcome="dismissed", reason="No plan", amount=None, currency=None
        ),
        APPLICATIONS,
        TIMES,
    ),
)
REVIEW_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        lambda one, by, at, need, id_: grants.reviewed(one, by=by, at=at, need=need).model_copy(
            update={"id": id_}
        ),
        APPLICATIONS,
        REVIEWERS,
        TIMES,
        st.integers(0, 5),
        REVIEW_IDS,
    ),
    st.builds(lambda one, by, at: grants.conflict(one, by=by, at=at), APPLICATIONS, REVIEWERS, TIMES),
    st.builds(lambda one, by, at: grants.recused(one, by=by, at=at), APPLICATIONS, REVIEWERS, TIMES),
    st.builds(
        lambda one, by, at, id_: grants.refused(one, by=by, at=at, review_id=id_, reason="determined"),
        APPLICATIONS,
        REVIEWERS,
        TIMES,
        REVIEW_IDS,
    ),
)
AWARD_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        lambda one, at, amount, currency, due: awards.granted(
            one,
            at=at,
            amount=amount,
            currency=currency,
            instalments=(awards.instalment("1", amount, due),),
            reports=(awards.report("interim", due),),
            targets=(awards.target(),),
            parent_award=AwardRef(city="coalition", award_id="award-0"),
        ),
        AWARDS,
        TIMES,
        AMOUNTS,
        CURRENCIES,
        DUES,
    ),
    st.builds(
        lambda one, at, amount, currency: awards.paid(one, at=at, amount=amount, currency=currency),
        AWARDS,
        TIMES,
        AMOUNTS,
        CURRENCIES,
    ),
    st.builds(
        lambda one, at, report, due: awards.report_due(one, at=at, report=report, due=due),
        AWARDS,
        TIMES,
        REPORTS,
        DUES,
    ),
    st.builds(
        lambda one, at, report, due: awards.report_overdue(one, at=at, report=report, due=due),
        AWARDS,
        TIMES,
        REPORTS,
        DUES,
    ),
    st.builds(
        lambda one, at, report: awards.report_extended(one, at=at, report_id=report), AWARDS, TIMES, REPORTS
    ),
    st.builds(lambda one, at, report: awards.reported(one, at=at, report_id=report), AWARDS, TIMES, REPORTS),
    st.builds(lambda to, at, amount: awards.regranted(to=to, at=at, amount=amount), AWARDS, TIMES, AMOUNTS),
)
GRANT_EVENT: st.SearchStrategy[Event] = st.one_of(CALL_EVENT, APPLICATION_EVENT, REVIEW_EVENT, AWARD_EVENT)
