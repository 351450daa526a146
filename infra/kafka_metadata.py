"""No client of this process creates a topic by asking for one.

Where a broker allows it (`auto.create.topics.enable`, Kafka's default), a request for the metadata of
a topic that is missing creates the topic, with the broker's partition count. aiokafka 0.14 always asks
so: a gateway started before `townhall topics apply` would spoil the topics for good.
"""

from aiokafka import client
from aiokafka.admin import client as admin_client
from aiokafka.protocol.metadata import MetadataRequest


class OnlyExisting(MetadataRequest):
    """A request for metadata that creates nothing."""

    def __init__(self, topics: list[str] | None = None) -> None:
        super().__init__(topics, allow_auto_topic_creation=False)


def install() -> None:
    """Make every client of this process ask so."""
    for module in (client, admin_client):
        module.MetadataRequest = OnlyExisting  # type: ignore[attr-defined]  # both name it once
