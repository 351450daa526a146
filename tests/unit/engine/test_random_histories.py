"""Random histories: whatever happens to two workers, the store equals a fold of the log.

TOWNHALL_TEST_HISTORIES asks for more of them, or fewer; a failure names its seed.
"""

import asyncio
import logging
import multiprocessing
import os
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import pytest
import structlog
import uvloop

from consumers.engine import engine as engine_module
from consumers.engine import owned as owned_module
from tests.support import simulator

HISTORIES = int(os.environ.get("TOWNHALL_TEST_HISTORIES", "2000"))
PIECES = 8
"""Each with a store and a memory of another size."""
CRASHES = 2.0
"""For each history, at least, on average."""


def piece(number: int) -> tuple[Counter[str], str]:
    """What happened in this share of the histories, in a process of its own; and the first failure."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    engine_module.RETRY_SECONDS = 0
    if number % 2:
        engine_module.MAX_TRANSACTION_BYTES = 700
    if number % 4 > 1:
        owned_module.MAX_DOCUMENTS = 2 * len(simulator.ALL)
        owned_module.MAX_IDENTITIES = 2 * len(simulator.ALL)
    happened: Counter[str] = Counter()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            for seed in range(number, HISTORIES, PIECES):
                happened += runner.run(simulator.simulate(seed))
                happened["history"] += 1
    except Exception:  # noqa: BLE001 - whole, with its notes, which do not pass between processes
        return happened, traceback.format_exc()
    return happened, ""


@pytest.mark.timeout(600)
def test_the_store_equals_a_fold_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    happened: Counter[str] = Counter()
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        for counted, failure in pool.map(piece, range(PIECES)):
            assert not failure, failure
            happened += counted
    with capsys.disabled():
        print(f"\n  {dict(happened.most_common())}")
    assert happened["history"] == HISTORIES
    assert happened["crash"] >= CRASHES * HISTORIES
    assert min(happened[name] for name in ("rebalance", "unavailable", "killed", "stolen", "made anew"))
