"""What the public may see of calls, applications and awards; pure.

Never shown: reviewers and what each of them said, the words and names of applications that were not
accepted, questions and answers, and where words stand.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from events.scalars import thousandths
from projections.api import grant_models as models
from projections.api.models import Answer
from projections.api.present import decimal_text
from projections.core import Document
from projections.grants_ranking import Ranking
from projections.metrics.suppression import few
from projections.read import Cell

ACCEPTED = ("accepted", "accepted_pending_info")


def _same(document: Document, model: type[Answer]) -> dict[str, Any]:
    """The fields of a document that an answer has under the same name."""
    return {name: document[name] for name in model.model_fields if name in document}


def link(city: str | None, award: str | None) -> models.AwardLink | None:
    """The award, where there is one."""
    return None if city is None or award is None else models.AwardLink(city=city, id=award)


def call_summary(call: Document, cells: Sequence[Cell]) -> models.CallSummary:
    """A call in a listing; `cells` are the sums of its applications."""
    return models.CallSummary(**_summary(call, cells))


def _summary(call: Document, cells: Sequence[Cell]) -> dict[str, Any]:
    stands = sum(cell.n["submitted"] - cell.n["withdrawn"] for cell in cells)
    own = {"id": call["call_id"], "applications": stands, "accepted": _sum(cells, "accepted")}
    return {**_same(call, models.CallSummary), **own}


def _sum(cells: Sequence[Cell], measure: str) -> int:
    return sum(cell.n[measure] for cell in cells)


def call(
    document: Document, cells: Sequence[Cell], ranking: models.Ranking | None, as_of: str | None
) -> models.Call:
    """A call with its terms and what came of it."""
    closed = document["closed"] if document["status"] != "open" else None
    return models.Call(
        **_summary(document, cells),
        **{name: document[name] for name in ("description", "eligibility")},
        criteria=[models.Criterion(**one) for one in document["criteria"]],
        parent=link(document["parent_city"], document["parent_award_id"]),
        extensions=[_extension(one) for one in document["extensions"]],
        closed_at=closed and closed["at"],
        withdrawn=_sum(cells, "withdrawn"),
        determined=_sum(cells, "determined"),
        asked=[_asked(cell) for cell in sorted(cells, key=lambda cell: cell.key["currency"])],
        ranking=ranking,
        as_of=as_of,
    )


def _extension(told: Mapping[str, Any]) -> models.Extension:
    named = {name: told[name] for name in ("previous_deadline_at", "deadline_at")}
    return models.Extension(**named, told_at=told["at"])


def _asked(cell: Cell) -> models.Asked:
    return models.Asked(
        currency=cell.key["currency"],
        requested=decimal_text(cell.n["requested"]),
        accepted=decimal_text(cell.n["accepted_amount"]),
    )


def ranking(
    told: Mapping[str, Any], titles: Mapping[str, str | None], computed: Ranking | None, reviewers: int
) -> models.Ranking:
    """The order told beside the one computed; `titles` are those of the accepted applications."""
    spread = None if computed is None or reviewers == 0 or few(reviewers) else computed.spread
    return models.Ranking(
        rule=told["rule"],
        ranking=[_ranked(one, titles) for one in told["ranking"]],
        input_hash=told["input_hash"],
        told_at=told["at"],
        computed_hash=computed and computed.input_hash,
        same=None if computed is None else _as_told(told, computed),
        highest=None if computed is None else decimal_text(computed.most),
        spread=None if spread is None else decimal_text(spread),
    )


def _ranked(one: Mapping[str, Any], titles: Mapping[str, str | None]) -> models.RankedApplication:
    id_ = one["application_id"]
    shown = {"accepted": id_ in titles, "title": titles.get(id_)}
    return models.RankedApplication(id=id_, rank=one["rank"], score=one["score"], **shown)


def _as_told(told: Mapping[str, Any], computed: Ranking) -> bool:
    here = {(one.application_id, one.rank, one.score) for one in computed.ranking}
    return here == {
        (one["application_id"], one["rank"], thousandths(one["score"])) for one in told["ranking"]
    }


def accepted(application: Document) -> models.AcceptedApplication:
    """An application that was accepted."""
    determined = application["determination"]
    return models.AcceptedApplication(
        id=application["application_id"],
        title=application["title"],
        city=application["applicant_city"],
        group_id=application["applicant_group_id"],
        neighbourhood_id=application["neighbourhood_id"],
        requested=application["amount"],
        accepted=determined["amount"],
        currency=determined["currency"],
        pending_info=application["status"] == "accepted_pending_info",
    )


def title_of(application: Document | None) -> str | None:
    """What an application is about: published once it is accepted, as long as it is not taken back."""
    if application is None or application["status"] not in ACCEPTED:
        return None
    title: str | None = application["title"]
    return title


def award(document: Document) -> models.Award:
    """An award in a listing."""
    return models.Award(**_award(document))


def _award(document: Document) -> dict[str, Any]:
    return {
        **_same(document, models.Award),
        "id": document["award_id"],
        "paid": decimal_text(document["paid_thousandths"]),
        "parent": link(document["parent_city"], document["parent_award_id"]),
    }


def award_detail(
    document: Document, call: Document | None, regrants: int, as_of: str | None
) -> models.AwardDetail:
    """An award with what is paid, owed and reached."""
    return models.AwardDetail(
        **_award(document),
        description=document["description"],
        call_title=call and call["title"],
        instalments=[_instalment(one) for one in document["instalments"]],
        reports=[_report(one) for one in document["reports"]],
        targets=[_target(one) for one in document["targets"]],
        regrants=regrants,
        as_of=as_of,
    )


def _instalment(one: Mapping[str, Any]) -> models.Instalment:
    return models.Instalment(id=one["instalment_id"], **_same(one, models.Instalment))


def _report(one: Mapping[str, Any]) -> models.Report:
    metrics = [models.Achieved(**metric) for metric in one["metrics"]]
    own = {"id": one["report_id"], "metrics": metrics, "extensions": len(one["extensions"])}
    return models.Report(**{**_same(one, models.Report), **own})


def _target(one: Mapping[str, Any]) -> models.Target:
    actual = one["actual_thousandths"]
    return models.Target(actual=None if actual is None else decimal_text(actual), **_same(one, models.Target))


def regrant(document: Document) -> models.Regrant:
    """An award made of the money of another."""
    return models.Regrant(
        award=models.AwardLink(city=document["to_city"], id=document["to_award_id"]),
        amount=document["amount"],
        currency=document["currency"],
        granted_at=document["regranted_at"],
    )
