"""What adoptions and check-ins must say."""

import pytest
from pydantic import ValidationError

from events.envelope import Derived
from events.types.stewardship import AdoptionStarted
from tests.support.build import ANN, BEN, told
from tests.support.builders import stewardship


def test_all_that_is_told_of_an_adoption_stands_on_the_key_of_its_asset() -> None:
    life = [stewardship.registered(), stewardship.adopted(), stewardship.looked_after(), stewardship.due()]
    life += [stewardship.overdue(), stewardship.lapsed(), stewardship.waits(by=BEN), stewardship.offered()]
    life += [stewardship.transferred(), stewardship.released(), stewardship.retired()]
    assert {event.key for event in life} == {"riverton/drain-1"}


@pytest.mark.parametrize("condition", ["attention", "urgent"])
def test_a_thing_in_need_says_what_it_needs(condition: str) -> None:
    assert stewardship.looked_after(condition=condition, needs=("broken_grate",))
    assert stewardship.looked_after(condition=condition, text_ref="text-1")
    with pytest.raises(ValidationError, match="says what is needed"):
        stewardship.looked_after(condition=condition)


def test_an_adoption_that_ends_with_its_asset_says_why_the_asset_was_retired() -> None:
    assert stewardship.released(reason="asset_retired", retired_because="removed")
    for wrong in ({"reason": "asset_retired"}, {"reason": "by_city", "retired_because": "removed"}):
        with pytest.raises(ValidationError, match="needed when reason is asset_retired, and only then"):
            stewardship.released(**wrong)


def test_an_adoption_goes_to_one_steward() -> None:
    assert stewardship.transferred(to_ref=None, to_group_id="g1")
    for wrong in ({"to_ref": None}, {"to_group_id": "g1"}):
        with pytest.raises(ValidationError, match="exactly one is needed of to_ref and to_group_id"):
            stewardship.transferred(**wrong)


def test_someone_adopts_also_where_a_group_does() -> None:
    assert stewardship.adopted(group_id="g1").participant == ANN
    with pytest.raises(ValidationError, match="participant"):
        told(AdoptionStarted, "drain-1", {}, adoption_id="a1", group_id="g1", cadence_days=7)


def test_what_time_alone_brings_about_names_its_rule_and_due_date() -> None:
    for tell in (stewardship.due, stewardship.overdue, stewardship.lapsed):
        data = tell(at="2026-06-01T12:00:00-04:00").data
        assert isinstance(data, Derived)
        assert data.rule
        assert data.model_dump(mode="json")["due_at"] == "2026-06-01T16:00:00Z"
        for missing in ("due_at", "rule"):
            said = {name: value for name, value in data.model_dump().items() if name != missing}
            with pytest.raises(ValidationError, match=missing):
                type(data)(**said)
