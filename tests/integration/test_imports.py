"""Imports end to end: command line, real Kafka and MongoDB, a projector that counts."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from consumers import projector
from consumers.lag import standing
from events.codec import encode
from events.partitioning import partition_of
from events.topics import STEWARDSHIP
from infra.embedded import Endpoints, ports
from infra.kafka import apply_topics, cluster_id, transactional
from infra.mongo import connect
from infra.settings import Settings, load
from producers import demo
from producers.imports import known_assets
from producers.imports.outcomes import ImportRefused
from producers.imports.pseudonyms import BadKey, agreed_key, check_of
from producers.publisher import Publisher
from projections.registry import PROJECTIONS
from projections.storage import prepare
from tests.support import imports
from tests.support.builders import stewardship
from tests.support.data import REPOSITORY

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]


@pytest.fixture
def settings(servers: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A database and a home of this test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOWNHALL_KAFKA", servers.kafka)
    monkeypatch.setenv("TOWNHALL_MONGO", servers.mongo)
    monkeypatch.setenv("TOWNHALL_MONGO_DATABASE", f"imports_{tmp_path.name[-8:].strip('_').lower()}")
    monkeypatch.setenv("TOWNHALL_HOME", str(tmp_path / "home"))
    return load()


async def run(*words: str) -> tuple[int | None, dict[str, Any]]:
    """The exit code and the JSON report of the import command with these words, as its own process."""
    program = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); from producers.imports.cli import app; app()"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *words, "--json", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return process.returncode, json.loads(output)


async def refused(*words: str, **variables: str) -> str:
    """What the import command says on standard error when it ends with exit code 1 and reports nothing."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "townhall", "import", *words, "--json"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, said = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    return said.decode()


@asynccontextmanager
async def projecting(settings: Settings) -> AsyncIterator[None]:
    """A projector of every projection, for the time of the block."""
    async with connect(settings) as db:
        for projection in PROJECTIONS:
            await prepare(db, projection)
        stop = asyncio.Event()
        work = asyncio.create_task(projector.run(settings, db, await cluster_id(settings), PROJECTIONS, stop))
        try:
            async with asyncio.timeout(60):
                # What others left in the log is counted first: its duplicates are not the import's.
                while any(one.waiting for one in await standing(settings, db)):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.1)
            yield
        finally:
            stop.set()
            await work


async def test_a_second_import_changes_nothing_and_says_how_much_it_repeated(settings: Settings) -> None:
    await apply_topics(settings)
    election = str(imports.SAMPLE / "port_linden_2026.pb")
    answer = str(imports.SAMPLE / "port_linden_open311.json")
    async with projecting(settings):
        _, first = await run("pabulib", election, "--timezone", "America/New_York")
        _, again = await run("pabulib", election)
        _, requests = await run("open311", answer, "--city", "port-linden")
        _, polled = await run("open311", answer, "--city", "port-linden")
        grants = ("threesixtygiving", str(imports.SAMPLE / "port_linden_360giving.json"))
        _, granted = await run(*grants, "--city", "port-linden")
        _, regranted = await run(*grants, "--city", "port-linden")
    assert (first["totals"]["events"], first["totals"]["duplicates"]) == (42, 0)
    assert (again["totals"]["events"], again["totals"]["duplicates"]) == (42, 42)
    assert requests["totals"]["duplicates"] == 0
    assert (granted["totals"]["events"], granted["totals"]["duplicates"]) == (2, 0)
    assert (regranted["totals"]["events"], regranted["totals"]["duplicates"]) == (2, 2)
    assert polled["totals"]["duplicates"] == polled["totals"]["events"] == requests["totals"]["events"]
    async with connect(settings) as db:
        assert await db["ballots.v3"].count_documents({"city": "port-linden"}) == 40
        # Other tests leave records of their own in the topics.
        keys = [item["key"] or b"" async for item in db["quarantine"].find({}, {"key": 1})]
        assert not [key for key in keys if key.startswith(b"port-linden/")]
        city = await db["cities"].find_one({"_id": "port-linden"})
    assert city is not None
    assert city["timezone"] == "America/New_York"


async def test_one_bad_file_fails_alone_and_rejected_rows_are_kept(
    settings: Settings, tmp_path: Path
) -> None:
    await apply_topics(settings)
    good = (imports.SAMPLE / "port_linden_2026.pb").read_text()
    (tmp_path / "mixed.pb").write_text(good + "pl-900;1;paper;one cell too many\n")
    (tmp_path / "bad.pb").write_text("no election")
    code, told = await run("pabulib", "bad.pb", "mixed.pb", "--city", "mixed-linden", "--no-wait")
    assert code == 1
    assert [file["error"] is None for file in told["files"]] == [False, True]
    assert [file["new_city"] for file in told["files"]] == [False, True]
    assert told["files"][1]["reasons"] == {"4 cells where the header has 3": 1}
    assert (told["totals"]["rows"], told["totals"]["accepted"], told["totals"]["rejected"]) == (41, 40, 1)
    assert told["rejects_file"] == "bad.pb.rejected.jsonl"
    (line,) = (tmp_path / "bad.pb.rejected.jsonl").read_text().splitlines()
    assert (json.loads(line)["row"], json.loads(line)["file"]) == (41, "mixed.pb")


async def test_an_absent_file_is_told_before_anything_is_published(settings: Settings) -> None:
    """The servers are not even asked."""
    del settings
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "townhall", "import", "pabulib", "absent.pb"],
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert "does not exist" in said.decode()


@pytest.mark.parametrize("importer", ["pabulib", "nyc311", "open311", "threesixtygiving"])
async def test_a_city_is_named_by_its_id_as_in_the_directory(settings: Settings, importer: str) -> None:
    del settings
    said = await refused(importer, str(imports.SAMPLE / "port_linden_2026.pb"), "--city", "Bad City!")
    assert said.startswith("'Bad City!' will not do: an id has small letters and digits")


async def test_a_known_city_keeps_its_clock(settings: Settings) -> None:
    await apply_topics(settings)
    export = str(imports.SAMPLE / "port_linden_nyc311.csv")
    city = ("--city", "port-linden", "--no-wait")
    assert (await run("nyc311", export, *city))[0] == 0
    code, told = await run("nyc311", export, *city, "--timezone", "Europe/Berlin")
    assert code == 1
    assert "lives by America/New_York" in told["files"][0]["error"]
    assert told["totals"]["events"] == 0


async def test_an_import_with_another_key_is_refused_before_anything_is_published(
    settings: Settings, tmp_path: Path
) -> None:
    """From another directory or container the same election would have other ids and count twice."""
    await apply_topics(settings)
    election = [str(imports.SAMPLE / "port_linden_2026.pb"), "--city", "key-linden"]
    assert (await run("pabulib", *election, "--no-wait"))[0] == 0
    elsewhere = {"TOWNHALL_HOME": str(tmp_path / "elsewhere")}
    said = await refused("pabulib", *election, **elsewhere)
    assert f"{tmp_path}/elsewhere/pseudonym.key does not exist" in said
    assert "TOWNHALL_PSEUDONYM_KEY" in said
    assert not (tmp_path / "elsewhere").exists()
    said = await refused("pabulib", *election, **elsewhere, TOWNHALL_PSEUDONYM_KEY="k" * 32)
    assert "TOWNHALL_PSEUDONYM_KEY holds another key" in said
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "pseudonym.key").write_text("k" * 32)
    assert "elsewhere/pseudonym.key holds another key" in await refused("pabulib", *election, **elsewhere)


async def test_the_key_of_the_first_import_is_good_from_anywhere(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await apply_topics(settings)
    export = [str(imports.SAMPLE / "port_linden_nyc311.csv"), "--city", "key-linden"]
    assert (await run("nyc311", *export, "--no-wait"))[0] == 0
    monkeypatch.setenv("TOWNHALL_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("TOWNHALL_PSEUDONYM_KEY", (tmp_path / "home" / "pseudonym.key").read_text().strip())
    assert (await run("nyc311", *export, "--no-wait"))[0] == 0


async def test_of_many_first_imports_at_once_one_decides_the_key(settings: Settings, tmp_path: Path) -> None:
    homes = [settings.model_copy(update={"home": tmp_path / str(n)}) for n in range(8)]
    async with connect(settings) as db:
        found = await asyncio.gather(*(agreed_key(db, home) for home in homes), return_exceptions=True)
        (key,) = [key for key in found if isinstance(key, bytes)]
        assert [type(one) for one in found].count(BadKey) == 7
        kept = await db["pseudonym_keys"].find().to_list(None)
    assert kept == [{"_id": "imports", "check": check_of(key)}]


async def test_the_demo_that_is_not_filled_for_its_key_is_no_reason_to_stop(
    settings: Settings, tmp_path: Path
) -> None:
    """`townhall up` tells a RuntimeError and goes on."""
    async with connect(settings) as db:
        await agreed_key(db, settings)
    with pytest.raises(RuntimeError, match="would count again"):
        await demo.fill(settings.model_copy(update={"home": tmp_path / "elsewhere"}))


async def test_without_mongodb_the_command_says_so(settings: Settings) -> None:
    del settings
    nobody = f"mongodb://127.0.0.1:{ports.choose(('x',), {})['x']}/?replicaSet=x&serverSelectionTimeoutMS=500"
    said = await refused("pabulib", str(imports.SAMPLE / "port_linden_2026.pb"), TOWNHALL_MONGO=nobody)
    assert "Nothing was published: MongoDB did not answer" in said


async def test_a_list_of_things_is_followed_from_import_to_import(settings: Settings, tmp_path: Path) -> None:
    await apply_topics(settings)
    list_ = tmp_path / "drains.csv"
    words = ["assets", str(list_), "--city", "listville", "--source", "drains", "--asset-type", "storm_drain"]
    rows = [f"{n},Drain {n},40.{n},-74.{n}" for n in range(10, 20)]

    async def imported(lines: list[str], *more: str) -> tuple[int | None, dict[str, Any]]:
        list_.write_text("\n".join(["id,name,lat,long", *lines]) + "\n")
        code, told = await run(*words, *more)
        return code, told["files"][0]

    async with projecting(settings), connect(settings) as db:
        _, first = await imported(rows, "--timezone", "America/New_York")
        assert (first["accepted"], first["notes"]) == (10, {"new: registered": 10})
        await _marked(settings, "listville/drains:10")
        _, again = await imported(rows)
        assert (again["events"], again["notes"]) == (0, {"unchanged": 10})
        _, changed = await imported([rows[0].replace("Drain", "Grate"), *rows[1:9]])
        assert changed["notes"] == {
            "changed: updated": 1,
            "unchanged": 8,
            "missing from the list: retired": 1,
        }
        code, refused = await imported(rows[:2])
        assert (code, refused["events"]) == (1, 0)
        assert "7 of the 9 things known of drains are missing" in refused["error"]
        code, shrunk = await imported(rows[:2], "--allow-shrink")
        assert (code, shrunk["notes"]["missing from the list: retired"]) == (0, 7)
        stands = {one["asset_id"]: one["state"] async for one in db["assets"].find({"city": "listville"})}
    assert [name for name, state in stands.items() if state == "free"] == ["drains:10", "drains:11"]
    assert len(stands) == 10


async def _marked(settings: Settings, key: str) -> None:
    """The partition of this key ends with the marker of a transaction, as after every derived event."""
    async with connect(settings) as db:
        event = stewardship.looked_after(key.partition("/")[2], city="listville", adoption="none")
        record = encode(event)
        producer = transactional(settings, f"test-{key.replace('/', '-')}")
        await producer.start()
        try:
            async with producer.transaction():
                place = partition_of(record.key, STEWARDSHIP.partitions)
                await producer.send_and_wait(
                    record.topic, record.value, key=record.key, headers=record.headers, partition=place
                )
        finally:
            await producer.stop()
        async with asyncio.timeout(30):
            while await db["assets"].find_one({"_id": key, "check_ins_total": 1}) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def test_a_list_is_not_compared_with_what_may_be_old(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No projector runs: what was imported a moment ago is not known, and would be registered again."""
    await apply_topics(settings)
    monkeypatch.setattr(known_assets, "WAIT_SECONDS", 1.0)
    async with Publisher(settings) as publisher:
        await publisher.publish([stewardship.registered(city="oldtown", feed="drains")])
    async with connect(settings) as db:
        with pytest.raises(ImportRefused, match=r"not up to date.*Is a projector running"):
            await known_assets.of_feed(db, settings, "oldtown", "drains")
