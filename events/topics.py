"""Topics with what an operator and an integrator must know of each.

`cleanup.policy` is always `delete` with retention for ever: the log is the source of truth.
The partition count is part of the contract (it places keys) and never changes on a live topic.
"""

from dataclasses import dataclass
from typing import Final

RETENTION_FOREVER: Final = -1
MAX_RECORD_BYTES: Final = 1_048_576
"""Largest record a topic takes, in bytes; events themselves are bounded lower, by the codec."""


@dataclass(frozen=True)
class Topic:
    """One family of events."""

    name: str
    partitions: int
    owner: str
    description: str
    retention_ms: int = RETENTION_FOREVER

    @property
    def config(self) -> dict[str, str]:
        """The topic configuration Kafka must have."""
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
            "retention.bytes": "-1",
            "max.message.bytes": str(MAX_RECORD_BYTES),
        }


REQUESTS = Topic(
    "townhall.requests",
    partitions=6,
    owner="service delivery",
    description="Service requests from report to resolution, and feedback on programs",
)
IDEAS = Topic(
    "townhall.ideas",
    partitions=6,
    owner="participation",
    description="Ideas, problems defined together, ballot rounds and ballots",
)

TOPICS: Final[tuple[Topic, ...]] = (REQUESTS, IDEAS)
BY_NAME: Final[dict[str, Topic]] = {topic.name: topic for topic in TOPICS}
