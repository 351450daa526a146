"""strictjson refuses what a parser or a database behind the edge could trip over."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.strictjson import MAX_DEPTH, InvalidJson, loads


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + closing * depth).encode()


REFUSED = {
    "nothing": b"",
    "blank": b" \n",
    "cut off": b'{"a": 1',
    "trailing comma": b'{"a": 1,}',
    "trailing text": b"{} {}",
    "comment": b"{} // hi",
    "single quotes": b"{'a': 1}",
    "leading zero": b"[01]",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "-Infinity": b'{"a": -Infinity}',
    "a number beyond every float": b"[1e999]",
    "an integer beyond every float": b"[" + b"1" * 400 + b"]",
    "an integer that Python refuses to parse": b'{"a\\":": ' + b"1" * 5000 + b"}",
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "Latin-1": b'{"a": "\xe9"}',
    "overlong UTF-8": b'{"a": "\xc0\xaf"}',
    "encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "lone leading surrogate": b'{"a": "\\ud800"}',
    "lone trailing surrogate": b'{"a": "\\udc00"}',
    "swapped surrogates": b'{"a": "\\ude00\\ud83d"}',
    "NUL byte": b'{"a": "\x00"}',
    "control character": b'{"a": "\n"}',
    "escaped NUL": b'{"a": "x\\u0000y"}',
    "escaped NUL in a key": b'{"a\\u0000": 1}',
    "escaped NUL, deep": b'{"a": [{"b": ["\\u0000"]}]}',
    "NUL after the end": b"{}\x00",
    "repeated key": b'{"a":1,"a":2}',
    "repeated key, same value": b'{"a":1,"a":1}',
    "repeated key, space before the colon": b'{"a" : 1, "a"\t\r\n: 2}',
    "repeated key, escaped": b'{"a":1,"\\u0061":2}',
    "repeated key, escaped slash": b'{"a/b":1,"a\\/b":2}',
    "repeated key, surrogate pair": '{"😀":1,"\\ud83d\\ude00":2}'.encode(),
    "repeated key, empty": b'{"":1,"":2}',
    "repeated key, deep": b'[{"a":{"b":1,"b":2}}]',
    "repeated key beside an escaped mark": b'{"a":1,"a":2,"t":"\\u0022:"}',
    "repeated key with a swallowed object": b'{"a":{"b":1},"a":{}}',
    "repeated key with a swallowed abyss": b'{"a":' + nested(990) + b',"a":1}',
    "one level too deep": nested(MAX_DEPTH + 1),
    "objects one level too deep": nested(MAX_DEPTH, '{"a":', "}").replace(b":}", b":{}}"),
    "an abyss": nested(100_000),
    "an abyss that never ends": b"[" * 200_000,
}

ACCEPTED = {
    "an object": (b'{"a": 1}', {"a": 1}),
    "blanks around": (b' \r\n{"a" : 1}\t', {"a": 1}),
    "the deepest": (nested(MAX_DEPTH), json.loads(nested(MAX_DEPTH))),
    "wide, not deep": (b"[" + b"[]," * 5000 + b"{}]", [*([[]] * 5000), {}]),
    "brackets in a text": (b'["' + b"[{" * 50 + b'"]', ["[{" * 50]),
    "the same key in two objects": (b'[{"a":1},{"a":1}]', [{"a": 1}, {"a": 1}]),
    "keys that differ in case": (b'{"a":1,"A":2}', {"a": 1, "A": 2}),
    "keys that differ in normal form": (
        '{"\u00e9":1,"e\u0301":2}'.encode(),
        {"\u00e9": 1, "e\u0301": 2},
    ),
    "what looks like a key in a text": (b'{"a":"\\"a\\":1","b":":"}', {"a": '"a":1', "b": ":"}),
    "a text about NUL": (b'{"a":"\\\\u0000"}', {"a": "\\u0000"}),
    "an emoji in two escapes": (b'"\\ud83d\\ude00"', "😀"),
    "the largest 64-bit integer": (b"9223372036854775807", 2**63 - 1),
    "null": (b"null", None),
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
def test_it_refuses(raw: bytes) -> None:
    with pytest.raises(InvalidJson):
        loads(raw)


@pytest.mark.parametrize(("raw", "value"), ACCEPTED.values(), ids=ACCEPTED)
def test_it_accepts(raw: bytes, value: Any) -> None:
    assert loads(raw) == value


@pytest.mark.timeout(5)
def test_unended_text_after_many_brackets_costs_no_more_than_its_length() -> None:
    """A scan that starts again at every quote would take minutes for these 260 kB."""
    with pytest.raises(InvalidJson):
        loads(b"[" * 40 + b'"' + b'\\"' * 130_000)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_but_invalid_json(raw: bytes) -> None:
    try:
        value = loads(raw)
    except InvalidJson:
        return
    assert value == json.loads(raw)


PIECES = """{ } [ ] , : " "a" "a": "\\u0061" \\ 1 - e9 null NaN \\u0000 \\ud800 é {"a":1} truex 0.5 1e400"""
JSON_LIKE = st.lists(st.sampled_from([*PIECES.split(), " ", "\x00", "\ufeff"]), max_size=60).map("".join)


@given(JSON_LIKE)
def test_text_that_is_nearly_json_raises_nothing_but_invalid_json(text: str) -> None:
    try:
        value = loads(text.encode())
    except InvalidJson:
        return
    assert value == json.loads(text)


KEYS = st.sampled_from(["a", "b", "A", "", '"', "\\", ":", '":', "é", "/", "😀", "a b"])
TEXTS = KEYS | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)
BLANKS = st.sampled_from(["", "", " ", "\t", "\r\n", "  "])


@st.composite
def spelled(draw: st.DrawFn, text: str) -> str:
    """One of the ways in which JSON can spell a text."""
    if draw(st.booleans()):
        return json.dumps(text, ensure_ascii=draw(st.booleans()))
    units = text.encode("utf-16-be")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    upper = draw(st.booleans())
    return '"' + "".join(f"\\u{pair.upper() if upper else pair}" for pair in pairs) + '"'


@st.composite
def json_texts(draw: st.DrawFn, depth: int = 3) -> str:
    """JSON with odd blanks and escapes; objects often name a key twice."""
    kind = draw(
        st.sampled_from(["text", "number", "object", "object", "array"] if depth else ["text", "number"])
    )
    left, right = draw(BLANKS), draw(BLANKS)
    if kind == "text":
        body = draw(TEXTS.flatmap(spelled))
    elif kind == "number":
        body = str(draw(st.integers(-(2**63), 2**63 - 1)))
    elif kind == "array":
        body = f"[{','.join(draw(st.lists(json_texts(depth=depth - 1), max_size=3))) or left}]"
    else:
        members = [
            f"{draw(BLANKS)}{draw(spelled(key))}{draw(BLANKS)}:{draw(json_texts(depth=depth - 1))}"
            for key in draw(st.lists(KEYS, max_size=4))
        ]
        body = f"{{{','.join(members) or left}}}"
    return f"{left}{body}{right}"


def names_a_key_twice(text: str) -> bool:
    found = []
    json.loads(text, object_pairs_hook=lambda items: found.append(len(dict(items)) != len(items)))
    return any(found)


@given(json_texts())
def test_repeated_keys_are_found_exactly(text: str) -> None:
    if names_a_key_twice(text):
        with pytest.raises(InvalidJson, match="twice"):
            loads(text.encode())
    else:
        assert loads(text.encode()) == json.loads(text)


@given(st.integers(1, 2 * MAX_DEPTH), st.data())
def test_depth_is_counted_exactly(depth: int, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(["[]", "{}", '["[["]' if depth > 1 else "[]"]))
    for _ in range(depth - 1):
        text = data.draw(st.sampled_from(['{{"a":{}}}', "[{}]", '["x",{}]', '{{"b":[[]],"a":{}}}'])).format(
            text
        )
    deepest = max(depth, _depth(json.loads(text)))
    if deepest > MAX_DEPTH:
        with pytest.raises(InvalidJson, match="deeper"):
            loads(text.encode())
    else:
        assert loads(text.encode()) == json.loads(text)


def _depth(value: Any) -> int:
    items = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, items), default=0) if isinstance(value, (dict, list)) else 0
