"""What messages are about: its title as it is shown now, and where it can be looked at.

Words of content that a city hides are in no message: the id stands for them.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Final, NamedTuple

from infra.mongo import Database
from projections import read
from projections.api.moderated import hidden
from projections.read import OneOf


class Subject(NamedTuple):
    """One kind of thing: the read model that knows it, and how a title is made of what stands there."""

    view: str
    title: str
    """The field."""
    path: str
    """Of its page; `{city}` and `{id}` are put in."""
    theirs: bool = False
    """Whether somebody wrote the title, so that it can be hidden."""


SUBJECTS: Final[Mapping[str, Subject]] = {
    "service_request": Subject("service_requests", "service_name", "/cities/{city}/requests/{id}"),
    "program_feedback": Subject("program_feedback", "program_id", "/cities/{city}"),
    "idea": Subject("ideas", "title", "/cities/{city}/ideas/{id}", theirs=True),
    "problem": Subject("problems", "statement", "/cities/{city}/problems/{id}", theirs=True),
    "group": Subject("groups", "name", "/cities/{city}/groups/{id}", theirs=True),
    "participant": Subject("participants", "city", "/cities/{city}"),
    "opportunity": Subject("opportunities", "title", "/cities/{city}/volunteering/{id}", theirs=True),
    "hours": Subject("hours", "worked_on", "/cities/{city}/volunteering"),
    "asset": Subject("assets", "name", "/cities/{city}/stewardship/{id}"),
    "application": Subject("grant_applications", "title", "/cities/{city}/grants", theirs=True),
}


async def titles(db: Database, kind: str, keys: Iterable[str]) -> dict[str, str]:
    """The titles of these things, each named `city/id`; what the read model does not know is left out."""
    subject, wanted = SUBJECTS[kind], tuple(dict.fromkeys(keys))
    where: read.Where = {"_id": OneOf(wanted)}
    found = await read.listing(db, subject.view, where, [], limit=len(wanted), fields=(subject.title,))
    without = await hidden(db, kind, wanted) if subject.theirs else frozenset[str]()
    return {row["_id"]: shown(row["_id"], row[subject.title], without) for row in found}


def shown(key: str, title: str | None, without: Container[str]) -> str:
    """The title, or the id where it has none or is hidden."""
    return title if title and key not in without else key.partition("/")[2]


def path(kind: str, city: str, id_: str) -> str:
    """Where its page is."""
    return SUBJECTS[kind].path.format(city=city, id=id_)
