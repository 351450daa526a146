"""Ids of other systems as ids of aggregates."""

import re
from typing import Final

_ALLOWED: Final = re.compile(r"[A-Za-z0-9._:-]")


class RowError(ValueError):
    """One row cannot be read; the message says why."""


def ref(id_: str, what: str) -> str:
    """The id as an aggregate id: other characters as `~` and their hex codes.

    `SR 14/7` is `SR~2014~2F7`; two ids never become one. Raises RowError where there is none.
    """
    if not id_:
        raise RowError(f"no id of the {what}")
    told = "".join(
        letter if _ALLOWED.fullmatch(letter) else "".join(f"~{byte:02X}" for byte in letter.encode())
        for letter in id_
    )
    if not told[0].isalnum():
        told = f"0~{told}"
    if len(told) > 200:
        raise RowError(f"the id of the {what} is too long: {len(id_)} characters")
    return told
