"""Fixtures of all tests."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog
from xdist.scheduler import LoadFileScheduling

from infra.embedded import EmbeddedServers, Endpoints
from tests.support import servers as found

NewServers = Callable[..., EmbeddedServers]


ALL_IN_ONE = "tests/all_in_one/"


class TestsOfAFileStayTogether(LoadFileScheduling):
    """Those that share one `townhall up` too: it is started once, and ends with the last of them."""

    def _split_scope(self, nodeid: str) -> str:
        return ALL_IN_ONE if nodeid.startswith(ALL_IN_ONE) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TestsOfAFileStayTogether | None:
    return TestsOfAFileStayTogether(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs servers takes longest and comes first, so that no worker is left with it in the end."""
    items.sort(key=lambda item: item.get_closest_marker("servers") is None)


def pytest_report_header() -> str:
    return found.plan()


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """What a test configured of logs, and the stream that they went to, ends with it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """Kafka and MongoDB for the whole session."""
    with ExitStack() as stack:
        yield found.open_servers(tmp_path_factory.mktemp("servers"), stack)


@pytest.fixture
def embedded_servers(tmp_path: Path) -> Iterator[NewServers]:
    """Makes servers of a test's own, not started yet: to kill, to pause. Data goes unless `home` is given."""
    made: list[EmbeddedServers] = []

    def new(home: Path = tmp_path / "home", **options: Any) -> EmbeddedServers:
        made.append(EmbeddedServers(home, **options))
        return made[-1]

    yield new
    for one in made:
        one.stop()
    shutil.rmtree(tmp_path / "home", ignore_errors=True)  # mongod's journal alone has 300 MB
