"""Failpoints: nothing unless armed; every name stands in the code once, and no other name does."""

import ast
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import failpoints
from infra.failpoints import (
    EVERY_STEP,
    STEPS,
    BadFailpoints,
    FailpointReached,
    arm,
    failpoint,
)

ROOT = Path(__file__).parents[2]
CHILD = """
from infra.failpoints import arm, failpoint
arm("after_commit=kill@3")
for number in range(1, 10):
    print(number, flush=True)
    failpoint("after_commit")
"""


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm("")


def placed() -> Iterator[str]:
    """The name in every call of `failpoint` in the product."""
    for folder in ("consumers", "producers", "projections", "infra"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                match node:
                    case ast.Call(func=ast.Name("failpoint"), args=[ast.Constant(str(name))]):
                        yield name


def test_each_name_stands_in_the_code_exactly_once() -> None:
    assert Counter(placed()) == Counter(list(EVERY_STEP))
    assert len(STEPS) >= 30


def test_it_imports_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(failpoints.__file__).read_text("utf-8"))
    named = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names]
    assert {str(name).partition(".")[0] for name in named} <= sys.stdlib_module_names


def test_nothing_happens_unless_armed() -> None:
    for name in EVERY_STEP:
        failpoint(name)


def test_it_happens_at_the_pass_that_was_named_and_once(capfd: pytest.CaptureFixture[str]) -> None:
    arm("in_fold=raise@3, before_claim=raise")
    failpoint("in_fold")
    failpoint("in_fold")
    with pytest.raises(FailpointReached):
        failpoint("in_fold")
    failpoint("in_fold")
    with pytest.raises(FailpointReached):
        failpoint("before_claim")
    assert [line for line in capfd.readouterr().err.splitlines() if "in_fold" in line] == [
        '{"event": "failpoint", "name": "in_fold"}'
    ]


def test_sleep_holds_the_process_up() -> None:
    arm("after_fetch=sleep:0.2")
    started = time.monotonic()
    failpoint("after_fetch")
    assert time.monotonic() - started >= 0.2


def test_kill_ends_the_process_there_as_kill_9_does() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.split() == ["1", "2", "3"]


@pytest.mark.parametrize(
    "text",
    [
        "after_lunch=kill",
        "after_commit",
        "after_commit=stop",
        "after_commit=sleep",
        "after_commit=sleep:long",
        "after_commit=kill@0",
        "after_commit=kill@-1",
        "after_commit=kill@x",
        "after_commit=kill, after_lunch=kill",
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_armed(text: str) -> None:
    with pytest.raises(BadFailpoints, match=r"TOWNHALL_FAILPOINTS: .*after_"):
        arm(text)
    failpoint("after_commit")


def test_the_command_refuses_an_unknown_name() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "townhall", "status"],
        env={failpoints.VARIABLE: "after_lunch=kill", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "there is no failpoint 'after_lunch'" in ended.stderr
