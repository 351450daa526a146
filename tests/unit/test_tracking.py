"""Tracking codes: the same for the same thing, another for another, however they are typed."""

from infra.tracking import Tracking

CODES = Tracking(b"k" * 32)


def test_a_code_is_the_same_every_time_and_for_nothing_else() -> None:
    code = CODES.code("riverton", "service_request", "r1")
    assert code == CODES.code("riverton", "service_request", "r1")
    others = {
        CODES.code("boston", "service_request", "r1"),
        CODES.code("riverton", "idea", "r1"),
        CODES.code("riverton", "service_request", "r2"),
        Tracking(b"l" * 32).code("riverton", "service_request", "r1"),
    }
    assert len({code, *others}) == 5
    assert len(code) == 11


def test_it_fits_however_it_is_typed() -> None:
    code = CODES.code("riverton", "service_request", "r1")
    for typed in (
        code,
        code.lower(),
        code.replace("-", ""),
        f" {code} ",
        code.replace("0", "o").replace("1", "l"),
    ):
        assert CODES.fits(typed, "riverton", "service_request", "r1")


def test_anything_else_does_not_fit() -> None:
    code = CODES.code("riverton", "service_request", "r1")
    last = "0" if code[-1] != "0" else "2"
    for typed in ("", "x", code[:-1], code[:-1] + last, code + "0", code * 2, "é" * 10, "\0" * 10):
        assert not CODES.fits(typed, "riverton", "service_request", "r1")
