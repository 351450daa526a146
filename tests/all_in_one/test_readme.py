"""What the README says to type works as it stands there."""

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pymongo import MongoClient
from typer.testing import CliRunner

import townhall
from tests.support.all_in_one import Town
from tests.support.data import REPOSITORY

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]

README = (REPOSITORY / "README.md").read_text()


def _blocks(language: str = "") -> list[str]:
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for name, text in fences if name == language]


def _commands() -> list[str]:
    """Every call of `townhall`, without its remark."""
    return re.findall(r"^(?:[A-Z]+=\$\()?(townhall [^#)\n]*)", "\n".join(_blocks()), re.MULTILINE)


@pytest.fixture(scope="module")
def key(town: Town) -> str:
    """The key that the README's two commands make."""
    add, create, *_ = (line for line in _commands() if "new-york" in line and "import" not in line)
    town.run(*shlex.split(add)[1:])
    return town.run(*shlex.split(create)[1:]).strip()


def test_the_curl_example_is_accepted_and_then_read(town: Town, key: str) -> None:
    publish = next(block for block in _blocks() if block.startswith("ANSWER="))
    read = next(line for line in "\n".join(_blocks()).splitlines() if "?after=$TOKEN" in line)
    lines = f"{publish}{read} -s --retry 5".replace("http://127.0.0.1:8000", town.url)
    done = subprocess.run(
        ["bash", "-c", lines], env={**os.environ, "KEY": key}, capture_output=True, check=True, text=True
    )
    published, idea = map(json.loads, done.stdout.splitlines())
    assert published["accepted"] == 1, published
    assert idea["title"] == "Willows along the lower bank"


def test_the_contacts_example_is_taken(town: Town, key: str) -> None:
    del key  # the city is in the directory
    create = next(line for line in _commands() if "--contacts" in line)
    text = town.run(*shlex.split(create)[1:]).strip()
    put = next(block for block in _blocks() if block.startswith("CONTACTS=")).partition("\n")[2]
    lines = put.replace("http://127.0.0.1:8000", town.url)
    done = subprocess.run(["bash", "-c", lines], env={**os.environ, "CONTACTS": text}, check=True)
    assert done.returncode == 0


def test_the_messenger_example_makes_one(town: Town, key: str) -> None:
    del key  # the city is in the directory
    (put,) = [line for line in _commands() if "messengers" in line]
    assert town.run(*shlex.split(put)[1:]).startswith("whsec_")
    assert town.run(*shlex.split(put)[1:]) == ""
    assert town.run("messengers", "list") == "new-york  https://chat.example.org/townhall\n"
    assert town.run("messengers", "rotate", "new-york").startswith("whsec_")
    assert town.run("messengers", "delete", "new-york", "--yes") == "deleted\n"


def test_the_webhook_example_makes_an_endpoint_that_is_sent_to(town: Town, key: str) -> None:
    del key  # the city is in the directory
    manage = town.run("keys", "create", "--city", "new-york", "--app", "hooks", "--webhooks", "--no-write")
    block = next(block for block in _blocks() if "/v1/webhooks" in block)
    lines = block.replace("http://127.0.0.1:8000", town.url).replace("hooks.example.org", "hooks.example")
    done = subprocess.run(
        ["bash", "-c", lines],
        env={**os.environ, "KEY": manage.strip()},
        capture_output=True,
        check=True,
        text=True,
    )
    made = json.loads(done.stdout)
    assert made["secret"].startswith("whsec_")
    message = town.run("endpoints", "test", made["id"]).strip()
    deadline = time.monotonic() + 60
    tried = re.compile("unreachable|timeout")  # there is no such host
    while not tried.search(said := town.run("endpoints", "deliveries", made["id"])):
        assert time.monotonic() < deadline, said
        time.sleep(0.5)
    assert message in said
    town.run("endpoints", "delete", made["id"], "--yes")


def test_the_python_example_publishes(town: Town, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    del key  # the city is in the directory
    where = json.loads((town.home / "running.json").read_text())
    monkeypatch.setenv("TOWNHALL_KAFKA", where["kafka"])
    monkeypatch.setenv("TOWNHALL_MONGO", where["mongo"])
    names: dict[str, Any] = {}
    exec(_blocks("python")[0], names)  # noqa: S102 - it is our own document
    asyncio.run(names["support"]("idea-9", "participant-0000001"))
    deadline = time.monotonic() + 30
    with MongoClient[dict[str, Any]](where["mongo"]) as client:
        while not (found := client["townhall"]["idea_support"].find_one({"_id.idea": "idea-9"})):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert found["supporters"] == 1


def test_the_read_example_answers(town: Town) -> None:
    url = next(line for line in "\n".join(_blocks()).splitlines() if line.startswith("curl 'http"))
    path = url.split("'")[1].removeprefix("http://127.0.0.1:8000")
    assert httpx2.get(f"{town.url}{path}").json()["ballots"] == 40


def test_every_command_exists() -> None:
    """With `--help`, so that servers are not started nor files read."""
    runner = CliRunner()
    for line in _commands():
        words = [word for word in shlex.split(line)[1:] if not word.startswith(("-", "|"))]
        depth = 2 if words[0] in {"import", "topics", "keys", "cities"} else 1
        told = runner.invoke(townhall.app, [*words[:depth], "--help"])
        assert (told.exit_code, "Usage" in told.output) == (0, True), line


def test_every_make_target_exists() -> None:
    done = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for target in set(re.findall(r"make ([a-z]+)", README)):
        assert f"make {target} " in done.stdout


def test_the_checkout_may_lie_in_a_path_with_a_space(tmp_path: Path) -> None:
    place = tmp_path / "town hall"
    place.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, place)
    done = subprocess.run(
        ["make", "--dry-run", ".venv/.ready"], cwd=place, capture_output=True, text=True, check=True
    )
    named = [line for line in done.stdout.splitlines() if "VIRTUAL_ENV" in line]
    assert {shlex.split(line)[0] for line in named} == {f"VIRTUAL_ENV={place}/.venv"}


def test_files_named_in_documents_exist() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", (REPOSITORY / name).read_text()):
            assert link.startswith("http") or (REPOSITORY / link).exists(), link
