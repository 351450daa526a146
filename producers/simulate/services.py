"""What people report to a city, whom it concerns, and how long that takes there."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Service:
    """A kind of request: its share of all in summer and winter, and the working days it is given."""

    code: str
    name: str
    agency: str
    summer: int
    winter: int
    days: int
    words: str


SERVICES: Final = (
    Service("pothole", "Pothole", "Streets", 14, 22, 10, "A hole in the road, deep enough to hurt a wheel."),
    Service("streetlight", "Street light out", "Lighting", 9, 18, 7, "The lamp is dark since the weekend."),
    Service("graffiti", "Graffiti", "Public spaces", 13, 8, 5, "Somebody painted the wall of the underpass."),
    Service("litter", "Litter and dumping", "Cleaning", 22, 15, 3, "Bags lie beside the bins."),
    Service("tree", "Tree or branch down", "Parks", 11, 8, 5, "A branch hangs over the footway."),
    Service("water", "Water leak", "Water works", 5, 9, 1, "Water comes up between the stones."),
    Service("snow", "Snow not cleared", "Streets", 0, 14, 1, "The ramp is under snow."),
    Service("playground", "Playground broken", "Parks", 13, 3, 8, "The chain of the swing is torn."),
    Service("Bus stop, shelter", "Bus stop", "Transport", 8, 8, 6, "The glass of the shelter is gone."),
    Service("0042", "Noise at night", "Order office", 15, 5, 4, "Machines run until two."),
)
