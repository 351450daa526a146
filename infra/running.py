"""How every command finds the servers that `townhall up` runs: a small file in TOWNHALL_HOME."""

import json
import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from infra.settings import Settings


class NotRunning(ValueError):
    """No servers are named and none are running here."""


def announce(settings: Settings, *, kafka: str, mongo: str, url: str) -> Path:
    """Say where the servers listen, until `withdraw`."""
    path = _path(settings.home)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps({"pid": os.getpid(), "kafka": kafka, "mongo": mongo, "url": url}))
    fresh.replace(path)
    return path


def withdraw(settings: Settings) -> None:
    """The servers are gone."""
    _path(settings.home).unlink(missing_ok=True)


def running(settings: Settings) -> dict[str, Any] | None:
    """What is announced, if its process still lives."""
    try:
        found: dict[str, Any] = json.loads(_path(settings.home).read_text())
        os.kill(found["pid"], 0)
    except (OSError, ValueError, KeyError):
        return None
    return found


def resolve(settings: Settings, *, kafka: bool = True) -> Settings:
    """Settings with the servers named that are needed (MongoDB always), or raise NotRunning."""
    if settings.mongo and (settings.kafka or not kafka):
        return settings
    found = running(settings)
    if found is None:
        raise NotRunning(
            f"No servers: nothing runs from {settings.home.absolute()}. Start `townhall up` in another "
            "terminal, or set TOWNHALL_KAFKA and TOWNHALL_MONGO to servers of your own."
        )
    named = {"kafka": settings.kafka or found["kafka"], "mongo": settings.mongo or SecretStr(found["mongo"])}
    return settings.model_copy(update=named)


def _path(home: Path) -> Path:
    return home / "running.json"
