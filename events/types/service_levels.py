"""Service levels: how soon a city promises to answer a kind of request, and to be done with it."""

import re
from hashlib import blake2b
from typing import Annotated, Final

from pydantic import Field

from events.envelope import Derived, Payload
from events.scalars import REF_PATTERN, Code, Subject, Timestamp

Hours = Annotated[int, Field(ge=1, le=87_600)]
_REF: Final = re.compile(REF_PATTERN)


def level_of(service_code: str) -> str:
    """The id of a service's level: its code, or where that is no id, one that follows from it."""
    if _REF.fullmatch(service_code):
        return service_code
    return f"code-{blake2b(service_code.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


class ServiceLevelSet(Payload):
    """What the city promises for requests of a service that are reported from now on, in hours.

    Without hours it promises nothing any more. `subject` is the service's code; where that is no id, the
    answer to another subject names the right one.
    """

    service_code: Code
    acknowledge_hours: Hours | None = None
    close_hours: Hours | None = None

    def expected_subject(self, participant: str | None) -> str | None:  # noqa: ARG002
        """The service's own id."""
        return level_of(self.service_code)


class ServiceLevelAsked(Derived):
    """A request of the service was opened, and the city named no time by which it will be done."""

    service_code: Code
    request_id: Subject
    opened_at: Timestamp

    def expected_subject(self, participant: str | None) -> str | None:  # noqa: ARG002
        """The service's own id."""
        return level_of(self.service_code)
