"""The key behind every pseudonym and every id of an imported event.

Whoever has the key can tell which ballot was whose, as far as the imported file tells. With another
key the same file gives other ids and would count again. So the first import keeps a check value of
its key in the database, and an import with another key is refused.
"""

import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from infra.mongo import Database, DuplicateKeyError
from infra.settings import Settings

COLLECTION: Final = "pseudonym_keys"

_FILE = "pseudonym.key"
_SHORTEST = 32
_VARIABLE = "TOWNHALL_PSEUDONYM_KEY"


class BadKey(ValueError):
    """There is no key, or it is not the key of the imports before."""


async def agreed_key(db: Database, settings: Settings) -> bytes:
    """The key of all imports into this database; the first of them decides which.

    Raises BadKey, OSError or PyMongoError.
    """
    agreed = await _agreed(db)
    key = load_key(settings, new=agreed is None)
    check = check_of(key)
    if agreed is None:
        agreed = await _agree(db, check)
    if agreed != check:
        where = _VARIABLE if settings.pseudonym_key is not None else f"{_path(settings)}"
        raise BadKey(
            f"{where} holds another key than the imports into the database {db.name} before, so what they "
            f"brought in would count again. Nothing was changed. {_remedy(settings)}"
        )
    return key


def check_of(key: bytes) -> str:
    """What tells keys apart and gives none away."""
    return hmac.digest(key, b"check|townhall pseudonym key", "sha256")[:8].hex()


async def _agreed(db: Database) -> str | None:
    document = await db[COLLECTION].find_one({"_id": "imports"})
    return None if document is None else str(document["check"])


async def _agree(db: Database, check: str) -> str:
    """Keep the check value unless another import was first; the one that is kept."""
    try:
        await db[COLLECTION].insert_one({"_id": "imports", "check": check})
    except DuplicateKeyError:
        return await _agreed(db) or check
    return check


def _remedy(settings: Settings) -> str:
    return (
        f"Copy {_FILE} of the TOWNHALL_HOME where the first import ran to {_path(settings)}, or set "
        f"{_VARIABLE} to its text. If that key is lost, only an empty database and empty topics take another."
    )


def _path(settings: Settings) -> Path:
    """Absolute: the home is usually given relative to wherever a command runs."""
    return settings.home.absolute() / _FILE


def load_key(settings: Settings, *, new: bool) -> bytes:
    """The key of `TOWNHALL_PSEUDONYM_KEY`, else the one kept in the home, made there if `new`.

    Of several processes that make it at once, all get the same. Raises BadKey or OSError.
    """
    if settings.pseudonym_key is not None:
        return settings.pseudonym_key.get_secret_value().encode()
    path = _path(settings)
    if not path.exists():
        if not new:
            raise BadKey(
                f"{path} does not exist and {_VARIABLE} is not set, but there are imports in the database "
                f"already: with a new key they would count again. None was made. {_remedy(settings)}"
            )
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
