"""The key, and what is made of it."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from pathlib import Path

import pytest
from pydantic import SecretStr

from events.scalars import PSEUDONYM_PATTERN, REF_PATTERN
from infra.settings import Settings
from producers.imports.outcomes import Mint
from producers.imports.pseudonyms import BadKey, check_of, load_key


def settings(home: Path, key: str | None = None) -> Settings:
    return Settings(home=home, pseudonym_key=SecretStr(key) if key else None, _env_file=None)


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    key = load_key(settings(home), new=True)
    assert len(key) >= 32
    assert load_key(settings(home), new=True) == key
    assert stat.S_IMODE((home / "pseudonym.key").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["pseudonym.key"]


def test_many_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: load_key(settings(tmp_path), new=True), range(64)))
    assert len(keys) == 1


def test_a_key_from_the_environment_is_taken_and_none_is_kept(tmp_path: Path) -> None:
    assert load_key(settings(tmp_path, "k" * 32), new=True) == b"k" * 32
    assert not list(tmp_path.iterdir())


def test_a_broken_key_file_stops_before_anything_is_published(tmp_path: Path) -> None:
    (tmp_path / "pseudonym.key").write_text("short")
    with pytest.raises(BadKey, match="backup"):
        load_key(settings(tmp_path), new=True)


def test_no_key_is_made_where_there_were_imports(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match=r"pseudonym\.key does not exist .* None was made"):
        load_key(settings(tmp_path), new=False)
    assert not list(tmp_path.iterdir())


def test_a_check_value_tells_keys_apart_and_is_no_pseudonym() -> None:
    """It stands in the database: nothing that an event shows can be it."""
    checks = {check_of(key * 32) for key in (b"a", b"b")}
    assert len(checks) == 2
    assert all(re.fullmatch(r"[0-9a-f]{16}", check) for check in checks)


def test_pseudonyms_differ_by_city_key_and_person_and_fit_the_contract() -> None:
    made = [
        Mint(key, city, "pabulib", UTC).participant(person)
        for key in (b"a" * 32, b"b" * 32)
        for city in ("krakow", "gdansk")
        for person in map(str, range(200))
    ]
    assert len(set(made)) == len(made)
    assert all(
        re.fullmatch(PSEUDONYM_PATTERN, one) and re.fullmatch(REF_PATTERN, f"round:{one}") for one in made
    )
