"""360Giving data as publishers really give it."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from events.codec import decode, encode
from events.scalars import thousandths
from events.types.awards import AwardGranted
from producers.imports import threesixty
from producers.imports.outcomes import ImportRefused
from projections.api import threesixty as exported
from projections.views import awards
from tests.support import imports
from tests.support.spec import given
from tests.support.town import RIVERTON

GRANT: dict[str, Any] = {
    "id": "360G-portlinden-0017",
    "title": "Mend our block",
    "description": "Clean-ups",
    "currency": "GBP",
    "amountAwarded": 1850.5,
    "awardDate": "2001-03-26",
    "recipientOrganization": [{"id": "GB-CHC-1070468", "name": "Liberty Street Neighbours"}],
    "fundingOrganization": [{"id": "GB-LAE-PLI", "name": "Port Linden"}],
}
CSV = """\
Identifier,Title,Description,Currency,Amount Awarded,Award Date,Recipient Org:Identifier,Recipient Org:Name,\
Funding Org:Identifier,Funding Org:Name,Planned Dates:Duration (months),Internal Organisation ID
"""


def run(raw: bytes | list[dict[str, Any]], zone: str | None = "Europe/London") -> list[Any]:
    raw = raw if isinstance(raw, bytes) else json.dumps({"grants": raw}).encode()
    return imports.outcomes(threesixty.read(raw, "port-linden"), zone=zone)


def one(**fields: Any) -> list[Any]:
    return run([GRANT | fields])


def told(found: list[Any]) -> AwardGranted:
    (event,) = imports.events(found)
    assert isinstance(event.data, AwardGranted)
    return event.data


def reason(found: list[Any]) -> str:
    (only,) = imports.rejected(found)
    return only.reason


def table(*lines: str) -> list[Any]:
    return run((CSV + "".join(f"{line}\n" for line in lines)).encode())


def test_a_grant_is_an_award_that_survives_the_wire() -> None:
    (event,) = imports.events(one())
    record = encode(event)
    assert decode(record.key, record.value, record.headers).event == event
    assert (event.key, event.time.isoformat(), event.origin) == (
        "port-linden/360G-portlinden-0017",
        "2001-03-26T00:00:00+01:00",
        "import",
    )
    assert event.data == AwardGranted(
        call_id="threesixtygiving",
        application_id="360G-portlinden-0017",
        title="Mend our block",
        description="Clean-ups",
        grantee_group_id="GB-CHC-1070468",
        grantee_name="Liberty Street Neighbours",
        amount="1850.5",
        currency="GBP",
    )


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("26/03/2001 00:00", "2001-03-26"),
        ("01/02/2001", "2001-02-01"),
        ("2001-03-26T00:00:00Z", "2001-03-26"),
        ("2001-03-26T23:30:00-11:00", "2001-03-26"),
        ("2001-07-01 00:00:00", "2001-07-01"),
    ],
)
def test_the_day_is_the_one_that_is_written(written: str, day: str) -> None:
    (event,) = imports.events(one(awardDate=written))
    assert event.day == day
    assert (event.time.hour, event.time.minute) == (0, 0)


@pytest.mark.parametrize(
    "written", ["", "soon", "2001-02-30", "31/02/2001", "0001-01-01", "26.03.2001", None]
)
def test_without_a_date_there_is_no_award(written: str | None) -> None:
    assert reason(one(awardDate=written)).startswith("awardDate is no date")


def test_a_duration_as_text_and_keys_of_the_publisher_s_own_do_no_harm() -> None:
    found = one(**{"plannedDates": [{"duration": "12 months"}], "Internal Organisation ID": "17", "x": None})
    assert imports.events(found)[0].id == imports.events(one())[0].id


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (1850, "1850"),
        ("1,850.50", "1850.50"),
        (0.1, "0.1"),
        ("£", None),
        (-1, None),
        (None, None),
        ("NaN", None),
    ],
)
def test_an_amount_is_taken_to_the_digit_or_not_at_all(written: Any, amount: str | None) -> None:
    found = one(amountAwarded=written)
    if amount is None:
        assert reason(found).startswith("amountAwarded is no amount")
    else:
        assert told(found).amount in (amount, f"{Decimal(amount).normalize():f}")


def test_what_is_finer_than_a_thousandth_or_too_much_is_rejected() -> None:
    assert reason(one(amountAwarded=0.1234)).startswith("amount: ")
    assert reason(one(amountAwarded=10**12)).startswith("amount: ")


def test_a_currency_is_a_code() -> None:
    assert told(one(currency="gbp")).currency == "GBP"
    assert reason(one(currency="pounds")).startswith("currency: ")
    assert reason(one(currency=None)).startswith("currency: ")


def test_a_grant_to_a_person_is_never_imported() -> None:
    person = {"recipientIndividual": {"id": "360G-x-IND:1", "name": "Ann"}}
    assert (
        reason(run([{**GRANT, **person}])) == "the recipient is a person: grants to persons are not imported"
    )
    lone = {name: value for name, value in GRANT.items() if name != "recipientOrganization"}
    assert "is a person" in reason(run([{**lone, **person}]))
    lines = CSV.strip() + ",Recipient Ind:Name\nx,T,D,GBP,1,2001-03-26,,,,,,,Ann\n"
    assert "is a person" in reason(run(lines.encode()))


def test_a_recipient_without_an_id_goes_by_its_name() -> None:
    found = one(recipientOrganization=[{"name": "Garden Friends"}])
    assert told(found).grantee_group_id == "garden-friends"
    assert imports.notes(found) == {"a recipient without an id: its name stands for it"}
    assert reason(one(recipientOrganization=[])) == "no id of the recipient"


def test_an_id_with_other_characters_stays_one_of_its_own() -> None:
    found = told(one(recipientOrganization=[{"id": "360G-x-ORG:Garden Friends/2", "name": "G"}]))
    assert found.grantee_group_id == "360G-x-ORG:Garden~20Friends~2F2"
    assert reason(one(id=None)) == "no id of the grant"


def test_a_programme_is_the_call() -> None:
    assert told(one(grantProgramme=[{"code": "Mini 2001", "title": "Mini"}])).call_id == "Mini~202001"
    assert told(one(grantProgramme=[{"title": "Mini"}])).call_id == "Mini"


def test_a_table_reads_as_json_does() -> None:
    found = table(
        "360G-portlinden-0017,Mend our block,Clean-ups,GBP,1850.5,26/03/2001 00:00,GB-CHC-1070468,"
        "Liberty Street Neighbours,GB-LAE-PLI,Port Linden,12 months,17"
    )
    assert imports.events(found) == imports.events(one())


def test_a_torn_row_of_a_table_costs_itself_alone() -> None:
    good = "a{},T,D,GBP,1,26/03/2001 00:00,g,G,f,F,,"
    found = table(good.format(1), 'a2,"T,D,GBP,1,26/03/2001 00:00,g,G,f,F,,', good.format(3), "a4,T")
    assert [event.subject for event in imports.events(found)] == ["a1", "a3"]
    assert [one.row for one in imports.rejected(found)] == [2, 4]
    assert imports.rejected(found)[1].reason == "2 cells where the header has 12"


def test_the_same_file_twice_gives_the_same_events_and_a_change_another_one() -> None:
    assert imports.events(one()) == imports.events(one())
    assert imports.events(one(title="Other"))[0].id != imports.events(one())[0].id


def test_an_id_that_stands_twice_is_noted() -> None:
    found = run([GRANT, {**GRANT, "title": "Other"}])
    assert imports.notes(found) == {"an id that stands on several rows: the last one holds"}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{}", "no list of `grants`"),
        (b'{"grants": {}}', "no list of `grants`"),
        (b"[1", "no readable JSON"),
        (b"", "neither JSON nor a table"),
        (b"a,b\n1,2\n", "no column `Identifier`"),
    ],
)
def test_what_is_no_such_data_is_refused_as_a_whole(raw: bytes, why: str) -> None:
    with pytest.raises(ImportRefused, match=why):
        threesixty.read(raw, "port-linden")


def test_rows_that_are_no_objects_are_rejected_alone() -> None:
    found = run(json.dumps([GRANT, 7, None, []]).encode())
    assert len(imports.accepted(found)) == 1
    assert [one.reason for one in imports.rejected(found)] == ["no object with fields"] * 3


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@for_any(fields=st.dictionaries(st.sampled_from([*GRANT, "grantProgramme", "other"]), ANYTHING, max_size=4))
@settings(deadline=None)
def test_whatever_stands_in_a_row_is_accepted_or_rejected_and_never_ends_the_import(
    fields: dict[str, Any],
) -> None:
    found = one(**fields)
    assert len(imports.accepted(found)) + len(imports.rejected(found)) == 1
    for event in imports.events(found):
        encode(event)


@for_any(amount=st.integers(1, 10**15 - 1), day=st.dates())
@settings(deadline=None)
def test_what_is_exported_reads_again_as_the_same(amount: int, day: Any) -> None:
    """To the digit: the package of an award is a file of the same award."""
    text = f"{amount // 1000}.{amount % 1000:03}"
    first = one(amountAwarded=text, awardDate=day.isoformat())
    if not imports.events(first):
        assert not 1900 < day.year < 2200
        return
    document = given(awards.VIEW, *imports.events(first)).document
    package = exported.package(RIVERTON, [exported.grant(document, None, None, {})])
    again = told(run(package))
    assert thousandths(again.amount) == amount
    assert again.model_copy(update={"amount": told(first).amount}) == told(first)
    assert imports.events(run(package))[0].day == day.isoformat()


def test_the_sample_is_accepted_whole() -> None:
    reading = threesixty.read((imports.SAMPLE / "port_linden_360giving.json").read_bytes(), "port-linden")
    found = imports.outcomes(reading, zone="America/New_York")
    assert (len(imports.accepted(found)), imports.rejected(found)) == (2, [])
    assert [event.time.isoformat() for event in imports.events(found)] == [
        "2001-03-26T00:00:00-05:00",
        "2001-04-02T00:00:00-04:00",
    ]
