"""An application hears, on its own key, what the award that was made for it brings and asks.

Who applied is known there and not on the award's key, which names a city or a group. All that is granted
stands in one city, so nobody is linked across cities. A payment told before its award reaches nobody.
"""

from typing import Final

from consumers.engine.effects import Emit, ProcessManager, Reaction, process_manager
from events.envelope import Event
from events.types.applications import ApplicationAwardProgressed, Owed, Paid
from events.types.awards import AwardDisbursed, AwardGranted, GrantReportDue, GrantReportOverdue
from projections.core import Document, types

RULE: Final = "award.reaches_application"
FIELDS: Final = {
    "city": "the short name of the city, or of the coalition, that grants",
    "award_id": "id within the city",
    "application_id": "the application that it was made for, as told last",
}


def react(state: Document | None, event: Event) -> Reaction:
    """The award after this event, and what its application is to know of it."""
    if isinstance(event.data, AwardGranted):
        named = {"award_id": event.subject, "application_id": event.data.application_id}
        return {"city": event.city, **named}, ()
    if state is None or (told := _told(event)) is None:
        return state, ()
    return state, [Emit(RULE, told, state["application_id"])]


def _told(event: Event) -> ApplicationAwardProgressed | None:
    award = event.subject
    match event.data:
        case AwardDisbursed() as data:
            return ApplicationAwardProgressed(rule=RULE, award_id=award, paid=Paid(**dict(data)))
        case GrantReportDue() as data:
            owed = Owed(report_id=data.report_id, due_at=data.due_at)
            return ApplicationAwardProgressed(rule=RULE, award_id=award, report_due=owed)
        case GrantReportOverdue() as data:
            owed = Owed(report_id=data.report_id, due_at=data.due_at)
            return ApplicationAwardProgressed(rule=RULE, award_id=award, report_overdue=owed)
    return None


MANAGER: Final[ProcessManager] = process_manager(
    "award_links",
    "Tells an application of the payments and reports of the award that was made for it",
    types("award.granted", "award.disbursed", "grant_report.due", "grant_report.overdue"),
    react,
    FIELDS,
)
