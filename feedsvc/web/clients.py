"""Whose request it is, where proxies stand between: the nearest address that is none of the operator's own.

Only what those proxies say is believed, so nobody can pass for somebody else. Used for limits, for nothing
else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

HEADER = "HTTP_X_FORWARDED_FOR"
MOST_HOPS = 16
# Who has one IPv6 address has the 2^64 beside it as well.
IPV6_PREFIX = 64
_LONGEST = 100
_WITH_PORT = re.compile(r"\[([0-9a-f:.]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+", re.IGNORECASE)


class Clients:
    """Tells clients apart, by the operator's proxies."""

    def __init__(self, proxies: Sequence[Network] = ()) -> None:
        self._proxies = tuple(proxies)

    def find(self, look_up: Callable[[str], object]) -> str:
        """Give the client of a request, from a look-up in its WSGI environment."""
        remote, forwarded = look_up("REMOTE_ADDR"), look_up(HEADER)
        return find_client(str(remote or ""), str(forwarded or ""), self._proxies)


def find_client(remote: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """Give what counts as one client: an IPv4 address, or an IPv6 network of 64 bits.

    `remote` is who is connected, `forwarded` the X-Forwarded-For that came along: each proxy writes behind
    it whom it was asked by, so it is read from its end, for as long as the one who wrote is a proxy of ours.
    Something that is no address ends it, too: then it is the proxy's own request.
    """
    client = _read_address(remote)
    if client is None:
        return remote[:_LONGEST]
    rest = forwarded
    for _ in range(MOST_HOPS):
        if not rest or not any(client in proxy for proxy in proxies):
            break
        rest, _, last = rest.rpartition(",")
        hop = _read_address(last)
        if hop is None:
            break
        client = hop
    return _name(client)


def _read_address(text: str) -> Address | None:
    """Read an address, with a port or without; one of IPv4 in the clothes of IPv6 is one of IPv4."""
    bare = text.strip()[:_LONGEST]
    if found := _WITH_PORT.fullmatch(bare):
        bare = found[1] or found[2]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _name(client: Address) -> str:
    if isinstance(client, IPv4Address):
        return str(client)
    return str(ip_network((client, IPV6_PREFIX), strict=False))
