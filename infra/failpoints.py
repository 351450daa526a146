"""Failpoints: steps at which a process can be told to die, sleep or raise, to test what a crash there does.

Nothing happens unless the environment names them: `TOWNHALL_FAILPOINTS=after_commit=kill@3` kills the
process, as `kill -9` does, the third time it passes that step. Several are separated by commas.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

VARIABLE: Final = "TOWNHALL_FAILPOINTS"

STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # consumers/projector.py
        "on_assigned": "partitions were assigned, none is claimed",
        "after_assigned": "every assigned partition is claimed",
        "on_revoked": "partitions were taken away, what was claimed is still remembered",
        "after_fetch": "records have arrived, nothing was done with them",
        "before_stop": "asked to stop, still in the groups",
        "after_stop": "out of the groups, connections still open",
        # consumers/kafka_log.py
        "before_seek": "the consumer stands where it stood",
        "after_seek": "the consumer stands where the checkpoint says",
        # consumers/engine/engine.py
        "before_claim": "the checkpoint is still another owner's",
        "after_claim": "the checkpoint is ours, the log was not looked at",
        "after_inspect": "the log is the one the checkpoint counts in",
        "before_start": "claimed and inspected, not yet reading",
        "after_start": "reading from the checkpoint",
        "before_commit": "the batch is folded, nothing is written",
        "after_commit": "the batch is written, its checkpoints are not told yet",
        "after_keep": "the batch is remembered, nothing of it is written",
        "before_resync": "a batch was turned away, its claims are still held",
        "amid_resync": "the claims are forgotten, a checkpoint was read again",
        "before_reclaim": "the lease is over, another owner holds the claim",
        "before_halt": "a partition halts, nobody was told",
        "after_halt": "a partition halts and operators can read why",
        "after_settle": "a halted partition goes on, its incident has passed",
        # consumers/engine/batch.py
        "after_decode": "one partition's records are decoded",
        "before_load": "everything is decoded, the store was not asked",
        "amid_load": "identities and waiting keys are known, documents are not",
        "after_load": "everything the batch needs is in memory",
        "in_fold": "one event is about to be folded",
        "amid_fold": "one partition's records are folded",
        "after_fold": "everything is folded",
        "amid_keep": "one partition's share is remembered",
        # consumers/engine/replay.py
        "before_replay_fold": "quarantined records are about to be folded again",
        "after_replay_fold": "they are folded, nothing is written",
        # consumers/mongo_store.py
        "after_session_start": "a transaction is begun on our side only",
        "after_checkpoint_update": "the transaction holds the locks of its checkpoints",
        "between_collections": "the documents of one collection are in the transaction",
        "after_cells": "the sums are in the transaction",
        "after_ledger_insert": "the identities are in the transaction",
        "after_quarantine_update": "the quarantined records are in the transaction",
        "before_commit_sent": "everything is in the transaction, the commit was not asked for",
        "after_commit_answered": "the commit is done, the answer is not used yet",
        "before_commit_again": "the answer was lost, the commit is asked for again",
        "after_abort": "the transaction was given up",
        "after_finding_last_owner": "the session that holds the lock is known and lives",
        "amid_report": "a halted partition is fenced, why is not kept yet",
        "amid_settle": "the incident has passed, its partition still counts as halted",
        # producers/publisher.py
        "before_send": "nothing was handed to the producer",
        "after_send": "everything was handed to the producer, nothing is acknowledged",
        "after_ack": "everything is acknowledged, nobody was told",
        # producers/http/gateway.py
        "after_body": "the body has arrived, nothing is published",
        "before_answer": "everything is acknowledged, the client has no answer",
    }
)
"""Every failpoint of what counts events, and what is the case there."""

FOLLOW_UP_STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # consumers/mongo_store.py
        "after_outbox_insert": "derived events are in the transaction, timers are not",
        "after_timers": "timers are in the transaction, notices and audiences are not",
        "after_audiences": "notices and audiences are in the transaction, announcements are not",
        # consumers/relay.py
        "after_sweeper_lease": "a partition's timers are leased, none was looked at",
        # consumers/engine/sweeper.py
        "before_fire": "timers are due, and all that could cancel them is folded",
        "after_fire": "the timers have become events in the outbox",
        # consumers/mongo_timers.py
        "amid_fire": "the events are in the outbox in the transaction, their timers are not gone",
        # consumers/mongo_outbox.py
        "amid_published": "the relay's place is kept, the events it published are still in the outbox",
        # consumers/engine/relay.py
        "before_outlet": "a shard is leased, its earlier producer may be at work",
        "after_outlet": "the earlier producer is at its end, what it published last is known",
        "before_publish": "events were read from the outbox, nothing is sent",
        "after_publish": "the events stand in the log, the outbox does not know",
        "after_published": "the events stand in the log and no longer in the outbox",
        # consumers/kafka_outlet.py
        "amid_publish": "the events are sent, and belong to a transaction that has not ended",
        "before_transaction_end": "the position is in the transaction as well",
    }
)
"""Every failpoint of what follow-ups have beside them."""
MESSAGE_STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # consumers/spreader.py
        "after_page": "some of an audience are told, the announcement does not remember how far it came",
        # consumers/messages/desk.py
        "amid_settle_messages": "the events of messages are in the transaction, the messages are not",
        "before_settled_messages": "events and messages are in the transaction, which has not ended",
        # consumers/messages/mailer.py
        "after_mailer_lease": "a shard is leased, none of its notices was looked at",
        "before_settle_messages": "it is decided who is told, nothing is kept of it",
        "after_settle_messages": "it is kept who is told and what was sent",
        "before_send_message": "a message is counted as tried, and not sent",
        "after_send_message": "a message is sent, and nothing is kept of it",
    }
)
"""Every failpoint of what writes to people."""
WEBHOOK_STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # consumers/webhooks/process.py
        "after_webhooks_lease": "the lease is ours, nothing was read or sent",
        # consumers/webhooks/fanout.py
        "after_fanout_claims": "every checkpoint is claimed, nothing was read",
        "before_fanout_commit": "a batch is matched with endpoints, nothing is written",
        "after_webhook_messages": "the bodies are in the transaction, the deliveries are not",
        "after_webhook_deliveries": "the deliveries are in the transaction, which has not ended",
        "after_fanout_commit": "deliveries and checkpoints are written, nobody was told",
        # consumers/webhooks/sender.py
        "after_attempt_begun": "the attempt is written, nothing is sent",
        "after_answer": "the receiver has answered, nobody knows",
        "before_outcome": "the endpoint is known to be well, its delivery still counts as under way",
        "amid_failure": "the endpoint is known to fail, its delivery still counts as under way",
    }
)
"""Every failpoint of webhooks."""
EVERY_STEP: Final[Mapping[str, str]] = MappingProxyType(
    {**STEPS, **FOLLOW_UP_STEPS, **MESSAGE_STEPS, **WEBHOOK_STEPS}
)


class BadFailpoints(ValueError):
    """The variable cannot be used."""


class FailpointReached(RuntimeError):
    """What a failpoint raises when it is told to."""


_Action = Callable[[], None]
_armed: dict[str, tuple[int, _Action]] = {}
"""Passes left until it happens, and what happens."""


def failpoint(name: str) -> None:
    """Pass the step of this name."""
    if _armed:
        _pass(name)


def arm(text: str) -> None:
    """Arm `name=kill|raise|sleep:SECONDS[@PASS],...` and nothing else. Raises BadFailpoints."""
    armed = dict(_one(item.strip()) for item in text.split(",") if item.strip())
    _armed.clear()
    _armed.update(armed)


def _one(item: str) -> tuple[str, tuple[int, _Action]]:
    name, _, rest = item.partition("=")
    if name not in EVERY_STEP:
        raise BadFailpoints(f"{VARIABLE}: there is no failpoint {name!r}. There are {', '.join(EVERY_STEP)}.")
    what, _, number = rest.partition("@")
    action = _action(what)
    if action is None or not (number or "1").isdecimal() or int(number or 1) < 1:
        raise BadFailpoints(
            f"{VARIABLE}: {item!r} cannot be read. Write {name}=kill, {name}=raise or {name}=sleep:SECONDS, "
            "and @3 behind it for the third pass."
        )
    return name, (int(number or 1), action)


def _action(what: str) -> _Action | None:
    word, _, seconds = what.partition(":")
    if what == "kill":
        return _kill
    if what == "raise":
        return _raise
    if word == "sleep" and seconds.replace(".", "", 1).isdecimal():
        return lambda: time.sleep(float(seconds))  # nothing else of the process goes on meanwhile
    return None


def _pass(name: str) -> None:
    if name not in _armed:
        return
    left, action = _armed[name]
    if left > 1:
        _armed[name] = left - 1, action
        return
    del _armed[name]
    os.write(2, b'{"event": "failpoint", "name": "%s"}\n' % name.encode())
    action()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _raise() -> None:
    raise FailpointReached("a failpoint was told to raise")
