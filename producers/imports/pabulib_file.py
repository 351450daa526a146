"""The .pb format of Pabulib: `;`-separated CSV in three sections, META, PROJECTS and VOTES.

A line of VOTES with a broken quote is a ballot that cannot be read; elsewhere it refuses the file.
"""

import io
from dataclasses import dataclass, field
from typing import Final

from producers.imports.outcomes import ImportRefused
from producers.imports.tables import Cells, Table, Torn
from producers.imports.texts import clean, money

_SECTIONS: Final = ("META", "PROJECTS", "VOTES")
_META_KEYS: Final = frozenset(
    {"country", "unit", "instance", "num_projects", "num_votes", "budget", "currency", "vote_type", "rule",
     "date_begin", "date_end", "min_length", "max_length"}
)  # fmt: skip
_NO_LINE_END: Final = "the last line has no end: the file may be cut off"


@dataclass(frozen=True)
class Section:
    """The header of a section, in lower case, and the cells of its rows: none where the row is torn."""

    name: str
    header: Cells = field(default_factory=list)
    rows: list[Cells] = field(default_factory=list)
    torn: dict[int, Torn] = field(default_factory=dict)

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
    table = Table(io.StringIO(text, newline=""), ";")
    sections = _sections(table)
    missing = [name for name in _SECTIONS if name not in sections or not sections[name].header]
    if missing:
        raise ImportRefused(
            f"no Pabulib file: {' and '.join(missing)} missing. Nothing of it was published. A .pb file has "
            "the sections META, PROJECTS and VOTES, each with a header line."
        )
    if "vote" not in sections["VOTES"].header:
        raise ImportRefused("section VOTES has no column `vote`. Nothing of the file was published.")
    if table.ends_within_a_line:
        notes = (*notes, _NO_LINE_END)
    return Election(stem, _meta(sections["META"]), sections["PROJECTS"], sections["VOTES"], notes)


def _decoded(raw: bytes) -> tuple[str, tuple[str, ...]]:
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        return raw.decode("utf-8-sig", "replace"), ("not all of the file is UTF-8: broken letters became �",)


def _sections(table: Table) -> dict[str, Section]:
    sections: dict[str, Section] = {}
    current: Section | None = None

    def could_be_a_row(cells: Cells) -> bool:
        if not cells:
            return False
        return cells[0] in _SECTIONS or (current is not None and _like_a_row(current, cells))

    while (cells := table.row(could_be_a_row)) is not None:
        if isinstance(cells, Torn):
            _keep(cells, current)
            continue
        mark = cells[0].strip().upper()
        if mark in _SECTIONS and mark not in sections and not any(cells[1:]):
            current = sections[mark] = Section(mark)
        elif current is not None and not current.header:
            current.header.extend(clean(cell).casefold() for cell in cells)
            while current.header and not current.header[-1]:
                current.header.pop()
        elif current is not None:
            current.rows.append(cells)
    return sections


def _like_a_row(section: Section, cells: Cells) -> bool:
    """Whether the cells of a line could be a row of this section, and no part of a longer text."""
    if section.name == "META":
        return len(cells) > 1 and cells[0].strip().casefold() in _META_KEYS
    wide = len(cells) >= len(section.header) > 0
    cost = section.column("cost") if section.name == "PROJECTS" else None
    return wide and (cost is None or money(cells[cost]) is not None)


def _keep(torn: Torn, section: Section | None) -> None:
    """A ballot can be rejected alone. Raises ImportRefused where the whole round would be in doubt."""
    if section is None or section.name != "VOTES" or not section.header:
        raise ImportRefused(
            f"line {torn.line}: {torn.reason}. Nothing of the file was published; mend the line."
        )
    section.torn[len(section.rows)] = torn
    section.rows.append([])


def _meta(section: Section) -> dict[str, str]:
    """Keys in lower case. Older files have no header line here: their first pair is no `key;value`."""
    pairs = [section.header, *section.rows] if section.header[:1] != ["key"] else section.rows
    return {clean(cells[0]).casefold(): clean(";".join(cells[1:]).rstrip(";")) for cells in pairs}
