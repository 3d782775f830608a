"""Where a hub may connect to: callbacks as they are written, and network addresses as they resolve."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from feedsvc.errors import HubRequestError

LONGEST = 2048
LONGEST_HOST = 253
PORTS = {"http": 80, "https": 443}

IpAddress = IPv4Address | IPv6Address

# Global by their number, and yet no place for a callback: a cloud's own servers, relays, and nobody's.
_RESERVED = tuple(
    map(ip_network, ("168.63.129.16/32", "192.88.99.0/24", "64:ff9b:1::/48", "2001::/23", "fec0::/10"))
)
_NAT64 = ip_network("64:ff9b::/96")
_COMPATIBLE = ip_network("::/96")
_ENCODED = re.compile("%[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the operator allows: ports (none named is every port), and callbacks on this machine."""

    ports: frozenset[int] = frozenset({80, 443})
    loopback: bool = False


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback exactly as the subscriber wrote it, and its host in small letters."""

    url: str
    host: str


def read_callback(url: str, allowance: Allowance) -> Callback:
    """Judge a callback's spelling; what its name resolves to is judged when it is connected to.

    Raises HubRequestError for what is no web address, holds user information or a fragment, names a port
    that is not allowed, or an address that is not global, in whatever spelling.
    """
    if len(url) > LONGEST or not (url.isascii() and url.isprintable()) or set(url) & set(' "<>\\^`{|}'):
        raise HubRequestError(
            f"hub.callback {url[:80]!r} is no web address: expected at most {LONGEST} characters of ASCII, "
            "the others percent-encoded"
        )
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise HubRequestError(f"hub.callback {url!r} is no web address: {error}") from error
    if parts.scheme not in PORTS or not 0 < len(parts.hostname or "") <= LONGEST_HOST:
        raise HubRequestError(f"hub.callback {url!r}: expected an address that starts with http or https")
    host = parts.hostname or ""
    if "@" in parts.netloc or "#" in url:
        raise HubRequestError(f"hub.callback {url!r}: expected no user, password or fragment")
    if allowance.ports and port not in allowance.ports:
        allowed = ", ".join(map(str, sorted(allowance.ports)))
        raise HubRequestError(f"hub.callback names the port {port}: expected one of {allowed}")
    if (refusal := refuse_host(host, allowance)) is not None:
        raise HubRequestError(f"hub.callback {url!r}: {refusal}")
    return Callback(url, host.rstrip("."))


def refuse_host(host: str, allowance: Allowance) -> str | None:
    """Say why a host must not be connected to, as far as its spelling tells; None if nothing does."""
    name = host.rstrip(".")
    if not name or "%" in name:
        return f"{host!r} is no host: expected a name or an address"
    try:
        address = ip_address(name)
    except ValueError:
        return "expected an address as four decimal numbers" if _is_number(name) else None
    return refuse_address(address, allowance)


def _is_number(name: str) -> bool:
    """Tell the other spellings that resolvers take for IPv4: 2130706433, 0x7f.1, 0177.0.0.1, 127.1."""
    try:
        socket.inet_aton(name)
    except OSError:
        return False
    return True


def refuse_address(address: IpAddress, allowance: Allowance) -> str | None:
    """Say why an address must not be connected to; None if it may be. Inner IPv4 addresses count as well."""
    if allowance.loopback and address.is_loopback:
        return None
    if not all(map(_is_global, (address, *_inner_addresses(address)))):
        return f"{address} is not a public address: expected one that is"
    return None


def _is_global(address: IpAddress) -> bool:
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or address in _NAT64):
        return True  # its inner address decides
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address.version == net.version and address in net for net in _RESERVED)
    )


def _inner_addresses(address: IpAddress) -> tuple[IPv4Address, ...]:
    """Give the IPv4 addresses that an IPv6 address leads to: mapped, compatible, NAT64, 6to4."""
    if isinstance(address, IPv4Address):
        return ()
    found = [address.ipv4_mapped, address.sixtofour]
    if address in _NAT64 or address in _COMPATIBLE:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return tuple(inner for inner in found if inner is not None)


def decode_unreserved(url: str) -> str:
    """Give an address with every percent-encoding undone that says nothing (RFC 3986, section 2.3)."""
    return _ENCODED.sub(lambda code: _decode(code[0]), url)


def _decode(code: str) -> str:
    character = chr(int(code[1:], 16))
    return character if character.isascii() and (character.isalnum() or character in "-._~") else code.upper()
