"""The rows that were rejected, one JSON object a line, for a person to mend."""

import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import orjson

from producers.imports.outcomes import Rejected


class Rejects:
    """Writes `{file, row, reason, raw}` lines; the file appears with the first of them.

    It replaces an older one of that name and only its owner can read it: rows can hold personal data.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, file: str, item: Rejected) -> None:
        """Write one row."""
        if self._file is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            handle = os.open(self.path, flags, 0o600)
            os.fchmod(handle, 0o600)
            self._file = os.fdopen(handle, "wb")
        line = {"file": file, "row": item.row, "reason": item.reason, "raw": item.raw}
        try:
            text = orjson.dumps(line)
        except TypeError:  # a lone surrogate from JSON's escapes is no UTF-8
            text = orjson.dumps({**line, "raw": repr(item.raw)})
        self._file.write(text + b"\n")
