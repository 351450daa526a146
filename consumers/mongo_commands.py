"""Raw write commands inside one transaction: half the cost of the driver's bulk writes."""

from typing import Any

from consumers.engine.model import Unstorable
from infra.mongo import Database, DocumentTooLarge, PyMongoError, Session

STATEMENTS = 10_000
"""Update statements in one command: below MongoDB's limit of 100,000."""
PASSING = frozenset({112, 11000})
"""Codes of refused writes that another try, which reads again, may not meet: a write conflict, a key that
stands there already."""


class Commands:
    """The writes of one transaction. Each raises PyMongoError, or Unstorable for what no try can store."""

    def __init__(self, db: Database, session: Session) -> None:
        self._db = db
        self._session = session

    async def update(self, collection: str, statements: list[dict[str, Any]]) -> int:
        """How many documents matched."""
        return await self._in_pieces({"update": collection}, "updates", statements)

    async def insert(self, collection: str, documents: list[dict[str, Any]]) -> None:
        await self._in_pieces({"insert": collection}, "documents", documents)

    async def _in_pieces(self, command: dict[str, Any], name: str, items: list[dict[str, Any]]) -> int:
        pieces = (items[start : start + STATEMENTS] for start in range(0, len(items), STATEMENTS))
        return sum([await self._piece(command, name, piece) for piece in pieces])

    async def _piece(self, command: dict[str, Any], name: str, piece: list[dict[str, Any]]) -> int:
        """A command holds 16 MB at most; the driver tells of more before it sends anything."""
        try:
            return await self._command({**command, name: piece})
        except DocumentTooLarge:
            half = len(piece) // 2
            if half == 0:
                raise
        first = await self._piece(command, name, piece[:half])
        return first + await self._piece(command, name, piece[half:])

    async def delete(self, collection: str, ids: list[str]) -> None:
        if ids:
            gone = {"q": {"_id": {"$in": ids}}, "limit": 0}
            await self._command({"delete": collection, "deletes": [gone]})

    async def _command(self, command: dict[str, Any]) -> int:
        answer = await self._db.command(command, session=self._session)
        for error in answer.get("writeErrors", ()):
            said = f"write refused: {error.get('errmsg', '')}"[:500]
            raise PyMongoError(said) if error.get("code") in PASSING else Unstorable(said)
        return int(answer["n"])
