"""Who took part by what was told: those who did it of their own accord, not staff, and no rule."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from events.envelope import Payload

RUNGS: Final = {
    "service_request.opened": "feedback",
    "service_request.update_posted": "feedback",
    "service_request.reopened": "feedback",
    "resolution.confirmed": "feedback",
    "resolution.disputed": "feedback",
    "program_feedback.submitted": "feedback",
    "idea.submitted": "support",
    "idea.supported": "support",
    "priority_ballot.cast": "support",
    "signup.registered": "volunteer",
    "attendance.checked_in": "volunteer",
    "hours.logged": "volunteer",
    "group.member_joined": "volunteer",
    "adoption.started": "steward",
    "adoption.waitlist_joined": "steward",
    "stewardship.checked_in": "steward",
    "group.formed": "lead",
    "group.leader_changed": "lead",
    "application.submitted": "lead",
}
"""What counts, and how much somebody takes upon themselves by it."""
THANKED: Final = {
    "attendance.checked_in": "volunteer_milestone",
    "stewardship.checked_in": "steward_milestone",
}
"""What people are thanked for, and how, at some of the times that they did it."""
TIMES: Final = (1, 10, 25, 50, 100)
_PLACED: Final = RUNGS.keys() | {"asset.registered", "asset.updated"}
"""Events that may say in which neighbourhood it is: the same holds for what is done about it later."""


@dataclass(frozen=True)
class Act:
    """Something that one did, on a day of the city's calendar."""

    action: str
    at: datetime
    day: str
    area: str | None


@dataclass
class Acts:
    """Everything that one participant did."""

    city: str
    ref: str
    acts: list[Act] = field(default_factory=list)

    def times(self, action: str) -> int:
        """How often they did this."""
        return sum(act.action == action for act in self.acts)


class Acting:
    """Remembers where each thing is."""

    def __init__(self) -> None:
        self._areas: dict[str, str] = {}

    def area(self, name: str, key: str, data: Payload) -> str | None:
        """The neighbourhood that was said last of this thing, now or before."""
        said: str | None = vars(data).get("neighbourhood_id")
        if said is not None and name in _PLACED:
            self._areas[key] = said
        return self._areas.get(key)


def who(name: str, data: Payload, by: str | None) -> tuple[str, ...]:
    """Everyone who took part by this event, each once."""
    if name not in RUNGS:
        return ()
    if name.startswith("group.") and name != "group.member_joined":
        return (vars(data)["leader_ref"],)
    friends: tuple[str, ...] = vars(data).get("co_author_refs", ())
    return tuple(dict.fromkeys((*([by] if by else []), *friends)))
