"""Local labels map to stages; what is unknown changes nothing."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.stages import Stage, open311_status, stage_of_label

STAGES = get_args(Stage)


@pytest.mark.parametrize(
    ("label", "stage"),
    [
        ("open", "submitted"),
        ("New", "submitted"),
        ("CLOSED", "closed"),
        ("Completed", "closed"),
        ("completed.", "closed"),
        ("  In Progress  ", "in_progress"),
        ("in_progress", "in_progress"),
        ("In progress - The request has been scheduled.", "scheduled"),
        ("In progress – Awaiting reporter", "awaiting_reporter"),
        ("Closed: duplicate of another request", "closed"),
        ("Status: Closed", "closed"),
        ("Open; on hold", "on_hold"),
        ("fixed - council", "closed"),
        ("reopen requested", "reopened"),
        ("forward to external", "referred"),
    ],
)
def test_a_known_label_tells_its_stage(label: str, stage: Stage) -> None:
    last_known: Stage = "investigating"
    assert stage_of_label(label, last_known) == stage


@pytest.mark.parametrize("label", ["", "-", "Wird geprüft", "not scheduled yet", "closedness", "¯\\_(ツ)_/¯"])
@pytest.mark.parametrize("last_known", STAGES)
def test_an_unknown_label_keeps_the_last_known_stage(label: str, last_known: Stage) -> None:
    assert stage_of_label(label, last_known) == last_known


@given(st.text(), st.sampled_from(STAGES))
def test_no_label_is_refused(label: str, last_known: Stage) -> None:
    assert stage_of_label(label, last_known) in STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_open311_calls_everything_open_that_is_not_closed(stage: Stage) -> None:
    assert open311_status(stage) == ("closed" if stage == "closed" else "open")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_a_label_for_itself(stage: Stage) -> None:
    assert stage_of_label(stage, "closed" if stage != "closed" else "submitted") == stage
