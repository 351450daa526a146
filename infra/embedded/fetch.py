"""Fetching jars from Maven Central by jgo's resolver in Python: needs neither mvn nor Java."""

import contextlib
import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import truststore
from jgo.maven import MavenContext, PythonResolver

from infra.embedded.errors import EmbeddedError
from infra.embedded.jars import KAFKA, Jar

AT_ONCE = 4
DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
SECONDS_BETWEEN_REPORTS = 0.5


def maven(repository: Path) -> MavenContext:
    """A Maven that keeps its files in `repository` and not in `~/.m2`; network time-out 30 s."""
    return MavenContext(resolver=PythonResolver(), repo_cache=repository, timeout=30)


@contextlib.contextmanager
def system_trust() -> Iterator[None]:
    """TLS as the system trusts it: behind a proxy that inspects TLS the bundled certificates do not do."""
    truststore.inject_into_ssl()
    try:
        yield
    finally:
        truststore.extract_from_ssl()


def fetch(jars: list[Jar], folder: Path, report: Callable[[str], None]) -> None:
    """Put `jars` into `folder`, each only with the right checksum; EmbeddedError when one cannot be had."""
    report(f"fetching Kafka {KAFKA}: {len(jars)} jars from Maven Central, once")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # jgo writes to the final name while it reads: an interruption must not leave half a jar in the cache.
        with system_trust(), tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as unfinished:
            _fetch_all(jars, folder, maven(Path(unfinished)), report)
    except (OSError, RuntimeError) as error:
        raise _told(error, folder) from error


def _fetch_all(
    jars: list[Jar], folder: Path, repository: MavenContext, report: Callable[[str], None]
) -> None:
    done = size = 0
    last = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch") as pool:
        running = [pool.submit(_fetch_one, jar, folder, repository) for jar in jars]
        try:
            for future in as_completed(running):
                size += future.result()
                done += 1
                if time.monotonic() - last > SECONDS_BETWEEN_REPORTS or done == len(jars):
                    report(f"fetching Kafka {KAFKA}: {done} of {len(jars)} jars, {size / 1e6:.0f} MB")
                    last = time.monotonic()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _fetch_one(jar: Jar, folder: Path, repository: MavenContext) -> int:
    """The size in bytes of a jar that now is in `folder`; three attempts."""
    for attempts_left in (2, 1, 0):
        try:
            return _attempt(jar, folder, repository)
        except (OSError, RuntimeError):
            if not attempts_left:
                raise
    raise AssertionError


def _attempt(jar: Jar, folder: Path, repository: MavenContext) -> int:
    artifact = repository.create_dependency(jar.coordinate).artifact
    (artifact.cached_path or Path()).unlink(missing_ok=True)  # what an attempt before this one left
    got = artifact.resolve()
    digest = hashlib.sha256(got.read_bytes()).hexdigest()
    if digest != jar.sha256:
        raise EmbeddedError(
            f"{jar.file} from Maven Central is not the file that was locked: SHA-256 {digest}, expected "
            f"{jar.sha256}. It was thrown away. If a proxy replaces downloads, ask for this one to pass."
        )
    size = got.stat().st_size
    got.replace(folder / jar.file)
    return size


def _told(error: Exception, folder: Path) -> EmbeddedError:
    if isinstance(error, EmbeddedError):
        return error
    kept = f"Jars fetched so far are kept in {folder}"
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return EmbeddedError(
            f"Kafka's jars do not fit: {os.strerror(error.errno or 0)}. {kept}. Free 60 MB and start again."
        )
    if isinstance(error, PermissionError | NotADirectoryError | FileExistsError):
        return EmbeddedError(
            f"Kafka's jars cannot be stored: {error}. {kept}. Point XDG_CACHE_HOME at a folder you may write."
        )
    return EmbeddedError(
        f"Kafka's jars cannot be fetched from Maven Central: {error}. {kept}. "
        "Check the network and HTTPS_PROXY and start again; or copy that folder from a machine that has it; "
        "or start Kafka and MongoDB yourself and set TOWNHALL_KAFKA and TOWNHALL_MONGO."
    )
