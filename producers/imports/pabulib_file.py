"""The .pb format of Pabulib: `;`-separated CSV in three sections, META, PROJECTS and VOTES."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from producers.imports.outcomes import ImportRefused
from producers.imports.texts import clean

_SECTIONS: Final = ("META", "PROJECTS", "VOTES")
_LONGEST_CELL: Final = 2**24

Cells = list[str]


@dataclass(frozen=True)
class Section:
    """The header of a section, in lower case, and the cells of its rows."""

    header: Cells = field(default_factory=list)
    rows: list[Cells] = field(default_factory=list)

    def column(self, name: str) -> int | None:
        """Where a column stands; columns go by name, their order and number vary."""
        return self.header.index(name) if name in self.header else None


@dataclass(frozen=True)
class Election:
    """One file, read but not yet interpreted."""

    stem: str
    meta: dict[str, str]
    projects: Section
    votes: Section
    notes: tuple[str, ...] = ()


def read(raw: bytes, stem: str) -> Election:
    """Split a file into its sections. Raises ImportRefused where one is missing."""
    text, notes = _decoded(raw)
    sections = _sections(text)
    missing = [name for name in _SECTIONS if name not in sections or not sections[name].header]
    if missing:
        raise ImportRefused(
            f"no Pabulib file: {' and '.join(missing)} missing. Nothing of it was published. A .pb file has "
            "the sections META, PROJECTS and VOTES, each with a header line."
        )
    if "vote" not in sections["VOTES"].header:
        raise ImportRefused("section VOTES has no column `vote`. Nothing of the file was published.")
    return Election(stem, _meta(sections["META"]), sections["PROJECTS"], sections["VOTES"], notes)


def _decoded(raw: bytes) -> tuple[str, tuple[str, ...]]:
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        return raw.decode("utf-8-sig", "replace"), ("not all of the file is UTF-8: broken letters became �",)


def _sections(text: str) -> dict[str, Section]:
    csv.field_size_limit(_LONGEST_CELL)
    sections: dict[str, Section] = {}
    current: Section | None = None
    for cells in _records(text):
        mark = cells[0].strip().upper()
        if mark in _SECTIONS and mark not in sections and not any(cells[1:]):
            current = sections[mark] = Section()
        elif current is not None and not current.header:
            current.header.extend(clean(cell).casefold() for cell in cells)
            while current.header and not current.header[-1]:
                current.header.pop()
        elif current is not None:
            current.rows.append(cells)
    return sections


def _records(text: str) -> Iterator[Cells]:
    """The records that hold anything. NUL bytes and endless cells are a file's fault, not a row's."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield cells
    except csv.Error as error:
        raise ImportRefused(
            f"line {reader.line_num}: {error}. Nothing of the file was published; mend the line."
        ) from None


def _meta(section: Section) -> dict[str, str]:
    """Keys in lower case. Older files have no header line here: their first pair is no `key;value`."""
    pairs = [section.header, *section.rows] if section.header[:1] != ["key"] else section.rows
    return {clean(cells[0]).casefold(): clean(";".join(cells[1:]).rstrip(";")) for cells in pairs}
