"""`townhall up` as a process, with a home of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil

from tests.support.processes import free_port


@dataclass
class Town:
    """A running `townhall up` with a home of its own."""

    home: Path
    url: str
    process: subprocess.Popen[bytes]

    def run(self, *arguments: str, code: int = 0) -> str:
        """A command in another terminal; its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "townhall", *arguments],
            env=environment(self.home),
            cwd=self.home.parent,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    def get(self, path: str, **params: str) -> Any:
        """The answer's JSON. A read that waits for a position is asked again while a slow machine counts."""
        deadline = time.monotonic() + 120
        answer = httpx2.get(f"{self.url}{path}", params=params, timeout=60)
        while answer.status_code == 504 and time.monotonic() < deadline:
            answer = httpx2.get(f"{self.url}{path}", params=params, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOWNHALL_")}
    return {**kept, "TOWNHALL_HOME": str(home), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


def up(home: Path) -> subprocess.Popen[bytes]:
    """Once it has said its welcome. It writes to a file: a pipe that nobody reads would stop it."""
    variables = {**environment(home), "TOWNHALL_PORT": str(free_port())}
    command = [sys.executable, "-m", "townhall", "up"]
    with _words(home).open("wb") as words:
        process = subprocess.Popen(command, env=variables, stderr=words, cwd=home.parent)
    try:
        _wait_for_welcome(home, process)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process


@contextlib.contextmanager
def running(home: Path) -> Iterator[Town]:
    """Started, and stopped at the end as by Ctrl-C: in order, and without an orphan."""
    process = up(home)
    try:
        yield Town(home, json.loads((home / "running.json").read_text())["url"], process)
    finally:
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, said(home)
        _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive


def said(home: Path) -> str:
    """What the last `up` with this home has said."""
    return _words(home).read_text()


def _words(home: Path) -> Path:
    return home.parent / f"{home.name}.said"


def _wait_for_welcome(home: Path, process: subprocess.Popen[bytes]) -> None:
    while "townhall is running" not in said(home):
        assert process.poll() is None, f"townhall up ended: {said(home)}"
        time.sleep(0.05)
