"""Sums over awards: money by month, instalments, reports and targets by the day they are due.

By the day they are due, so that what should have come by now and did not is counted as late.
"""

from typing import Final

from projections.core import DocumentTally
from projections.views import award_money, award_reports
from projections.views.awards import VIEW

AWARDED: Final = DocumentTally(
    name="grants_awarded",
    description="What was granted, by the month in which the award was made",
    dimensions=("city", "currency", "month"),
    measures={"awards": "awards", "awarded": "what was granted, in thousandths"},
    over=VIEW,
    cells=award_money.awarded,
)
INSTALMENTS: Final = DocumentTally(
    name="grant_instalments",
    description="Instalments by the day on which they are due",
    dimensions=("city", "due_on"),
    measures={
        "instalments": "instalments due on this day",
        "paid": "those paid in whole",
        "on_time": "those paid in whole by this day",
    },
    over=VIEW,
    cells=award_money.by_due_day,
)
REPORTS: Final = DocumentTally(
    name="grant_reports",
    description="Reports by the day on which they are due, which an extension moves",
    dimensions=("city", "due_on"),
    measures={
        "reports": "reports due on this day",
        "due": "those of which it was told ahead that they are due",
        "submitted": "those that came",
        "on_time": "those that came by their due date and had missed none before",
        "overdue": "those of which it was told that they had not come, and that were not on time",
    },
    over=VIEW,
    cells=award_reports.by_due_day,
)
TARGETS: Final = DocumentTally(
    name="grant_targets",
    description="Targets by the day the award's last report is due; the empty day where none is owed",
    dimensions=("city", "metric_code", "due_on"),
    measures={
        "targets": "targets set",
        "reported": "those of which something is reported",
        "met": "those reached, all reports of the award taken together",
    },
    over=VIEW,
    cells=award_reports.targets_by_day,
)
TALLIES: Final = (AWARDED, INSTALMENTS, REPORTS, TARGETS)
