"""What the pulse must show: what citizens and the city did, on the days of the city's calendar."""

from events.registry import EVENT_TYPES
from producers.simulate.truth import Truth
from tests.support.spec import Sums
from tests.year.sums import Documents, summed

LEFT_OUT = ("townhall.followups", "townhall.metrics", "townhall.participants")
TOPIC = {entry.name: entry.topic.name for entry in EVENT_TYPES}


def pulse(truth: Truth) -> Sums:
    return summed((key, {"events": n}) for key, n in truth.told.items() if TOPIC[key[2]] not in LEFT_OUT)


DOCUMENTS = dict[str, Documents]()
TALLIES = {"pulse": pulse}
