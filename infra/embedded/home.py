"""The data folder: who uses it, what wrote it, which ports it had."""

import contextlib
import fcntl
import json
import os
import shutil
import time
from pathlib import Path

from infra.embedded.errors import EmbeddedError, HomeInUse

MIN_FREE_BYTES = 512 * 2**20  # mongod's journal takes 300 MB from the start
SECONDS_FOR_LAST_OWNER = 30


class Home:
    """`kafka/`, `mongo/` and `logs/` under one folder, used by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self._state = self.path / "state.json"

    def open(self) -> int:
        """Make the folder, lock it, look whether it can be used; the descriptor returned is the lock.

        The lock belongs to the open file, so it lasts until this process *and* every process that was given
        the descriptor have closed it: servers that still write their last keep the next owner out.
        """
        try:
            for folder in (self.path, self.logs, self.path / "kafka", self.path / "mongo"):
                folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise EmbeddedError(
                f"The data folder {self.path} cannot be used: {error}. Nothing was changed. "
                "Point TOWNHALL_HOME at a folder you may write."
            ) from error
        try:
            self._lock(lock)
            self._check_space()
        except BaseException:
            os.close(lock)
            raise
        return lock

    def _lock(self, lock: int) -> None:
        deadline = time.monotonic() + SECONDS_FOR_LAST_OWNER
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            owner = int(os.pread(lock, 32, 0) or 0)
            # An owner that was killed leaves servers that need some seconds to close their data.
            if _exists(owner) or time.monotonic() > deadline:
                raise HomeInUse(
                    f"The data folder {self.path} is in use by process {owner}. Nothing was changed. "
                    "Stop that one first, or give this one another TOWNHALL_HOME."
                )
            time.sleep(0.05)
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d" % os.getpid(), 0)

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.path).free
        if free < MIN_FREE_BYTES:
            raise EmbeddedError(
                f"The disk that holds {self.path} is full: {free / 2**20:.0f} MiB are free and "
                f"{MIN_FREE_BYTES / 2**20:.0f} MiB are needed to start. All data is kept. "
                "Free some space, or point TOWNHALL_HOME at another disk."
            )

    def state(self) -> dict[str, dict[str, str | int]]:
        """What `remember` was given last; empty for a new folder or a damaged file."""
        try:
            state: dict[str, dict[str, str | int]] = json.loads(self._state.read_text())
        except (OSError, ValueError):
            return {}
        return state

    def remember(self, ports: dict[str, int], versions: dict[str, str]) -> None:
        """Keep the ports, to choose them again, and the versions that write the data from now on."""
        new = self._state.with_suffix(".new")
        new.write_text(json.dumps({"ports": ports, "versions": versions}))
        new.replace(self._state)

    def check_versions(self, versions: dict[str, str]) -> None:
        """EmbeddedError when a server newer than ours wrote the data: neither server can read backwards."""
        for name, written_by in self.state().get("versions", {}).items():
            ours = versions.get(name, "0")
            if _numbers(str(written_by)) > _numbers(ours):
                raise EmbeddedError(
                    f"The data in {self.path} was written by {name} {written_by}, newer than {name} {ours}. "
                    "Nothing was changed. Update townhall, or start with another TOWNHALL_HOME."
                )


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")[:2]]  # patch releases share their data format


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return pid > 0
