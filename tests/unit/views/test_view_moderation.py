"""What readers must not show, without a copy of it."""

import orjson

from projections.views.moderation import BY_KIND, VIEW
from projections.views.timeline import HISTORY_KEPT
from tests.support.build import ANN, when
from tests.support.builders.city import flagged, moderated
from tests.support.spec import given, tallied

EARLY, LATE = "2026-04-01T08:00:00-04:00", "2026-04-02T18:00:00-04:00"


def test_flagged_content_is_shown_until_somebody_decides() -> None:
    event = flagged("idea", "i7", at=EARLY, reason="insult", text_ref="text-1")
    given(VIEW, event).then(
        {
            "city": "riverton",
            "content_kind": "idea",
            "content_id": "i7",
            "flags": 1,
            "hidden": False,
            "redacted": False,
            "words_shown": True,
            "reason": None,
            "flagged_at": when(EARLY),
            "moderated_at": None,
            "history": [{"at": when(EARLY), "event_id": event.id, "change": "flagged", "reason": "insult"}],
            "history_total": 1,
        }
    )


def test_who_flagged_is_not_kept() -> None:
    event = flagged().model_copy(update={"participant": ANN})
    assert ANN.encode() not in orjson.dumps(given(VIEW, event).document)


def test_hidden_content_is_shown_again_when_it_is_restored() -> None:
    told = [moderated(action="hide", at=EARLY), moderated(action="restore", reason="mistake", at=LATE)]
    given(VIEW, told[0]).shows(hidden=True, words_shown=False, reason="spam", flags=0)
    given(VIEW, *told).shows(hidden=False, words_shown=True, reason="mistake", moderated_at=when(LATE))
    given(VIEW, *reversed(told)).shows(hidden=True, words_shown=False)


def test_what_was_redacted_stays_so() -> None:
    given(VIEW, moderated(action="redact"), moderated(action="restore")).shows(
        redacted=True, hidden=False, words_shown=False
    )


def test_the_history_of_content_is_bounded() -> None:
    document = given(VIEW, *[flagged() for _ in range(HISTORY_KEPT + 1)]).document
    assert (len(document["history"]), document["flags"]) == (HISTORY_KEPT, HISTORY_KEPT + 1)


def test_content_is_counted_by_kind_and_by_what_became_of_it() -> None:
    told = [
        flagged("idea", "i1"),
        flagged("idea", "i1"),
        flagged("idea", "i2"),
        moderated("idea", "i2"),
        moderated("group", "g1", action="redact"),
    ]
    assert tallied(BY_KIND, *told) == {
        ("riverton", "idea"): {"flagged": 2, "waiting": 1, "hidden": 1},
        ("riverton", "group"): {"redacted": 1},
    }
