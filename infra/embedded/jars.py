"""Kafka's jars: pinned by name and checksum in `jars.lock`, fetched once, then used offline."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

KAFKA = "4.4.0"
LOCK = Path(__file__).with_name("jars.lock")


class Jar(NamedTuple):
    """One line of the lock: Maven coordinate `group:artifact:version` and the file's SHA-256."""

    coordinate: str
    sha256: str

    @property
    def file(self) -> str:
        """The file's name in the cache."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def default_cache() -> Path:
    """A folder of the user's that every home shares: `$XDG_CACHE_HOME/townhall` or `~/.cache/townhall`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "townhall"


def locked() -> list[Jar]:
    """All jars Kafka needs at run time, in the order of the class path."""
    return [Jar(*line.split()) for line in LOCK.read_text().splitlines()]


def class_path(cache: Path, report: Callable[[str], None]) -> str:
    """The value of `java -cp`; jars missing in the cache are fetched. EmbeddedError when that fails."""
    folder = cache / f"kafka-{KAFKA}"
    jars = locked()
    missing = [jar for jar in jars if not (folder / jar.file).exists()]
    if missing:
        from infra.embedded import fetch  # noqa: PLC0415 - its libraries are needed once per machine

        fetch.fetch(missing, folder, report)
    return os.pathsep.join(str(folder / jar.file) for jar in jars)
