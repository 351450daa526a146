"""A list of things in CSV, GeoJSON or KML, as rows with the same names for the same columns.

Columns go by their names, lower case and dashed. A place stands under `lat` and `long`, whatever the
format; where there is none, neither does.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from producers.imports.outcomes import ImportRefused, Rejected
from producers.imports.tables import Cells, Table, Torn
from producers.imports.texts import dashed, first, point

MAX_BYTES: Final = 128 * 1024 * 1024
"""Largest file, in bytes: it is held in memory as a whole."""

NORTH: Final = ("lat", "latitude", "y", "point-y")
EAST: Final = ("long", "longitude", "lng", "lon", "x", "point-x")
_DELIMITERS: Final = (",", ";", "\t")
_NOTHING: Final = "Nothing was published."

Row = dict[str, Any]


class Sheet(NamedTuple):
    """The rows of a file in its order, and the columns that any of them has something in."""

    rows: list[Row | Rejected]
    columns: frozenset[str]


def sheet(raw: bytes) -> Sheet:
    """Read a list. Raises ImportRefused where it is none of the three formats."""
    if len(raw) > MAX_BYTES:
        raise ImportRefused(f"{len(raw)} bytes; the most is {MAX_BYTES}. {_NOTHING} Split the list in two.")
    start = raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:2]
    if start == b"PK":
        raise ImportRefused(f"a packed file, as .kmz is. {_NOTHING} Unpack it and import what is in it.")
    read = {b"<": _kml, b"{": _geojson, b"[": _geojson}.get(start[:1], _csv)
    rows = list(read(raw))
    named = {
        name
        for row in rows
        if not isinstance(row, Rejected)
        for name, value in row.items()
        if value is not None
    }
    return Sheet(rows, frozenset(named))


def _csv(raw: bytes) -> Iterator[Row | Rejected]:
    text = raw.decode("utf-8-sig", errors="replace")
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    table = Table(io.StringIO(text, newline=""), delimiter)
    header = table.row(lambda _: False)
    if header is None or isinstance(header, Torn):
        raise ImportRefused(f"no readable header. {_NOTHING}")
    names = [dashed(name) for name in header]
    if len(names) < 2 or not all(names):
        raise ImportRefused(f"no CSV with a header, no GeoJSON and no KML. {_NOTHING}")
    while (cells := table.row(_at_least(len(names)))) is not None:
        yield _from_cells(names, cells)


def _at_least(count: int) -> Callable[[Cells], bool]:
    return lambda cells: len(cells) >= count


def _from_cells(names: list[str], cells: Cells | Torn) -> Row | Rejected:
    if isinstance(cells, Torn):
        return cells.rejected(cells.line)
    if len(cells) != len(names):
        return Rejected(0, f"{len(cells)} cells where the header has {len(names)}", cells)
    return _placed(dict(zip(names, cells, strict=True)))


def _placed(row: Row) -> Row:
    """The place under one name, also where it stands as `(lat, long)` in one cell."""
    lat, _, long = first(row, "location").strip("()").partition(",")
    place = point(first(row, *NORTH), first(row, *EAST)) or point(lat, long)
    rest = {name: value for name, value in row.items() if name not in (*NORTH, *EAST)}
    return {**rest, "lat": place and place[0], "long": place and place[1]}


def _geojson(raw: bytes) -> Iterator[Row | Rejected]:
    try:
        document = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"no readable JSON: {error}. {_NOTHING}") from None
    features = document.get("features") if isinstance(document, Mapping) else None
    if not isinstance(features, list):
        raise ImportRefused(f"no GeoJSON FeatureCollection. {_NOTHING}")
    for feature in features:
        yield _feature(feature)


def _feature(feature: Any) -> Row | Rejected:
    if not isinstance(feature, Mapping):
        return Rejected(0, "no feature", feature)
    properties, geometry = feature.get("properties"), feature.get("geometry")
    row = {dashed(str(name)): value for name, value in (properties or {}).items()}
    if feature.get("id") is not None:
        row["feature-id"] = feature["id"]
    place = None
    if isinstance(geometry, Mapping) and geometry.get("type") == "Point":
        place = _position(geometry.get("coordinates"))
    return {**row, "lat": place and place[0], "long": place and place[1]}


def _position(coordinates: Any) -> tuple[float, float] | None:
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        return None
    return point(coordinates[1], coordinates[0])


def _kml(raw: bytes) -> Iterator[Row | Rejected]:
    try:
        root = fromstring(raw, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        detail = str(error) or type(error).__name__
        raise ImportRefused(f"no readable XML: {detail}. {_NOTHING}") from None
    if _name(root) != "kml":
        raise ImportRefused(f"no KML: it is <{_name(root)}>. {_NOTHING}")
    for item in root.iter():
        if _name(item) == "Placemark":
            yield _placemark(item)


def _placemark(placemark: Element) -> Row:
    """A placemark's `id` is its place in one export, not an id of the thing: it is left out."""
    row: Row = {}
    for item in placemark.iter():
        match _name(item):
            case "name" if item.text:
                row.setdefault("name", item.text)
            case "Data":
                row[dashed(item.get("name", ""))] = "".join(item.itertext())
            case "SimpleData":
                row[dashed(item.get("name", ""))] = item.text
            case "coordinates":
                row.setdefault("coordinates", item.text)
    long, lat, *_ = [*str(row.pop("coordinates", None) or "").split(","), "", ""]
    place = point(lat, long)
    return {**row, "lat": place and place[0], "long": place and place[1]}


def _name(element: Element) -> str:
    """The tag without its namespace; a comment has none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
