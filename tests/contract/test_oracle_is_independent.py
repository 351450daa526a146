"""The oracle of the fault tests shares no code with what it judges."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ORACLE = Path(__file__).parents[1] / "faults" / "oracle.py"
ALLOWED = sys.stdlib_module_names - {"importlib", "runpy", "imp", "subprocess"} | {"aiokafka", "pymongo"}
DYNAMIC = {"__import__", "eval", "exec", "compile"}
OURS = {"events", "infra", "projections", "producers", "consumers", "townhall", "townhall_events", "tests"}

LOADED = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("oracle", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["oracle"] = module
spec.loader.exec_module(module)
print(*{name.partition(".")[0] for name in sys.modules})
"""


def foreign(source: str) -> set[str]:
    """Modules outside the allowed ones that this source names, and ways to name one at run time."""
    return {name for node in ast.walk(ast.parse(source)) for name in _named(node)} - ALLOWED


def _named(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names):
            yield from (alias.name.partition(".")[0] for alias in names)
        case ast.ImportFrom(module, level=0):
            yield (module or "").partition(".")[0]
        case ast.ImportFrom():
            yield "a module beside it"
        case ast.Name(name) if name in DYNAMIC:
            yield name


def test_the_oracle_imports_the_standard_library_and_two_drivers_only() -> None:
    assert foreign(ORACLE.read_text("utf-8")) == set()


def test_loading_the_oracle_loads_nothing_of_the_product() -> None:
    command = [sys.executable, "-I", "-c", LOADED, str(ORACLE)]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert "aiokafka" in loaded
    assert OURS.isdisjoint(loaded)


@pytest.mark.parametrize(
    "line",
    [
        "from events.codec import decode",
        "import projections.core",
        "from . import scene",
        "from tests.support import build",
        "def late():\n    import consumers.engine",
        "import importlib",
        "codec = __import__('events.codec')",
    ],
)
def test_the_guard_sees_every_way_in(line: str) -> None:
    assert foreign(line) != set()
