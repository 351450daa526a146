"""A running read API over the read models of some history, without an engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx2

from events.envelope import Event
from infra.embedded import Endpoints
from projections.api.app import create_app
from tests.support import town
from tests.support.read_models import ReadModels
from tests.support.web import serve


class Reading:
    """The API and the read models behind it; `models.play` adds to the history."""

    def __init__(self, models: ReadModels, url: str) -> None:
        self.models = models
        self.http = httpx2.Client(base_url=url, timeout=30)

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of an answer that must be good."""
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def text(self, path: str) -> str:
        """All of an answer that must be good."""
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text


@contextmanager
def reading(servers: Endpoints, *events: Event) -> Iterator[Reading]:
    """Riverton, Lakeside and Emptyville after these events."""
    models = ReadModels(servers.mongo, f"t_{uuid4().hex[:12]}")
    models.add_cities(town.RIVERTON, town.LAKESIDE, town.EMPTY)
    models.play(*events)
    with serve(create_app(models.settings)) as url:
        running = Reading(models, url)
        yield running
        running.http.close()
    models.close()
