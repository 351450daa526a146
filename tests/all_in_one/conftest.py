"""One `townhall up` for all tests that use it as a newcomer would; it ends with the last of them."""

from collections.abc import Iterator

import pytest

from tests.support.all_in_one import Town, running


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running(tmp_path_factory.mktemp("town") / "home") as one:
        yield one
