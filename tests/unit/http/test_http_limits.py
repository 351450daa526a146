"""The budget of what is in flight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.problems import ProblemError
from producers.http.limits import Budget


def test_a_city_that_floods_leaves_half_to_the_others() -> None:
    budget = Budget(10)
    budget.hold("flood").take(5)
    with pytest.raises(ProblemError) as refused:
        budget.hold("flood").take(1)
    assert refused.value.status == 429
    assert refused.value.headers == {"retry-after": "1"}
    budget.hold("quiet").take(5)


def test_what_is_released_twice_is_given_back_once() -> None:
    budget = Budget(10)
    first, second = budget.hold("boston"), budget.hold("boston")
    first.take(2)
    second.take(3)
    first.release()
    first.release()
    budget.hold("boston").take(2)
    with pytest.raises(ProblemError):
        budget.hold("boston").take(1)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 6), st.booleans()), max_size=40))
def test_shares_and_total_hold_after_any_history(history: list[tuple[str, int, bool]]) -> None:
    budget = Budget(12)
    held: dict[str, int] = dict.fromkeys("abc", 0)
    for city, amount, give in history:
        if give:
            returned = min(amount, held[city])
            budget.give(city, returned)
            held[city] -= returned
            continue
        fits = held[city] + amount <= 6 and sum(held.values()) + amount <= 12
        if fits:
            budget.take(city, amount)
            held[city] += amount
        else:
            with pytest.raises(ProblemError):
                budget.take(city, amount)
