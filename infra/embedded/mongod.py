"""mongod as a child process: a replica set of one, from a wheel that brings the server's binary."""

from importlib.util import find_spec
from pathlib import Path

from infra import mongo_admin
from infra.embedded.errors import EmbeddedError
from infra.embedded.process import Server

VERSION = "6.0.5"  # the server in the wheel that pyproject.toml pins
REPLICA_SET = "townhall"


def find() -> Path:
    """The binary of mongod, found without importing the package around it: that may be a large one."""
    spec = find_spec("fiftyone")
    for folder in (spec and spec.submodule_search_locations) or ():
        binary = Path(folder, "db", "bin", "mongod")
        if binary.exists():
            return binary
    raise EmbeddedError(
        "There is no MongoDB server to start: the wheel that brings it comes with "
        "`pip install 'townhall[embedded]'` and exists for Linux on x86-64 only. Nothing was changed. "
        "Start Kafka and a MongoDB replica set yourself and set TOWNHALL_KAFKA and TOWNHALL_MONGO."
    )


class Mongod(Server):
    """One mongod whose only member follows its port; `cache_mb` is WiredTiger's cache, at least 256."""

    name = "mongod"

    def __init__(self, *, binary: Path, port: int, cache_mb: int, home: Path, log: Path, hold: int) -> None:
        super().__init__(port=port, home=home, log=log, hold=hold)
        self._binary = binary
        self._cache_mb = cache_mb

    @property
    def uri(self) -> str:
        """Where drivers connect."""
        return f"mongodb://127.0.0.1:{self.port}/?replicaSet={REPLICA_SET}"

    def prepare(self) -> list[str]:
        (self.home / "data").mkdir(exist_ok=True)
        options = {
            "--dbpath": "data",
            "--port": str(self.port),
            "--bind_ip": "127.0.0.1",
            "--replSet": REPLICA_SET,
            "--wiredTigerCacheSizeGB": str(self._cache_mb / 1024),
            "--oplogSize": "512",  # MB; by default a twentieth of the disk, and nobody replicates from it
        }
        parameters = {
            "diagnosticDataCollectionEnabled": "false",
            "shutdownTimeoutMillisForSignaledShutdown": "0",  # there is no other member to hand over to
        }
        argv = [str(self._binary), "--quiet", "--nounixsocket"]
        argv += [text for option in options.items() for text in option]
        return argv + [text for item in parameters.items() for text in ("--setParameter", "=".join(item))]

    def is_ready(self) -> bool:
        """Whether it is the writable primary; makes it the only member of its replica set when it is not."""
        return mongo_admin.make_primary(f"127.0.0.1:{self.port}", REPLICA_SET)
