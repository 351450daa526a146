"""Logs are JSON whoever writes them, and no library can flood them."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from infra.logging import configure, for_terminal
from infra.settings import Settings


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    """Logging as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("aiokafka").setLevel(logging.NOTSET)
    structlog.reset_defaults()


def test_a_library_looks_like_us_and_speaks_once_in_a_while(capfd: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_format="json"))
    for _ in range(500):
        logging.getLogger("aiokafka.client").error("no broker at %s", "127.0.0.1")
    structlog.get_logger("ours").warning("fenced", partition="ideas.3")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["no broker at 127.0.0.1", "fenced"]
    assert lines[0]["logger"] == "aiokafka.client"
    assert lines[1]["partition"] == "ideas.3"


@pytest.mark.parametrize(("asked", "shown"), [({}, 0), ({"log_level": "warning"}, 1)])
def test_a_person_sees_logs_of_client_libraries_only_who_asked_for_a_level(
    capfd: pytest.CaptureFixture[str], asked: dict[str, Any], shown: int
) -> None:
    for_terminal(Settings(**asked), "error")
    logging.getLogger("aiokafka.client").error("no broker")
    assert capfd.readouterr().err.count("no broker") == shown


def test_a_person_sees_what_failed_in_a_task_of_ours(capfd: pytest.CaptureFixture[str]) -> None:
    for_terminal(Settings(), "error")
    logging.getLogger("asyncio").error("Task exception was never retrieved")
    assert "never retrieved" in capfd.readouterr().err
