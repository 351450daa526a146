"""One server as a child process: started under a guard, watched, stopped, killed, paused, restarted."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path

from infra.embedded.errors import EmbeddedError

GUARD = Path(__file__).with_name("guard.py")
LOG_TAIL_LINES = 15
POLL_SECONDS = 0.05
READY_SECONDS = 60.0

DISK_FULL = "The disk is full: free some space and start again."
FULL_BYTES = 2**20

# What a user can do about the usual ends, by the words that server logs have in common.
ADVICE = {
    "No space left on device": DISK_FULL,
    "File too large": "A limit on file sizes stopped it (see `ulimit -f`): lift it and start again.",
    "Address already in use": "Another program took its port: start again and another port is chosen.",
    "Cannot allocate memory": "The machine is out of memory: close programs or give a smaller heap or cache.",
    "insufficient memory": "The machine is out of memory: close programs or give a smaller heap or cache.",
    "error while loading shared libraries": "A system library is missing: install it, or start servers "
    "yourself and set TOWNHALL_KAFKA and TOWNHALL_MONGO.",
    "UPGRADE PROBLEM": "An incompatible MongoDB wrote the data: use that version, or another TOWNHALL_HOME.",
}


class Server(ABC):
    """A child process on 127.0.0.1 that may be started again on the same port after any kind of end.

    Not safe for use by several threads at once; any thread may be the one that uses it.
    """

    name: str

    def __init__(self, *, port: int, home: Path, log: Path, hold: int, grace: float = 15) -> None:
        """`hold` is a descriptor that stays open until the process is gone; `grace` is in seconds."""
        self.port = port
        self.home = home
        self.log = log
        self._hold = hold
        self._grace = grace
        self._guard: subprocess.Popen[bytes] | None = None
        self._pid = 0

    @abstractmethod
    def prepare(self) -> list[str]:
        """Write what the process needs and return its argv; the working directory is `home`."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Ask over the server's own protocol; called often, must return within about a second."""

    @property
    def running(self) -> bool:
        """Whether the process exists, paused or not."""
        return self._guard is not None and self._guard.poll() is None

    @property
    def pid(self) -> int:
        """The server's own process id; EmbeddedError when it is not running."""
        if not self.running:
            raise EmbeddedError(f"{self.name} is not running; its data in {self.home} is kept. Call start().")
        return self._pid

    def start(self) -> None:
        """Start the process, without waiting until it answers; nothing happens when it runs already."""
        if self.running:
            return
        self._reap()
        argv = self.prepare()
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("wb") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), str(self._grace), *argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.home,
                # Nothing of the user's environment: JAVA_TOOL_OPTIONS and the like would change the server.
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2"},
                pass_fds=(self._hold,),
                start_new_session=True,  # Ctrl-C in a terminal reaches the parent only, who stops us in order
            )
        assert self._guard.stdout is not None  # noqa: S101 - asked for above
        with self._guard.stdout as first_line:
            line = first_line.readline()
        if not line:
            self._reap()
            raise self.trouble("could not be executed")
        self._pid = int(line)

    def wait_ready(self, timeout: float = READY_SECONDS) -> None:
        """Return when the server answers; EmbeddedError when it ends before, or after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not self.has_come():
            if time.monotonic() > deadline:
                raise self.trouble(f"did not answer within {timeout:.0f} s")
            time.sleep(POLL_SECONDS)

    def has_come(self) -> bool:
        """Whether it answers; EmbeddedError when it has ended instead."""
        if self.is_ready():
            return True
        if not self.running:
            raise self.trouble(f"ended while starting ({self.ending()})")
        return False

    def stop(self) -> None:
        """End the process cleanly (SIGTERM, SIGKILL after the grace) and wait for its end."""
        self._reap()

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self._signal(signal.SIGKILL)
        self._reap()

    def pause(self) -> None:
        """SIGSTOP: it keeps its connections and does not answer."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _reap(self) -> None:
        """Close the guard's pipe, which makes it end the server, and wait for it."""
        if self._guard is None:
            return
        assert self._guard.stdin is not None  # noqa: S101 - asked for at start
        self._guard.stdin.close()
        self._guard.wait()
        self._guard = None

    def ending(self) -> str:
        """How it ended, as in `SIGKILL`."""
        code = self._guard.wait() if self._guard else 0
        return f"exit code {code}" if code <= 128 else signal.Signals(code - 128).name

    def trouble(self, what: str) -> EmbeddedError:
        """The error that says what happened, what is kept, what to do, and how the server's log ends."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        advice = next((text for words, text in ADVICE.items() if any(words in line for line in lines)), "")
        if not advice and shutil.disk_usage(self.home).free < FULL_BYTES:
            advice = DISK_FULL  # so full that its log could not say so
        tail = "\n".join(f"  {line[:300]}" for line in lines[-LOG_TAIL_LINES:])
        return EmbeddedError(
            f"{self.name} {what}. Its data in {self.home} is kept. "
            f"{advice or 'Read the end of its log, mend the cause, start again.'}\n"
            f"The end of {self.log}:\n{tail or '  (empty)'}"
        )
