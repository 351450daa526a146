"""Where a webhook may go: hostile URLs and addresses are refused, good ones are not."""

from ipaddress import ip_address

import pytest

from consumers.webhooks.addresses import BadUrl, Blocked, Target, check_addresses, is_global, networks, parse
from tests.support.hostile import BLOCKED_ADDRESSES, GOOD, HOSTILE

HOOK = Target("https", "hooks.example.org", 443, "/")
LOOPBACK = networks("127.0.0.0/8, ::1/128")


def test_there_are_enough_of_both() -> None:
    assert len(set(HOSTILE)) >= 160
    assert len(set(GOOD)) >= 30


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_refused(url: str) -> None:
    with pytest.raises(BadUrl):
        parse(url, ())


@pytest.mark.parametrize("url", GOOD)
def test_a_good_url_is_taken(url: str) -> None:
    target = parse(url, ())
    assert target.scheme == "https"
    assert target.port in (443, 8443)
    assert target.path.startswith("/")


def test_its_parts_are_those_that_are_dialled() -> None:
    assert parse("HTTPS://Hooks.Example.org/A?b=c", ()) == ("https", "hooks.example.org", 443, "/A?b=c")
    assert parse("https://[2606:4700::1]:8443?x", ()) == ("https", "2606:4700::1", 8443, "/?x")


@pytest.mark.parametrize("address", BLOCKED_ADDRESSES)
def test_an_address_of_ours_is_blocked_whatever_stands_beside_it(address: str) -> None:
    assert not is_global(ip_address(address))
    for found in ([address], ["93.184.216.34", address], [address, "2606:4700::1"]):
        with pytest.raises(Blocked):
            check_addresses(HOOK, found, ())


def test_edges_of_the_blocked_networks() -> None:
    outside = "9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 "
    outside += "172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 223.255.255.255 2001:200::1 2003::1 "
    outside += "2001:db7::1 2001:db9::1 2600::1 3ffe:ffff::1"
    assert all(is_global(ip_address(text)) for text in outside.split())
    assert check_addresses(HOOK, ["8.8.8.8", "2606:4700::1"], ()) == ["8.8.8.8", "2606:4700::1"]


def test_a_name_without_an_address_is_blocked() -> None:
    with pytest.raises(Blocked):
        check_addresses(HOOK, [], ())


def test_an_operator_can_allow_networks_of_his_own_and_nothing_else_opens() -> None:
    assert parse("http://127.0.0.1:9000/hook", LOOPBACK).port == 9000
    assert parse("http://localhost:9000/hook", LOOPBACK).host == "localhost"
    assert check_addresses(Target("http", "x", 9000, "/"), ["127.0.0.1", "::1"], LOOPBACK)
    for target, found in (
        (Target("http", "x", 80, "/"), "8.8.8.8"),  # the internet without TLS
        (Target("https", "x", 22, "/"), "8.8.8.8"),  # another port of it
        (Target("http", "x", 9000, "/"), "10.0.0.1"),  # another network of ours
        (Target("https", "x", 443, "/"), "::ffff:127.0.0.1"),  # the same in other words
    ):
        with pytest.raises(Blocked):
            check_addresses(target, [found], LOOPBACK)
    for url in ("http://10.0.0.1/", "ftp://127.0.0.1/", "http://u@127.0.0.1/", "http://2130706433/"):
        with pytest.raises(BadUrl):
            parse(url, LOOPBACK)
