"""Where a webhook may go: URLs as written, and the addresses behind their names.

A URL is judged when it is set; that only spares mistakes. What counts is the address, judged when it is
dialled: a name may lead elsewhere every time it is asked. The networks are listed here, and not taken
from `ipaddress`: what that calls global differs between the versions of Python that we run on.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL: Final = 2_000
PORTS: Final = frozenset({443, 8443})
"""Where receivers listen; elsewhere are servers that speak no HTTP."""

_CHARACTERS: Final = re.compile(r"[!#-\[\]-~]+")
"""Printable ASCII without quotes, blanks and backslashes, which URL parsers read differently."""
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""What some resolvers take for a part of an IPv4 address, when it stands last."""
_INSIDE: Final = frozenset(
    {"localhost", "localdomain", "local", "internal", "invalid", "test", "onion", "arpa", "lan", "intranet"}
)
"""Last labels that lead to nobody outside."""

_BLOCKED_4: Final = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by a provider's customers
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, where clouds tell their secrets
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
]
_GLOBAL_6: Final = IPv6Network("2000::/3")
"""All that is given to anybody. Outside lie loopback, link-local, private, multicast, IPv4 and NAT64."""
_BLOCKED_6: Final = [
    IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo and other protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address stands in it
        "2620:4f:8000::/48",
        "3fff::/20",
    )
]


class BadUrl(ValueError):
    """A URL that no webhook is sent to; nothing was changed."""


class Blocked(Exception):
    """An address that no webhook is sent to: nothing was dialled."""


class Target(NamedTuple):
    """A URL in its parts, read once: whoever dials never reads the text again."""

    scheme: str
    host: str
    port: int
    path: str


def networks(text: str) -> tuple[Network, ...]:
    """Networks that an operator allows, as in `127.0.0.0/8,::1/128`. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def is_global(address: Address) -> bool:
    """Whether the address is one of the internet's, of one receiver."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _BLOCKED_4)
    return address in _GLOBAL_6 and not any(address in network for network in _BLOCKED_6)


def check_addresses(target: Target, found: Sequence[str], allowed: Sequence[Network]) -> list[str]:
    """The addresses to dial, all of them checked: one that is blocked blocks the name. Raises Blocked."""
    if not found:
        raise Blocked("the name has no address")
    for text in found:
        address = ip_address(text)
        if any(address in network for network in allowed):
            continue
        if not is_global(address):
            raise Blocked("the name leads to an address that is not of the internet")
        if target.scheme != "https" or target.port not in PORTS:
            raise Blocked("https at port 443 or 8443 alone")
    return list(found)


def parse(url: str, allowed: Sequence[Network]) -> Target:
    """The parts of a URL. Raises BadUrl.

    Where an operator allows networks of his own, receivers there may listen at any port, and without TLS.
    """
    if len(url) > MAX_URL or not _CHARACTERS.fullmatch(url):
        raise BadUrl(
            f"printable ASCII alone, at most {MAX_URL}: write other letters as xn-- or percent-encoded"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl("it cannot be read") from None
    scheme = parts.scheme
    if scheme != "https" and not (scheme == "http" and allowed):
        raise BadUrl("it must begin with https://")
    if not url[len(scheme) :].startswith("://") or "@" in parts.netloc or "#" in url:
        raise BadUrl("a host and a path, without user, password and fragment")
    if parts.netloc.endswith(":") or port == 0:
        raise BadUrl("there is no such port")
    port = port or (443 if scheme == "https" else 80)
    if port not in PORTS and not allowed:
        raise BadUrl("port 443 or 8443")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(scheme, (parts.hostname or ""), port, path)
    _check_host(target, bracketed=parts.netloc.startswith("["), allowed=allowed)
    return target


def _check_host(target: Target, *, bracketed: bool, allowed: Sequence[Network]) -> None:
    host = target.host
    try:
        address: Address | None = ip_address(host)
    except ValueError:
        address = None
    if address is not None:
        if bracketed != isinstance(address, IPv6Address) or "%" in host:
            raise BadUrl("an address is written as 192.0.2.1 or [2001:db8::1]")
        try:
            check_addresses(target, [host], allowed)
        except Blocked as error:
            raise BadUrl(str(error)) from None
        return
    if bracketed:
        raise BadUrl("that is no address")
    labels = host.split(".")
    if (
        len(host) > 253
        or not all(_LABEL.fullmatch(label) for label in labels)
        or _NUMBER.fullmatch(labels[-1])
    ):
        raise BadUrl("that is no name of a host")
    if not allowed and (len(labels) < 2 or labels[-1] in _INSIDE):
        raise BadUrl("that is no name of the internet")
