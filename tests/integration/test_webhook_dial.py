"""One POST to a real receiver, which does everything that receivers do; and to addresses of ours: never."""

import asyncio
import random
import re
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from consumers.webhooks.addresses import BadUrl, Target, is_global, networks, parse
from consumers.webhooks.dial import Answer, Dial, Resolve
from tests.support import receivers
from tests.support.hostile import BLOCKED_ADDRESSES, GOOD, HOSTILE
from tests.support.receivers import Receiver, Script, receiving

LOOPBACK = networks("127.0.0.0/8,::1/128")
PUBLIC = ["93.184.216.34", "2606:4700:4700::1111", "8.8.8.8"]
NO_QUESTION = re.compile(r"[0-9a-fxA-F.:%]+|localhost\.?", re.IGNORECASE)
"""Hosts that no name server is asked for."""
HEADERS = {"content-type": "application/json", "webhook-id": "msg_1"}


async def post(
    url: str, *, seconds: float = 15.0, resolve: Resolve | None = None, allowed: Any = LOOPBACK
) -> Answer:
    dial = Dial(allowed, resolve=resolve, seconds=seconds)
    try:
        return await dial.post(parse(url, allowed), HEADERS, b'{"a":1}')
    finally:
        await dial.close()


def answering(addresses: list[str]) -> Resolve:
    async def resolve(_: str, __: int) -> list[str]:
        return addresses

    return resolve


async def test_what_arrives_is_what_was_sent() -> None:
    with receiving() as receiver:
        assert await post(receiver.url + "?a=b%20c") == ("delivered", 200, None)
    (got,) = receiver.got
    assert (got.path, got.body) == ("/hook?a=b%20c", b'{"a":1}')
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-length"] == "7"
    assert got.headers.keys() == {"host", "content-length", *HEADERS}


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_the_200s_alone_are_success(code: int) -> None:
    with receiving(receivers.status(code)) as receiver:
        assert await post(receiver.url) == ("delivered", code, None)


@pytest.mark.parametrize("code", [300, 304, 400, 401, 404, 410, 429, 500, 502, 503, 599])
async def test_everything_else_is_none(code: int) -> None:
    with receiving(receivers.status(code)) as receiver:
        assert await post(receiver.url) == ("refused", code, None)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(code: int) -> None:
    with receiving() as other, receiving(receivers.status(code, location=other.url)) as receiver:
        assert await post(receiver.url) == ("refused", code, None)
        assert len(receiver.got) == 1
        assert other.got == []


async def test_no_cookie_comes_back() -> None:
    with receiving(receivers.status(200, set_cookie="a=b; Path=/")) as receiver:
        dial = Dial(LOOPBACK)
        for _ in range(2):
            await dial.post(parse(receiver.url, LOOPBACK), HEADERS, b"{}")
        await dial.close()
    assert all("cookie" not in one.headers for one in receiver.got)


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await post(receiver.url)).outcome == "delivered"
        assert proxy.got == []


async def test_the_wish_of_the_receiver_is_told() -> None:
    with receiving(receivers.status(429, retry_after="120")) as receiver:
        assert await post(receiver.url) == ("refused", 429, "120")


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (receivers.hanging(3), "timeout"),
        (receivers.dripping(20, 0.2), "timeout"),
        (receivers.closing, "broken"),
        (receivers.hanging_up, "broken"),
        (receivers.noise, "broken"),
        (receivers.status(200, x_large="x" * 200_000), "broken"),
    ],
    ids=["hanging", "slow-body", "closed-midway", "no-answer", "no-http", "huge-headers"],
)
async def test_what_a_broken_receiver_does_ends_in_time(script: Script, outcome: str) -> None:
    with receiving(script) as receiver:
        started = time.monotonic()
        assert (await post(receiver.url, seconds=0.7)).outcome == outcome
        assert time.monotonic() - started < 2


async def test_of_a_huge_answer_little_is_read() -> None:
    sent = 0

    def flood(handler: receivers.Handler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("content-length", str(10**9))
        handler.end_headers()
        for _ in range(10**9 // 65_536):
            sent += handler.wfile.write(b"x" * 65_536)

    with receiving(flood) as receiver:
        assert await post(receiver.url) == ("delivered", 200, None)
        await asyncio.sleep(0.3)
        before = sent
        await asyncio.sleep(0.3)
        assert sent == before < 10**7  # what sockets hold between, and no more


async def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert (await post(f"http://127.0.0.1:{free.getsockname()[1]}/")).outcome == "unreachable"


async def test_a_name_that_nobody_knows() -> None:
    async def unknown(_: str, __: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    assert (await post("https://nowhere.example.org/", resolve=unknown)).outcome == "unreachable"


async def test_a_name_server_that_is_silent_costs_no_more_than_the_time() -> None:
    async def silent(_: str, __: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    assert (await post("https://slow.example.org/", resolve=silent, seconds=0.3)).outcome == "timeout"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver whose certificate, for `hooks.example.org`, we trust."""
    context, authority = receivers.certificate("hooks.example.org")
    pem = tmp_path / "authority.pem"
    pem.write_bytes(authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context.sni_callback = lambda _, name, __: names.append(name)
    names: list[str | None] = []
    with receiving(tls=context) as receiver:
        yield receiver
        assert set(names) <= {"hooks.example.org", "other.example.org"}


async def test_over_tls_host_and_sni_are_those_of_the_url(trusted: Receiver) -> None:
    resolve = answering(["127.0.0.1"])
    url = f"https://hooks.example.org:{trusted.port}/hook"
    assert (await post(url, resolve=resolve)).outcome == "delivered"
    assert trusted.got[0].headers["host"] == f"hooks.example.org:{trusted.port}"


async def test_a_certificate_for_another_name_is_not_trusted(trusted: Receiver) -> None:
    url = f"https://other.example.org:{trusted.port}/hook"
    assert (await post(url, resolve=answering(["127.0.0.1"]))).outcome == "untrusted"
    assert trusted.got == []


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted() -> None:
    context, _ = receivers.certificate("hooks.example.org")
    with receiving(tls=context) as receiver:
        url = f"https://hooks.example.org:{receiver.port}/hook"
        assert (await post(url, resolve=answering(["127.0.0.1"]))).outcome == "untrusted"
        assert receiver.got == []


async def test_the_next_address_is_dialled_where_the_first_does_not_answer() -> None:
    with receiving() as receiver:
        url = f"http://two.example.org:{receiver.port}/"
        assert (await post(url, resolve=answering(["127.0.0.9", "127.0.0.1"]))).outcome == "delivered"


# What is dialled at the level of sockets.

_dialled: list[Any] = []
_hooked: list[bool] = []
_recording: list[bool] = []


@pytest.fixture
def dialled() -> Iterator[list[Any]]:
    """Every address that a socket of this process was told to connect to; hooks cannot be taken off again."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and _recording:
            _dialled.append(arguments[1])
            if not _of_ours(arguments[1:]):
                raise ConnectionRefusedError  # seen, and nobody out there is bothered

    if not _hooked:
        sys.addaudithook(hook)
        _hooked.append(True)
    _dialled.clear()
    _recording.append(True)
    yield _dialled
    _recording.clear()


def _of_ours(dialled: Sequence[Any]) -> list[Any]:
    return [one for one in dialled if not (isinstance(one, tuple) and is_global(ip_address(one[0])))]


@pytest.fixture
def recorder(dialled: list[Any]) -> list[Any]:
    """The record, shown to work: a connection to loopback stands in it."""
    with receiving() as receiver, socket.create_connection(("127.0.0.1", receiver.port)):
        pass
    assert len(_of_ours(dialled)) == 1
    dialled.clear()
    return dialled


async def test_nothing_is_ever_dialled_for_a_hostile_url(recorder: list[Any]) -> None:
    """Refused when it is set; given to the dialler all the same, whatever this machine reads in it is not."""
    dial, given = Dial(()), 0
    for url in HOSTILE:
        with pytest.raises(BadUrl):
            parse(url, ())
        host = url.partition("://")[2].partition("/")[0].strip("[]").encode("ascii", "ignore").decode()
        if NO_QUESTION.fullmatch(host):
            given += 1
            answer = await dial.post(Target("https", host, 443, "/"), HEADERS, b"{}")
            assert answer.outcome in ("blocked", "unreachable"), url
    await dial.close()
    assert given > 70
    assert _of_ours(recorder) == []


@pytest.mark.parametrize("address", BLOCKED_ADDRESSES)
async def test_nothing_is_ever_dialled_for_a_name_that_leads_to_us(recorder: list[Any], address: str) -> None:
    for found in ([address], [PUBLIC[0], address], [address, PUBLIC[1]]):
        assert (
            await post("https://x.example.org/", resolve=answering(found), allowed=())
        ).outcome == "blocked"
    assert recorder == []


async def test_answers_that_flip_lead_nowhere_else(recorder: list[Any]) -> None:
    """Each name is asked for once; what it would have answered next does not matter."""
    chance = random.Random(7)
    asked = blocked = 0

    async def flipping(_: str, __: int) -> list[str]:
        nonlocal asked, blocked
        asked += 1
        found = chance.choices([*PUBLIC, *BLOCKED_ADDRESSES], k=chance.randint(1, 3))
        blocked += not all(is_global(ip_address(one)) for one in found)
        return found

    dial = Dial((), resolve=flipping)
    targets = [parse(f"https://n{number}.example.org/", ()) for number in range(300)]
    outcomes = [(await dial.post(target, HEADERS, b"{}")).outcome for target in targets]
    await dial.close()
    assert asked == 300
    assert 0 < blocked == outcomes.count("blocked") < 300
    assert _of_ours(recorder) == []
    assert {one[0] for one in recorder} <= set(PUBLIC)


@pytest.mark.parametrize("url", GOOD)
async def test_a_good_url_is_dialled_at_its_address(recorder: list[Any], url: str) -> None:
    answer = await post(url, resolve=answering(["93.184.216.34"]), allowed=())
    assert answer.outcome == "unreachable"
    assert [one[:2] for one in recorder] == [("93.184.216.34", parse(url, ()).port)]
