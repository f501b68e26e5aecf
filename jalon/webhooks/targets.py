"""Where a webhook may go: a public address, checked when the connection is made, whatever its name meant before.

A shop names the URL, so it could name a machine of ours (server-side request forgery). The name is resolved once per
connection, every address it stands for must be public, and the connection goes to one of those very addresses; TLS and
the Host header keep the name. So a name that means another address a moment later (rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

import httpcore

from data.errors import InputError

HTTPS_PORTS = (443, 8443)
HOST_MAX = 253
Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Turns a host's name into its addresses."""

NOT_PUBLIC_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
            *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        ),
    )
)
"""IANA's special-purpose registry (RFC 6890 and its updates), shared space (RFC 6598), multicast, reserved."""
PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
NOT_PUBLIC_6 = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"))
)
"""Within the public space: tunnels that carry an IPv4 address, documentation, benchmarks."""


class Forbidden(OSError):
    """A connection that must not be made."""


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public Internet; one that wraps an IPv4 address never does."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_4)
    return address in PUBLIC_6 and not any(address in network for network in NOT_PUBLIC_6)


def require_allowed(url: str, loopback: bool = False) -> None:
    """Raise where a URL can't be a webhook's.

    Parameters
    ----------
    loopback : bool
        Whether plain HTTP to this machine is allowed too (for trying things out).

    Raises
    ------
    InputError
        ``unusable_url``.
    """
    why = _why_not(url, loopback)
    if why:
        raise InputError("unusable_url", why, "#/url", "give a public URL like https://shop.example/notices")


def _why_not(url: str, loopback: bool) -> str:
    if not url.isascii() or any(mark.isspace() or not mark.isprintable() for mark in url) or "\\" in url:
        return "a URL has no blanks, no backslashes and no characters beyond ASCII"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "this is no URL"
    if not host or len(host) > HOST_MAX:
        return "it names no host"
    if parts.username is not None or parts.password is not None:
        return "it holds a user name or a password"
    if parts.fragment:
        return "it holds a fragment, which is never sent"
    if loopback and _is_loopback(host):
        return "" if parts.scheme in ("http", "https") else "it is neither https nor http"
    if parts.scheme != "https":
        return "it is not https"
    if port is not None and port not in HTTPS_PORTS:
        return f"port {port} is not allowed, one of {', '.join(map(str, HTTPS_PORTS))} is"
    return "" if _may_be_public(host) else "its host is no public one"


def _may_be_public(host: str) -> bool:
    """Whether a host is a public address, or a name that may stand for one."""
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return "." in host.rstrip(".") and not host.rstrip(".").endswith((".localhost", ".local", ".internal"))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, as this machine knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class PublicOnly(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only; the rest is ``inner``'s.

    Parameters
    ----------
    resolver : callable
        Asked once per connection.
    loopback : bool
        Whether this machine may be connected to as well, by a name or an address that can't mean another one.
    """

    def __init__(
        self, resolver: Resolve = resolve, inner: httpcore.AsyncNetworkBackend | None = None, loopback: bool = False
    ) -> None:
        self._resolve, self._loopback = resolver, loopback
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to one of the addresses that the host stands for now.

        Raises
        ------
        Forbidden
            One of them is not public.
        """
        problem: Exception = Forbidden("the host has no address")
        for address in self._checked(host, await self._resolve(host, port)):
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except httpcore.NetworkError as error:
                problem = error
        raise problem

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Refuse."""
        raise Forbidden("no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)

    def _checked(self, host: str, found: Sequence[str]) -> list[Address]:
        addresses = [ipaddress.ip_address(one) for one in found]
        here = self._loopback and _is_loopback(host)
        if any(not (is_public(one) or (here and one.is_loopback)) for one in addresses):
            raise Forbidden("the host stands for an address that is not public")
        return addresses
