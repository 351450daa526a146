"""TCP ports on the loopback interface that nobody uses."""

import random
import socket

# Below the range from which systems take the ports of outgoing connections (32768 and up on Linux, 49152 and
# up elsewhere): while a server is down between a kill and a restart, a client's own connection could be given
# the server's port otherwise, or even connect to itself.
FIRST, LAST = 20_000, 29_999


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as the servers do: TIME_WAIT is no obstacle
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def choose(names: tuple[str, ...], remembered: dict[str, int]) -> dict[str, int]:
    """One free port per name: the remembered one when it still is free, else a random one."""
    chosen: dict[str, int] = {}
    for name in names:
        port = remembered.get(name, 0)
        while port == 0 or port in chosen.values() or not is_free(port):
            port = random.randint(FIRST, LAST)  # noqa: S311 - no secret
        chosen[name] = port
    return chosen
