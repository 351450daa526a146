"""Each family has builders in words, and between them they can tell of every type."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable

import pytest

from events.codec import build, decode, encode, from_structured, to_structured
from events.envelope import Event
from events.registry import EVENT_TYPES
from events.topics import IDEAS, REQUESTS
from tests.support import builders

MODULES = [
    importlib.import_module(f"{builders.__name__}.{found.name}")
    for found in pkgutil.iter_modules(builders.__path__)
]
BUILDERS: dict[str, Callable[..., Event]] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": function
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and inspect.signature(function).return_annotation is Event
}
EACH = pytest.mark.parametrize("tell", BUILDERS.values(), ids=BUILDERS)


@EACH
def test_what_is_built_in_words_is_accepted_at_the_edge_and_read_again(tell: Callable[..., Event]) -> None:
    event = tell()
    record = encode(event)
    assert build(*from_structured(to_structured(event)), edge=True).event == event
    assert decode(record.key, record.value, record.headers).event == event


def test_there_is_a_builder_for_every_type_of_the_families() -> None:
    """Requests and ideas have theirs in `tests.support.build`."""
    built = {tell().type for tell in BUILDERS.values()}
    families = {entry.type for entry in EVENT_TYPES if entry.topic not in {REQUESTS, IDEAS}}
    assert families - built == set()
