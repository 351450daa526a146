"""The canonical life of a service request, and how local labels map to it.

A city's own label is never dropped and never refused: an unknown one keeps the last known
stage and stands verbatim in `local_status`.
"""

import re
from typing import Literal

Stage = Literal[
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

ResolutionCode = Literal[
    "fixed",
    "no_further_action",
    "not_responsible",
    "duplicate",
    "cannot_reproduce",
    "withdrawn",
]

# Labels seen in Open311 servers, FixMyStreet, Signalen and NYC 311, in lower case.
_STAGE_OF_LABEL: dict[str, Stage] = {
    "new": "submitted",
    "reported": "submitted",
    "submitted": "submitted",
    "unconfirmed": "submitted",
    "open": "submitted",
    "acknowledged": "acknowledged",
    "received": "acknowledged",
    "assigned": "acknowledged",
    "email sent": "acknowledged",
    "for triage": "acknowledged",
    "investigating": "investigating",
    "under review": "investigating",
    "under investigation": "investigating",
    "scheduled": "scheduled",
    "planned": "scheduled",
    "action scheduled": "scheduled",
    "the request has been scheduled": "scheduled",
    "started": "in_progress",
    "in progress": "in_progress",
    "processing": "in_progress",
    "hold": "on_hold",
    "on hold": "on_hold",
    "pending": "on_hold",
    "waiting": "on_hold",
    "awaiting reporter": "awaiting_reporter",
    "reaction requested": "awaiting_reporter",
    "more information required": "awaiting_reporter",
    "referred": "referred",
    "internal referral": "referred",
    "forward to external": "referred",
    "closed": "closed",
    "completed": "closed",
    "resolved": "closed",
    "fixed": "closed",
    "reopened": "reopened",
    "reopen requested": "reopened",
}


def stage_of_label(label: str, last_known: Stage) -> Stage:
    """The stage a local label or status note tells of; `last_known` where it tells none.

    The most telling part of a note wins, read from its end: Toronto's
    `In progress - The request has been scheduled.` is `scheduled`.
    """
    parts = [label, *re.split(r"\s+[-–—]\s+|:\s+|[.;]", label)]
    for part in reversed(parts):
        stage = _STAGE_OF_LABEL.get(part.strip(" .").casefold().replace("_", " "))
        if stage is not None:
            return stage
    return last_known


def open311_status(stage: Stage) -> Literal["open", "closed"]:
    """Open311 knows two words; the rest of the truth is in `stage`."""
    return "closed" if stage == "closed" else "open"
