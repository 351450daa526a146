"""How a request ended, told from the sentences agencies close it with."""

from typing import Final

from events.stages import ResolutionCode

# Looked for in this order: what denies comes before what affirms, because "did not observe a
# violation and could not issue a notice" holds the words of both.
_PHRASES: Final[tuple[tuple[str, ResolutionCode], ...]] = (
    ("duplicate", "duplicate"),
    ("previously filed complaint", "duplicate"),
    ("at the complainant's request", "withdrawn"),
    ("withdrawn", "withdrawn"),
    ("cancelled by", "withdrawn"),
    ("canceled by", "withdrawn"),
    ("not responsible", "not_responsible"),
    ("not the responsibility", "not_responsible"),
    ("jurisdiction", "not_responsible"),
    ("was referred to", "not_responsible"),
    ("has been referred", "not_responsible"),
    ("forwarded to", "not_responsible"),
    ("no evidence", "cannot_reproduce"),
    ("did not observe", "cannot_reproduce"),
    ("could not find", "cannot_reproduce"),
    ("unable to locate", "cannot_reproduce"),
    ("unable to find", "cannot_reproduce"),
    ("not found", "cannot_reproduce"),
    ("were gone", "cannot_reproduce"),
    ("no further action", "no_further_action"),
    ("unable to fix", "no_further_action"),
    ("not be fixed", "no_further_action"),
    ("not been fixed", "no_further_action"),
    ("not fixed", "no_further_action"),
    ("not completed", "no_further_action"),
    ("not necessary", "no_further_action"),
    ("not warranted", "no_further_action"),
    ("fix the condition", "fixed"),
    ("fixed", "fixed"),
    ("repaired", "fixed"),
    ("corrected", "fixed"),
    ("completed", "fixed"),
    ("resolved", "fixed"),
    ("cleaned", "fixed"),
    ("removed", "fixed"),
    ("has been concluded", "fixed"),
)


def resolution_of(prose: str | None) -> ResolutionCode:
    """The code the words tell; `no_further_action`, the weakest claim, where they tell none."""
    words = (prose or "").casefold()
    return next((code for phrase, code in _PHRASES if phrase in words), "no_further_action")
