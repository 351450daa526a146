"""What a city says of content and of itself."""

from typing import Any

from events.envelope import Event
from events.types import metrics, moderation
from tests.support.build import AT, told


def flagged(kind: str = "idea", content: str = "i1", *, at: str = AT, **data: Any) -> Event:
    usual = {"content_kind": kind, "content_id": content, "reason": "spam"}
    return told(moderation.ContentFlagged, f"{kind}:{content}", data, at=at, **usual)


def moderated(
    kind: str = "idea", content: str = "i1", *, action: str = "hide", at: str = AT, **data: Any
) -> Event:
    usual = {"content_kind": kind, "content_id": content, "action": action, "reason": "spam"}
    return told(moderation.ContentModerated, f"{kind}:{content}", data, at=at, **usual)


def snapshot(metric: str = "participants", *, at: str = AT, **data: Any) -> Event:
    period = {"first_day": "2026-03-01", "last_day": "2026-03-31"}
    usual = {"definition_version": 1, "unit": "participants", "as_of": ()}
    return told(metrics.MetricSnapshot, metric, data, at=at, metric_code=metric, **period, **usual)
