"""Real civic data beside the repository: used where it is, never part of the product.

Absent, a test that needs it is skipped and says so; TOWNHALL_REQUIRE_DATA=1 makes that a failure.
"""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

REPOSITORY = Path(__file__).parents[2]
DATA = REPOSITORY.parent / "shared" / "data"


def data_file(name: str) -> Path:
    """The file of this name, as in `pabulib/Poland_Gdansk_2020.pb`; skips or fails the test without it."""
    path = DATA / name
    if not path.is_file():
        _absent(name)
    return path


def _absent(name: str) -> NoReturn:
    if os.environ.get("TOWNHALL_REQUIRE_DATA") == "1":
        pytest.fail(f"../shared/data/{name} is absent, and TOWNHALL_REQUIRE_DATA=1 demands it")
    pytest.skip(f"../shared/data/{name} is absent; put the real data beside the repository to run this")


@dataclass(frozen=True)
class Election:
    """A .pb file as it stands: three sections of text."""

    meta: dict[str, str]
    projects: list[dict[str, str]]
    votes: list[dict[str, str]]


def election(name: str) -> Election:
    """Read a .pb file, independently of the importer it is used to check."""
    with data_file(name).open(encoding="utf-8-sig", newline="") as file:
        sections = dict(_sections(csv.reader(file, delimiter=";")))
    meta = {row["key"]: row["value"] for row in sections["META"]}
    return Election(meta, sections["PROJECTS"], sections["VOTES"])


def _sections(rows: Iterator[list[str]]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    name, found, header = "", list[dict[str, str]](), list[str]()
    for row in rows:
        if len(row) == 1 and row[0].strip() in {"META", "PROJECTS", "VOTES"}:
            if name:
                yield name, found
            name, found = row[0].strip(), []
            header = [column.strip() for column in next(rows)]
        elif row:
            found.append(dict(zip(header, row, strict=False)))
    yield name, found
