"""What a person is told when something is in the way: in words, and nothing else on the screen."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

import townhall
from infra.embedded import Endpoints
from infra.settings import Settings
from tests.support.all_in_one import environment

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

NOBODY = "127.0.0.1:9"


def refused(home: Path, *words: str, **variables: str) -> str:
    """What a command says that cannot do its work."""
    done = subprocess.run(
        [sys.executable, "-m", "townhall", *words],
        env=environment(home) | variables,
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        found = townhall._free_port(Settings(port=port))
    assert capsys.readouterr().err == f"{port} is taken, using {found}.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("New York", "--name", "New York", "--timezone", "America/New_York"),
            "'New York' will not do: an id has small letters and digits with single hyphens between",
        ),
        (
            ("poznan", "--name", "Poznań", "--timezone", "Europe/Poznan"),
            "'Europe/Poznan' will not do: a time zone is one of the IANA database, like America/New_York",
        ),
        (
            ("x", "--name", "X", "--timezone", "UTC", "--country", "pl", "--lat", "91"),
            "'pl' will not do: a country is two capital letters, like US; 91.0 will not do: a latitude",
        ),
    ],
)
def test_a_city_that_cannot_be_is_refused_in_words(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    told = refused(tmp_path / "home", "cities", "add", *words)
    assert told.startswith(said)
    assert told.endswith("Nothing was changed.\n")
    assert "^" not in told


@pytest.mark.parametrize("command", [("status",), ("topics", "diff"), ("topics", "apply")])
def test_without_kafka_a_command_says_what_happened_and_nothing_else(
    tmp_path: Path, servers: Endpoints, command: tuple[str, ...]
) -> None:
    told = refused(tmp_path / "home", *command, TOWNHALL_KAFKA=NOBODY, TOWNHALL_MONGO=servers.mongo)
    assert told == (
        f"Kafka did not answer as it should: Unable to bootstrap from [{NOBODY}]. Everything published is "
        "kept. See that it runs and can be reached from here, then do the same again.\n"
    )


def test_without_mongodb_a_command_says_what_happened_and_no_password(
    tmp_path: Path, servers: Endpoints
) -> None:
    mongo = f"mongodb://someone:secret@{NOBODY}/?replicaSet=none&serverSelectionTimeoutMS=100"
    told = refused(tmp_path / "home", "cities", "list", TOWNHALL_KAFKA=servers.kafka, TOWNHALL_MONGO=mongo)
    assert told.startswith(f"MongoDB did not answer as it should: {NOBODY}: [Errno 111] Connection refused. ")
    assert told.count("\n") == 1
