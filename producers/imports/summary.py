"""What an import did, for people and for programs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console

REASONS = 10
_COLUMNS: Final = ("rows", "accepted", "rejected", "events", "duplicates", "seconds")
_SHORTEST: Final = 12
"""Characters of a file's name on one line, however narrow the terminal is."""


@dataclass
class FileSummary:
    """The numbers of one file. `accepted + rejected = rows`, always.

    `seconds` are those on the wall, with reading, publishing and the wait for counting.
    """

    file: str
    city: str = ""
    timezone: str = ""
    new_city: bool = False
    round: str | None = None
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    events: int = 0
    duplicates: int | None = None
    seconds: float = 0.0
    publishing_seconds: float = 0.0
    position: str = ""
    warnings: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    error: str | None = None
    unanswered: bool = False

    def reject(self, reason: str) -> None:
        """One more row was rejected; the first reasons are told, the file of rejects has them all."""
        self.rejected += 1
        if reason in self.reasons or len(self.reasons) < REASONS:
            self.reasons[reason] += 1

    def as_json(self) -> dict[str, Any]:
        """The file as the `--json` report has it."""
        rate = round(self.events / self.publishing_seconds) if self.publishing_seconds else 0
        fields = {name: value for name, value in vars(self).items() if name not in ("notes", "reasons")}
        return {
            **fields,
            "seconds": round(self.seconds, 3),
            "publishing_seconds": round(self.publishing_seconds, 3),
            "events_per_second": rate,
            "notes": dict(self.notes),
            "reasons": dict(self.reasons),
        }


def report(files: list[FileSummary], rejects: str | None, not_tried: Sequence[str] = ()) -> dict[str, Any]:
    """The whole run as one JSON object."""
    whole = _total(files)
    return {
        "files": [file.as_json() for file in files],
        "totals": {
            **{
                name: getattr(whole, name)
                for name in ("rows", "accepted", "rejected", "events", "duplicates")
            },
            "seconds": round(whole.seconds, 3),
            "failed": sum(file.error is not None for file in files),
        },
        "not_tried": list(not_tried),
        "rejects_file": rejects,
    }


def show(
    console: Console, files: list[FileSummary], rejects: str | None, not_tried: Sequence[str] = ()
) -> None:
    """The run for people: what went wrong, then a table, then what is to be known of each file."""
    header, *lines = _table(files, console.width)
    told = [
        *((line, "bold red") for line in _errors(files, not_tried)),
        *((f"warning: {file.file}: {warning}", "yellow") for file in files for warning in file.warnings),
        (header, "bold"),
        *((line, "") for line in lines),
        *((line, "") for line in _new_cities(files)),
        *((line, "") for file in files for line in _notes(file)),
    ]
    if rejects is not None:
        told.append((f"rejected rows: {rejects}", ""))
    for line, style in told:
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def _errors(files: list[FileSummary], not_tried: Sequence[str]) -> list[str]:
    errors = [f"{file.file}: {file.error}" for file in files if file.error]
    return [*errors, _stopped(files, not_tried)] if not_tried else errors


def _new_cities(files: list[FileSummary]) -> list[str]:
    return [f"new city: {file.city}, on the clock of {file.timezone}" for file in files if file.new_city]


def _notes(file: FileSummary) -> list[str]:
    rejected = {f"rejected: {reason}": count for reason, count in file.reasons.items()}
    notes = [*file.notes.items(), *rejected.items()]
    return [f"{file.file}: {note}" + (f" ({n:,} times)" if n > 1 else "") for note, n in notes]


def _total(files: list[FileSummary]) -> FileSummary:
    counted = [file.duplicates for file in files if file.duplicates is not None]
    return FileSummary(
        "total",
        rows=sum(file.rows for file in files),
        accepted=sum(file.accepted for file in files),
        rejected=sum(file.rejected for file in files),
        events=sum(file.events for file in files),
        duplicates=sum(counted) if len(counted) == len(files) else None,
        seconds=sum(file.seconds for file in files),
    )


def _stopped(files: list[FileSummary], not_tried: Sequence[str]) -> str:
    published = sum(file.events for file in files)
    return (
        f"Stopped at {files[-1].file}: the servers do not answer. {published:,} events are published and "
        f"kept, of {sum(file.events > 0 for file in files):,} files. "
        f"Not tried: {', '.join(not_tried)}. The same command goes on from there: what arrived counts once."
    )


def _table(files: list[FileSummary], width: int) -> list[str]:
    """Lines of numbers, which are always whole, each with a name that is folded to fit."""
    rows = [*files, _total(files)] if len(files) > 1 else files
    cells = [_COLUMNS, *(_numbers(file) for file in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    room = max(_SHORTEST, width - sum(widths) - len(widths) - 1)
    names = ["file", *(file.file for file in rows)]
    lines = []
    for numbers, name in zip(cells, names, strict=True):
        first, *rest = [name[at : at + room] for at in range(0, len(name), room)]
        lines.append(f"{' '.join(map(str.rjust, numbers, widths))}  {first}")
        lines += [" " * (sum(widths) + len(widths) + 1) + part for part in rest]
    return lines


def _numbers(file: FileSummary) -> tuple[str, ...]:
    counts = (f"{n:,}" for n in (file.rows, file.accepted, file.rejected, file.events))
    told = "?" if file.duplicates is None else f"{file.duplicates:,}"
    return (*counts, told, f"{file.seconds:,.1f}")
