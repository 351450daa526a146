"""What `projections/api/examples` says to send is taken, and what it says to come, comes."""

import json
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from tests.support.all_in_one import Town
from tests.support.data import REPOSITORY

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

EXAMPLES = sorted((REPOSITORY / "projections" / "api" / "examples").glob("*.md"))
ADD_CITY = "cities add new-york --name 'New York' --timezone America/New_York"
SECONDS = 40.0
BATCH = "application/cloudevents-batch+json"


class Exchange(NamedTuple):
    """A request of a document, and the JSON behind it: what is sent, or what comes."""

    method: str
    path: str
    body: Any


def exchanges(document: Path) -> Iterator[Exchange]:
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", document.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    for (first, request), (second, body) in zip(fences[::2], fences[1::2], strict=True):
        assert (first, second) == ("http", "json"), f"{document.name}: {request}"
        method, path = request.split()
        yield Exchange(method, path, json.loads(body))


@pytest.fixture(scope="module")
def http(town: Town) -> Iterator[httpx2.Client]:
    town.run(*shlex.split(ADD_CITY))
    key = town.run("keys", "create", "--city", "new-york", "--app", "examples", "--read").strip()
    with httpx2.Client(base_url=town.url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        yield client


@pytest.mark.parametrize("document", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_is_what_happens(http: httpx2.Client, document: Path) -> None:
    after = None
    for one in exchanges(document):
        if one.method == "POST":
            after = publish(http, one)
        else:
            read(http, one, after)


def publish(http: httpx2.Client, one: Exchange) -> str:
    answer = http.post(one.path, content=json.dumps(one.body), headers={"Content-Type": BATCH})
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == len(one.body), answer.text
    return str(answer.json()["position"])


def read(http: httpx2.Client, one: Exchange, after: str | None) -> None:
    """What follows from events by a rule is there a moment after them."""
    deadline = time.monotonic() + SECONDS
    while True:
        answer = http.get(httpx2.URL(one.path).copy_merge_params({"after": after} if after else {}))
        found = answer.json()
        if answer.status_code == 200 and shows(found, one.body):
            return
        assert time.monotonic() < deadline, f"{one.path}\n{json.dumps(found, indent=2)}"
        time.sleep(0.2)


def shows(found: Any, told: Any) -> bool:
    """Whether all that is told stands in what was found; fields that are not told may stand there too."""
    if told == "…":
        return True
    if isinstance(told, dict):
        return isinstance(found, dict) and all(
            name in found and shows(found[name], value) for name, value in told.items()
        )
    if isinstance(told, list):
        return (
            isinstance(found, list)
            and len(found) == len(told)
            and all(shows(*pair) for pair in zip(found, told, strict=True))
        )
    return bool(found == told)


def test_a_wrong_answer_is_seen() -> None:
    assert not shows({"a": 1}, {"a": 2})
    assert not shows({"a": [1, 2]}, {"a": [1]})
    assert not shows({}, {"a": "…"})
    assert shows({"a": [{"b": None, "c": 1}]}, {"a": [{"b": "…"}]})
