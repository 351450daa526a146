"""Whether the log still is the one that the checkpoint counts in.

Kafka says nothing when a topic is made anew, cut off or restored: offsets simply mean other
records. So the checkpoint carries the cluster, and what the record applied last said.
"""

from consumers.engine.intake import fingerprint
from consumers.engine.model import Claim, Incident, IncidentKind, Log, Record, Unreadable
from events.topics import BY_NAME

Finding = tuple[IncidentKind, str]


async def inspect(claim: Claim, log: Log, bounds: tuple[int, int] | None = None) -> Incident | None:
    """What keeps this claim from going on; None when nothing does. May raise Unavailable.

    Whoever has just asked for the log's bounds gives them.
    """
    first, end = bounds or await log.bounds(claim.partition)
    found = _place(claim, log.cluster, first, end)
    try:
        found = found or await _last(claim, log, first)
        if not found and claim.next < end:
            await log.first_from(claim.partition, claim.next)
    except Unreadable as error:
        found = "unreadable", str(error)
    return Incident(claim, *found, first, end) if found else None


async def follows(claim: Claim, log: Log, record: Record) -> bool:
    """Whether no record stands between the checkpoint and this one. May raise Unavailable.

    A gap may be a hole in the log (the marker of a transaction), or what the client lost: aiokafka
    drops what it has gathered of all partitions when one of them cannot be read.
    """
    try:
        found = await log.first_from(claim.partition, claim.next)
    except Unreadable:
        return False
    return found is not None and found.offset == record.offset


def _place(claim: Claim, cluster: str, first: int, end: int) -> Finding | None:
    topic, number = claim.partition
    declared = BY_NAME.get(topic)
    if declared and number >= declared.partitions:
        said = f"{topic} is declared with {declared.partitions} partitions; keys would lose their order"
        return "undeclared_partition", said
    if claim.cluster not in (cluster, None):
        return "other_cluster", f"the checkpoint counts in cluster {claim.cluster}, this one is {cluster}"
    if claim.next > end:
        said = f"{claim.next} is the next offset to apply, but the log ends at {end}: cut off or made anew"
        return "checkpoint_ahead", said
    if claim.next < first:
        return "expired", f"the records from {claim.next} to {first - 1} are gone and were never applied"
    return None


async def _last(claim: Claim, log: Log, first: int) -> Finding | None:
    if claim.last is None or claim.last.offset < first:
        return None  # nothing was applied yet, or what was applied has expired since
    found = await log.first_from(claim.partition, claim.last.offset)
    there = found if found and found.offset == claim.last.offset else None
    if there and fingerprint(there) == claim.last.fingerprint:
        return None
    what = "another record stands" if there else "no record stands"
    return "other_log", f"{what} at offset {claim.last.offset}, the one applied last: made anew or restored"
