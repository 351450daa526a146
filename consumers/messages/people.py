"""What is known of recipients: consent and language from the read model, the address from the contacts.

What somebody took back is obeyed once it stands in the log: nobody is written to before the read model has
folded all that stands there of them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from consumers.engine.model import Partition
from consumers.kafka_log import KafkaLog
from consumers.messages.decide import QUIET, Channel, Person
from consumers.messages.messengers import Messengers
from events.partitioning import partition_of
from events.topics import PARTICIPANTS as TOPIC
from infra import contacts
from infra.contacts import Contact
from infra.directory import City
from infra.mongo import Database
from projections import read
from projections.core import Document
from projections.read import OneOf
from projections.registry import BY_NAME

PARTICIPANTS: Final = BY_NAME["participants"]


class MongoPeople:
    """Looks recipients up; `mail` is the channel of e-mail addresses."""

    def __init__(self, db: Database, log: KafkaLog, mail: Channel, messengers: Messengers) -> None:
        self._db = db
        self._log = log
        self._mail: Channel = mail
        self._messengers = messengers

    async def known_up_to_now(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of these people, each named `city/participant`, of whom all that was told is folded."""
        place = {key: partition_of(key.encode(), TOPIC.partitions) for key in keys}
        numbers = sorted(set(place.values()))
        ends = await self._log.ends([Partition(TOPIC.name, number) for number in numbers])
        stands = await read.positions(self._db, PARTICIPANTS)
        folded = {
            number
            for number in numbers
            if await self._at_end(Partition(TOPIC.name, number), stands.get((TOPIC.name, number), 0), ends)
        }
        return frozenset(key for key, number in place.items() if number in folded)

    async def _at_end(self, place: Partition, stands: int, ends: Mapping[Partition, int]) -> bool:
        return stands >= ends[place] or await self._log.first_from(place, stands) is None

    async def look_up(self, keys: list[str], cities: Mapping[str, City]) -> dict[str, Person]:
        """These people; a city that nobody has added lives by UTC."""
        where: read.Where = {"_id": OneOf(tuple(keys))}
        found = await read.listing(self._db, "participants", where, [], limit=len(keys))
        told = {row["_id"]: row for row in found}
        reached = await contacts.contacts_of(self._db, keys)
        messengers = await self._messengers.of(_city(key) for key in keys)
        return {
            key: person_of(
                told.get(key),
                reached.get(key),
                zone_of(key, cities),
                self._mail,
                messenger=_city(key) in messengers,
            )
            for key in keys
        }


def person_of(
    told: Document | None,
    contact: Contact | None,
    usual: ZoneInfo,
    mail: Channel,
    *,
    messenger: bool = False,
) -> Person:
    """Somebody, by what the read model and the contacts hold of them; whether their city has a messenger."""
    known: Mapping[str, Any] = told or {}
    return Person(
        zone=contact.zone(usual) if contact else usual,
        channel=_channel(contact, mail, messenger=messenger) if contact else None,
        email=contact.email if contact else None,
        consents=frozenset(one["purpose"] for one in known.get("consents", ()) if one["granted"]),
        lang=known.get("preferred_lang"),
        erased=any(known.get(name) for name in ("erased_at", "erasure_requested_at")),
        quiet=contact.quiet if contact else QUIET,
    )


def _channel(contact: Contact, mail: Channel, *, messenger: bool) -> Channel | None:
    if contact.messenger and messenger:
        return "push"
    return None if contact.email is None else mail


def zone_of(key: str, cities: Mapping[str, City]) -> ZoneInfo:
    """The clock of a participant's city."""
    city = cities.get(_city(key))
    return city.zone if city else ZoneInfo("UTC")


def _city(key: str) -> str:
    return key.partition("/")[0]
