"""`townhall up` with its own mongod and broker killed: real signals, real data."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests.support.all_in_one import Town, running, said, up

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]


def _server(parent: int, program: str) -> psutil.Process:
    family = psutil.Process(parent).children(recursive=True)
    (found,) = [child for child in family if Path(child.exe()).name == program]
    return found


def _publish(town: Town, key: str, idea: str) -> str:
    """The position of an idea, published as a city app does it: the same again after no good answer."""
    event = {
        "specversion": "1.0",
        "id": idea,
        "type": "org.citiesofservice.idea.submitted.v1",
        "subject": idea,
        "time": "2026-04-02T18:20:00-04:00",
        "data": {"title": f"The idea {idea}", "summary": "It counts.", "category": "water"},
    }
    headers = {"authorization": f"Bearer {key}", "content-type": "application/cloudevents+json"}
    deadline = time.monotonic() + 60
    while True:
        answer = httpx2.post(f"{town.url}/v1/events", json=event, headers=headers, timeout=20)
        if answer.status_code == 202:
            return str(answer.json()["position"])
        assert answer.status_code == 503
        assert time.monotonic() < deadline
        time.sleep(0.5)


def _read(town: Town, idea: str, position: str) -> Any:
    url, deadline = f"{town.url}/v1/ideas/port-linden/{idea}", time.monotonic() + 60
    while True:
        answer = httpx2.get(url, params={"after": position}, timeout=60)
        if answer.status_code == 200:
            return answer.json()["title"]
        assert answer.status_code in {503, 504}
        assert time.monotonic() < deadline


def test_after_mongod_and_the_broker_were_killed_everything_counts_on(tmp_path: Path) -> None:
    with running(tmp_path / "home") as town:
        where = json.loads((town.home / "running.json").read_text())
        key = town.run("keys", "create", "--city", "port-linden", "--app", "kills").strip()
        _publish(town, key, "before")
        for program in ("mongod", "java"):
            _server(town.process.pid, program).send_signal(signal.SIGKILL)
            position = _publish(town, key, f"after-{program}")
            assert _read(town, f"after-{program}", position) == f"The idea after-{program}"
        assert _read(town, "before", position) == "The idea before"
        assert json.loads((town.home / "running.json").read_text()) == where
        family = psutil.Process(town.process.pid).children(recursive=True)
        assert not [child for child in family if child.status() == psutil.STATUS_ZOMBIE]
    words = said(town.home)
    assert words.count("mongod ended (SIGKILL) and was started again; all data is kept.") == 1
    assert words.count("Kafka ended (SIGKILL) and was started again; all data is kept.") == 1
    assert "aiokafka" not in words


def test_a_server_that_cannot_be_brought_back_ends_it_all_and_names_the_log(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = up(home)
    (home / "mongo" / "data" / "storage.bson").write_bytes(os.urandom(200))
    _server(process.pid, "mongod").send_signal(signal.SIGKILL)
    assert process.wait(240) == 1
    words = said(home)
    assert "mongod ended (SIGKILL) and does not stay up" in words
    assert f"Its data in {home / 'mongo'} is kept." in words
    assert f"The end of {home / 'logs' / 'mongod.log'}:" in words
    assert "Stopped. Everything is kept" not in words
    assert not (home / "running.json").exists()
