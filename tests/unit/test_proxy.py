"""The proxy of the fault tests does to a connection what it says, and nothing else."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from tests.support.proxy import Proxies, Proxy


@contextmanager
def serving(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """A server on loopback that answers whatever arrives; its port."""

    def talk(connection: socket.socket) -> None:
        with closing(connection), suppress(OSError):
            while data := connection.recv(65_536):
                heard.append(data)
                connection.sendall(answer(data))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    heard.clear()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


heard: list[bytes] = []
"""What the server received."""


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """In front of an echo."""
    with serving(lambda data: data) as port, Proxies() as proxies:
        yield proxies.open(port)


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as one:
        one.sendall(b"hello")
        assert one.recv(100) == b"hello"
        yield one


def silent(client: socket.socket, seconds: float = 0.3) -> bool:
    """Whether nothing arrives for so long."""
    client.settimeout(seconds)
    try:
        client.recv(1)
    except TimeoutError:
        return True
    finally:
        client.settimeout(10)
    return False


def test_whatever_is_sent_arrives(client: socket.socket) -> None:
    sent = bytes(range(256)) * 4_000
    threading.Thread(target=client.sendall, args=(sent,)).start()
    got = b""
    while len(got) < len(sent):
        got += client.recv(65_536)
    assert got == sent


def test_the_end_of_one_direction_is_passed_on(client: socket.socket) -> None:
    client.sendall(b"last")
    client.shutdown(socket.SHUT_WR)
    assert client.recv(100) == b"last"
    assert client.recv(100) == b""


def test_a_delay_counts_both_ways(proxy: Proxy, client: socket.socket) -> None:
    proxy.slow(delay=0.15)
    started = time.monotonic()
    client.sendall(b"slow")
    assert client.recv(100) == b"slow"
    assert time.monotonic() - started >= 0.3


def test_a_delay_may_be_for_some_requests_only(proxy: Proxy, client: socket.socket) -> None:
    proxy.slow(delay=0.5, only=b"slow")
    started = time.monotonic()
    client.sendall(b"quick")
    assert client.recv(100) == b"quick"
    assert time.monotonic() - started < 0.5
    client.sendall(b"a slow one")
    assert client.recv(100) == b"a slow one"
    assert time.monotonic() - started >= 1.0


def test_a_rate_holds(proxy: Proxy, client: socket.socket) -> None:
    proxy.slow(bytes_per_second=100_000)
    started = time.monotonic()
    client.sendall(b"x" * 20_000)
    got = 0
    while got < 20_000:
        got += len(client.recv(65_536))
    assert time.monotonic() - started >= 0.35


def test_a_black_hole_swallows_nothing_for_good(proxy: Proxy, client: socket.socket) -> None:
    proxy.hold()
    client.sendall(b"into the dark")
    assert silent(client)
    proxy.heal()
    assert client.recv(100) == b"into the dark"


def test_one_way_the_server_hears_and_the_client_does_not(proxy: Proxy, client: socket.socket) -> None:
    proxy.hold("to_client")
    client.sendall(b"one way")
    assert silent(client)
    assert heard == [b"hello", b"one way"]
    proxy.heal()
    assert client.recv(100) == b"one way"


def test_a_reset_is_a_reset(proxy: Proxy, client: socket.socket) -> None:
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        client.recv(100)


def test_a_cut_comes_in_the_middle(proxy: Proxy, client: socket.socket) -> None:
    proxy.cut_after(4)
    client.sendall(b"abc")
    assert client.recv(100) == b"abc"
    client.sendall(b"defgh")
    assert client.recv(100) == b"d"
    with pytest.raises(ConnectionResetError):
        client.recv(100)


def test_a_lost_reply_is_to_a_request_that_arrived(proxy: Proxy, client: socket.socket) -> None:
    proxy.lose_replies(b"commit")
    client.sendall(b"insert")
    assert client.recv(100) == b"insert"
    client.sendall(b"commit")
    with pytest.raises(ConnectionResetError):
        client.recv(100)
    assert heard[-1] == b"commit"
    assert proxy.replies_lost == 1
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as again:
        again.sendall(b"commit")
        assert again.recv(100) == b"commit"


def test_who_refuses_lets_nobody_in(proxy: Proxy, client: socket.socket) -> None:
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        client.recv(100)
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as again:  # noqa: PT011, PT012 - a reset or a broken pipe
        again.sendall(b"anybody there?")
        assert again.recv(100)
        again.sendall(b"anybody there?")


def test_only_those_who_are_meant_suffer(proxy: Proxy, client: socket.socket) -> None:
    proxy.affects = lambda link: not link.greeting.startswith(b"hello")
    proxy.hold()
    proxy.reset()
    client.sendall(b"still here")
    assert client.recv(100) == b"still here"
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as other:
        other.sendall(b"somebody else")
        assert silent(other)


def test_a_server_that_is_away_is_nobody(proxy: Proxy) -> None:
    with Proxies() as proxies, socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
        closed.close()
        nobody = proxies.open(port)
        with (
            suppress(ConnectionResetError),
            socket.create_connection(("127.0.0.1", nobody.port), timeout=10) as one,
        ):
            assert one.recv(1) == b""
