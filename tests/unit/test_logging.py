"""Logs are JSON whoever writes them, and no library can flood them."""

import json
import logging

import pytest
import structlog

from infra.logging import configure
from infra.settings import Settings


def test_a_library_looks_like_us_and_speaks_once_in_a_while(capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        configure(Settings(log_format="json"))
        for _ in range(500):
            logging.getLogger("aiokafka.client").error("no broker at %s", "127.0.0.1")
        structlog.get_logger("ours").warning("fenced", partition="ideas.3")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["no broker at 127.0.0.1", "fenced"]
    assert lines[0]["logger"] == "aiokafka.client"
    assert lines[1]["partition"] == "ideas.3"
