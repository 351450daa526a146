"""How participants can be reached: kept apart from all events, and deleted with its owner.

Personal data. It is read by the mailer at the moment of sending, and stands in no event, log or read model.
"""

from datetime import UTC, datetime, time
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    model_validator,
)

from infra.directory import known_zone
from infra.mongo import Database

COLLECTION: Final = "contacts"
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Contact(BaseModel):
    """How one participant is reached, and when not to write."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: Annotated[EmailStr, Field(max_length=254)] | None = None
    messenger: bool = Field(
        default=False, description="the city's own messenger reaches them, where there is one, before e-mail"
    )
    timezone: Annotated[str, AfterValidator(known_zone)] | None = Field(
        default=None, description="of the IANA database; the city's own without it"
    )
    quiet_from: Clock = Field(default="21:00", description="nothing that can wait is sent from then on")
    quiet_to: Clock = Field(default="08:00", description="until then; the same as `quiet_from`: never quiet")

    @model_validator(mode="after")
    def _reached(self) -> Self:
        if self.email is None and not self.messenger:
            raise ValueError("give an email, or say that the messenger reaches them")
        return self

    @property
    def quiet(self) -> tuple[time, time]:
        """From when to when nothing that can wait is sent."""
        return time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_to)

    def zone(self, usual: ZoneInfo) -> ZoneInfo:
        """The clock they live by."""
        return ZoneInfo(self.timezone) if self.timezone else usual


async def put_contact(db: Database, city: str, participant: str, contact: Contact) -> None:
    """From now on they are reached here."""
    row = {**contact.model_dump(), "city": city, "updated_at": datetime.now(UTC)}
    await db[COLLECTION].replace_one({"_id": _id(city, participant)}, row, upsert=True)


async def get_contact(db: Database, city: str, participant: str) -> Contact | None:
    """How they are reached, or None."""
    row = await db[COLLECTION].find_one({"_id": _id(city, participant)})
    return None if row is None else _contact(row)


async def delete_contact(db: Database, city: str, participant: str) -> bool:
    """Forget it; whether there was one."""
    return bool((await db[COLLECTION].delete_one({"_id": _id(city, participant)})).deleted_count)


async def contacts_of(db: Database, keys: list[str]) -> dict[str, Contact]:
    """Those of these people, each named `city/participant`."""
    found = db[COLLECTION].find({"_id": {"$in": keys}})
    return {row["_id"]: _contact(row) async for row in found}


def _id(city: str, participant: str) -> str:
    return f"{city}/{participant}"


def _contact(row: dict[str, Any]) -> Contact:
    return Contact(**{name: row[name] for name in Contact.model_fields if name in row})
