"""Which events count as participation of the person they name."""

from typing import Final

COUNTED: Final[frozenset[str]] = frozenset()
