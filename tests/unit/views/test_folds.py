"""A changed fold without a new version is found."""

import json
from dataclasses import replace
from typing import Any

import pytest

from events.envelope import Event
from projections import folds
from projections.core import Document
from projections.registry import BY_NAME
from projections.views import ballots, ideas, pulse


def test_the_committed_hashes_are_those_of_the_code() -> None:
    assert list(folds.wrong(json.loads(folds.FILE.read_text()), folds.present())) == []


def test_every_view_takes_part() -> None:
    """Else a change in it would go unseen."""
    events = folds.history()
    for projection in BY_NAME.values():
        for view in projection.documents:
            assert folds._documents(view, events), view.name


def _changed(document: Document | None, event: Event) -> Document | None:
    new = ballots.evolve(document, event)
    return new and {**new, "casts": new["casts"] + 1}


PARTICIPATION = BY_NAME["participation"]
CHANGES: dict[str, Any] = {
    "a document": {
        "documents": tuple(
            replace(one, evolve=_changed) if one is ballots.VIEW else one for one in PARTICIPATION.documents
        ),
        "document_tallies": (ideas.SUPPORT,),
    },
    "a sum that is left out": {"document_tallies": PARTICIPATION.document_tallies[1:]},
    "a sum more": {"event_tallies": (pulse.PULSE,)},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_needs_a_new_version(name: str) -> None:
    committed, events = folds.present(), folds.history()
    now = {
        **committed["participation"],
        "fold": folds.digest(replace(PARTICIPATION, **CHANGES[name]), events),
    }
    (fault,) = folds.wrong(committed, {**committed, "participation": now})
    assert "Raise the version" in fault
    (fault,) = folds.wrong(committed, {**committed, "participation": {**now, "version": 2}})
    assert "run `python -m projections.folds`" in fault
