"""The key behind every pseudonym and every id of an imported event.

Whoever has the key can tell which ballot was whose, as far as the imported file tells. Whoever
loses it makes new ids: the same file imported again would count again.
"""

import os
import secrets
from pathlib import Path

from infra.settings import Settings

_FILE = "pseudonym.key"
_SHORTEST = 32


class BadKey(ValueError):
    """The key file does not hold a key."""


def load_key(settings: Settings) -> bytes:
    """The key of `TOWNHALL_PSEUDONYM_KEY`, else the one kept in the home, made at the first use.

    Of several processes that make it at once, all get the same. Raises BadKey or OSError.
    """
    if settings.pseudonym_key is not None:
        return settings.pseudonym_key.get_secret_value().encode()
    path = settings.home / _FILE
    if not path.exists():
        _create(path)
    key = path.read_bytes().strip()
    if len(key) < _SHORTEST:
        raise BadKey(
            f"{path} holds no key of at least {_SHORTEST} bytes; nothing was published. Restore it from "
            "a backup. Only if nothing was ever imported: delete it, and a new one is made."
        )
    return key


def _create(path: Path) -> None:
    """Write the whole key to a file of its own, then give it the name: never half a key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{_FILE}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            return  # another process was first: its key is the key
    finally:
        fresh.unlink()
