"""What the page about data lists is what the code declares."""

from typing import Any

from events.topics import TOPICS
from projections.api import described
from projections.registry import VIEWS


def _get(tag: str, *parameters: tuple[str, str, bool]) -> dict[str, Any]:
    named = [{"in": where, "name": name, "required": needed} for where, name, needed in parameters]
    return {"get": {"tags": [tag], "description": "Words.", "parameters": named}}


def test_paths_for_reading_are_listed_with_what_they_need_and_no_others() -> None:
    paths = {
        "/v1/events": {"post": {"tags": ["events"]}},
        "/livez": {"get": {"tags": ["operations"], "description": "Words."}},
        "/v1/cities": _get("read", ("query", "after", False)),
        "/v1/pulse/{city}": _get("read", ("path", "city", True)),
        "/v1/ideas": _get("read", ("query", "city", True), ("query", "limit", False)),
        "/v1/stream": _get("live"),
    }
    assert list(described.paths({"paths": paths})) == [
        ("/v1/cities", "Words.", True),
        ("/v1/pulse/{city}", "Words.", False),
        ("/v1/ideas?city={city}", "Words.", False),
        ("/v1/stream", "Words.", False),
    ]


def test_every_collection_and_every_topic_is_listed() -> None:
    assert [one.name for one in described.collections()] == list(VIEWS)
    assert {one.name: one.key for one in described.collections()}["pulse"] == ("city", "day", "type")
    assert described.topics() == TOPICS
