"""Neighbourhoods from a file: taken as they are, or refused with the place that is wrong."""

import json
from typing import Any

import pytest

from infra import neighbourhoods
from infra.neighbourhoods import BadNeighbourhoods, read_neighbourhoods

SQUARE = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]


def _feature(
    name: str = "north", rings: Any = None, kind: str = "Polygon", **properties: Any
) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": [SQUARE] if rings is None else rings}
    told = {"neighbourhood_id": name, **properties}
    return {"type": "Feature", "properties": told, "geometry": geometry}


def _file(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def test_areas_are_kept_and_what_else_a_file_tells_is_not() -> None:
    several = _feature("south", [[SQUARE], [SQUARE, SQUARE]], "MultiPolygon")
    high = _feature("hill", [[[*one, 12.5] for one in SQUARE]])
    found = read_neighbourhoods(_file(_feature(name="North", income=12), several, high))
    assert [one.properties.neighbourhood_id for one in found.features] == ["North", "south", "hill"]
    assert "income" not in found.model_dump_json()
    assert found.features[2].geometry.coordinates == [[tuple(one) for one in SQUARE]]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b"{", "the file"),
        (b"[]", "the file"),
        (b'{"features": []}', "type"),
        (_file({"type": "Feature", "properties": {}, "geometry": None}), "neighbourhood_id"),
        (
            _file(
                _feature(""),
            ),
            "neighbourhood_id",
        ),
        (_file(_feature(), _feature()), "stands once"),
        (_file(_feature(kind="Point", rings=[0, 0])), "geometry"),
        (_file(_feature(rings=[])), "coordinates"),
        (_file(_feature(rings=[SQUARE[:3]])), "coordinates.0"),
        (_file(_feature(rings=[[*SQUARE[:3], [0.5, 0.5]]])), "ends where it began"),
        (_file(_feature(rings=[[[583_960.0, 4_507_523.0]] * 4])), "degrees"),
        (_file(_feature(rings=[[[float("nan"), 0.0]] * 4])), "degrees"),
    ],
)
def test_what_is_wrong_is_named(text: bytes, where: str) -> None:
    with pytest.raises(BadNeighbourhoods, match=where):
        read_neighbourhoods(text)


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbourhoods, "MAX_POSITIONS", 7)
    assert read_neighbourhoods(_file(_feature()))
    with pytest.raises(BadNeighbourhoods, match="simplify"):
        read_neighbourhoods(_file(_feature(), _feature("south")))
    monkeypatch.setattr(neighbourhoods, "MAX_BYTES", 10)
    with pytest.raises(BadNeighbourhoods, match="larger than"):
        read_neighbourhoods(_file(_feature()))
