"""How the gateway reads requests: modes, bounds and the verdict on hostile JSON."""

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import Iterator

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import strictjson
from events.codec import Undecodable
from infra.problems import ProblemError
from producers.http.bodies import BATCH, STRUCTURED, Item, Mode, _pieces, items_of, mode_of, read_body
from producers.http.limits import MAX_BATCH_BYTES, MAX_SINGLE_BYTES, Budget
from producers.http.turns import in_turns
from tests.support.requests import ce_headers, event, items_in, request


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
    [item] = items_in("binary", request(headers), b"{}")
    assert isinstance(item, Item)
    assert item.attributes == {"specversion": "1.0", "subject": "€ x%", "id": 'a "b"'}


@pytest.mark.parametrize("value", ["caf\xe9", "%ff%fe"])
def test_header_values_that_are_no_text_are_refused_with_their_name(value: str) -> None:
    [item] = items_in("binary", request({"ce-subject": value}), b"{}")
    assert isinstance(item, Undecodable)
    assert item.errors[0].pointer == "/subject"


def test_a_header_given_twice_is_refused() -> None:
    twice = request({})
    twice.scope["headers"].extend([(b"ce-id", b"a"), (b"ce-id", b"b")])
    [item] = items_in("binary", twice, b"{}")
    assert isinstance(item, Undecodable)
    assert item.errors[0].pointer == "/id"


def test_sixty_five_ce_headers_are_refused() -> None:
    [item] = items_in("binary", request({f"ce-a{n}": "x" for n in range(65)}), b"{}")
    assert isinstance(item, Undecodable)


def test_structured_and_binary_mode_say_the_same() -> None:
    sent = event()
    [structured] = items_in("structured", request({}), orjson.dumps(sent))
    [binary] = items_in("binary", request(ce_headers(sent)), orjson.dumps(sent["data"]))
    assert structured == binary


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"a":NaN}', b'{"a":1,"a":2}'])
@pytest.mark.parametrize("mode", ["structured", "batch"])
def test_a_body_that_is_no_accepted_json_is_400(mode: Mode, body: bytes) -> None:
    with pytest.raises(ProblemError) as refused:
        items_in(mode, request({}), body)
    assert status_of(refused.value) == (400, "no_cloudevent")


@pytest.mark.parametrize(
    ("body", "status"), [(b"{}", 400), (b"[]", 400), (b"[" + b"1," * 1000 + b"1]", 413), (b'"x"', 400)]
)
def test_a_batch_is_an_array_of_1_to_1000(body: bytes, status: int) -> None:
    with pytest.raises(ProblemError) as refused:
        items_in("batch", request({}), body)
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
        b'"],["',
        b'"' + b"x" * MAX_SINGLE_BYTES + b'"',
        b"[" * 200_000 + b"]" * 200_000,
    ],
)
def test_one_bad_item_does_not_keep_its_neighbours_out(bad: bytes) -> None:
    good = orjson.dumps(event())
    items = items_in("batch", request({}), b" [ " + good + b" ,\n" + bad + b"\t, " + good + b" ] ")
    assert [type(item) for item in items] == [Item, Undecodable, Item]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.lists(JSON, min_size=1), st.none() | st.integers(0, 2))
def test_a_batch_is_cut_where_its_items_end(items: list[object], indent: int | None) -> None:
    body = json.dumps(items, indent=indent).encode()
    assert [json.loads(piece) for piece in _pieces(body) if piece is not None] == items


@given(st.text(alphabet='[]{}",:\\ 1a\n', max_size=40).map(str.encode))
def test_what_is_no_json_is_refused_wherever_it_is_cut(body: bytes) -> None:
    try:
        whole = orjson.loads(b"[" + body)
    except orjson.JSONDecodeError:
        whole = None
    if whole:
        assert len(items_in("batch", request({}), b"[" + body)) == len(whole)
    else:
        with pytest.raises(ProblemError) as refused:
            items_in("batch", request({}), b"[" + body)
        assert status_of(refused.value) == (400, "no_cloudevent")


FULL = MAX_BATCH_BYTES // 16


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b",".join([b'{"a":1,"a":1}'] * FULL) + b"]",
        b'[{"a":1,"a":1},' + b",".join([b"0"] * 8 * FULL) + b"]",
        b"[" + b",".join([b"[]"] * 4 * FULL) + b"]",
    ],
    ids=["repeated keys", "one bad item", "empty arrays"],
)
def test_too_many_items_are_refused_before_any_is_parsed(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    def never(_: bytes) -> None:
        raise AssertionError("an item was parsed")

    monkeypatch.setattr(strictjson, "loads", never)
    with pytest.raises(ProblemError) as refused:
        items_in("batch", request({}), body)
    assert status_of(refused.value) == (413, "too_large")


REPEATED = b'{"x":[' + b",".join([b'{"a":1,"a":1}'] * 590) + b"]}"


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b",".join([REPEATED] * 990) + b"]",
        b"[[" + b",".join([b"[]"] * 4 * FULL) + b"]]",
        b'["' + b'\\"' * 7 * FULL + b'"]',
    ],
    ids=["repeated keys", "brackets in one item", "one endless text"],
)
async def test_the_worst_batch_leaves_turns_to_others(body: bytes) -> None:
    """Of 8 MB, and about a second of work: nobody else waits for more than a fraction of it."""
    longest = 0.0

    async def others() -> None:
        nonlocal longest
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - started)

    waiting = asyncio.create_task(others())
    await asyncio.sleep(0)
    with contextlib.suppress(ProblemError):
        await in_turns(items_of("batch", request({}), body))
    waiting.cancel()
    assert longest < 0.25


def test_arrays_too_deep_for_any_parser_are_a_400() -> None:
    with pytest.raises(ProblemError) as refused:
        items_in("batch", request({}), b"[" * 100_000 + b"]" * 100_000)
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
