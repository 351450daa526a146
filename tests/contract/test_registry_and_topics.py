"""Names that are stored never change; where events go and how long they stay is part of the contract."""

from collections import defaultdict

from events.registry import BY_PAYLOAD, BY_TYPE, EVENT_TYPES
from events.topics import TOPICS
from tests.support.contract import SCHEMAS

STORED = {
    "org.citiesofservice.service_request.opened.v1": "townhall.requests",
    "org.citiesofservice.service_request.acknowledged.v1": "townhall.requests",
    "org.citiesofservice.service_request.stage_changed.v1": "townhall.requests",
    "org.citiesofservice.service_request.update_posted.v1": "townhall.requests",
    "org.citiesofservice.service_request.merged.v1": "townhall.requests",
    "org.citiesofservice.service_request.closed.v1": "townhall.requests",
    "org.citiesofservice.service_request.reopened.v1": "townhall.requests",
    "org.citiesofservice.service_request.overdue.v1": "townhall.requests",
    "org.citiesofservice.service_request.promised.v1": "townhall.requests",
    "org.citiesofservice.service_request.acknowledgement_overdue.v1": "townhall.requests",
    "org.citiesofservice.service_request.duplicate_joined.v1": "townhall.requests",
    "org.citiesofservice.service_request.original_progressed.v1": "townhall.requests",
    "org.citiesofservice.service_level.set.v1": "townhall.requests",
    "org.citiesofservice.service_level.asked.v1": "townhall.requests",
    "org.citiesofservice.resolution.confirmed.v1": "townhall.requests",
    "org.citiesofservice.resolution.disputed.v1": "townhall.requests",
    "org.citiesofservice.program_feedback.submitted.v1": "townhall.requests",
    "org.citiesofservice.idea.submitted.v1": "townhall.ideas",
    "org.citiesofservice.idea.supported.v1": "townhall.ideas",
    "org.citiesofservice.idea.support_withdrawn.v1": "townhall.ideas",
    "org.citiesofservice.idea.answered.v1": "townhall.ideas",
    "org.citiesofservice.idea.withdrawn.v1": "townhall.ideas",
    "org.citiesofservice.idea.answer_published.v1": "townhall.ideas",
    "org.citiesofservice.idea.answer_asked.v1": "townhall.ideas",
    "org.citiesofservice.idea.answer_overdue.v1": "townhall.ideas",
    "org.citiesofservice.problem.defined.v1": "townhall.ideas",
    "org.citiesofservice.ballot_round.opened.v1": "townhall.ideas",
    "org.citiesofservice.priority_ballot.cast.v1": "townhall.ideas",
    "org.citiesofservice.prioritisation.concluded.v1": "townhall.ideas",
    "org.citiesofservice.service_request.result_progressed.v1": "townhall.requests",
    "org.citiesofservice.idea.result_progressed.v1": "townhall.ideas",
    "org.citiesofservice.problem.result_progressed.v1": "townhall.ideas",
    "org.citiesofservice.result.created.v1": "townhall.results",
    "org.citiesofservice.result.progress_updated.v1": "townhall.results",
    "org.citiesofservice.opportunity.published.v1": "townhall.volunteering",
    "org.citiesofservice.opportunity.session_added.v1": "townhall.volunteering",
    "org.citiesofservice.opportunity.cancelled.v1": "townhall.volunteering",
    "org.citiesofservice.session.scheduled.v1": "townhall.volunteering",
    "org.citiesofservice.session.changed.v1": "townhall.volunteering",
    "org.citiesofservice.session.cancelled.v1": "townhall.volunteering",
    "org.citiesofservice.session.coming_up.v1": "townhall.volunteering",
    "org.citiesofservice.session.at_risk.v1": "townhall.volunteering",
    "org.citiesofservice.signup.registered.v1": "townhall.volunteering",
    "org.citiesofservice.signup.cancelled.v1": "townhall.volunteering",
    "org.citiesofservice.signup.promoted.v1": "townhall.volunteering",
    "org.citiesofservice.attendance.checked_in.v1": "townhall.volunteering",
    "org.citiesofservice.attendance.checked_out.v1": "townhall.volunteering",
    "org.citiesofservice.attendance.no_show.v1": "townhall.volunteering",
    "org.citiesofservice.hours.logged.v1": "townhall.volunteering",
    "org.citiesofservice.hours.verified.v1": "townhall.volunteering",
    "org.citiesofservice.hours.rejected.v1": "townhall.volunteering",
    "org.citiesofservice.asset.registered.v1": "townhall.stewardship",
    "org.citiesofservice.asset.updated.v1": "townhall.stewardship",
    "org.citiesofservice.asset.retired.v1": "townhall.stewardship",
    "org.citiesofservice.adoption.started.v1": "townhall.stewardship",
    "org.citiesofservice.adoption.refused.v1": "townhall.stewardship",
    "org.citiesofservice.stewardship.checked_in.v1": "townhall.stewardship",
    "org.citiesofservice.adoption.check_in_due.v1": "townhall.stewardship",
    "org.citiesofservice.adoption.check_in_overdue.v1": "townhall.stewardship",
    "org.citiesofservice.adoption.lapsed.v1": "townhall.stewardship",
    "org.citiesofservice.adoption.released.v1": "townhall.stewardship",
    "org.citiesofservice.adoption.transferred.v1": "townhall.stewardship",
    "org.citiesofservice.adoption.waitlist_joined.v1": "townhall.stewardship",
    "org.citiesofservice.adoption.waitlist_left.v1": "townhall.stewardship",
    "org.citiesofservice.adoption.waitlist_offered.v1": "townhall.stewardship",
    "org.citiesofservice.group.formed.v1": "townhall.groups",
    "org.citiesofservice.group.member_joined.v1": "townhall.groups",
    "org.citiesofservice.group.member_left.v1": "townhall.groups",
    "org.citiesofservice.group.leader_changed.v1": "townhall.groups",
    "org.citiesofservice.project.started.v1": "townhall.impact",
    "org.citiesofservice.project.ended.v1": "townhall.impact",
    "org.citiesofservice.impact.recorded.v1": "townhall.impact",
    "org.citiesofservice.impact.voided.v1": "townhall.impact",
    "org.citiesofservice.grant_call.opened.v1": "townhall.grants",
    "org.citiesofservice.grant_call.deadline_extended.v1": "townhall.grants",
    "org.citiesofservice.grant_call.closed.v1": "townhall.grants",
    "org.citiesofservice.grant_call.ranked.v1": "townhall.grants",
    "org.citiesofservice.application.submitted.v1": "townhall.grants",
    "org.citiesofservice.application.withdrawn.v1": "townhall.grants",
    "org.citiesofservice.application.more_info_requested.v1": "townhall.grants",
    "org.citiesofservice.application.more_info_provided.v1": "townhall.grants",
    "org.citiesofservice.application.award_progressed.v1": "townhall.grants",
    "org.citiesofservice.review.submitted.v1": "townhall.grants",
    "org.citiesofservice.review.conflict_declared.v1": "townhall.grants",
    "org.citiesofservice.review.recused.v1": "townhall.grants",
    "org.citiesofservice.review.refused.v1": "townhall.grants",
    "org.citiesofservice.determination.made.v1": "townhall.grants",
    "org.citiesofservice.award.granted.v1": "townhall.grants",
    "org.citiesofservice.award.disbursed.v1": "townhall.grants",
    "org.citiesofservice.award.regranted.v1": "townhall.grants",
    "org.citiesofservice.grant_report.due.v1": "townhall.grants",
    "org.citiesofservice.grant_report.submitted.v1": "townhall.grants",
    "org.citiesofservice.grant_report.overdue.v1": "townhall.grants",
    "org.citiesofservice.grant_report.deadline_extended.v1": "townhall.grants",
    "org.citiesofservice.practice.published.v1": "townhall.practices",
    "org.citiesofservice.practice.adopted.v1": "townhall.practices",
    "org.citiesofservice.practice.adopted_elsewhere.v1": "townhall.practices",
    "org.citiesofservice.practice.outcome_reported.v1": "townhall.practices",
    "org.citiesofservice.participant.consent_changed.v1": "townhall.participants",
    "org.citiesofservice.participant.language_changed.v1": "townhall.participants",
    "org.citiesofservice.participant.erasure_requested.v1": "townhall.participants",
    "org.citiesofservice.participant.erased.v1": "townhall.participants",
    "org.citiesofservice.participant.acted.v1": "townhall.participants",
    "org.citiesofservice.followup.queued.v1": "townhall.followups",
    "org.citiesofservice.followup.sent.v1": "townhall.followups",
    "org.citiesofservice.followup.failed.v1": "townhall.followups",
    "org.citiesofservice.followup.suppressed.v1": "townhall.followups",
    "org.citiesofservice.content.flagged.v1": "townhall.moderation",
    "org.citiesofservice.content.moderated.v1": "townhall.moderation",
    "org.citiesofservice.metric.snapshot.v1": "townhall.metrics",
}
"""Every type ever published and its topic. Add lines; never change or remove one."""

PARTITIONS = {
    "townhall.requests": 6,
    "townhall.ideas": 6,
    "townhall.results": 6,
    "townhall.volunteering": 6,
    "townhall.stewardship": 6,
    "townhall.groups": 6,
    "townhall.impact": 6,
    "townhall.grants": 6,
    "townhall.practices": 6,
    "townhall.participants": 6,
    "townhall.followups": 6,
    "townhall.moderation": 6,
    "townhall.metrics": 6,
}
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
        topics[entry.aggregate].add(entry.topic)
    assert {aggregate: len(found) for aggregate, found in topics.items()} == dict.fromkeys(topics, 1)


def test_what_is_told_of_one_request_shares_one_topic() -> None:
    """A resolution is confirmed or disputed on the request's own key: an order that must hold."""
    names = ("service_request.closed", "resolution.confirmed", "resolution.disputed")
    assert {entry.aggregate for entry in EVENT_TYPES if entry.name in names} == {"service_request"}


def test_what_the_subject_is_the_id_of_is_told_and_never_changes() -> None:
    told = defaultdict(set)
    for entry in EVENT_TYPES:
        told[entry.aggregate].add(entry.name.partition(".")[0])
    assert {aggregate: words for aggregate, words in told.items() if words != {aggregate}} == {
        "service_request": {"service_request", "resolution"},
        "ballot_round": {"ballot_round", "prioritisation"},
        "session": {"session", "signup", "attendance"},
        "asset": {"asset", "adoption", "stewardship"},
        "application": {"application", "review", "determination"},
        "award": {"award", "grant_report"},
        "recipient": {"followup"},
    }
    assert all(SCHEMAS[entry.type]["x-subject"] == entry.aggregate for entry in EVENT_TYPES)


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
