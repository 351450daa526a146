"""Names that are stored never change; where events go and how long they stay is part of the contract."""

from collections import defaultdict

from events.registry import BY_PAYLOAD, BY_TYPE, EVENT_TYPES
from events.topics import TOPICS

STORED = {
    "org.citiesofservice.service_request.opened.v1": "townhall.requests",
    "org.citiesofservice.service_request.acknowledged.v1": "townhall.requests",
    "org.citiesofservice.service_request.stage_changed.v1": "townhall.requests",
    "org.citiesofservice.service_request.update_posted.v1": "townhall.requests",
    "org.citiesofservice.service_request.merged.v1": "townhall.requests",
    "org.citiesofservice.service_request.closed.v1": "townhall.requests",
    "org.citiesofservice.service_request.reopened.v1": "townhall.requests",
    "org.citiesofservice.service_request.overdue.v1": "townhall.requests",
    "org.citiesofservice.resolution.confirmed.v1": "townhall.requests",
    "org.citiesofservice.resolution.disputed.v1": "townhall.requests",
    "org.citiesofservice.program_feedback.submitted.v1": "townhall.requests",
    "org.citiesofservice.idea.submitted.v1": "townhall.ideas",
    "org.citiesofservice.idea.supported.v1": "townhall.ideas",
    "org.citiesofservice.idea.support_withdrawn.v1": "townhall.ideas",
    "org.citiesofservice.idea.answered.v1": "townhall.ideas",
    "org.citiesofservice.idea.withdrawn.v1": "townhall.ideas",
    "org.citiesofservice.problem.defined.v1": "townhall.ideas",
    "org.citiesofservice.ballot_round.opened.v1": "townhall.ideas",
    "org.citiesofservice.priority_ballot.cast.v1": "townhall.ideas",
    "org.citiesofservice.prioritisation.concluded.v1": "townhall.ideas",
}
"""Every type ever published and its topic. Add lines; never change or remove one."""

PARTITIONS = {"townhall.requests": 6, "townhall.ideas": 6}
"""The partition count places keys: it never changes on a live topic."""


def test_no_type_was_renamed_moved_or_dropped() -> None:
    assert {entry.type: entry.topic.name for entry in EVENT_TYPES} == STORED


def test_a_type_and_a_payload_stand_for_each_other() -> None:
    assert len(BY_TYPE) == len(BY_PAYLOAD) == len(EVENT_TYPES)


def test_versions_count_up_from_one_without_gaps() -> None:
    versions = defaultdict(list)
    for entry in EVENT_TYPES:
        versions[entry.name].append(entry.version)
    assert {name: sorted(found) for name, found in versions.items()} == {
        name: list(range(1, len(found) + 1)) for name, found in versions.items()
    }


def test_the_types_of_one_aggregate_share_one_topic() -> None:
    topics = defaultdict(set)
    for entry in EVENT_TYPES:
        topics[entry.name.partition(".")[0]].add(entry.topic)
    assert {aggregate: len(found) for aggregate, found in topics.items()} == dict.fromkeys(topics, 1)


def test_what_is_told_of_one_request_shares_one_topic() -> None:
    """A resolution is confirmed or disputed on the request's own key: an order that must hold."""
    names = ("service_request.closed", "resolution.confirmed", "resolution.disputed")
    assert len({entry.topic for entry in EVENT_TYPES if entry.name in names}) == 1


def test_topics_keep_everything_for_ever() -> None:
    for topic in TOPICS:
        assert topic.config["cleanup.policy"] == "delete", topic.name
        assert topic.config["retention.ms"] == "-1", topic.name
        assert topic.config["retention.bytes"] == "-1", topic.name


def test_topic_names_are_unique_and_their_partitions_frozen() -> None:
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)
    assert {topic.name: topic.partitions for topic in TOPICS} == PARTITIONS


def test_every_topic_is_used_owned_and_described() -> None:
    assert {entry.topic for entry in EVENT_TYPES} == set(TOPICS)
    assert all(topic.owner and topic.description for topic in TOPICS)
