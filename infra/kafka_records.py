r"""Records whose header names are not UTF-8 are read, not choked on.

Kafka allows any bytes as the name of a header. aiokafka 0.14 decodes names strictly, and one bad
name keeps its whole partition from being read, by anybody, for ever. Here such a name is shown
with `\xff` for its bytes; everything else in the batch is untouched.
"""

import struct
from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

_LENGTH_AT = 8  # after the base offset; what follows the length is that long
_OVERHEAD = 12


class LenientRecords:
    """The batches of one fetched partition; as aiokafka's own, which it wraps."""

    def __init__(self, data: bytes) -> None:
        self._inner = MemoryRecords(data)
        self._data = data
        self._at = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def next_batch(self) -> Any:
        """The next batch, or None."""
        batch = self._inner.next_batch()
        if batch is None:
            return None
        (length,) = struct.unpack_from(">i", self._data, self._at + _LENGTH_AT)
        start, self._at = self._at, self._at + _OVERHEAD + length
        return _Batch(batch, memoryview(self._data)[start : self._at])


class _Batch:
    def __init__(self, inner: Any, data: memoryview) -> None:
        self._inner = inner
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __next__(self) -> Any:
        return next(self._inner)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._inner))
        except UnicodeDecodeError:
            return _leniently(self._data)


def _leniently(data: memoryview) -> Iterator[Any]:
    batch = _DefaultRecordBatchPy(data)
    batch._maybe_uncompress()  # noqa: SLF001 - the parser has no seam for this
    batch._buffer = _Lenient(batch._buffer)  # noqa: SLF001
    return iter(batch)


class _Lenient(bytearray):
    """Bytes that decode whatever they hold."""

    def __getitem__(self, index: Any) -> Any:
        item = super().__getitem__(index)
        return _Lenient(item) if isinstance(item, bytearray) else item

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        r"""As text, with `\xff` for bytes that are none."""
        return super().decode(encoding, errors)


def install() -> None:
    """Make every consumer of this process read leniently."""
    fetcher.MemoryRecords = LenientRecords  # type: ignore[attr-defined]  # the one place that names it
