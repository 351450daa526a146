"""How the gateway reads requests: modes, bounds and the verdict on hostile JSON."""

import asyncio
import itertools
from collections.abc import Iterator

import orjson
import pytest

from events.codec import Undecodable
from infra.problems import ProblemError
from producers.http.bodies import BATCH, STRUCTURED, Item, Mode, items_of, mode_of, read_body
from producers.http.limits import Budget
from tests.support.requests import ce_headers, event, request


def status_of(call: ProblemError) -> tuple[int, str]:
    return call.status, call.name


@pytest.mark.parametrize(
    ("headers", "mode"),
    [
        ({"content-type": STRUCTURED}, "structured"),
        ({"content-type": "Application/CloudEvents+JSON; charset=UTF-8"}, "structured"),
        ({"content-type": BATCH}, "batch"),
        ({"content-type": "application/json", "ce-specversion": "1.0"}, "binary"),
        ({"content-type": "application/vnd.city+json", "ce-specversion": "1.0"}, "binary"),
        ({"content-type": STRUCTURED, "content-encoding": "identity"}, "structured"),
    ],
)
def test_the_headers_alone_decide_the_mode(headers: dict[str, str], mode: Mode) -> None:
    assert mode_of(request(headers)) == mode


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 415),
        ({"content-type": "text/plain", "ce-specversion": "1.0"}, 415),
        ({"content-type": "application/cloudevents+xml"}, 415),
        ({"content-type": "application/cloudevents+avro"}, 415),
        ({"content-type": f"{STRUCTURED}; charset=latin-1"}, 415),
        ({"content-type": STRUCTURED, "content-encoding": "gzip"}, 415),
        ({"content-type": BATCH, "content-encoding": "br"}, 415),
        ({"content-type": "application/json"}, 400),
    ],
)
def test_what_carries_no_event_is_refused_before_its_body_is_read(
    headers: dict[str, str], status: int
) -> None:
    with pytest.raises(ProblemError) as refused:
        mode_of(request(headers))
    assert refused.value.status == status


def test_binary_mode_decodes_quoted_and_percent_encoded_header_values() -> None:
    headers = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-subject": "%E2%82%AC%20x%25",
        "ce-id": '"a \\"b\\""',
    }
    [item] = items_of("binary", request(headers), b"{}")
    assert isinstance(item, Item)
    assert item.attributes == {"specversion": "1.0", "subject": "€ x%", "id": 'a "b"'}


@pytest.mark.parametrize("value", ["caf\xe9", "%ff%fe"])
def test_header_values_that_are_no_text_are_refused_with_their_name(value: str) -> None:
    [item] = items_of("binary", request({"ce-subject": value}), b"{}")
    assert isinstance(item, Undecodable)
    assert item.errors[0].pointer == "/subject"


def test_a_header_given_twice_is_refused() -> None:
    twice = request({})
    twice.scope["headers"].extend([(b"ce-id", b"a"), (b"ce-id", b"b")])
    [item] = items_of("binary", twice, b"{}")
    assert isinstance(item, Undecodable)
    assert item.errors[0].pointer == "/id"


def test_sixty_five_ce_headers_are_refused() -> None:
    [item] = items_of("binary", request({f"ce-a{n}": "x" for n in range(65)}), b"{}")
    assert isinstance(item, Undecodable)


def test_structured_and_binary_mode_say_the_same() -> None:
    sent = event()
    [structured] = items_of("structured", request({}), orjson.dumps(sent))
    [binary] = items_of("binary", request(ce_headers(sent)), orjson.dumps(sent["data"]))
    assert structured == binary


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"a":NaN}', b'{"a":1,"a":2}'])
@pytest.mark.parametrize("mode", ["structured", "batch"])
def test_a_body_that_is_no_accepted_json_is_400(mode: Mode, body: bytes) -> None:
    with pytest.raises(ProblemError) as refused:
        items_of(mode, request({}), body)
    assert status_of(refused.value) == (400, "no_cloudevent")


@pytest.mark.parametrize(
    ("body", "status"), [(b"{}", 400), (b"[]", 400), (b"[" + b"1," * 1000 + b"1]", 413), (b'"x"', 400)]
)
def test_a_batch_is_an_array_of_1_to_1000(body: bytes, status: int) -> None:
    with pytest.raises(ProblemError) as refused:
        items_of("batch", request({}), body)
    assert refused.value.status == status


@pytest.mark.parametrize(
    "bad",
    [
        b'{"id":"a\\u0000"}',
        b'{"id":"a","id":"b"}',
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"a":{"b":1,"b":2}}',
        b"17",
        b"null",
        b"[]",
    ],
)
def test_one_bad_item_does_not_keep_its_neighbours_out(bad: bytes) -> None:
    good = orjson.dumps(event())
    items = items_of("batch", request({}), b" [ " + good + b" ,\n" + bad + b"\t, " + good + b" ] ")
    assert [type(item) for item in items] == [Item, Undecodable, Item]


def test_arrays_too_deep_for_any_parser_are_a_400() -> None:
    with pytest.raises(ProblemError) as refused:
        items_of("batch", request({}), b"[" * 200_000 + b"]" * 200_000)
    assert refused.value.status == 400


async def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    def never() -> Iterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    with pytest.raises(ProblemError) as refused:
        await read_body(request({"content-length": "101"}, never()), 100, Budget(10**6).hold("boston"))
    assert refused.value.status == 413


async def test_an_endless_body_is_cut_at_the_limit() -> None:
    read: list[bytes] = []

    def endless() -> Iterator[bytes]:
        for chunk in itertools.repeat(b"x" * 10):
            read.append(chunk)
            yield chunk

    with pytest.raises(ProblemError) as refused:
        await read_body(request({}, endless()), 100, Budget(10**6).hold("boston"))
    assert refused.value.status == 413
    assert len(read) == 11


async def test_a_body_that_stalls_is_408() -> None:
    stalled = request({})
    stalled._receive = asyncio.Event().wait  # type: ignore[assignment]  # never returns
    with pytest.raises(ProblemError) as refused:
        await read_body(stalled, 100, Budget(10**6).hold("boston"), seconds=0.05)
    assert refused.value.status == 408


async def test_a_body_takes_its_bytes_from_the_citys_share() -> None:
    budget = Budget(100)
    with budget.held("boston") as hold:
        assert await read_body(request({}, [b"x" * 30, b"y" * 20]), 100, hold) == b"x" * 30 + b"y" * 20
        with pytest.raises(ProblemError) as refused:
            await read_body(request({}, [b"z"]), 100, budget.hold("boston"))
        assert refused.value.status == 429
    budget.hold("boston").take(50)
