"""A city's list of things becomes what changed since it was imported last, and nothing else."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from events.envelope import Event
from events.types.stewardship import AssetRegistered, AssetRetired, AssetUpdated
from producers.imports import assets, assets_file
from producers.imports.assets import Feed, check_missing
from producers.imports.known_assets import Known, as_known
from producers.imports.outcomes import ImportRefused, Outcome, Preface
from projections.views.assets import VIEW
from tests.support import imports
from tests.support.builders import stewardship
from tests.support.spec import given

SEEN = datetime(2026, 4, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 5, 1, 12, tzinfo=UTC)
DRAINS = """\
Asset ID,Name,Latitude,Longitude,Neighbourhood,Priority
0114,Gowanus 114,40.6745,-73.9902,gowanus,yes
0115,Gowanus 115,40.6746,-73.9903,gowanus,no
0116,Bond Street,40.6747,-73.9904,,no
"""
KML = """\
<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>
<Placemark id="ID_00001"><Point><coordinates>-73.990200,40.674500,0</coordinates></Point></Placemark>
<Placemark id="ID_00002"><name>Tree</name><Point><coordinates>-73.99,40.68</coordinates></Point></Placemark>
<Placemark id="ID_00003"><Point><coordinates> -73.990201,40.674501 </coordinates></Point></Placemark>
</Folder></Document></kml>
"""


def feed(seen: datetime = SEEN, **rest: Any) -> Feed:
    return Feed("drains", "storm_drain", seen, **rest)


def compared(text: str, known: Known | None = None, of: Feed | None = None) -> list[Outcome]:
    """What this list gives where so much is known."""
    reading = assets.read(text.encode(), "riverton", of or feed())
    rows = assets.told(text.encode(), of or feed())
    return list(assets.outcomes(rows, known or {}, of or feed(), imports.mint(reading)))


def known_after(*told: Event) -> Known:
    """What the read model knows once these events are counted."""
    return {one["asset_id"]: as_known(one) for one in given(VIEW, *told).documents.values()}


def told_by(found: Iterable[Outcome]) -> list[Event]:
    return imports.events(found)


def first_import(text: str = DRAINS) -> list[Event]:
    return told_by(compared(text))


def test_what_is_new_is_registered_with_all_that_the_list_tells() -> None:
    first, *_ = events = first_import()
    assert [event.subject for event in events] == ["drains:0114", "drains:0115", "drains:0116"]
    assert first.data == AssetRegistered(
        asset_type="storm_drain",
        name="Gowanus 114",
        feed="drains",
        external_id="0114",
        lat=40.6745,
        long=-73.9902,
        neighbourhood_id="gowanus",
        priority=True,
    )
    assert (first.time, first.origin, first.source) == (SEEN, "import", "urn:townhall:riverton:assets")
    assert first.participant is None


def test_the_same_list_again_gives_nothing() -> None:
    again = compared(DRAINS, known_after(*first_import()), feed(LATER))
    assert told_by(again) == []
    assert imports.notes(again) == {"unchanged"}


def test_what_changed_is_updated_and_what_is_missing_is_retired() -> None:
    changed = DRAINS.replace("Gowanus 115", "Third Avenue").replace(
        "0116,Bond Street,40.6747,-73.9904,,no\n", ""
    )
    found = compared(changed, known_after(*first_import()), feed(LATER))
    updated, retired = told_by(found)
    assert isinstance(updated.data, AssetUpdated)
    assert (updated.subject, updated.data.name) == ("drains:0115", "Third Avenue")
    assert (retired.subject, retired.data) == ("drains:0116", AssetRetired(reason="missing_from_feed"))
    assert imports.notes(found) == {"unchanged", "changed: updated", "missing from the list: retired"}


def test_what_is_back_is_registered_again() -> None:
    shorter = DRAINS.rpartition("0116")[0]
    gone = told_by(compared(shorter, known_after(*first_import()), feed(LATER)))
    found = compared(DRAINS, known_after(*first_import(), *gone), feed(LATER))
    (back,) = told_by(found)
    assert (back.subject, type(back.data)) == ("drains:0116", AssetRegistered)
    assert told_by(compared(shorter, known_after(*first_import(), *gone), feed(LATER))) == []


def test_what_the_city_itself_has_retired_stays_retired() -> None:
    known = known_after(*first_import(), stewardship.retired("drains:0114", reason="removed"))
    found = compared(DRAINS, known, feed(LATER))
    assert told_by(found) == []
    assert "retired by the city itself: it stays retired" in imports.notes(found)


def test_what_the_list_has_no_column_for_stays_as_the_city_told_it() -> None:
    by_hand = stewardship.updated(
        "drains:0114",
        name="Gowanus 114",
        feed="drains",
        external_id="0114",
        lat=40.6745,
        long=-73.9902,
        neighbourhood_id="gowanus",
        not_adoptable_because="under_repair",
    )
    plain = "Asset ID,Name\n0114,Gowanus 114\n"
    assert told_by(compared(plain, known_after(by_hand))) == []
    (renamed,) = told_by(compared(plain.replace("Gowanus 114", "Bond"), known_after(by_hand)))
    assert isinstance(renamed.data, AssetUpdated)
    assert (renamed.data.lat, renamed.data.not_adoptable_because) == (40.6745, "under_repair")


@pytest.mark.parametrize("arrived", range(5))
def test_an_import_that_died_half_way_is_mended_by_running_it_again(arrived: int) -> None:
    changed = DRAINS.replace("Gowanus", "Carroll").replace("0116", "0117")
    before = first_import()
    whole = told_by(compared(changed, known_after(*before), feed(LATER)))
    assert len(whole) == 4
    rest = told_by(compared(changed, known_after(*before, *whole[:arrived]), feed(LATER)))
    assert [event.id for event in rest] == [event.id for event in whole[arrived:]]


def test_two_imports_at_once_of_the_same_list_tell_the_same_events() -> None:
    one, other = (told_by(compared(DRAINS)) for _ in range(2))
    assert one == other


def test_a_list_that_goes_to_and_fro_is_followed_each_time() -> None:
    """Also where its files have one date for ever: else the second return would be taken for the first."""
    other = DRAINS.replace("Gowanus 114", "Bond")
    log = first_import()
    for text in (other, DRAINS, other, DRAINS):
        log += told_by(compared(text, known_after(*log)))
    assert len({event.id for event in log}) == len(log) == 7
    assert known_after(*log)["drains:0114"].facts["name"] == "Gowanus 114"


def test_a_list_in_which_too_much_is_missing_is_refused() -> None:
    ten = "id,name\n" + "".join(f"{n},Drain\n" for n in range(10))
    known = known_after(*first_import(ten))
    lists = {
        left: assets.told("\n".join(ten.splitlines()[: left + 1]).encode(), feed()) for left in (8, 7, 0)
    }
    check_missing(lists[8], known, feed())
    for left in (7, 0):
        with pytest.raises(ImportRefused, match=f"{10 - left} of the 10 things known of drains are missing"):
            check_missing(lists[left], known, feed())
        check_missing(lists[left], known, feed(may_shrink=True))


def test_another_list_of_the_same_length_is_refused_as_well() -> None:
    other = assets.told(b"id,name\n7,x\n8,x\n9,x\n", feed())
    with pytest.raises(ImportRefused, match="3 of the 3"):
        check_missing(other, known_after(*first_import()), feed())


def test_nothing_is_retired_where_a_row_could_not_be_read() -> None:
    """What is missing may stand in it."""
    broken = DRAINS.replace("0116,Bond Street,40.6747,-73.9904,,no", "0116,Bond Street")
    found = compared(broken, known_after(*first_import()), feed(LATER))
    assert [one.row for one in imports.rejected(found)] == [3]
    assert told_by(found) == []
    assert isinstance(found[-1], Preface)
    assert found[-1].notes == ("nothing was retired: what is missing may stand in the rejected rows",)


def test_an_id_that_stands_twice_is_taken_once() -> None:
    found = compared(DRAINS + "0114,Another,40.1,-73.1,,no\n")
    (again,) = imports.rejected(found)
    assert (again.row, again.reason) == (4, "the same id stands in an earlier row")
    assert len(told_by(found)) == 3


def test_kml_has_no_ids_so_the_place_is_the_id_and_near_duplicates_are_one_thing() -> None:
    found = compared(KML)
    assert [event.subject for event in told_by(found)] == [
        "drains:40.67450~-73.99020",
        "drains:40.68000~-73.99000",
    ]
    assert imports.rejected(found) == []
    assert "within a metre of another: taken for the same thing" in imports.notes(found)
    named = told_by(found)[1].data
    assert isinstance(named, AssetRegistered)
    assert (named.name, named.external_id) == ("Tree", None)
    assert told_by(compared(KML, known_after(*told_by(found)))) == []


def test_kml_with_extended_data_tells_ids_and_more() -> None:
    more = """<kml><Placemark><name>Drain</name><ExtendedData>
      <Data name="Asset_ID"><value>77</value></Data>
      <SchemaData><SimpleData name="Neighborhood">gowanus</SimpleData></SchemaData></ExtendedData>
      <Point><coordinates>-73.99,40.67</coordinates></Point></Placemark></kml>"""
    (event,) = first_import(more)
    assert isinstance(event.data, AssetRegistered)
    assert (event.subject, event.data.neighbourhood_id) == ("drains:77", "gowanus")


def feature(geometry: Any, id_: Any = None, **properties: Any) -> dict[str, Any]:
    named = {} if id_ is None else {"id": id_}
    return {"type": "Feature", **named, "geometry": geometry, "properties": properties}


def geojson(*features: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def test_geojson_tells_ids_as_features_or_as_properties() -> None:
    here = {"type": "Point", "coordinates": [-73.99, 40.67]}
    area = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    text = geojson(feature(here, 12, NAME="Drain"), feature(here, OBJECTID="a b"), feature(area, "park"))
    one, two, park = first_import(text)
    assert (one.subject, two.subject, park.subject) == ("drains:12", "drains:a~20b", "drains:park")
    assert isinstance(one.data, AssetRegistered)
    assert (one.data.lat, one.data.long, one.data.name) == (40.67, -73.99, "Drain")
    assert isinstance(park.data, AssetRegistered)
    assert park.data.lat is None


@pytest.mark.parametrize(
    "place", [None, {}, {"type": "Point"}, {"type": "Point", "coordinates": ["x", None]},
              {"type": "Point", "coordinates": [980000, 180000]}, {"type": "Point", "coordinates": [0, 0]}]
)  # fmt: skip
def test_a_thing_without_id_and_place_is_rejected(place: Any) -> None:
    (one,) = imports.rejected(compared(geojson(feature(place, name="?"))))
    assert one.reason == "neither an id nor a place"


def test_csv_takes_semicolons_a_byte_order_mark_and_a_place_in_one_cell() -> None:
    text = '\ufeffid;Location;Not adoptable because\n1;"(40.67, -73.99)";Under repair\n'
    (event,) = first_import(text)
    assert isinstance(event.data, AssetRegistered)
    assert (event.data.lat, event.data.long) == (40.67, -73.99)
    assert event.data.not_adoptable_because == "under_repair"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no readable header"),
        (b"hello\n", "no CSV with a header, no GeoJSON and no KML"),
        (b'{"type": "Feature"}', "no GeoJSON FeatureCollection"),
        (b'{"features": [', "no readable JSON"),
        (b"[" * 100_000, "no readable JSON"),
        (b"<html></html>", "no KML: it is <html>"),
        (b"<kml><Placemark>", "no readable XML"),
        (b'<!DOCTYPE x [<!ENTITY a "a">]><kml>&a;</kml>', "no readable XML"),
        (b"PK\x03\x04", "a packed file"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_as_a_whole(raw: bytes, reason: str) -> None:
    with pytest.raises(ImportRefused, match=reason):
        assets.read(raw, "riverton", feed())


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets_file, "MAX_BYTES", 10)
    with pytest.raises(ImportRefused, match="the most is 10"):
        assets.read(DRAINS.encode(), "riverton", feed())


def test_a_source_has_a_permanent_plain_name() -> None:
    with pytest.raises(ImportRefused, match="names no source"):
        assets.read(DRAINS.encode(), "riverton", Feed("Storm drains", "storm_drain", SEEN))


def test_what_the_contract_refuses_costs_its_own_row() -> None:
    found = compared(DRAINS, of=Feed("drains", "", SEEN))
    assert {one.reason.partition(":")[0] for one in imports.rejected(found)} == {"asset_type"}


def test_a_list_of_nothing_is_a_list() -> None:
    assert compared("id,name\n") == []
