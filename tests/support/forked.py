"""Processes of ours that start at once: forked from one that has imported everything and done nothing else.

Importing takes a second of work, and the fault tests start hundreds. What runs is the command itself.
"""

import importlib
import multiprocessing
import os
import random
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    [
        "townhall",
        "uvloop",
        "consumers.follow_up",
        "consumers.messages.mailer",
        "consumers.projector",
        "consumers.relay",
        "consumers.webhooks.process",
        "producers.http.app",
        "producers.publisher",
    ]
)
_one = threading.Lock()


class Child:
    """A process of the same interface as `subprocess.Popen`, as far as tests need it."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
    ) -> None:
        """`main` of the module, with these arguments; what it writes goes to `log`."""
        theirs, self.stdin = _context.Pipe(duplex=False)
        given = (module, list(arguments), dict(environment), (folder, log), theirs)
        self._process = _context.Process(target=_run, args=given, daemon=True)
        with _one:
            self._process.start()
        theirs.close()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        """How it ended; None while it lives."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, waited for; TimeoutError when it lives on."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError(f"process {self.pid} lives on after {timeout} s")
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """To the process, if it lives."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _run(
    module: str,
    arguments: list[str],
    environment: dict[str, str],
    places: tuple[Path, Path],
    stdin: Connection,
) -> None:
    folder, log = places
    os.setsid()  # Ctrl-C reaches the tests, who end it
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number in (1, 2):
        os.dup2(written, number)
    os.dup2(stdin.fileno(), 0)  # at its end with the process that started this one, however that ends
    stdin.close()
    sys.stdin = os.fdopen(0)
    sys.argv = [module, *arguments]
    random.seed()
    importlib.import_module(module).main()
