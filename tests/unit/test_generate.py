"""`python -m events.generate` writes what is missing and refuses what would break."""

import json
import shutil
from pathlib import Path

import pytest

from events.generate import HOME, main

OPENED = "service_request.opened.v1.json"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("schemas", "examples"):
        shutil.copytree(HOME / folder, tmp_path / folder)
    shutil.copy(HOME / "EVENTS.md", tmp_path)
    return tmp_path


def files(home: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in home.rglob("*.json")}


def test_a_second_run_changes_nothing(home: Path) -> None:
    before = files(home)
    assert main([], home) == 0
    assert files(home) == before


def test_check_names_a_file_that_drifted_and_changes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "schemas" / OPENED
    path.write_text(path.read_text("utf-8").replace("Someone reported", "Somebody reported"), "utf-8")
    before = files(home)
    assert main(["--check"], home) == 1
    assert capsys.readouterr().err.startswith(f"schemas/{OPENED}: not what the code says")
    assert files(home) == before


def test_writing_mends_a_harmless_drift_and_a_missing_file(home: Path) -> None:
    before = files(home)
    path = home / "schemas" / OPENED
    path.write_text(path.read_text("utf-8").replace("Someone reported", "Somebody reported"), "utf-8")
    (home / "schemas" / "idea.supported.v1.json").unlink()
    assert main(["--check"], home) == 1
    assert main([], home) == 0
    assert files(home) == before


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_breaking_change_is_refused_and_nothing_is_written(
    home: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "schemas" / OPENED
    published = json.loads(path.read_text("utf-8"))
    published["properties"]["ward"] = {"type": "string"}
    path.write_text(json.dumps(published), "utf-8")
    (home / "schemas" / "idea.supported.v1.json").unlink()
    before = files(home)
    assert main(arguments, home) == 1
    said = capsys.readouterr().err
    assert f"schemas/{OPENED}: /ward: removed or renamed" in said
    assert "add a new version with an upcaster" in said
    assert files(home) == before


@pytest.mark.parametrize(
    "orphan", ["schemas/gone.v1.json", "examples/gone.v1.json", "examples/idea.supported.v2.json"]
)
def test_an_orphan_is_drift(home: Path, orphan: str, capsys: pytest.CaptureFixture[str]) -> None:
    (home / orphan).write_text("[]", "utf-8")
    assert main(["--check"], home) == 1
    assert f"{orphan}: no such event type" in capsys.readouterr().err


def test_a_type_without_example_is_drift(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "examples" / OPENED).unlink()
    assert main(["--check"], home) == 1
    assert f"examples/{OPENED}: missing" in capsys.readouterr().err


def test_an_unknown_argument_is_a_wrong_call(home: Path) -> None:
    assert main(["--chekc"], home) == 2


def test_the_page_of_event_types_names_each_with_its_marks(home: Path) -> None:
    page = (home / "EVENTS.md").read_text("utf-8")
    assert all(f"](schemas/{path.name}) |" in page for path in (home / "schemas").iterdir())
    (row,) = [line for line in page.splitlines() if "`service_request.opened.v1`" in line]
    assert row.endswith("| `description`, `address` |")
    assert "| session | yes | " in next(
        line for line in page.splitlines() if "`attendance.no_show.v1`" in line
    )
