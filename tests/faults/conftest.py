"""Fixtures of the fault tests: a scene of their own, since they kill what they use."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NewServers
from tests.faults.scene import Scene

NewScene = Callable[..., Scene]


@pytest.fixture
def new_scene(embedded_servers: NewServers, tmp_path: Path) -> Iterator[NewScene]:
    """Makes scenes with running servers; whatever a test leaves running is killed at its end."""
    with ExitStack() as stack:

        def new(**options: Any) -> Scene:
            return stack.enter_context(Scene(embedded_servers(), tmp_path, **options))

        yield new
