"""The only file that imports MongoDB's driver: motor today, one file to swap.

Everything else receives a `Database` and uses collections by name.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from bson import encode as to_bson
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from infra.settings import Settings

__all__ = [
    "BSONError",
    "BulkWriteError",
    "Collection",
    "ConnectionFailure",
    "Database",
    "DeleteOne",
    "DocumentTooLarge",
    "DuplicateKeyError",
    "ExecutionTimeout",
    "InsertOne",
    "OperationFailure",
    "PyMongoError",
    "RawBSONDocument",
    "ReadConcern",
    "ReadPreference",
    "ReplaceOne",
    "Session",
    "UpdateOne",
    "WriteConcern",
    "as_stored",
    "connect",
    "stored",
]

Collection = AsyncIOMotorCollection[dict[str, Any]]
Database = AsyncIOMotorDatabase[dict[str, Any]]
Session = AsyncIOMotorClientSession

_AS_STORED: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
OPERATION_TIMEOUT_MS = 5_000
"""Below the rebalance limit (15 s), which is below a transaction's life (60 s)."""


@asynccontextmanager
async def connect(settings: Settings, *, timeout_ms: int = OPERATION_TIMEOUT_MS) -> AsyncIterator[Database]:
    """A database handle: majority reads and journaled majority writes, from the primary.

    Times come back aware, in UTC. Nothing is sent before the first operation.
    """
    if settings.mongo is None:
        msg = "no MongoDB is set: give TOWNHALL_MONGO, or start the embedded one with `townhall up`"
        raise ValueError(msg)
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        settings.mongo.get_secret_value(),
        appname="townhall",
        tz_aware=True,
        retryWrites=True,
        serverSelectionTimeoutMS=timeout_ms,
        connectTimeoutMS=timeout_ms,
        socketTimeoutMS=4 * timeout_ms,
        maxPoolSize=50,
        waitQueueTimeoutMS=timeout_ms,
    )
    try:
        yield client.get_database(
            settings.mongo_database,
            codec_options=CodecOptions(tz_aware=True),
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("majority"),
            write_concern=WriteConcern(w="majority", j=True),
        )
    finally:
        client.close()


def stored(document: Mapping[str, Any]) -> RawBSONDocument:
    """The document as MongoDB stores it: bytes that are written elsewhere as they are."""
    return RawBSONDocument(to_bson(document))


def as_stored(collection: Collection) -> AsyncIOMotorCollection[RawBSONDocument]:
    """The collection whose documents are read as they are stored."""
    found: Any = collection.with_options(codec_options=_AS_STORED)
    return cast("AsyncIOMotorCollection[RawBSONDocument]", found)
