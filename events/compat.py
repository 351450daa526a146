"""What may change in a published version of a schema: nearly nothing but a new optional field.

Two parties must survive a change: an event written before it, and a reader built before it.
Whatever one of them could not survive is a new version with an upcaster.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Schema = Mapping[str, Any]

_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_BOUNDS = (*_UPPER, *_LOWER)
_HARMLESS = frozenset({"title", "description", "examples", "deprecated", "$schema", "$id", "$comment"})
_WALKED = frozenset({"type", "properties", "required", "items", "anyOf", "$ref", "$defs", "default"})
_OLD_EVENT = "an old event may not fit"
_OLD_READER = "an old reader may refuse a new event"


class _Pair(NamedTuple):
    """One place in both schemas, with the `$defs` that its references point into."""

    at: str
    old: Schema
    new: Schema
    old_defs: Schema
    new_defs: Schema

    def down(self, step: str, old: Schema, new: Schema) -> "_Pair":
        return self._replace(at=f"{self.at}/{step}", old=old, new=new)


def breaking_changes(old_schema: Schema, new_schema: Schema) -> list[str]:
    """What an old event or an old reader could not survive, one line each; [] when nothing.

    Both are JSON Schemas as pydantic writes them, without recursion in their `$defs`.
    """
    defs = old_schema.get("$defs", {}), new_schema.get("$defs", {})
    return list(_anything(_Pair("", old_schema, new_schema, *defs)))


def _anything(pair: _Pair) -> Iterator[str]:
    old, new = _alternatives(pair.old, pair.old_defs), _alternatives(pair.new, pair.new_defs)
    place = pair.at or "/"
    yield from (f"{place}: no longer takes {kind}; {_OLD_EVENT}" for kind in old if kind not in new)
    yield from (f"{place}: now takes {kind}; {_OLD_READER}" for kind in new if kind not in old)
    default = pair.old.get("default"), pair.new.get("default")
    if "default" in pair.old and "default" in pair.new and default[0] != default[1]:
        yield f"{place}: default {default[0]!r} became {default[1]!r}; events without it change their meaning"
    for kind in old:
        if kind in new:
            yield from _same_kind(pair._replace(old=old[kind], new=new[kind]))


def _alternatives(schema: Schema, defs: Schema) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for option in schema.get("anyOf", [schema]):
        target = defs[option["$ref"].removeprefix("#/$defs/")] if "$ref" in option else option
        kind = str(target.get("type", "anything"))
        found[json.dumps(target, sort_keys=True) if kind in found else kind] = target
    return found


def _same_kind(pair: _Pair) -> Iterator[str]:
    yield from _properties(pair)
    if "items" in pair.old and "items" in pair.new:
        yield from _anything(pair.down("items", pair.old["items"], pair.new["items"]))
    yield from _values(pair)
    for keyword in sorted((pair.old.keys() | pair.new.keys()) - _HARMLESS - _WALKED - {"enum", "const"}):
        if not keyword.startswith("x-") and pair.old.get(keyword) != pair.new.get(keyword):
            yield _constraint(pair, keyword)


def _properties(pair: _Pair) -> Iterator[str]:
    old, new = pair.old.get("properties", {}), pair.new.get("properties", {})
    old_required, new_required = set(pair.old.get("required", [])), set(pair.new.get("required", []))
    for name in old:
        if name not in new:
            yield f"{pair.at}/{name}: removed or renamed; what old events say there would be lost"
            continue
        if name in old_required - new_required:
            yield f"{pair.at}/{name}: no longer required; {_OLD_READER}"
        yield from _anything(pair.down(name, old[name], new[name]))
    for name in sorted(new_required - old_required):
        yield f"{pair.at}/{name}: newly required; {_OLD_EVENT}"


def _values(pair: _Pair) -> Iterator[str]:
    old, new = _enumerated(pair.old), _enumerated(pair.new)
    if old is not None and (new is None or set(new) - set(old)):
        yield f"{pair.at or '/'}: takes more values; {_OLD_READER}"
    if new is not None and (old is None or set(old) - set(new)):
        yield f"{pair.at or '/'}: takes fewer values; {_OLD_EVENT}"


def _enumerated(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _constraint(pair: _Pair, keyword: str) -> str:
    old, new = pair.old.get(keyword), pair.new.get(keyword)
    effect = f"{_OLD_EVENT}, or {_OLD_READER}"
    if keyword in _BOUNDS:
        narrowed = new is not None and (old is None or (new < old if keyword in _UPPER else new > old))
        effect = _OLD_EVENT if narrowed else _OLD_READER
    return f"{pair.at or '/'}: {keyword} {old!r} became {new!r}; {effect}"
