"""Where the server connects when somebody else names the address: to the public internet only.

What counts is the address that the socket is opened to. Whatever was typed (decimal, octal, a name, a name
that answers differently each time) has become that address by then, and nothing is looked up again after it
was checked.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings

#: Not the internet, but a machine or a network that somebody runs.
_PRIVATE: list[IPv4Network | IPv6Network] = [
    *map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    *map(IPv6Network, ("::1/128", "fc00::/7")),
]
#: No place for a server, or one that tells secrets to whoever asks from the right machine (link-local).
_NOWHERE = [
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
]
_INTERNET = IPv6Network("2000::/3")
#: Protocol assignments (Teredo among them), documentation, and 6to4, which carries any other address.
_NOT_INTERNET = [IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
#: How networks with IPv6 only reach the rest (NAT64).
_TRANSLATED = IPv6Network("64:ff9b::/96")

#: A name server that does not answer holds threads: not those of other look-ups, and not all of these.
_LOOKUPS = ThreadPoolExecutor(32, thread_name_prefix="webhook-dns")


class Refused(OSError):
    """The address is not one that others may name."""


def may_connect(address: str) -> bool:
    """Whether the server may connect there for somebody else. ``address`` is numeric, as sockets take it."""
    ip = _plain(ip_address(address.partition("%")[0]))
    if any(ip in block for block in _PRIVATE):
        return bool(settings.WEBHOOK_PRIVATE_ADDRESSES)
    if isinstance(ip, IPv4Address):
        return not any(ip in block for block in _NOWHERE)
    return ip in _INTERNET and not any(ip in block for block in _NOT_INTERNET)


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return ip.ipv4_mapped
        if ip in _TRANSLATED:
            return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _is_own(family: int, address: str) -> bool:
    """Whether it is an address of this machine, which firewalls often open to it alone. Asks the routing
    table: a datagram socket sends nothing when it connects."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))
        except OSError:
            return False
        return bool(probe.getsockname()[0] == address)


class GuardedConnector(aiohttp.TCPConnector):
    """For one request. ``refused``: an address was not connected to."""

    def __init__(self) -> None:
        self.refused = False
        super().__init__(
            resolver=_Resolver(),
            socket_factory=self._open,
            ssl=_tls(),
            use_dns_cache=False,
            force_close=True,
        )

    def _open(self, info: tuple[int, int, int, str, tuple[str | int, ...]]) -> socket.socket:
        family, type, protocol, _, where = info
        address = str(where[0])
        own = not settings.WEBHOOK_PRIVATE_ADDRESSES and _is_own(family, address)
        if own or not may_connect(address):
            self.refused = True
            raise Refused("not a public address")
        return socket.socket(family, type, protocol)


class _Resolver(AbstractResolver):
    """The machine's own look-up, in threads of its own."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            _LOOKUPS, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM
        )
        return [
            ResolveResult(hostname=host, host=str(where[0]), port=port, family=of, proto=protocol, flags=0)
            for of, _, protocol, _, where in found
        ]

    async def close(self) -> None:
        pass


@cache
def _tls() -> ssl.SSLContext:
    """Reads the system's certificates, which takes a while."""
    return ssl.create_default_context()


def fault_of(url: str) -> str:
    """Why this can be no webhook's address, as a code, or nothing. Names are not looked up here: what they
    stand for can change at any time, but that of ``localhost``, and is asked when the connection is made."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return "bad_address"
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or not url.isprintable():
        return "bad_address"
    if parts.scheme == "http" and not settings.WEBHOOK_HTTP:
        return "http_refused"
    try:
        return "" if may_connect("127.0.0.1" if host == "localhost" else host) else "private_address"
    except ValueError:
        return ""  # a name
