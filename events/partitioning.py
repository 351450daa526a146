"""Which partition a key belongs to: murmur2 over the key's bytes, as Kafka's Java client does it.

It is part of the contract. An aggregate has one writer only because every producer agrees on
it; readers refuse a record that stands elsewhere (librdkafka needs `partitioner=murmur2_random`).
"""

import struct
from typing import Final

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32-bit hash of `data`, as published with Kafka's default partitioner."""
    length = len(data)
    words, rest = divmod(length, 4)
    h = _SEED ^ length
    for word in struct.unpack_from(f"<{words}I", data):
        k = word * _M & _MASK
        h = (h * _M & _MASK) ^ ((k ^ k >> 24) * _M & _MASK)
    if rest:
        h = (h ^ int.from_bytes(data[-rest:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key` in a topic with so many partitions."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
