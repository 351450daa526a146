"""Bringing up a replica set of one; the only other place that speaks to MongoDB's driver is `infra.mongo`."""

from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

TIMEOUT_MS = 1000


def make_primary(address: str, replica_set: str, *, member: str | None = None) -> bool:
    """Ask the mongod at `address` (host:port) once; whether it is the writable primary by now.

    Initiates the set when it has none, and corrects the only member's address when the port has changed.
    `member` is the address under which mongod reaches itself, when that is another one. Never raises for a
    server that does not answer or is busy: ask again. After a change of port mongod first asks at the old
    address, for up to 30 s when something silent listens there now.
    """
    client: MongoClient[dict[str, Any]] = MongoClient(
        f"mongodb://{address}/",
        directConnection=True,
        serverSelectionTimeoutMS=TIMEOUT_MS,
        socketTimeoutMS=TIMEOUT_MS,
    )
    with client:
        try:
            hello = client.admin.command("hello")
            if not hello.get("isWritablePrimary") and hello.get("isreplicaset"):
                _configure(client, replica_set, member or address)
        except PyMongoError:
            return False
        return bool(hello.get("isWritablePrimary"))


def _configure(client: MongoClient[dict[str, Any]], replica_set: str, member: str) -> None:
    """`isreplicaset` in a hello means: started for a set, but no member of one."""
    config = client.local["system.replset"].find_one()
    if config is None:
        members = [{"_id": 0, "host": member}]
        client.admin.command("replSetInitiate", {"_id": replica_set, "members": members})
    elif [old["host"] for old in config["members"]] != [member]:
        config["members"] = [config["members"][0] | {"host": member}]
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
