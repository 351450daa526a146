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
RESULTS = Topic(
    "townhall.results",
    partitions=6,
    owner="delivery",
    description="What the city makes of ideas and problems, and how it gets on with it",
)
VOLUNTEERING = Topic(
    "townhall.volunteering",
    partitions=6,
    owner="volunteering",
    description="Opportunities, sessions, sign-ups, attendance and hours",
)
STEWARDSHIP = Topic(
    "townhall.stewardship",
    partitions=6,
    owner="stewardship",
    description="Things of the city, who adopted them, check-ins and what was missed",
)
GROUPS = Topic(
    "townhall.groups",
    partitions=6,
    owner="participation",
    description="Community groups, their members and leaders",
)
IMPACT = Topic(
    "townhall.impact",
    partitions=6,
    owner="delivery",
    description="Projects, and what was done by metric and unit",
)
GRANTS = Topic(
    "townhall.grants",
    partitions=6,
    owner="grants",
    description="Calls, applications, reviews, determinations, awards and reports",
)
PRACTICES = Topic(
    "townhall.practices",
    partitions=6,
    owner="coalition",
    description="What worked in one city, who adopted it and what it changed there",
)
PARTICIPANTS = Topic(
    "townhall.participants",
    partitions=6,
    owner="privacy",
    description="Consent, language and erasure of participants, and that they took part",
)
FOLLOWUPS = Topic(
    "townhall.followups",
    partitions=6,
    owner="participation",
    description="What participants are told: queued, sent, failed or suppressed",
)
MODERATION = Topic(
    "townhall.moderation",
    partitions=6,
    owner="participation",
    description="Content that was flagged, hidden, restored or redacted",
)
METRICS = Topic(
    "townhall.metrics",
    partitions=6,
    owner="coalition",
    description="Numbers of a city for a period, by metric and version of its definition",
)

TOPICS: Final[tuple[Topic, ...]] = (
    REQUESTS,
    IDEAS,
    RESULTS,
    VOLUNTEERING,
    STEWARDSHIP,
    GROUPS,
    IMPACT,
    GRANTS,
    PRACTICES,
    PARTICIPANTS,
    FOLLOWUPS,
    MODERATION,
    METRICS,
)
BY_NAME: Final[dict[str, Topic]] = {topic.name: topic for topic in TOPICS}
