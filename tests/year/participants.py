"""What the read models of participants must hold: each person once, the erased never."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from producers.simulate.acting import RUNGS, Act, Acts
from producers.simulate.truth import Truth
from producers.simulate.wishes import Participant
from tests.support.spec import Sums
from tests.year.sums import Added, Documents, summed

SPANS = {"month": 7, "year": 4}
RETURN = timedelta(days=90)


def participants(truth: Truth) -> Documents:
    keys = {**truth.kept(Participant), **truth.kept(Acts)}
    return {key: _participant(truth, key) for key in keys}


def _participant(truth: Truth, key: str) -> dict[str, Any]:
    city, ref = key.split("/")
    known = truth.kept(Participant).get(key) or Participant(city, ref)
    if known.erased_at is not None:
        return {**_nothing(city), "erased_at": known.erased_at}
    acts = truth.kept(Acts).get(key, Acts(city, ref)).acts
    told = [act.at for act in acts] + [one.at for one in known.consents.values()]
    told += [at for at in (known.lang_at, known.erasure_requested_at) if at is not None]
    return {
        **_nothing(city),
        "participant": ref,
        "consents": [
            {"purpose": purpose, "granted": one.granted, "notice": one.notice, "at": one.at}
            for purpose, one in sorted(known.consents.items())
        ],
        "preferred_lang": known.lang,
        "lang_at": known.lang_at,
        "erasure_requested_at": known.erasure_requested_at,
        "erasure_due_at": known.erasure_due_at,
        "first_acted_at": min((act.at for act in acts), default=None),
        "last_acted_at": max((act.at for act in acts), default=None),
        "actions": [_action(name, acts) for name in sorted({act.action for act in acts})],
        "months": [_month(month, acts) for month in sorted({act.day[:7] for act in acts})],
        "updated_at": max(told),
    }


def _nothing(city: str) -> dict[str, Any]:
    none = (
        "participant preferred_lang lang_at erasure_requested_at erasure_due_at erased_at "
        "first_acted_at last_acted_at updated_at"
    )
    return {**dict.fromkeys(none.split()), "city": city, "consents": [], "actions": [], "months": []}


def _action(name: str, acts: list[Act]) -> dict[str, Any]:
    same = [act for act in acts if act.action == name]
    first = min(same, key=lambda act: act.at)
    return {
        "action": name,
        "count": len(same),
        "first_at": first.at,
        "first_on": first.day,
        "last_at": max(act.at for act in same),
    }


def _month(month: str, acts: list[Act]) -> dict[str, Any]:
    same = [act for act in acts if act.day.startswith(month)]
    return {
        "month": month,
        "actions": len(same),
        "days": sorted({int(act.day[8:]) for act in same}),
        "rungs": sorted({RUNGS[act.action] for act in same}),
        "neighbourhoods": sorted({act.area for act in same if act.area is not None}),
    }


def _everyone(truth: Truth) -> Iterator[Acts]:
    """Everyone who did anything and is not forgotten."""
    for key, one in truth.kept(Acts).items():
        known = truth.kept(Participant).get(key)
        if known is None or known.erased_at is None:
            yield one


def _periods(one: Acts) -> Iterator[tuple[str, str, list[Act]]]:
    for span, length in SPANS.items():
        for period in sorted({act.day[:length] for act in one.acts}):
            yield span, period, [act for act in one.acts if act.day.startswith(period)]


def by_period(truth: Truth) -> Sums:
    return summed(_of_period(one, *period) for one in _everyone(truth) for period in _periods(one))


def _of_period(one: Acts, span: str, period: str, _: list[Act]) -> Added:
    days = sorted({act.day for act in one.acts})[:2]
    began = days[0].startswith(period)
    soon = len(days) == 2 and date.fromisoformat(days[1]) - date.fromisoformat(days[0]) <= RETURN
    counts = {"participants": 1, "first_time": int(began), "returned": int(began and soon)}
    return (one.city, span, period), counts


def by_neighbourhood(truth: Truth) -> Sums:
    return summed(
        ((one.city, span, period, area), {"participants": 1})
        for one in _everyone(truth)
        for span, period, acts in _periods(one)
        for area in {act.area for act in acts if act.area is not None}
    )


def by_rung(truth: Truth) -> Sums:
    return summed(
        ((one.city, span, period, rung), {"participants": 1})
        for one in _everyone(truth)
        for span, period, acts in _periods(one)
        for rung in {RUNGS[act.action] for act in acts}
    )


def ladder(truth: Truth) -> Sums:
    return summed(step for one in _everyone(truth) for step in _climbed(one))


def _climbed(one: Acts) -> Iterator[Added]:
    feedback = [act for act in one.acts if RUNGS[act.action] == "feedback"]
    if feedback:
        first = min(feedback, key=lambda act: act.at)
        later = {RUNGS[act.action] for act in one.acts if act.at > first.at}
        for rung in {"feedback", *later}:
            yield (one.city, first.day[:7], rung), {"participants": 1}


DOCUMENTS = {"participants": participants}
TALLIES = {
    "participants_by_period": by_period,
    "participants_by_neighbourhood": by_neighbourhood,
    "participants_by_rung": by_rung,
    "ladder": ladder,
}
