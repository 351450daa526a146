"""The gateway over real HTTP, in front of real Kafka and MongoDB."""

import asyncio
import gc
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest
from aiokafka.conn import AIOKafkaConnection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from events.codec import encode
from infra.embedded import EmbeddedServers, Endpoints
from infra.keys import CACHE_SECONDS, KeyRefused, Keys
from infra.tracking import tracking
from producers.http import server
from producers.http.bodies import BATCH, STRUCTURED
from producers.http.limits import MAX_SINGLE_BYTES
from tests.conftest import NewServers
from tests.support.gateway import Client, running
from tests.support.requests import ce_headers, event, idea

pytestmark = pytest.mark.servers


@pytest.fixture
async def client(servers: Endpoints) -> AsyncIterator[Client]:
    async with running(servers) as client:
        yield client


async def test_the_three_modes_put_the_same_event_into_the_log(client: Client) -> None:
    sent = event("three")
    binary = await client.post(sent["data"], **ce_headers(sent) | {"content_type": "application/json"})
    structured = await client.post(sent)
    batch = await client.batch([sent])
    assert [answer.status_code for answer in (binary, structured, batch)] == [202, 202, 202]
    assert structured.json() | {"position": ""} == {
        "accepted": 1,
        "rejected": 0,
        "position": "",
        "results": [{"index": 0, "id": "three", "status": "accepted"}],
    }
    records = await client.stored(batch, 3)
    assert len({(record.identity, record.fingerprint) for record in records}) == 1


async def test_what_stands_in_the_log_is_complete_and_on_the_citys_clock(client: Client) -> None:
    [record] = await client.stored(await client.post(event(time="2026-04-01T02:30:00Z")))
    headers = {name: value.decode() for name, value in encode(record.event).headers}
    assert headers["ce_time"] == "2026-03-31T22:30:00-04:00"
    assert headers["ce_city"] == "boston"
    assert headers["ce_source"] == "urn:townhall:boston:lights"
    assert headers["ce_partitionkey"] == "boston/idea-1"
    assert headers["content-type"] == "application/json"
    assert "ce_recordedtime" in headers
    assert record.event.day == "2026-03-31"


async def test_whoever_gave_no_name_gets_a_tracking_code_and_the_same_one_again(client: Client) -> None:
    sent = [idea(), event("named")]
    first, again = (await client.batch(sent)).json(), (await client.batch(sent)).json()
    nameless, named = first["results"]
    assert again["results"] == first["results"]
    assert "tracking" not in named
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", code := nameless["tracking"]["code"])
    assert nameless["tracking"]["url"].endswith(f"/track/boston/idea/{sent[0]['subject']}?code={code}")
    assert (await tracking(client.db)).fits(code, "boston", "idea", sent[0]["subject"])


async def test_a_retry_with_other_white_space_is_the_same_event(client: Client) -> None:
    first = await client.post(orjson.dumps(event("ws")))
    again = await client.post(orjson.dumps(event("ws"), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    assert (await client.stored(first))[0].fingerprint == (await client.stored(again))[0].fingerprint


async def test_three_bad_events_of_500_keep_nobody_out_and_order_is_kept(client: Client) -> None:
    """G7."""
    sent: list[Any] = [event(f"g7-{n}", subject="idea-g7") for n in range(500)]
    sent[7] = {**sent[7], "data": {"channel": "fax"}}
    sent[250] = "not an event"
    sent[499] = {**sent[499], "city": "warsaw"}
    answer = await client.batch(sent)
    body = answer.json()
    assert (answer.status_code, body["accepted"], body["rejected"]) == (202, 497, 3)
    assert [result["index"] for result in body["results"]] == list(range(500))
    rejected = {r["index"]: r["problem"] for r in body["results"] if r["status"] == "rejected"}
    assert {index: problem["status"] for index, problem in rejected.items()} == {7: 422, 250: 422, 499: 403}
    assert rejected[7]["errors"][0]["pointer"] == "/data/channel"
    ids = [record.event.id for record in await client.stored(answer, 497)]
    assert ids == [f"g7-{n}" for n in range(500) if n not in (7, 250, 499)]


async def test_a_batch_without_a_good_event_is_one_problem_with_results(client: Client) -> None:
    answer = await client.batch([event(city="warsaw"), 1])
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["accepted"], len(answer.json()["results"])) == (0, 2)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("[" * 100_000, 400),
        ('{"a":' * 40 + "1" + "}" * 40, 400),
        ('{"title": NaN}', 400),
        ('{"title": Infinity}', 400),
        ('{"title": 1' + "0" * 400 + "}", 400),
        ('{"title": "a", "title": "b"}', 400),
        ('{"title": "\\ud800"}', 400),
        ("\ufeff{}", 400),
        ('{"title": "\\u0000"}', 400),
        ("{" + ",".join(f'"k{n}":1' for n in range(20_000)) + "}", 422),
        ("x" * 300_000, 413),
    ],
)
@pytest.mark.parametrize("mode", ["binary", "structured", "batch"])
async def test_hostile_json_is_a_clear_4xx_in_every_mode(
    client: Client, data: str, status: int, mode: str
) -> None:
    """P20."""
    head = idea()
    if mode == "binary":
        headers = ce_headers(head)
        answer = await client.post(data.encode(), headers.pop("content-type"), **headers)
    else:
        whole = orjson.dumps({**head, "data": 0}).replace(b'"data":0', b'"data":' + data.encode())
        raw, content_type = (whole, STRUCTURED) if mode == "structured" else (b"[" + whole + b"]", BATCH)
        answer = await client.post(raw, content_type)
    expected = {status} if mode == "binary" else {status, 400, 422}
    assert answer.status_code in expected
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


async def test_others_are_answered_while_the_worst_batch_is_read(client: Client) -> None:
    """G8: 990 items of 8 KB, each with keys that stand twice, are about a second of work."""
    item = b'{"x":[' + b",".join([b'{"a":1,"a":1}'] * 590) + b"]}"
    batch = asyncio.create_task(client.post(b"[" + b",".join([item] * 990) + b"]", BATCH))
    longest = 0.0
    while not batch.done():
        started = time.monotonic()
        assert (await client.http.get("/livez")).status_code == 200
        longest = max(longest, time.monotonic() - started)
    assert (await batch).json()["rejected"] == 990
    assert longest < 0.5


async def test_a_key_that_is_missing_malformed_unknown_or_of_another_scope_is_refused(client: Client) -> None:
    read_only, _ = await Keys(client.db).create("boston", "dashboard", scopes=["read"])
    forged = client.text[:-1] + ("A" if client.text[-1] != "A" else "B")
    for text in ("nonsense", "th_0123456789ab_" + "x" * 43, forged):
        answer = await client.post(event(), key=text)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    nobody = await client.http.post("/v1/events", content=b"{}", headers={"content-type": STRUCTURED})
    assert nobody.status_code == 401
    assert (await client.post(event(), key=read_only)).status_code == 403


async def test_a_key_publishes_for_its_own_city_and_app_only(client: Client) -> None:
    warsaw, _ = await Keys(client.db).create("warsaw", "lights")
    own = await client.post(event(), key=warsaw)
    assert (await client.stored(own))[0].event.city == "warsaw"
    for wrong in (event(city="boston"), event(source=client.key.source)):
        answer = await client.post(wrong, key=warsaw)
        assert answer.status_code == 403
        assert answer.json()["errors"]


async def test_a_revoked_key_is_refused_within_five_seconds_by_another_gateway(client: Client) -> None:
    now = 0.0
    remembering = Keys(client.db, monotonic=lambda: now)
    assert await remembering.authenticate(client.text) == client.key
    await Keys(client.db).revoke(client.key.id)
    assert CACHE_SECONDS < 5
    now = CACHE_SECONDS
    with pytest.raises(KeyRefused):
        await remembering.authenticate(client.text)


async def test_the_running_gateway_forgets_a_revoked_key_in_time(client: Client) -> None:
    assert (await client.post(event())).status_code == 202
    revoked = await Keys(client.db).revoke(client.key.id)
    assert revoked.revoked_at is not None
    async with asyncio.timeout(5):
        while (await client.post(event())).status_code != 401:  # noqa: ASYNC110 - it asks a server
            await asyncio.sleep(0.1)


async def test_secrets_are_not_at_rest(client: Client) -> None:
    documents = [document async for document in client.db["api_keys"].find()]
    secret = client.text.split("_", 2)[2]
    assert documents
    assert secret not in repr(documents)


async def test_logs_have_one_line_per_request_and_neither_keys_nor_words(client: Client) -> None:
    with capture_logs() as lines:
        await client.post(idea(summary="Alice from Elm Street"))
        await client.post(idea(summary="Alice from Elm Street", title=7))
        await client.post(event(), key=client.text + "x")
    ours = [line for line in lines if line["event"] == "events_received"]
    assert [(line["city"], line["status"]) for line in ours] == [
        ("boston", 202),
        ("boston", 422),
        (None, 401),
    ]
    assert "Alice" not in repr(lines)
    assert client.text.split("_", 2)[2] not in repr(lines)


async def test_fifty_at_once_with_the_same_id_are_all_accepted_as_the_same_event(client: Client) -> None:
    """G6: readers drop the copies, so every copy must be the same."""
    answers = await asyncio.gather(*[client.post(event("g6", subject="idea-g6")) for _ in range(50)])
    assert {answer.status_code for answer in answers} == {202}
    last = max(answers, key=lambda answer: int(answer.json()["position"].rsplit(".", 1)[1]))
    assert len({(r.identity, r.fingerprint) for r in await client.stored(last, 50)}) == 1


async def test_a_chunked_body_over_the_limit_is_413_and_the_next_request_is_served(client: Client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_SINGLE_BYTES // 16_384 + 2):
            yield b" " * 16_384

    answer = await client.post(chunks())
    assert answer.status_code == 413
    assert (await client.post(event())).status_code == 202


async def test_an_endless_body_is_answered_and_then_cut_off(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G8: chunked without end."""
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.3)
    _, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(
        f"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {client.text}\r\n"
        f"content-type: {STRUCTURED}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    )
    started = time.monotonic()

    async def flood() -> None:
        while True:
            writer.write(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0.001)

    with pytest.raises(ConnectionError):
        await flood()
    assert time.monotonic() - started < 5
    writer.close()


async def test_a_request_head_that_drips_is_cut_off(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """G8: slowloris."""
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(b"POST /v1/events HTTP/1.1\r\n")

    async def drip() -> None:
        while True:
            writer.write(b"x-a: b\r\n")
            await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    async with asyncio.timeout(5):
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(1)
    dripping.cancel()
    writer.close()


BODIES = (
    st.binary(max_size=200)
    | st.sampled_from([event(), idea(), [event()], [event(), 1], {}, [], None]).map(orjson.dumps)
    | st.builds(
        lambda name, value: orjson.dumps([{**event(), name: value}, event()]),
        st.sampled_from(["id", "type", "time", "data", "city", "source", "subject", "participant"]),
        st.none() | st.integers(0, 2**60) | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    )
)
TYPES = st.sampled_from(
    [STRUCTURED, BATCH, "application/json", "text/plain", "application/json;charset=x", ";"]
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["ce-specversion", "ce-id", "ce-type", "ce-x", "content-encoding", "ce-", "expect", "x-a"]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12) | st.just("1.0"),
    max_size=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, content_type=TYPES, headers=HEADERS)
async def test_no_request_brings_the_gateway_to_fail(
    client: Client, body: bytes, content_type: str, headers: dict[str, str]
) -> None:
    answer = await client.post(body, content_type, **headers)
    assert answer.status_code == 202 or 400 <= answer.status_code < 500
    assert answer.status_code == 202 or answer.json()["status"] == answer.status_code


async def test_ten_thousand_headers_are_refused(client: Client) -> None:
    """G8."""
    answer = await client.post(event(), **{f"x-{n}": "y" for n in range(10_000)})
    assert answer.status_code == 400


async def test_probes_answer(client: Client) -> None:
    assert (await client.http.get("/livez")).json() == {"status": "alive"}
    assert (await client.http.get("/readyz")).json() == {"status": "ready"}


async def test_openapi_describes_the_three_modes_the_answers_and_the_key(client: Client) -> None:
    document = (await client.http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    post = document["paths"]["/v1/events"]["post"]
    assert set(post["requestBody"]["content"]) == {STRUCTURED, BATCH, "application/json"}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert all(
        post["responses"][str(status)]["content"] == problem for status in (400, 401, 403, 422, 429, 503)
    )
    assert {"Problem", "FieldProblem", "Receipt", "ItemResult"} <= set(document["components"]["schemas"])
    [scheme] = post["security"]
    assert document["components"]["securitySchemes"][next(iter(scheme))]["scheme"] == "bearer"


async def test_a_paused_broker_is_503_in_time_and_the_same_id_is_taken_afterwards(
    embedded_servers: NewServers,
) -> None:
    """G2, G3."""
    own: EmbeddedServers = embedded_servers()
    async with running(own.start()) as client:
        assert (await client.post(event("before"))).status_code == 202
        own.kafka.pause()
        try:
            for _ in ("the running producer", "a producer that cannot start"):
                await _is_unknown_in_time(client)
            assert (await client.http.get("/livez")).status_code == 200
            assert (await client.http.get("/readyz")).status_code == 503
        finally:
            own.kafka.resume()
        async with asyncio.timeout(30):
            while (answer := await client.post(event("g2-0"))).status_code != 202:
                assert answer.status_code == 503
        assert (await client.stored(answer))[0].event.id == "g2-0"
        _close_leaked_connections()


def _close_leaked_connections() -> None:
    """Aiokafka 0.14 forgets the connection of a producer whose start fails; its finaliser closes it."""
    for thing in gc.get_objects():
        if type(thing) is AIOKafkaConnection and thing.connected():
            thing.close()


async def _is_unknown_in_time(client: Client) -> None:
    async def timed(number: int) -> tuple[float, httpx2.Response]:
        started = time.monotonic()
        answer = await client.post(event(f"g2-{number}", subject=f"idea-{number}"))
        return time.monotonic() - started, answer

    for seconds, answer in await asyncio.gather(*[timed(number) for number in range(20)]):
        assert answer.status_code == 503
        assert seconds < 5.5
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["outcome"] == "unknown"
        assert "send the same id again" in answer.json()["detail"]
