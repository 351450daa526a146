"""Awards as 360Giving data: the fields that the standard requires, and amounts to the digit."""

import json
from decimal import Decimal
from typing import Any

import jsonschema
import pytest

from events.types.awards import AwardRef
from projections.api import threesixty
from projections.views import awards, grant_applications, grant_calls
from tests.support.builders.awards import granted, paid, regranted
from tests.support.builders.grants import applied, determined, opened, withdrawn
from tests.support.spec import given
from tests.support.town import RIVERTON

ORGANIZATION = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["id", "name"],
        "properties": {name: {"type": "string", "minLength": 1} for name in ("id", "name")},
    },
}
TEXT = {"type": "string", "minLength": 1}
NUMBER = {"type": "number", "minimum": 0}
GRANT = {
    "type": "object",
    "required": [
        "id",
        "title",
        "description",
        "currency",
        "amountAwarded",
        "awardDate",
        "recipientOrganization",
        "fundingOrganization",
    ],
    "properties": {
        "id": TEXT,
        "title": TEXT,
        "description": TEXT,
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "amountAwarded": NUMBER,
        "amountAppliedFor": NUMBER,
        "amountDisbursed": NUMBER,
        "awardDate": {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])$"},
        "dateModified": {"type": "string", "pattern": "^[0-9-]{10}T[0-9:]{8}Z$"},
        "recipientOrganization": ORGANIZATION,
        "fundingOrganization": ORGANIZATION,
        "grantProgramme": {"type": "array", "items": {"properties": {"code": TEXT, "title": TEXT}}},
        "fromOpenCall": {"enum": ["Yes", "No"]},
        "relatedActivity": {"type": "array", "items": TEXT},
        "regrantType": {"enum": [f"FRG0{n}0" for n in range(1, 8)]},
        "beneficiaryLocation": {"type": "array", "items": {"properties": {"name": TEXT}}},
    },
    "additionalProperties": False,
}
PACKAGE = {
    "type": "object",
    "required": ["grants"],
    "properties": {"grants": {"type": "array", "minItems": 1, "items": GRANT, "uniqueItems": True}},
}
NAMES = {"riverton": "Riverton", "lakeside": "Lakeside"}


def published(*events: Any, application: Any = (), call: Any = ()) -> dict[str, Any]:
    """The only grant of a package, with its numbers as they are written; the package fits the standard."""
    award = given(awards.VIEW, *events).document
    asked = given(grant_applications.VIEW, *application).document if application else None
    terms = given(grant_calls.VIEW, *call).document if call else None
    raw = threesixty.package(RIVERTON, [threesixty.grant(award, asked, terms, NAMES)])
    jsonschema.validate(json.loads(raw), PACKAGE)
    (found,) = json.loads(raw, parse_float=Decimal, parse_int=Decimal)["grants"]
    return dict(found)


def test_an_award_that_says_no_more_than_it_must_has_all_that_is_required() -> None:
    shown = published(granted(at="2026-03-31T23:30:00-04:00"))
    del shown["dateModified"]
    assert shown == {
        "id": "townhall-riverton-award-1",
        "title": "Award award-1",
        "description": "Award award-1",
        "currency": "USD",
        "amountAwarded": Decimal(1500),
        "amountDisbursed": Decimal(0),
        "awardDate": "2026-03-31",
        "recipientOrganization": [{"id": "townhall-riverton-g1", "name": "g1"}],
        "fundingOrganization": [{"id": "townhall-riverton", "name": "Riverton"}],
    }


def test_an_award_with_all_that_is_known_says_it() -> None:
    award = granted(
        description="Clean-ups",
        grantee_name="Liberty Street Neighbours",
        parent_award=AwardRef(city="coalition", award_id="award-0"),
    )
    application = [applied(neighbourhood_id="north", amount="2000.5"), determined()]
    shown = published(award, paid(amount="700.001"), application=application, call=[opened()])
    assert (shown["title"], shown["description"]) == ("Mend our block", "Clean-ups")
    assert (shown["amountAppliedFor"], shown["amountDisbursed"]) == (Decimal("2000.5"), Decimal("700.001"))
    assert shown["grantProgramme"] == [{"code": "call-1", "title": "Mini-grants"}]
    assert shown["fromOpenCall"] == "Yes"
    assert shown["relatedActivity"] == ["townhall-coalition-award-0"]
    assert shown["recipientOrganization"][0]["name"] == "Liberty Street Neighbours"
    assert shown["beneficiaryLocation"] == [{"name": "north"}]


def test_an_amount_is_written_to_the_digit_where_a_float_would_not_hold_it() -> None:
    amount = "999999999999.999"
    award = given(awards.VIEW, granted(amount=amount)).document
    raw = threesixty.package(RIVERTON, [threesixty.grant(award, None, None, NAMES)])
    assert f'"amountAwarded":{amount},'.encode() in raw


def test_the_words_of_an_application_that_was_not_accepted_stay_out() -> None:
    assert published(granted(), application=[applied()])["title"] == "Award award-1"
    taken_back = [applied(), determined(), withdrawn()]
    assert published(granted(), application=taken_back)["title"] == "Award award-1"


def test_an_award_to_a_city_whose_money_went_on_is_for_regranting() -> None:
    award = granted("award-0", grantee_group_id=None, grantee_city="lakeside", city="coalition")
    shown = published(award, regranted())
    assert shown["regrantType"] == "FRG010"
    assert shown["recipientOrganization"] == [{"id": "townhall-lakeside", "name": "Lakeside"}]
    assert shown["fundingOrganization"] == [{"id": "townhall-coalition", "name": "coalition"}]


@pytest.mark.parametrize("known", ["GB-CHC-1070468", "360G-blf-ORG:7", "US-EIN-12-3456789"])
def test_an_organisation_with_a_registered_number_keeps_it(known: str) -> None:
    assert published(granted(grantee_group_id=known))["recipientOrganization"][0]["id"] == known


def test_an_award_that_came_from_360giving_data_keeps_its_id() -> None:
    assert published(granted("360G-blf-123"))["id"] == "360G-blf-123"
