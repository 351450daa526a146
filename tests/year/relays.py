"""The relays of one outbox of the town in memory; they die now and then, and others take over."""

from typing import TYPE_CHECKING, Any

from consumers.engine.memory_outbox import MemoryBroker, MemoryLeases, MemoryOutbox, MemoryOutlet
from consumers.engine.relay import Relay
from tests.support.follow_up_simulator import Shaken
from tests.support.simulator import Killed

if TYPE_CHECKING:
    from tests.year.play import MemoryTown


class Relays:
    """Whatever stands in the outbox goes to the log."""

    def __init__(self, town: "MemoryTown", line: str, leases: MemoryLeases, outbox: MemoryOutbox) -> None:
        self._town = town
        self._line = line
        self._leases = leases
        self._outbox = outbox
        self._broker = MemoryBroker(town.topics)
        self.died = 0

    async def work(self) -> bool:
        """Publish what is to be published; whether there was any."""
        shards = await self._outbox.shards()
        for shard in shards:
            await self._relayed(shard)
        return bool(shards)

    async def _relayed(self, shard: str) -> None:
        lease = await self._leases.take(f"relay/{shard}")
        assert lease is not None
        outlet = MemoryOutlet(self._broker, f"{self._line}/{shard}")
        relay = Relay(shard, lease, self._troubled(self._outbox), outlet)
        try:
            await relay.open()
            while await relay.step():
                pass
        except Killed:
            self.died += 1

    def _troubled(self, outbox: MemoryOutbox) -> Any:
        """Sometimes it dies between the log and the note that it stands there."""

        async def at(where: str) -> None:
            if where == "before published" and self._town.dice.random() < self._town.crashes:
                raise Killed

        return Shaken(outbox, at)
