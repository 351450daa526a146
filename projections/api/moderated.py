"""What must not be shown: the words of content that a city hid, or had parts of made unreadable.

It stands on another topic than the content, so whoever shows words looks here. What is hidden keeps its place
in listings and counts: only its words are left out.
"""

from collections.abc import Iterable

from infra.mongo import Database
from projections import read
from projections.read import OneOf, Where
from projections.registry import BY_NAME

MODERATION = BY_NAME["moderation"]


async def hidden(db: Database, kind: str, keys: Iterable[str]) -> frozenset[str]:
    """Which of these things of one kind, each named `city/id`, must be shown without their words."""
    contents = {_content(kind, key): key for key in keys}
    if not contents:
        return frozenset()
    where: Where = {"_id": OneOf(tuple(contents)), "words_shown": False}
    found = await read.listing(db, "moderated_content", where, [], limit=len(contents), fields=("_id",))
    return frozenset(contents[one["_id"]] for one in found)


def _content(kind: str, key: str) -> str:
    city, _, id_ = key.partition("/")
    return f"{city}/{kind}:{id_}"
