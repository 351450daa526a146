"""What an import did, for people and for programs."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

REASONS = 10


@dataclass
class FileSummary:
    """The numbers of one file. `accepted + rejected = rows`, always."""

    file: str
    city: str = ""
    timezone: str = ""
    round: str | None = None
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    events: int = 0
    duplicates: int | None = None
    seconds: float = 0.0
    position: str = ""
    notes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    error: str | None = None

    def reject(self, reason: str) -> None:
        """One more row was rejected; the first reasons are told, the file of rejects has them all."""
        self.rejected += 1
        if reason in self.reasons or len(self.reasons) < REASONS:
            self.reasons[reason] += 1

    def as_json(self) -> dict[str, Any]:
        """The file as the `--json` report has it."""
        rate = round(self.events / self.seconds) if self.seconds else 0
        fields = {name: value for name, value in vars(self).items() if name not in ("notes", "reasons")}
        return {
            **fields,
            "seconds": round(self.seconds, 3),
            "events_per_second": rate,
            "notes": dict(self.notes),
            "reasons": dict(self.reasons),
        }


def report(files: list[FileSummary], rejects: str | None) -> dict[str, Any]:
    """The whole run as one JSON object."""
    counted = [file.duplicates for file in files if file.duplicates is not None]
    totals = {
        name: sum(getattr(file, name) for file in files)
        for name in ("rows", "accepted", "rejected", "events")
    }
    return {
        "files": [file.as_json() for file in files],
        "totals": {
            **totals,
            "duplicates": sum(counted) if len(counted) == len(files) else None,
            "seconds": round(sum(file.seconds for file in files), 3),
            "failed": sum(file.error is not None for file in files),
        },
        "rejects_file": rejects,
    }


def show(console: Console, files: list[FileSummary], rejects: str | None) -> None:
    """The run as a table, with the notes of each file below it."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("file", overflow="fold", min_width=12)
    table.add_column("city", overflow="fold")
    for name in ("rows", "accepted", "rejected", "events", "duplicates", "seconds", "events/s"):
        table.add_column(name, justify="right", no_wrap=True, min_width=len(name))
    for file in files:
        told = "?" if file.duplicates is None else f"{file.duplicates:,}"
        rate = f"{file.events / file.seconds:,.0f}" if file.seconds else ""
        counts = (f"{n:,}" for n in (file.rows, file.accepted, file.rejected, file.events))
        table.add_row(file.file, file.city, *counts, told, f"{file.seconds:.1f}", rate)
    console.print(table)
    for file in files:
        rejected = [(f"rejected: {reason}", count) for reason, count in file.reasons.items()]
        for note, count in [*file.notes.items(), *rejected]:
            times = f" ({count:,} times)" if count > 1 else ""
            console.print(f"{file.file}: {note}{times}", markup=False, soft_wrap=True)
        if file.position:
            console.print(
                f"{file.file}: stands in the log up to {file.position}", markup=False, soft_wrap=True
            )
        if file.error:
            console.print(f"{file.file}: {file.error}", style="bold red", markup=False, soft_wrap=True)
    if rejects is not None:
        console.print(f"rejected rows: {rejects}", markup=False)
