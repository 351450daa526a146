"""Who took part by what was told: those who did it of their own accord, not staff, and no rule."""

from typing import Final

from events.envelope import Payload

COUNTED: Final = frozenset(
    {
        "service_request.opened",
        "service_request.update_posted",
        "service_request.reopened",
        "resolution.confirmed",
        "resolution.disputed",
        "program_feedback.submitted",
        "idea.submitted",
        "idea.supported",
        "priority_ballot.cast",
        "signup.registered",
        "attendance.checked_in",
        "hours.logged",
        "group.formed",
        "group.member_joined",
        "group.leader_changed",
        "adoption.started",
        "adoption.waitlist_joined",
        "stewardship.checked_in",
        "application.submitted",
    }
)
_PLACED: Final = COUNTED | {"asset.registered", "asset.updated"}
"""Events that may say in which neighbourhood it is: the same holds for what is done about it later."""


class Acting:
    """Remembers where each thing is."""

    def __init__(self) -> None:
        self._areas: dict[str, str] = {}

    def area(self, name: str, key: str, data: Payload) -> str | None:
        """The neighbourhood that was said last of this thing, now or before."""
        said: str | None = getattr(data, "neighbourhood_id", None)
        if said is not None and name in _PLACED:
            self._areas[key] = said
        return self._areas.get(key)


def who(name: str, data: Payload, by: str | None) -> tuple[str, ...]:
    """Everyone who took part by this event, each once."""
    if name not in COUNTED:
        return ()
    if name.startswith("group.") and name != "group.member_joined":
        return (str(getattr(data, "leader_ref")),)  # noqa: B009 - the data are of any type
    friends: tuple[str, ...] = getattr(data, "co_author_refs", ())
    return tuple(dict.fromkeys((*([by] if by else []), *friends)))
